package ops

import (
	"errors"
	"slices"
	"unsafe"

	"chainrule/graph"
	"chainrule/internal/kernel/linalg"
)

// Cofactor returns the matrices of cofactors, det(x)·x⁻ᵀ where there is an inverse: the derivative of Det. It is as
// accurate for singular matrices, and so are its own derivatives.
func Cofactor(x *graph.Node) *graph.Node { return unary(&cofactorOp, x) }

var cofactorOp graph.Op

func init() {
	square := wellConditioned(1, 3)
	square.Shape = square.Shape[1:]
	three := values([]float64{1, 2, 3, 2, 4, 6, -1, 0, 2}, 3, 3) // of rank 2
	four := values([]float64{1, 2, 0, 1, 2, 4, 0, 2, 1, 1, 1, 0, 3, 6, 0, 3}, 4, 4)
	of := func(name string, in ...graph.Arg) graph.Case { return graph.Case{Name: name, In: in} }
	cases := append(matrixCases(),
		of("one direction", square, arg(3, 3)), of("two directions", square, arg(3, 3), arg(3, 3)),
		of("batch along one", wellConditioned(2, 3), arg(2, 3, 3)),
		of("numbers along one", wellConditioned(2, 1), arg(2, 1, 1)),
		of("no elements along one", arg(2, 0, 0), arg(2, 0, 0)),
		of("rank less by one", three), of("rank less by one, along one", three, arg(3, 3)),
		of("rank less by two", four, arg(4, 4)), of("zero", values(make([]float64, 9), 3, 3), arg(3, 3)))
	define(&cofactorOp, graph.Op{
		Name: "cofactor", Doc: "cofactors of square matrices, or their derivative along some others", Class: graph.Opaque,
		Arity: graph.Variadic,
		Infer: func(in []*graph.Node, _ any) (graph.Type, error) {
			if err := isSquare(in[0]); err != nil {
				return graph.Type{}, err
			}
			for _, e := range in[1:] {
				if !e.Type().Equal(in[0].Type()) {
					return graph.Type{}, errors.New("a matrix and a direction have different types")
				}
			}
			return in[0].Type(), nil
		},
		Kernel: byFloat(cofactorKernel[float32], cofactorKernel[float64]),
		Workspace: func(n *graph.Node) int {
			_, size := matrices(n)
			return 8 * (3*size + linalg.CofactorScratch(size, len(n.In())-1))
		},
		Flops: func(n *graph.Node) float64 {
			_, size := matrices(n)
			return float64(n.Type().Size()) * float64(size) * (2./3 + 2*float64(len(n.In())))
		},
		Derivative: cofactors{},
		Batch: func(_ *graph.Node, in []*graph.Node, batched []bool) *graph.Node {
			return apply(&cofactorOp, nil, allBatched(in, batched)...)
		},
		Depends: matrixDepends, Cases: cases,
		BadCases: append([]graph.BadCase{bad(nil, "have different types", f64(3, 3), f64(2, 2))}, badMatrix...),
	})
}

// cofactors is the rule of cofactor. With C(A; E…) for the derivative of cof A along all E, the number ⟨C(A; E…), F⟩ is
// one of det A, along E… and F. It does not matter in which order, so that each of them may take the place of F:
//
//	VJP: Ā = C(A; E…, C̄), Ē = C(A; E… with C̄ for E)        JVP: Ċ = C(A; E…, Ȧ) + Σ C(A; E… with Ė for E)
type cofactors struct{}

// Wrt implements graph.Derivative.
func (cofactors) Wrt(int) bool { return true }

// VJP implements graph.Derivative.
func (c cofactors) VJP(n *graph.Node, i int, ct *graph.Node) *graph.Node { return c.along(n, i, ct) }

// JVP implements graph.Derivative.
func (c cofactors) JVP(n *graph.Node, t []*graph.Node) *graph.Node {
	var sum *graph.Node
	for i, ti := range t {
		switch {
		case ti == nil:
		case sum == nil:
			sum = c.along(n, i, ti)
		default:
			sum = Add(sum, c.along(n, i, ti))
		}
	}
	return fill(sum, n)
}

// along is n with one more direction, or another one in the place of input i. There are no derivatives beyond the degree.
func (cofactors) along(n *graph.Node, i int, v *graph.Node) *graph.Node {
	in := slices.Clone(n.In())
	if i > 0 {
		in[i] = v
	} else {
		in = append(in, v)
	}
	if _, size := matrices(n); len(in) > size {
		return zeros(n)
	}
	slices.SortFunc(in[1:], func(a, b *graph.Node) int { return a.ID() - b.ID() }) // so that equal ones are one
	return apply(&cofactorOp, nil, in...)
}

func cofactorKernel[T float](n *graph.Node) graph.Kernel {
	count, size := matrices(n)
	along := len(n.In()) - 1
	return func(w *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		workspace := in[along+1]
		places := unsafe.Slice((*int64)(workspace.Ptr), workspace.Len/8)
		scratch := unsafe.Slice((*float64)(workspace.Ptr), workspace.Len/8)[3*size:]
		var list [8]linalg.Matrix[T]
		for h := range count {
			at := func(b graph.Buffer) linalg.Matrix[T] {
				return linalg.Dense(graph.Elements[T](b)[h*size*size:], size, size).Until(w.Stop)
			}
			e := list[:0]
			for _, b := range in[1 : 1+along] {
				e = append(e, at(b))
			}
			linalg.Cofactor(at(out), at(in[0]), e, places, scratch, w.Workers)
			if err := w.Err(); err != nil {
				return err
			}
		}
		return nil
	}
}
