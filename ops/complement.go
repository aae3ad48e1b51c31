package ops

import (
	"slices"

	"chainrule/graph"
	"chainrule/internal/kernel/linalg"
)

// Complement returns, for matrices x [.., m, n] with m ≥ n, orthonormal columns [.., m, m−n] that are orthogonal to those of x. It
// has no derivative: any turn of them would do.
func Complement(x *graph.Node) *graph.Node { return unary(&complementOp, x) }

// CompleteQR returns the factors x = q·r of matrices [.., m, n] with q [.., m, m] orthogonal and r [.., m, n], zero below the
// diagonal: QR, with Complement beside q.
func CompleteQR(x *graph.Node) (q, r *graph.Node) {
	mustExist("qr", x)
	q, r = QR(x)
	rest := rowsOf(x) - columns(q)
	if rest == 0 {
		return q, r
	}
	shape := slices.Clone(r.Shape())
	shape[len(shape)-2] = rest
	below := Zeros(x.Graph(), x.DType(), shape...)
	return Concat([]*graph.Node{q, Complement(q)}, -1), Concat([]*graph.Node{r, below}, -2)
}

// FullSVD is SVD with u [.., m, m] and vt [.., n, n] orthogonal: Complement beside the vectors that SVD finds.
func FullSVD(x *graph.Node) (u, s, vt *graph.Node) {
	u, s, vt = SVD(x)
	if rowsOf(u) > columns(u) {
		u = Concat([]*graph.Node{u, Complement(u)}, -1)
	}
	if rowsOf(vt) < columns(vt) {
		vt = Concat([]*graph.Node{vt, Transpose(Complement(Transpose(vt)))}, -2)
	}
	return u, s, vt
}

var complementOp graph.Op

func init() {
	define(&complementOp, graph.Op{
		Name: "complement", Doc: "orthonormal columns orthogonal to those of matrices", Class: graph.Opaque, Arity: 1,
		Infer: func(in []*graph.Node, _ any) (graph.Type, error) {
			x := in[0]
			rank := x.Rank()
			if !x.DType().IsFloat() || rank < 2 || x.Shape()[rank-2] < x.Shape()[rank-1] {
				return graph.Type{}, kindError("matrices of f32 or f64 with at least as many rows as columns")
			}
			shape := slices.Clone(x.Shape())
			shape[rank-1] = shape[rank-2] - shape[rank-1]
			return graph.T(x.DType(), shape...), nil
		},
		Kernel: byFloat(complementKernel[float32], complementKernel[float64]),
		Workspace: func(n *graph.Node) int {
			m, k := rowsOf(n), columns(n)
			return bytesFor(n, 0, m*k+linalg.ComplementScratch(m, m-k))
		},
		Flops: func(n *graph.Node) float64 {
			return 2 * float64(n.In()[0].Type().Size()) * float64(rowsOf(n)+columns(n))
		},
		Derivative: NonDiff("a basis of the complement is determined but for a turn"),
		Batch:      batchSame,
		Cases: []graph.Case{
			{Name: "tall", In: []graph.Arg{arg(5, 3)}}, {Name: "batch", In: []graph.Arg{arg(2, 3, 1)}},
			{Name: "square", In: []graph.Arg{arg(2, 2)}}, {Name: "no columns", In: []graph.Arg{arg(2, 0)}},
			{Name: "no matrices", In: []graph.Arg{arg(0, 3, 2)}},
		},
		BadCases: []graph.BadCase{
			bad(nil, "at least as many rows as columns", i64(3, 3)), bad(nil, "at least as many rows as columns", f64(2, 3)),
		},
	})
}

func complementKernel[T float](n *graph.Node) graph.Kernel {
	m, k := rowsOf(n), columns(n)
	count, inner := graph.Size(n.Shape()[:n.Rank()-2]), m-k
	return func(w *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		_, scratch := room[T](in[1], 0)
		y, scratch := linalg.Dense(scratch, k, m).Until(w.Stop), scratch[k*m:]
		dst, src := graph.Elements[T](out), graph.Elements[T](in[0])
		for h := range count {
			linalg.Complement(y, linalg.Dense(src[h*m*inner:], m, inner), scratch, w.Workers)
			if err := w.Err(); err != nil {
				return err
			}
			for i := range m {
				for j := range k {
					dst[(h*m+i)*k+j] = y.Data[j*m+i]
				}
			}
		}
		return nil
	}
}
