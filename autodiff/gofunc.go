package autodiff

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"gorgonia.org/tensor"

	"chainrule/graph"
	"chainrule/internal/exec"
	"chainrule/internal/sweep"
)

// goFunc is a function written in Go, on tensors, as an attribute.
type goFunc struct {
	name    string
	results []graph.Type
	run     func(ctx context.Context, out, in []*tensor.Dense) error
}

// String is the name by which text and pictures show the function.
func (f *goFunc) String() string { return f.name }

type goAttrs struct{ Func *goFunc }

// GoFunc makes nodes of a Go function that computes tensors from tensors, by any means: results lists the types of the
// nodes that it returns. When they are computed, run is called with the inputs, which it must not change, and with
// tensors for the results, which it must fill and not keep, nor replace by others. An error stops the run. The function must give equal results
// for equal inputs; it may be called from several goroutines at once, and for nodes whose results turn out not to be
// needed it is not called at all.
//
// It has no derivative, and that is not taken for zero: to ask for one by an input that a float result is computed from
// panics with a *graph.Error. Give it one with CustomVJP or CustomJVP, or put a result that is no part of it into
// ops.StopGradient. Under Vmap it is called for one example after the
// other. The name is for messages and pictures.
func GoFunc(name string, run func(out, in []*tensor.Dense) error, results []graph.Type, in ...*graph.Node) []*graph.Node {
	var plain func(context.Context, []*tensor.Dense, []*tensor.Dense) error
	if run != nil {
		plain = func(_ context.Context, out, in []*tensor.Dense) error { return run(out, in) }
	}
	return GoFuncContext(name, plain, results, in...)
}

// GoFuncContext is GoFunc for a function that may take long: run is called with the context of the run that it is part of,
// and gives up with the context's error when that is done.
func GoFuncContext(
	name string, run func(ctx context.Context, out, in []*tensor.Dense) error, results []graph.Type, in ...*graph.Node,
) []*graph.Node {
	if len(in) == 0 || len(results) == 0 {
		graph.Fail("go", nil, "%s has no input or no result", name)
	}
	if in[0] == nil {
		graph.Fail("go", nil, "the first input of %s is nil", name)
	}
	f := &goFunc{name, slices.Clone(results), run}
	return partsOf(in[0].Graph().Apply(&goOp, goAttrs{f}, in...))
}

var goOp graph.Op

func init() {
	goOp = graph.Op{
		Name:  "go",
		Doc:   "a function written in Go, on tensors",
		Arity: graph.Variadic, Class: graph.Opaque, Attrs: goAttrs{}, Fails: true,
		Infer: func(_ []*graph.Node, attrs any) (graph.Type, error) {
			f := attrs.(goAttrs).Func
			if f == nil || f.run == nil {
				return graph.Type{}, errors.New("there is no function")
			}
			for _, t := range f.results {
				if !t.DType.Valid() {
					return graph.Type{}, errors.New("a result has no element type")
				}
			}
			return graph.Pack(f.results), nil
		},
		Parts:      func(n *graph.Node) []graph.Type { return n.Attrs().(goAttrs).Func.results },
		Kernel:     goKernel,
		Derivative: goRule{},
		BadCases:   []graph.BadCase{{In: []graph.Type{graph.T(graph.Float64, 3)}, Attrs: goAttrs{}, Want: "there is no function"}},
	}
	graph.Register(&goOp)
}

// goKernel runs the function on tensors over copies of the inputs, so that it cannot change them.
func goKernel(n *graph.Node) graph.Kernel {
	f := n.Attrs().(goAttrs).Func
	parts := newBlock(f.results...)
	return func(w *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		args, values := make([]*tensor.Dense, len(in)), make([]*tensor.Dense, len(f.results))
		for i, x := range n.In() {
			v := exec.NewValue(x.Type())
			copyBytes(v.Buf.Ptr, in[i].Ptr, x.Type().Bytes())
			args[i] = v.Dense()
		}
		made := make([]exec.Value, len(f.results))
		for i, t := range f.results {
			made[i] = exec.NewValue(t)
			values[i] = made[i].Dense()
		}
		own := slices.Clone(values)
		ctx := w.Context
		if ctx == nil {
			ctx = context.Background()
		}
		if err := f.run(ctx, values, args); err != nil {
			return err
		}
		for i, v := range made {
			if values[i] != own[i] {
				return fmt.Errorf("go: %s put another tensor in the place of result %d: fill the one that is there", f.name, i)
			}
			copyBytes(parts.at(out.Ptr, i), v.Buf.Ptr, parts.bytes[i])
		}
		return nil
	}
}

// goRule says that nobody knows the derivative of a Go function.
type goRule struct{ sweep.PackedRule }

// Wrt implements graph.Derivative: there may be a derivative by any input, which pull and push refuse.
func (goRule) Wrt(int) bool { return true }

func (goRule) Pull(n *graph.Node, _ sweep.Derivatives, _, _ sweep.Selection) sweep.Derivatives {
	panic(unknownDerivative(n))
}

func (goRule) Push(n *graph.Node, _ sweep.Derivatives, _ sweep.Selection, _ bool) sweep.Derivatives {
	panic(unknownDerivative(n))
}

// unknownDerivative fails for a Go function of which a derivative is asked.
func unknownDerivative(n *graph.Node) any {
	graph.Fail("go", n.In(), "the derivative of %v is not known: give it one with CustomVJP or CustomJVP, or "+
		"StopGradient its result to take it for a constant", n.Attrs().(goAttrs).Func)
	return nil
}

func (goRule) Batch(n *graph.Node, in []*graph.Node, batched []bool, size int) ([]*graph.Node, sweep.Selection) {
	return sweep.AllDiffer(inTurn(n, in, batched, size))
}

// inTurn applies n to one example after the other, in a loop, and returns its results for all.
func inTurn(n *graph.Node, in []*graph.Node, batched []bool, size int) []*graph.Node {
	l := loopNode{loopAttrs: loopAttrs{Steps: size}}
	s := sweep.Scratch{G: graph.NewFor(n)}
	args := make([]*graph.Node, len(in))
	for _, isX := range []bool{true, false} {
		for i, x := range n.In() {
			if batched[i] != isX {
				continue
			}
			args[i] = s.Input(x)
			s.Inputs = append(s.Inputs, args[i])
			l.in = append(l.in, in[i])
			if isX {
				l.Xs++
			} else {
				l.Consts++
			}
		}
	}
	one := s.G.Copy(n, args...)
	if n.Op().Parts == nil {
		s.Outputs = []*graph.Node{one}
	} else {
		s.Outputs = partsOf(one)
	}
	l.Body = s.G.Func(s.Inputs, s.Outputs)
	return partsOf(l.node())
}
