package ops

import (
	"fmt"

	"chainrule/graph"
	"chainrule/internal/kernel/linalg"
)

// Cholesky returns the lower triangular factor L of the symmetric part of x, with L·Lᵀ = ½(x + xᵀ) and zeros above
// the diagonal. The cotangent of x is symmetric. Running it is an error, ErrNotPositiveDefinite, if there is no such
// factor.
func Cholesky(x *graph.Node) *graph.Node { return unary(&choleskyOp, x) }

// CholeskySolve returns A⁻¹·b for A = L·Lᵀ, given l = Cholesky(A). See TriangularSolve for the shapes.
func CholeskySolve(l, b *graph.Node) *graph.Node {
	return TriangularSolve(l, TriangularSolve(l, b, true, false), true, true)
}

var choleskyOp graph.Op

func init() {
	define(&choleskyOp, graph.Op{
		Name: "cholesky", Doc: "lower factor L of the symmetric part, L·Lᵀ = ½(x + xᵀ)", Class: graph.Opaque, Arity: 1,
		Fails: true, Infer: sameSquare, Kernel: byFloat(choleskyKernel[float32], choleskyKernel[float64]),
		Workspace: needs(noInts, linalg.CholeskyScratch),
		Flops: func(n *graph.Node) float64 {
			_, size := matrices(n)
			return float64(n.Type().Size()) * float64(size) / 3
		},
		Derivative: Explicit{
			// Murray (2016), equations 8 and 10: with Φ the lower triangle with half of the diagonal,
			// L̇ = L·Φ(L⁻¹·Ȧ·L⁻ᵀ), and Ā = the symmetric part of L⁻ᵀ·Φ(Lᵀ·L̄)·L⁻¹.
			Reverse: func(n, ct *graph.Node) *graph.Node {
				left := TriangularSolve(n, halved(Product(n, ct, true, false)), true, true)
				return half(TriangularSolve(n, Transpose(left), true, true))
			},
			Forward: func(n, t *graph.Node) *graph.Node {
				left := TriangularSolve(n, half(t), true, false)
				return MatMul(n, halved(TriangularSolve(n, Transpose(left), true, false)))
			},
		},
		Batch: batchSame, Depends: matrixDepends, Cases: matrixCases(), BadCases: badMatrix,
	})
}

// halved is Murray's Φ.
func halved(x *graph.Node) *graph.Node {
	row, col := grid(x)
	return Mul(0.5, Add(Where(Ge(row, col), x, like(x, 0)), Where(Gt(row, col), x, like(x, 0))))
}

func choleskyKernel[T float](n *graph.Node) graph.Kernel {
	count, size := matrices(n)
	return func(w *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		_, scratch := room[T](in[1], 0)
		dst := graph.Elements[T](out)
		copy(dst, graph.Elements[T](in[0]))
		for h := range count {
			a := linalg.Dense(dst[h*size*size:], size, size).Until(w.Stop)
			failed := linalg.Cholesky(a, scratch, w.Workers)
			if err := w.Err(); err != nil {
				return err
			}
			if failed >= 0 {
				return fmt.Errorf("%w: leading minor %d of %s", ErrNotPositiveDefinite, failed+1, whichOf(h))
			}
		}
		return nil
	}
}
