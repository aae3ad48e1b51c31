package ops

import (
	"chainrule/graph"
	"chainrule/internal/kernel/linalg"
)

// MatrixExp returns the exponential of square matrices, Σ xᵏ/k!. Its derivatives are blocks of exponentials of matrices of twice
// the size (Najfeld and Havel, Adv. Appl. Math. 16-3, 1995), to all orders.
func MatrixExp(x *graph.Node) *graph.Node { return unary(&matrixExpOp, x) }

// MatrixPower returns the n-th power of square matrices, of their inverses if n is negative, by repeated squaring.
func MatrixPower(x *graph.Node, n int) *graph.Node {
	mustExist("matrix_power", x)
	if err := isSquare(x); err != nil {
		graph.Fail("matrix_power", []*graph.Node{x}, "%v", err)
	}
	if n < 0 {
		x, n = Inverse(x), -n
	}
	if n == 0 {
		return BroadcastTo(Eye(x.Graph(), x.DType(), columns(x)), x.Shape()...)
	}
	var power *graph.Node
	for ; ; x = MatMul(x, x) {
		if n%2 == 1 {
			if power == nil {
				power = x
			} else {
				power = MatMul(power, x)
			}
		}
		if n /= 2; n == 0 {
			return power
		}
	}
}

var matrixExpOp graph.Op

func init() {
	define(&matrixExpOp, graph.Op{
		Name: "matrix_exp", Doc: "exponential of square matrices", Class: graph.Opaque, Arity: 1, Infer: sameSquare,
		Kernel: byFloat(matrixExpKernel[float32], matrixExpKernel[float64]),
		Workspace: func(n *graph.Node) int {
			_, size := matrices(n)
			return 8 * (size + size*size + linalg.ExponentialScratch(size))
		},
		Flops: func(n *graph.Node) float64 {
			_, size := matrices(n)
			return float64(n.Type().Size()) * float64(size) * 18
		},
		Derivative: Explicit{ // ⟨C̄, L(A, E)⟩ = ⟨L(Aᵀ, C̄), E⟩ for the derivative L of e^A along E
			Reverse: func(n, ct *graph.Node) *graph.Node { return expAlong(Transpose(n.In()[0]), ct) },
			Forward: func(n, t *graph.Node) *graph.Node { return expAlong(n.In()[0], t) },
		},
		Batch: batchSame, Depends: matrixDepends, BadCases: badMatrix,
		Cases: []graph.Case{
			{Name: "matrix", In: []graph.Arg{arg(3, 3)}}, {Name: "batch", In: []graph.Arg{arg(2, 2, 2)}},
			{Name: "number", In: []graph.Arg{arg(1, 1)}}, {Name: "no matrices", In: []graph.Arg{arg(0, 2, 2)}},
			{Name: "no elements", In: []graph.Arg{arg(2, 0, 0)}}, {Name: "nilpotent", In: []graph.Arg{values([]float64{0, 8, 0, 0}, 2, 2)}},
		},
	})
}

// expAlong is the derivative of e^a along e: exp [a e; 0 a] has it in the corner.
func expAlong(a, e *graph.Node) *graph.Node {
	n := columns(a)
	above := Concat([]*graph.Node{a, e}, -1)
	below := Concat([]*graph.Node{zeros(a), a}, -1)
	whole := MatrixExp(Concat([]*graph.Node{above, below}, -2))
	return Split(Split(whole, []int{n, n}, -2)[0], []int{n, n}, -1)[1]
}

// matrixExpKernel computes in float64.
func matrixExpKernel[T float](n *graph.Node) graph.Kernel {
	count, size := matrices(n)
	return func(w *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		pivots, scratch := room[float64](in[1], size)
		a, scratch := linalg.Dense(scratch, size, size).Until(w.Stop), scratch[size*size:]
		dst, src := graph.Elements[T](out), graph.Elements[T](in[0])
		for h := range count {
			for i := range a.Data {
				a.Data[i] = float64(src[h*size*size+i])
			}
			linalg.Exponential(a, pivots, scratch, w.Workers)
			if err := w.Err(); err != nil {
				return err
			}
			for i, v := range a.Data {
				dst[h*size*size+i] = T(v)
			}
		}
		return nil
	}
}

// MatrixSqrt returns the square root of the symmetric part of square matrices, which must be positive semi-definite: it is
// symmetric, and NaN for a negative eigenvalue. The derivative exists where no eigenvalue is 0, and is Eigh's.
func MatrixSqrt(x *graph.Node) *graph.Node {
	mustExist("matrix_sqrt", x)
	w, v := Eigh(x)
	return Product(Mul(v, ExpandDims(Sqrt(w), -2)), v, false, true)
}
