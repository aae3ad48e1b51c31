package ops

import (
	"slices"

	"chainrule/graph"
	"chainrule/internal/kernel/linalg"
)

// LU returns the factors x = p·l·u of matrices [.., m, n] by elimination with row exchanges: with k the less of m and n, p
// [.., m, m] is a permutation, l [.., m, k] has ones on the diagonal, zeros above it and no element larger than 1, and u [.., k, n]
// is upper triangular. Running the derivative is an error, ErrSingular, if there is a zero on u's diagonal.
func LU(x *graph.Node) (p, l, u *graph.Node) {
	mustExist("lu", x)
	rank := x.Rank()
	if rank < 2 || x.Shape()[rank-2] >= x.Shape()[rank-1] {
		return luParts(unary(&luOp, x))
	}
	m, n := x.Shape()[rank-2], x.Shape()[rank-1]
	parts := Split(x, []int{m, n - m}, -1)
	p, l, u = luParts(unary(&luOp, parts[0]))
	return p, l, Concat([]*graph.Node{u, TriangularSolve(l, Product(p, parts[1], true, false), true, false)}, -1)
}

// luParts takes apart what has the form of lu's result: both triangles in one matrix, and a column of the rows that were chosen.
func luParts(x *graph.Node) (p, l, u *graph.Node) {
	m, n := rowsOf(x), columns(x)-1
	parts := Split(x, []int{n, 1}, -1)
	rows := Split(parts[0], []int{n, m - n}, -2)
	l = Concat([]*graph.Node{Add(Tril(rows[0], -1), Eye(x.Graph(), x.DType(), n)), rows[1]}, -2)
	chosen := Cast(StopGradient(Squeeze(parts[1], -1)), graph.Int64)
	return Transpose(OneHot(chosen, m, x.DType())), l, Triu(rows[0], 0)
}

var luOp graph.Op

func init() {
	define(&luOp, graph.Op{
		Name: "lu", Doc: "factors l and u, in one matrix, and a column of the rows chosen", Class: graph.Opaque, Arity: 1,
		Infer: func(in []*graph.Node, _ any) (graph.Type, error) {
			x := in[0]
			rank := x.Rank()
			if !x.DType().IsFloat() || rank < 2 || x.Shape()[rank-2] < x.Shape()[rank-1] {
				return graph.Type{}, kindError("matrices of f32 or f64 with at least as many rows as columns")
			}
			shape := slices.Clone(x.Shape())
			shape[rank-1]++
			return graph.T(x.DType(), shape...), nil
		},
		Kernel: byFloat(luKernel[float32], luKernel[float64]),
		Workspace: func(n *graph.Node) int {
			m, k := rowsOf(n), columns(n)-1
			return bytesFor(n, k+m, m*k+linalg.LUScratch(k))
		},
		Flops: func(n *graph.Node) float64 {
			return float64(n.In()[0].Type().Size()) * float64(columns(n)-1) * 2 / 3
		},
		Derivative: Explicit{
			// With B = Pᵀ·Ȧ, its rows in two parts as L's, and M = L₁⁻¹·B₁·U⁻¹: U̇ = triu(M)·U, L̇₁ = L₁·tril(M, −1) and
			// L̇₂ = (B₂ − L₂·U̇)·U⁻¹ (de Hoog, Anderssen and Lukas, Linear Algebra Appl. 434-11, 2011).
			Forward: func(n, t *graph.Node) *graph.Node {
				f := factorsOf(n)
				b := Split(Product(f.p, t, true, false), []int{f.k, f.m - f.k}, -2)
				m := rightSolve(TriangularSolve(f.first, b[0], true, false), f.u, false, 0)
				uDot := MatMul(Triu(m, 0), f.u)
				top := Add(MatMul(f.first, Tril(m, -1)), uDot)
				bottom := rightSolve(Sub(b[1], MatMul(f.second, uDot)), f.u, false, 0)
				return Concat([]*graph.Node{Concat([]*graph.Node{top, bottom}, -2), zeros(f.chosen)}, -1)
			},
			// B̄₂ = L̄₂·U⁻ᵀ, and B̄₁ = L₁⁻ᵀ·(tril(L₁ᵀ·L̄₁, −1) + triu((Ū − L₂ᵀ·B̄₂)·Uᵀ))·U⁻ᵀ.
			Reverse: func(n, ct *graph.Node) *graph.Node {
				f := factorsOf(n)
				bar := Split(Split(ct, []int{f.k, 1}, -1)[0], []int{f.k, f.m - f.k}, -2)
				second := rightSolve(bar[1], f.u, true, 0)
				uBar := Sub(Triu(bar[0], 0), Product(f.second, second, true, false))
				inner := Add(Tril(Product(f.first, Tril(bar[0], -1), true, false), -1), Triu(Product(uBar, f.u, false, true), 0))
				first := rightSolve(TriangularSolve(f.first, inner, true, true), f.u, true, 0)
				return MatMul(f.p, Concat([]*graph.Node{first, second}, -2))
			},
		},
		Batch: batchSame,
		Cases: []graph.Case{
			{Name: "square", In: []graph.Arg{wellConditioned(2, 3)}}, {Name: "tall", In: []graph.Arg{arg(5, 3)}},
			{Name: "pivots", In: []graph.Arg{values([]float64{0, 2, 1, 0}, 2, 2)}}, {Name: "column", In: []graph.Arg{arg(4, 1)}},
			{Name: "no matrices", In: []graph.Arg{arg(0, 3, 2)}}, {Name: "no columns", In: []graph.Arg{arg(2, 0)}},
		},
		BadCases: []graph.BadCase{
			bad(nil, "at least as many rows as columns", i64(3, 3)), bad(nil, "at least as many rows as columns", f64(2, 3)),
		},
	})
}

// luFactors are the factors of a node of lu, those of L in two parts.
type luFactors struct {
	m, k                int
	p, first, second, u *graph.Node
	chosen              *graph.Node
}

func factorsOf(n *graph.Node) luFactors {
	f := luFactors{m: rowsOf(n), k: columns(n) - 1}
	var l *graph.Node
	f.p, l, f.u = luParts(n)
	parts := Split(l, []int{f.k, f.m - f.k}, -2)
	f.first, f.second = parts[0], parts[1]
	f.chosen = Split(n, []int{f.k, 1}, -1)[1]
	return f
}

func luKernel[T float](n *graph.Node) graph.Kernel {
	m, k := rowsOf(n), columns(n)-1
	return func(w *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		places, scratch := room[T](in[1], k+m)
		pivots, order := places[:k], places[k:]
		lu, scratch := linalg.Dense(scratch, m, k).Until(w.Stop), scratch[m*k:]
		dst, src := graph.Elements[T](out), graph.Elements[T](in[0])
		for h := range graph.Size(n.Shape()[:n.Rank()-2]) {
			copy(lu.Data, src[h*m*k:])
			linalg.LU(lu, pivots, scratch, w.Workers)
			if err := w.Err(); err != nil {
				return err
			}
			for i := range order {
				order[i] = int64(i)
			}
			for i, p := range pivots {
				order[i], order[p] = order[p], order[i]
			}
			for i, from := range order {
				row := dst[(h*m+i)*(k+1):][:k+1]
				copy(row, lu.Data[i*k:][:k])
				row[k] = T(from)
			}
		}
		return nil
	}
}
