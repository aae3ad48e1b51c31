package ops

import (
	"slices"

	"chainrule/graph"
	"chainrule/internal/kernel/linalg"
)

// QR returns the factors x = q·r of matrices [.., m, n]: with k the less of m and n, q [.., m, k] with orthonormal columns,
// and r [.., k, n], upper triangular, without a negative element on its diagonal. The derivative exists where the first k columns
// have full rank: if one depends on those before it, but for rounding, running the derivative is an error, ErrSingular.
func QR(x *graph.Node) (q, r *graph.Node) {
	mustExist("qr", x)
	rank := x.Rank()
	if rank < 2 || x.Shape()[rank-2] >= x.Shape()[rank-1] {
		return qrParts(unary(&qrOp, x))
	}
	m, n := x.Shape()[rank-2], x.Shape()[rank-1]
	parts := Split(x, []int{m, n - m}, -1)
	q, r = qrParts(unary(&qrOp, parts[0]))
	return q, Concat([]*graph.Node{r, Product(q, parts[1], true, false)}, -1)
}

// LeastSquares returns the x for which a·x is nearest to b: a is [.., m, n] of full rank n ≤ m, and b is [.., m, k] or a
// vector [m]. Running it is an error, ErrSingular, if a column of a depends on those before it, but for rounding.
func LeastSquares(a, b *graph.Node) *graph.Node {
	mustExist("least_squares", a, b)
	q, r := QR(a)
	return system(&triangularSolveOp, triangularAttrs{Rows: rowsOf(a)}, r, MatMul(Transpose(q), b))
}

// qrParts takes apart what has the form of qr's result: r above q.
func qrParts(x *graph.Node) (q, r *graph.Node) {
	rows, n := x.Shape()[x.Rank()-2], x.Shape()[x.Rank()-1]
	parts := Split(x, []int{n, rows - n}, -2)
	return parts[1], parts[0]
}

var qrOp graph.Op

func init() {
	cases := []graph.Case{
		{Name: "square", In: []graph.Arg{wellConditioned(2, 3)}}, {Name: "tall", In: []graph.Arg{arg(5, 3)}},
		{Name: "column", In: []graph.Arg{arg(4, 1)}}, {Name: "number", In: []graph.Arg{within(1, 2, 1, 1)}},
		{Name: "no matrices", In: []graph.Arg{arg(0, 3, 2)}}, {Name: "no columns", In: []graph.Arg{arg(2, 0)}},
	}
	define(&qrOp, graph.Op{
		Name: "qr", Doc: "factors r, above q, of x = q·r", Class: graph.Opaque, Arity: 1,
		Infer: func(in []*graph.Node, _ any) (graph.Type, error) {
			x := in[0]
			if !x.DType().IsFloat() {
				return graph.Type{}, kindError("f32 or f64")
			}
			rank := x.Rank()
			if rank < 2 || x.Shape()[rank-2] < x.Shape()[rank-1] {
				return graph.Type{}, kindError("matrices with at least as many rows as columns")
			}
			shape := slices.Clone(x.Shape())
			shape[rank-2] += shape[rank-1]
			return graph.T(x.DType(), shape...), nil
		},
		Kernel:    byFloat(qrKernel[float32], qrKernel[float64]),
		Workspace: func(n *graph.Node) int { return bytesFor(n, 0, linalg.QRScratch(rowsOf(n.In()[0]), columns(n))) },
		Flops:     func(n *graph.Node) float64 { return 4 * float64(n.In()[0].Type().Size()) * float64(columns(n)) },
		Derivative: Explicit{
			// Seeger et al. (2017), section 4.3: with M = R·R̄ᵀ − Q̄ᵀ·Q, Ā = (Q̄ + Q·copyltu M)·R⁻ᵀ, copyltu M being M's lower
			// triangle and its mirror image.
			Reverse: func(n, ct *graph.Node) *graph.Node {
				q, r := qrParts(n)
				qBar, rBar := qrParts(ct)
				m := Sub(Product(r, Triu(rBar, 0), false, true), Product(qBar, q, true, false))
				mirrored := Add(Tril(m, 0), Transpose(Tril(m, -1)))
				return rightSolve(Add(qBar, MatMul(q, mirrored)), r, true, rowsOf(n.In()[0]))
			},
			// With X = Ȧ·R⁻¹, Z = QᵀX and Ω = tril(Z, −1) − tril(Z, −1)ᵀ, which is QᵀQ̇: Q̇ = X − Q·(Z − Ω), Ṙ = (Z − Ω)·R.
			Forward: func(n, t *graph.Node) *graph.Node {
				q, r := qrParts(n)
				x := rightSolve(t, r, false, rowsOf(n.In()[0]))
				z := Product(q, x, true, false)
				below := Tril(z, -1)
				rest := Triu(Add(Sub(z, below), Transpose(below)), 0)
				return Concat([]*graph.Node{MatMul(rest, r), Sub(x, MatMul(q, rest))}, -2)
			},
		},
		Batch: batchSame, Cases: cases,
		BadCases: []graph.BadCase{
			bad(nil, "wants f32 or f64", i64(3, 3)),
			bad(nil, "at least as many rows as columns", f64(2, 3)),
			bad(nil, "at least as many rows as columns", f64(3)),
		},
	})
}

func rowsOf(x *graph.Node) int { return x.Shape()[x.Rank()-2] }

// rightSolve is b·op(r)⁻¹ for the triangle r of matrices with so many rows.
func rightSolve(b, r *graph.Node, trans bool, rows int) *graph.Node {
	return Transpose(apply(&triangularSolveOp, triangularAttrs{Trans: !trans, Rows: rows}, r, Transpose(b)))
}

func qrKernel[T float](n *graph.Node) graph.Kernel {
	rank := n.Rank()
	count, rows, cols := graph.Size(n.Shape()[:rank-2]), n.In()[0].Shape()[rank-2], n.Shape()[rank-1]
	return func(w *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		_, scratch := room[T](in[1], 0)
		dst, src := graph.Elements[T](out), graph.Elements[T](in[0])
		for h := range count {
			part := dst[h*(rows+cols)*cols:][:(rows+cols)*cols]
			copy(part[cols*cols:], src[h*rows*cols:])
			linalg.QR(linalg.Dense(part[cols*cols:], rows, cols).Until(w.Stop), linalg.Dense(part, cols, cols), scratch,
				w.Workers)
			if err := w.Err(); err != nil {
				return err
			}
		}
		return nil
	}
}
