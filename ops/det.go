package ops

import (
	"math"

	"chainrule/graph"
	"chainrule/internal/kernel/linalg"
	"chainrule/internal/kernel/vec"
)

// Inverse returns x⁻¹. To solve equations, Solve is faster and more accurate. Running it is an error, ErrSingular, if
// an elimination finds no pivot.
func Inverse(x *graph.Node) *graph.Node { return unary(&inverseOp, x) }

var inverseOp graph.Op

func init() {
	define(&inverseOp, graph.Op{
		Name: "inverse", Doc: "inverse of square matrices", Class: graph.Opaque, Arity: 1, Fails: true, Infer: sameSquare,
		Kernel: byFloat(inverseKernel[float32], inverseKernel[float64]),
		Workspace: needs(once, func(n int) int {
			return n*n + max(linalg.LUScratch(n), linalg.SolveScratch(n, n))
		}),
		Flops: func(n *graph.Node) float64 {
			_, size := matrices(n)
			return float64(n.Type().Size()) * float64(size) * 8 / 3
		},
		Derivative: Explicit{ // Giles (2008), section 2.2.3: with C = A⁻¹, Ċ = −C·Ȧ·C and Ā = −Cᵀ·C̄·Cᵀ
			Reverse: func(n, ct *graph.Node) *graph.Node { return Neg(Product(Product(n, ct, true, false), n, false, true)) },
			Forward: func(n, t *graph.Node) *graph.Node { return Neg(MatMul(MatMul(n, t), n)) },
		},
		Batch: batchSame, Depends: matrixDepends, Cases: matrixCases(), BadCases: badMatrix,
	})
}

func inverseKernel[T float](n *graph.Node) graph.Kernel {
	count, size := matrices(n)
	return func(w *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		pivots, scratch := room[T](in[1], size)
		lu, scratch := linalg.Dense(scratch, size, size).Until(w.Stop), scratch[size*size:]
		dst := graph.Elements[T](out)
		clear(dst)
		for h := range count {
			copy(lu.Data, graph.Elements[T](in[0])[h*size*size:])
			linalg.LU(lu, pivots, scratch, w.Workers)
			if err := w.Err(); err != nil {
				return err
			}
			if i := linalg.Singular(lu); i >= 0 {
				return noPivot(i, h)
			}
			x := linalg.Dense(dst[h*size*size:], size, size).Until(w.Stop)
			for i := range size {
				x.Data[i*size+i] = 1
			}
			linalg.SolveLU(lu, pivots, false, x, scratch, w.Workers)
		}
		return w.Err()
	}
}

// Det returns the determinants of square matrices. Its derivatives, the first of which are the cofactors, exist for
// singular ones too, and are as accurate there. What is out of range, with a pivot that is rounding alone, is 0.
func Det(x *graph.Node) *graph.Node { return unary(&detOp, x) }

// LogDet returns log|det x|, without overflow, −Inf for a singular x, where asking for the derivative is an error,
// ErrSingular, when it runs. For a positive definite x, twice the sum of the logarithms of Diagonal(Cholesky(x))
// costs half as much.
func LogDet(x *graph.Node) *graph.Node { return unary(&logdetOp, x) }

// DetSign returns the sign of the determinant: −1, 0 or 1.
func DetSign(x *graph.Node) *graph.Node { return unary(&detSignOp, x) }

// SlogDet returns the sign of the determinant and the logarithm of its size.
func SlogDet(x *graph.Node) (sign, logAbs *graph.Node) { return DetSign(x), LogDet(x) }

var detOp, logdetOp, detSignOp graph.Op

func init() {
	define(&detOp, determinant("det", "determinant", byFloat(detKernel[float32], detKernel[float64]),
		Explicit{ // Giles (2008), section 2.2.4, with cofactors for det(A)·A⁻ᵀ
			Reverse: func(n, ct *graph.Node) *graph.Node { return Mul(onMatrices(ct), Cofactor(n.In()[0])) },
			Forward: func(n, t *graph.Node) *graph.Node { return pairing(Cofactor(n.In()[0]), t) },
		}))
	define(&logdetOp, determinant("logdet", "log |det x|", byFloat(logdetKernel[float32], logdetKernel[float64]),
		Explicit{ // d log|det A| = tr(A⁻¹·dA)
			Reverse: func(n, ct *graph.Node) *graph.Node {
				return Mul(onMatrices(ct), Transpose(Inverse(n.In()[0])))
			},
			Forward: func(n, t *graph.Node) *graph.Node { return pairing(Transpose(Inverse(n.In()[0])), t) },
		}))
	sign := determinant("det_sign", "sign of the determinant", byFloat(detSignKernel[float32], detSignKernel[float64]),
		NonDiff("it is flat wherever it has a derivative"))
	sign.Cases = append(sign.Cases, graph.Case{Name: "both signs", In: []graph.Arg{arg(5, 2, 2)}})
	define(&detSignOp, sign)
}

// determinant is the record that Det and its kin share.
func determinant(name, doc string, kernel bind, rule graph.Derivative) graph.Op {
	cases := append(matrixCases(), graph.Case{Name: "pivots", In: []graph.Arg{values([]float64{0, 2, 1, 0}, 2, 2)}})
	return graph.Op{
		Name: name, Doc: doc + " of square matrices", Class: graph.Opaque, Arity: 1, Infer: oneEach, Kernel: kernel,
		Workspace: needs(once, withCopy), Derivative: rule,
		Flops: func(n *graph.Node) float64 {
			_, size := matrices(n.In()[0])
			return float64(n.In()[0].Type().Size()) * float64(size) * 2 / 3
		},
		Batch: batchSame, Depends: matrixDepends, Cases: cases, BadCases: badMatrix,
	}
}

func detKernel[T float](n *graph.Node) graph.Kernel {
	return fromFactors(n, func(sign T, lu linalg.Matrix[T]) T {
		det := sign * linalg.DiagonalProduct(lu)
		if math.IsInf(float64(det), 0) && linalg.IsRounding(lu) {
			return 0
		}
		return det
	})
}

func logdetKernel[T float](n *graph.Node) graph.Kernel {
	return fromFactors(n, func(_ T, u linalg.Matrix[T]) T {
		sum := 0.0
		for i := range u.Rows {
			sum += vec.Ln(math.Abs(float64(u.Data[i*u.LD+i])))
		}
		return T(sum)
	})
}

func detSignKernel[T float](n *graph.Node) graph.Kernel {
	return fromFactors(n, func(sign T, u linalg.Matrix[T]) T {
		for i := range u.Rows {
			switch d := u.Data[i*u.LD+i]; {
			case d < 0:
				sign = -sign
			case !(d > 0): // 0 or NaN
				return max(d, -d)
			}
		}
		return sign
	})
}

// fromFactors computes a number from the LU factors of each matrix: from the sign of the permutation and U's
// diagonal.
func fromFactors[T float](n *graph.Node, f func(sign T, u linalg.Matrix[T]) T) graph.Kernel {
	count, size := matrices(n.In()[0])
	return func(w *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		pivots, scratch := room[T](in[1], size)
		lu, scratch := linalg.Dense(scratch, size, size).Until(w.Stop), scratch[size*size:]
		dst := graph.Elements[T](out)
		for h := range count {
			copy(lu.Data, graph.Elements[T](in[0])[h*size*size:])
			sign := linalg.LU(lu, pivots, scratch, w.Workers)
			if err := w.Err(); err != nil {
				return err
			}
			dst[h] = f(sign, lu)
		}
		return nil
	}
}
