package control

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

// GoFunc makes nodes of a Go function that computes results of the listed types.
func GoFunc(
	name string, run func(ctx context.Context, out, in []*tensor.Dense) error, results []graph.Type, in []*graph.Node,
) []*graph.Node {
	f := &goFunc{name, slices.Clone(results), run}
	return graph.PartsOf(in[0].Graph().Apply(&goOp, goAttrs{f}, in...))
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
	l := loopNode{Loop: Loop{Steps: size}}
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
		s.Outputs = graph.PartsOf(one)
	}
	l.Body = s.G.Func(s.Inputs, s.Outputs)
	return graph.PartsOf(l.node())
}
