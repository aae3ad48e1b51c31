package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
)

const (
	maxBody  = 32 << 20         // bytes of a question
	patience = 10 * time.Second // for reading one, answering it, and ending
)

// listen answers until ctx is done, and then lets answers that have begun come to their end.
func listen(ctx context.Context, address string, r *runner, out io.Writer) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	s := &http.Server{Handler: r, ReadTimeout: patience, WriteTimeout: 2 * patience, IdleTimeout: time.Minute}
	fmt.Fprintf(out, "listening on %s\n", l.Addr())
	context.AfterFunc(ctx, func() {
		end, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		_ = s.Shutdown(end)
	})
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// ServeHTTP takes a JSON object with nested lists of numbers by the inputs' names, and answers with one by the outputs'.
func (r *runner) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	if q.Method != http.MethodPost {
		http.Error(w, "POST a JSON object with the inputs: "+fmt.Sprint(r.model.Inputs()), http.StatusMethodNotAllowed)
		return
	}
	ctx, cancel := context.WithTimeout(q.Context(), patience)
	defer cancel()
	answer, err := r.answer(ctx, http.MaxBytesReader(w, q.Body, maxBody))
	if err != nil {
		status := http.StatusBadRequest
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			status = http.StatusRequestEntityTooLarge
		}
		http.Error(w, err.Error(), status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer)
}

func (r *runner) answer(ctx context.Context, body io.Reader) (map[string]any, error) {
	var given map[string]any
	if err := json.NewDecoder(body).Decode(&given); err != nil {
		return nil, err
	}
	var in []*tensor.Dense
	for i, input := range r.model.Inputs() {
		x, ok := given[input.Name]
		if !ok {
			return nil, fmt.Errorf("input %v is missing", input)
		}
		v, shape, err := flatten(x)
		if err != nil {
			return nil, fmt.Errorf("input %q: %w", input.Name, err)
		}
		in = append(in, filled(graph.T(r.types[i].DType, shape...), v))
	}
	out, err := r.run(ctx, in)
	if err != nil {
		return nil, err
	}
	answer := map[string]any{}
	for i, y := range r.model.Outputs() {
		v, err := autodiff.Floats(out[i])
		if err != nil {
			return nil, err
		}
		answer[y.Name] = nest(v, out[i].Shape())
	}
	return answer, nil
}

// flatten takes nested lists apart: all lists of a depth are equally long.
func flatten(x any) (v []float64, shape []int, err error) {
	switch x := x.(type) {
	case float64:
		return []float64{x}, nil, nil
	case bool:
		if x {
			return []float64{1}, nil, nil
		}
		return []float64{0}, nil, nil
	case []any:
		for i, e := range x {
			part, inner, err := flatten(e)
			if err != nil {
				return nil, nil, err
			}
			if i > 0 && fmt.Sprint(inner) != fmt.Sprint(shape[1:]) {
				return nil, nil, fmt.Errorf("rows of shapes %v and %v", shape[1:], inner)
			}
			v, shape = append(v, part...), append([]int{len(x)}, inner...)
		}
		if len(x) == 0 {
			return nil, nil, errors.New("an empty list")
		}
		return v, shape, nil
	}
	return nil, nil, fmt.Errorf("%T is no number", x)
}

// nest is the inverse of flatten.
func nest(v []float64, shape []int) any {
	if len(shape) == 0 {
		return v[0]
	}
	rows := make([]any, shape[0])
	each := len(v) / max(1, shape[0])
	for i := range rows {
		rows[i] = nest(v[i*each:(i+1)*each], shape[1:])
	}
	return rows
}
