package ops

import (
	"fmt"
	"slices"

	"chainrule/graph"
	"chainrule/internal/kernel/linalg"
)

// TridiagonalSolve returns x with T·x = b for tridiagonal matrices T with the diagonal d [.., n], below [.., n−1] beneath it and
// above [.., n−1] over it, and right sides b [.., n, k] or, if nothing has leading axes, a vector [n]. Leading axes are the same for
// all. It takes time proportional to n. Running it is an error, ErrSingular, if an elimination finds no pivot.
func TridiagonalSolve(below, d, above, b *graph.Node) *graph.Node {
	mustExist("tridiagonal_solve", below, d, above, b)
	if b.Rank() == 1 {
		return Squeeze(TridiagonalSolve(below, d, above, ExpandDims(b, 1)), -1)
	}
	return apply(&tridiagonalSolveOp, solveAttrs{}, below, d, above, b)
}

var tridiagonalSolveOp graph.Op

func init() {
	of := func(name string, attrs solveAttrs, in ...graph.Arg) graph.Case {
		return graph.Case{Name: name, Attrs: attrs, In: in}
	}
	define(&tridiagonalSolveOp, graph.Op{
		Name: "tridiagonal_solve", Doc: "x with op(T)·x = b for tridiagonal T", Class: graph.Opaque, Arity: 4, Fails: true,
		Attrs: solveAttrs{}, Infer: inferTridiagonal,
		Kernel:     byFloat(tridiagonalKernel[float32], tridiagonalKernel[float64]),
		Workspace:  func(n *graph.Node) int { return bytesFor(n, 0, 4*rowsOf(n)) },
		Flops:      func(n *graph.Node) float64 { return 8 * float64(n.Type().Size()) },
		Derivative: tridiagonalRule{}, Batch: func(n *graph.Node, in []*graph.Node, batched []bool) *graph.Node {
			return apply(n.Op(), n.Attrs(), allBatched(in, batched)...)
		},
		Cases: []graph.Case{
			of("columns", solveAttrs{}, arg(3), within(3, 4, 4), arg(3), arg(4, 2)),
			of("transposed", solveAttrs{true}, arg(3), within(3, 4, 4), arg(3), arg(4, 1)),
			of("batch", solveAttrs{}, arg(2, 2), within(3, 4, 2, 3), arg(2, 2), arg(2, 3, 2)),
			of("pivots", solveAttrs{}, within(2, 3, 2), within(0.25, 0.5, 3), within(1, 1.5, 2), arg(3, 2)),
			of("number", solveAttrs{}, arg(0), within(1, 2, 1), arg(0), arg(1, 2)),
			of("no columns", solveAttrs{}, arg(1), within(3, 4, 2), arg(1), arg(2, 0)),
			of("no systems", solveAttrs{}, arg(0, 1), arg(0, 2), arg(0, 1), arg(0, 2, 2)),
		},
		BadCases: []graph.BadCase{
			bad(solveAttrs{}, "a diagonal of 3 with 3 elements below", f64(3), f64(3), f64(2), f64(3, 1)),
			bad(solveAttrs{}, "a diagonal of 3 for right sides of 4 rows", f64(2), f64(3), f64(2), f64(4, 1)),
			bad(solveAttrs{}, "f32 or f64", i64(2), i64(3), i64(2), i64(3, 1)),
			bad(solveAttrs{}, "leading axes", f64(2, 2), f64(3), f64(2), f64(3, 1)),
			bad(solveAttrs{}, "convert one with Cast", f32(2), f64(3), f64(2), f64(3, 1)),
		},
	})
}

func inferTridiagonal(in []*graph.Node, _ any) (graph.Type, error) {
	below, d, above, b := in[0], in[1], in[2], in[3]
	if !b.DType().IsFloat() || d.Rank() < 1 || b.Rank() < 2 {
		return graph.Type{}, kindError("diagonals and right sides, as the columns of matrices, of f32 or f64")
	}
	for _, x := range in[:3] {
		if x.DType() != b.DType() {
			return graph.Type{}, fmt.Errorf("element types %v and %v differ: convert one with Cast", x.DType(), b.DType())
		}
		if x.Rank() != b.Rank()-1 || !slices.Equal(x.Shape()[:x.Rank()-1], b.Shape()[:b.Rank()-2]) {
			return graph.Type{}, fmt.Errorf("the leading axes of all diagonals and right sides must be the same")
		}
	}
	n := columns(d)
	if columns(below) != max(0, n-1) || columns(above) != max(0, n-1) {
		return graph.Type{}, fmt.Errorf("a diagonal of %d with %d elements below and %d above", n, columns(below), columns(above))
	}
	if rowsOf(b) != n {
		return graph.Type{}, fmt.Errorf("a diagonal of %d for right sides of %d rows", n, rowsOf(b))
	}
	return b.Type(), nil
}

