package ops

import (
	"slices"

	"chainrule/graph"
	"chainrule/internal/kernel/gemm"
)

// Pinv returns the pseudo-inverses [.., n, m] of matrices [.., m, n]. Singular values up to rtol times the largest are taken for 0, a
// negative rtol standing for eps·max(m, n). Derivatives, of all orders, are those along matrices of the same rank.
func Pinv(x *graph.Node, rtol float64) *graph.Node {
	mustExist("pinv", x)
	return apply(&pinvOp, pinvAttrs{rtol}, x)
}

// Lstsq returns, for matrices a [.., m, n] of any rank and b [.., m, k] or a vector [m], the shortest of the x for which a·x is
// nearest to b. rtol is as for Pinv. For matrices of full rank n, LeastSquares is several times as fast, and more accurate.
func Lstsq(a, b *graph.Node, rtol float64) *graph.Node {
	mustExist("lstsq", a, b)
	return MatMul(Pinv(a, rtol), b)
}

type pinvAttrs struct{ Rtol float64 }

var pinvOp graph.Op

func init() {
	of := func(name string, x graph.Arg) graph.Case {
		return graph.Case{Name: name, In: []graph.Arg{x}, Attrs: pinvAttrs{-1}}
	}
	define(&pinvOp, graph.Op{
		Name: "pinv", Doc: "pseudo-inverse of matrices", Class: graph.Opaque, Arity: 1, Fails: true, Attrs: pinvAttrs{},
		Infer: func(in []*graph.Node, _ any) (graph.Type, error) {
			x := in[0]
			rank := x.Rank()
			if !x.DType().IsFloat() || rank < 2 {
				return graph.Type{}, kindError("matrices of f32 or f64")
			}
			shape := slices.Clone(x.Shape())
			shape[rank-2], shape[rank-1] = shape[rank-1], shape[rank-2]
			return graph.T(x.DType(), shape...), nil
		},
		Kernel:    byFloat(pinvKernel[float32], pinvKernel[float64]),
		Workspace: func(n *graph.Node) int { return svdWorkspace(n) + 8*n.Shape()[n.Rank()-1]*rowsOf(n) },
		Flops: func(n *graph.Node) float64 {
			m, k := longSide(n)
			return float64(graph.Size(n.Shape()[:n.Rank()-2])) * float64(k*k) * (6*float64(m) + 16*float64(k))
		},
		Derivative: Explicit{
			// Golub and Pereyra, SIAM J. Numer. Anal. 10-2 (1973), equation 4.12: with C = A⁺,
			// Ċ = −C·Ȧ·C + C·Cᵀ·Ȧᵀ·(I − A·C) + (I − C·A)·Ȧᵀ·Cᵀ·C.
			Forward: func(n, t *graph.Node) *graph.Node {
				a := n.In()[0]
				first := Neg(MatMul(MatMul(n, t), n))
				x := MatMul(n, Product(n, t, true, true))
				second := Sub(x, threeFold(x, a, n))
				y := MatMul(Product(t, n, true, true), n)
				return Add(Add(first, second), Sub(y, threeFold(n, a, y)))
			},
			// Ā = −Cᵀ·C̄·Cᵀ + (I − A·C)·C̄ᵀ·C·Cᵀ + Cᵀ·C·C̄ᵀ·(I − C·A).
			Reverse: func(n, ct *graph.Node) *graph.Node {
				a := n.In()[0]
				first := Neg(Product(Product(n, ct, true, false), n, false, true))
				x := Product(Product(ct, n, true, false), n, false, true)
				second := Sub(x, threeFold(a, n, x))
				y := Product(Product(n, n, true, false), ct, false, true)
				return Add(Add(first, second), Sub(y, threeFold(y, n, a)))
			},
		},
		Batch: batchSame,
		Cases: []graph.Case{
			of("square", wellConditioned(2, 3)), of("tall", arg(4, 2)), of("wide", arg(2, 2, 3)), of("column", arg(3, 1)),
			of("number", within(1, 2, 1, 1)), of("no matrices", arg(0, 3, 2)), of("no columns", arg(2, 0)), of("no rows", arg(0, 2)),
		},
		BadCases: []graph.BadCase{
			bad(pinvAttrs{}, "matrices of f32 or f64", i64(3, 3)), bad(pinvAttrs{}, "matrices of f32 or f64", f64(3)),
		},
	})
}

