package ops_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"regexp"
	"strconv"
	"testing"

	"chainrule/graph"
	"chainrule/internal/exec"
)

// golden is a case that PyTorch computed: see testdata/README.md.
type golden struct {
	Op, Variant         string
	Input, Args, Kwargs json.RawMessage
	Differentiable      []bool
	Output              goldenList
	Cotangent           []goldenTensor
	Vjp                 []*goldenTensor
	Second              *struct {
		Of        []bool
		Cotangent []goldenTensor
		Vjp       []*goldenTensor
	}

	tensors            []goldenTensor // in the order of the call
	input, args, named any            // the call's arguments, a slot for each tensor
}

// slot stands for a tensor among arguments.
type slot int

type goldenTensor struct {
	Shape []int
	DType string
	Data  []goldenNumber
}

// goldenNumber is an element: a number, a truth value, or NaN and infinities as strings.
type goldenNumber float64

func (x *goldenNumber) UnmarshalJSON(text []byte) error {
	switch string(text) {
	case "true":
		*x = 1
	case "false":
		*x = 0
	default:
		v, err := number(string(bytes.Trim(text, `"`)))
		*x = goldenNumber(v)
		return err
	}
	return nil
}

func number(text string) (float64, error) { return strconv.ParseFloat(text, 64) }

// goldenList is one tensor or a list.
type goldenList []goldenTensor

func (l *goldenList) UnmarshalJSON(text []byte) error {
	if text[0] == '[' {
		return json.Unmarshal(text, (*[]goldenTensor)(l))
	}
	*l = make(goldenList, 1)
	return json.Unmarshal(text, &(*l)[0])
}

func (x goldenTensor) floats() []float64 {
	data := make([]float64, len(x.Data))
	for i, v := range x.Data {
		data[i] = float64(v)
	}
	return data
}

func (x goldenTensor) dtype() graph.DType {
	switch x.DType {
	case "float64":
		return graph.Float64
	case "bool":
		return graph.Bool
	}
	return graph.Int64
}

func (x goldenTensor) value() exec.Value {
	buf, _ := constant(graph.New(), x.dtype(), x.floats(), append([]int{1}, x.Shape...)...).Constant()
	return exec.Value{Type: graph.T(x.dtype(), x.Shape...), Buf: buf}
}

func (x goldenTensor) input(g *graph.Graph) *graph.Node { return g.Input("", x.dtype(), x.Shape...) }

var notFinite = regexp.MustCompile(`-?\bInfinity\b|\bNaN\b`)

func readGolden(t *testing.T, name string) []*golden {
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	text, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	var cases []*golden
	lines := bufio.NewScanner(text)
	lines.Buffer(nil, 1<<26)
	for lines.Scan() {
		c := new(golden)
		if err := c.read(notFinite.ReplaceAll(lines.Bytes(), []byte(`"$0"`))); err != nil {
			t.Fatalf("case %d: %v", len(cases), err)
		}
		cases = append(cases, c)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return cases
}

func (c *golden) read(text []byte) (err error) {
	if err := json.Unmarshal(text, c); err != nil {
		return err
	}
	for _, part := range []struct {
		from json.RawMessage
		to   *any
	}{{c.Input, &c.input}, {c.Args, &c.args}, {c.Kwargs, &c.named}} {
		if *part.to, err = c.tree(part.from); err != nil {
			return err
		}
	}
	if len(c.tensors) != len(c.Differentiable) {
		return fmt.Errorf("%s: %d tensors, %d marks", c.Op, len(c.tensors), len(c.Differentiable))
	}
	return nil
}

// tree reads arguments in their order, which that of tensors follows.
func (c *golden) tree(text json.RawMessage) (any, error) {
	switch text[0] {
	case '[':
		var list []json.RawMessage
		err := json.Unmarshal(text, &list)
		out := make([]any, len(list))
		for i := 0; i < len(list) && err == nil; i++ {
			out[i], err = c.tree(list[i])
		}
		return out, err
	case '{':
		return c.object(text)
	case '"':
		var s string
		err := json.Unmarshal(text, &s)
		if v, bad := number(s); bad == nil {
			return v, nil
		}
		return s, err
	}
	var v any
	err := json.Unmarshal(text, &v)
	return v, err
}

func (c *golden) object(text json.RawMessage) (any, error) {
	var x goldenTensor
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil {
		return nil, err
	}
	if fields["shape"] != nil && fields["data"] != nil {
		err := json.Unmarshal(text, &x)
		c.tensors = append(c.tensors, x)
		return slot(len(c.tensors) - 1), err
	}
	out := map[string]any{}
	d := json.NewDecoder(bytes.NewReader(text))
	_, err := d.Token()
	for err == nil && d.More() {
		key, _ := d.Token()
		var value json.RawMessage
		if err = d.Decode(&value); err == nil {
			out[key.(string)], err = c.tree(value)
		}
	}
	return out, err
}

// bind puts nodes in the places of the tensors.
func (c *golden) bind(g *graph.Graph, nodes []*graph.Node) *torchCall {
	var put func(v any) any
	put = func(v any) any {
		switch v := v.(type) {
		case slot:
			return nodes[v]
		case []any:
			out := make([]any, len(v))
			for i, e := range v {
				out[i] = put(e)
			}
			return out
		case map[string]any:
			out := map[string]any{}
			for k, e := range v {
				out[k] = put(e)
			}
			return out
		}
		return v
	}
	call := &torchCall{g: g, in: put(c.input), args: put(c.args).([]any), named: put(c.named).(map[string]any),
		want: c.Output, known: map[*graph.Node][]float64{}}
	for i, n := range nodes {
		if !c.Differentiable[i] {
			call.known[n] = c.tensors[i].floats()
		}
	}
	return call
}

// largest is the size of the largest finite element.
func largest(list []float64) float64 {
	size := 0.0
	for _, v := range list {
		if v = math.Abs(v); v <= math.MaxFloat64 {
			size = max(size, v)
		}
	}
	return size
}

// size is that of the largest element that the call or a cotangent has.
func (c *golden) size() float64 {
	size := 0.0
	for _, list := range [][]goldenTensor{c.tensors, c.Cotangent} {
		for _, x := range list {
			size = max(size, largest(x.floats()))
		}
	}
	return size
}

// within is an error unless got is want, at rtol of the largest entry. What is rounding alone, within 64 roundings of the
// largest element that went in, is 0: where terms cancel altogether, PyTorch has another sum of roundings.
func within(rtol float64, got, want []float64, in float64) error {
	tol := max(rtol*largest(want), 64*0x1p-52*in)
	for i, w := range want {
		same := got[i] == w || math.IsNaN(got[i]) && math.IsNaN(w)
		if !same && !(math.Abs(got[i]-w) <= tol) {
			return fmt.Errorf("element %d is %v, want %v: differs by %.3g, %.3g allowed", i, got[i], w, math.Abs(got[i]-w), tol)
		}
	}
	return nil
}