// tridiagonalRule is linearSystem's rule, for the elements of T alone: b̄ = op(T)⁻ᵀ·x̄ and T̄ = −b̄·xᵀ, or its transpose, and
// ẋ = op(T)⁻¹·(ḃ − op(Ṫ)·x).
type tridiagonalRule struct{}

// Wrt implements graph.Derivative.
func (tridiagonalRule) Wrt(int) bool { return true }

// VJP implements graph.Derivative.
func (tridiagonalRule) VJP(n *graph.Node, i int, ct *graph.Node) *graph.Node {
	trans := n.Attrs().(solveAttrs).Trans
	in := n.In()
	b := apply(&tridiagonalSolveOp, solveAttrs{!trans}, in[0], in[1], in[2], ct)
	if i == 3 {
		return b
	}
	row, col := b, n // of T̄ = −row·colᵀ
	if trans {
		row, col = n, b
	}
	switch i {
	case 0:
		row, col = lessOne(row, true), lessOne(col, false)
	case 2:
		row, col = lessOne(row, false), lessOne(col, true)
	}
	return Neg(Sum(Mul(row, col), -1))
}

// JVP implements graph.Derivative.
func (tridiagonalRule) JVP(n *graph.Node, t []*graph.Node) *graph.Node {
	trans := n.Attrs().(solveAttrs).Trans
	in, right := n.In(), t[3]
	minus := func(x *graph.Node) {
		if right == nil {
			right = Neg(x)
		} else {
			right = Sub(right, x)
		}
	}
	below, above := t[0], t[2]
	if trans {
		below, above = above, below
	}
	if t[1] != nil {
		minus(Mul(ExpandDims(t[1], -1), n))
	}
	if below != nil {
		minus(besideOne(Mul(ExpandDims(below, -1), lessOne(n, false)), true))
	}
	if above != nil {
		minus(besideOne(Mul(ExpandDims(above, -1), lessOne(n, true)), false))
	}
	return apply(&tridiagonalSolveOp, solveAttrs{trans}, in[0], in[1], in[2], right)
}

// lessOne is x without its first row, or without its last one.
func lessOne(x *graph.Node, first bool) *graph.Node {
	n := rowsOf(x)
	if n == 0 {
		return x
	}
	if first {
		return Split(x, []int{1, n - 1}, -2)[1]
	}
	return Split(x, []int{n - 1, 1}, -2)[0]
}

// besideOne is x with a row of zeros before the first row, or after the last one.
func besideOne(x *graph.Node, first bool) *graph.Node {
	r := x.Rank()
	lo, hi := make([]int, r), make([]int, r)
	if first {
		lo[r-2] = 1
	} else {
		hi[r-2] = 1
	}
	return Pad(x, lo, hi, make([]int, r))
}

func tridiagonalKernel[T float](n *graph.Node) graph.Kernel {
	trans, rows, cols := n.Attrs().(solveAttrs).Trans, rowsOf(n), columns(n)
	count, beside := graph.Size(n.Shape()[:n.Rank()-2]), max(0, rows-1)
	return func(w *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		_, scratch := room[T](in[4], 0)
		below, d, above := graph.Elements[T](in[0]), graph.Elements[T](in[1]), graph.Elements[T](in[2])
		x := graph.Elements[T](out)
		copy(x, graph.Elements[T](in[3]))
		for h := range count {
			part := linalg.Dense(x[h*rows*cols:], rows, cols)
			failed := linalg.SolveTridiagonal(below[h*beside:][:beside], d[h*rows:][:rows], above[h*beside:][:beside], trans, part, scratch)
			if failed >= 0 {
				return noPivot(failed, h)
			}
			if err := w.Err(); err != nil {
				return err
			}
		}
		return nil
	}
}