// threeFold is a·b·c, first what makes the smaller matrix of two.
func threeFold(a, b, c *graph.Node) *graph.Node {
	if rowsOf(a)*columns(b) <= rowsOf(b)*columns(c) {
		return MatMul(MatMul(a, b), c)
	}
	return MatMul(a, MatMul(b, c))
}

// pinvKernel is V·diag(1/s)·Uᵀ, with 0 for the singular values that count as 0.
func pinvKernel[T float](n *graph.Node) graph.Kernel {
	rows, cols := rowsOf(n.In()[0]), columns(n.In()[0])
	count, k := graph.Size(n.Shape()[:n.Rank()-2]), min(rows, cols)
	rtol := tolerance(n.In()[0], n.Attrs().(pinvAttrs).Rtol)
	return func(work *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		d := newDecomposition(n, in[1], work)
		whole := d.scratch[len(d.scratch)-rows*cols:]
		d.scratch = d.scratch[:len(d.scratch)-rows*cols]
		dst := graph.Elements[T](out)
		for h := range count {
			if err := decompose(&d, graph.Elements[T](in[0]), h); err != nil {
				return err
			}
			for i, s := range d.values {
				factor := 0.0
				if !(s <= rtol*d.values[0]) { // NaN goes on
					factor = 1 / s
				}
				scaleInto(d.right.Data[i*cols:][:cols], d.right.Data[i*cols:], factor)
			}
			gemm.Gemm(true, false, cols, rows, k, d.right.Data, max(1, cols), d.left.Data, max(1, rows), whole, max(1, rows),
				&gemm.Epilogue[float64]{Stop: work.Stop}, work.Workers)
			scaleInto(dst[h*rows*cols:][:rows*cols], whole, 1)
		}
		return work.Err()
	}
}

// MatrixRank returns the number, i64, of singular values larger than rtol times the largest; rtol is as for Pinv.
func MatrixRank(x *graph.Node, rtol float64) *graph.Node {
	mustExist("matrix_rank", x)
	s := SingularValues(x)
	return Sum(Cast(Not(vanishing(s, x, rtol)), graph.Int64), -1)
}

// Cond returns the largest singular value of matrices [.., m, n] over the least, their condition number in the 2-norm.
func Cond(x *graph.Node) *graph.Node {
	s := SingularValues(x)
	return Div(Max(s, -1), Min(s, -1))
}

// NuclearNorm returns the sum of the singular values of matrices [.., m, n]. Where one is 0, the derivative is a subgradient.
func NuclearNorm(x *graph.Node) *graph.Node { return Sum(SingularValues(x), -1) }

// SpectralNorm returns the largest singular value of matrices [.., m, n], their 2-norm.
func SpectralNorm(x *graph.Node) *graph.Node { return Max(SingularValues(x), -1) }

// vanishing tells which of x's singular values s count as 0.
func vanishing(s, x *graph.Node, rtol float64) *graph.Node {
	if columns(s) == 0 {
		return Le(s, 0)
	}
	return Le(s, Mul(tolerance(x, rtol), KeepDims(Max(s, -1), s, -1)))
}

// tolerance is rtol, or what a negative one stands for.
func tolerance(x *graph.Node, rtol float64) float64 {
	if rtol >= 0 {
		return rtol
	}
	eps := 0x1p-52
	if x.DType() == graph.Float32 {
		eps = 0x1p-23
	}
	return eps * float64(max(rowsOf(x), columns(x)))
}
