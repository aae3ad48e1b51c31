package ops

import (
	"errors"
	"slices"
	"unsafe"

	"chainrule/graph"
	"chainrule/internal/kernel/linalg"
)

// Eigh returns the eigenvalues, [.., n] in ascending order, and orthonormal eigenvectors, the columns of [.., n, n],
// of the symmetric part of x. The largest component of each vector is positive. Where eigenvalues are equal their
// vectors have no derivative, and the terms that would divide by the difference are left out: that is right for
// symmetric functions of the eigenvalues, and wrong for functions of the vectors, even for those that do not depend
// on the choice among them, such as V·g(W)·Vᵀ. Derivatives: Giles (2008), section 3.1.
func Eigh(x *graph.Node) (values, vectors *graph.Node) {
	values, vectors = eigenParts(unary(&eighOp, x))
	return Squeeze(values, -2), vectors
}

// eigenParts takes apart what has the form of eigh's result: a row above a matrix.
func eigenParts(x *graph.Node) (row, matrix *graph.Node) {
	parts := Split(x, -2, 1, x.Shape()[x.Rank()-2]-1)
	return parts[0], parts[1]
}

var eighOp graph.Op

func init() {
	// With A = V·W·Vᵀ, P = Vᵀ·Ȧ·V and F one over w_j − w_i off the diagonal: ẇ = diag P and V̇ = V·(F ⊙ P).
	gaps := func(w *graph.Node) *graph.Node {
		gap := Sub(w, Transpose(w))
		same := Eq(gap, 0)
		return Where(same, 0, Reciprocal(Where(same, 1, gap)))
	}
	define(&eighOp, graph.Op{
		Name: "eigh", Doc: "eigenvalues, above eigenvectors, of the symmetric part", Class: graph.Opaque, Arity: 1,
		Fails: true,
		Infer: func(in []*graph.Node, _ any) (graph.Type, error) {
			if err := isSquare(in[0]); err != nil {
				return graph.Type{}, err
			}
			shape := slices.Clone(in[0].Shape())
			shape[len(shape)-2]++
			return graph.T(in[0].DType(), shape...), nil
		},
		Kernel: byFloat(eighKernel[float32], eighKernel[float64]),
		Workspace: func(n *graph.Node) int {
			_, size := matrices(n.In()[0])
			return 8 * (2*size*size + size + linalg.EigenScratch(size))
		},
		Flops: func(n *graph.Node) float64 {
			count, size := matrices(n.In()[0])
			return 9 * float64(count) * float64(size*size) * float64(size)
		},
		Derivative: Explicit{
			Reverse: func(n, ct *graph.Node) *graph.Node { // Ā = V·(diag w̄ + F ⊙ (Vᵀ·V̄))·Vᵀ
				w, v := eigenParts(n)
				wBar, vBar := eigenParts(ct)
				inner := Add(Diag(Squeeze(wBar, -2)), Mul(gaps(w), Product(v, vBar, true, false)))
				return half(Product(MatMul(v, inner), v, false, true))
			},
			Forward: func(n, t *graph.Node) *graph.Node {
				w, v := eigenParts(n)
				p := MatMul(Product(v, half(t), true, false), v)
				return Concat(-2, ExpandDims(Diagonal(p), -2), MatMul(v, Mul(gaps(w), p)))
			},
		},
		Batch: batchSame, Depends: matrixDepends, Cases: matrixCases(), BadCases: badMatrix,
	})
}

// eighKernel computes in float64.
func eighKernel[T float](n *graph.Node) graph.Kernel {
	count, size := matrices(n.In()[0])
	return func(_ *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		work := unsafe.Slice((*float64)(in[1].Ptr), in[1].Len/8)
		a, work := work[:size*size], work[size*size:]
		vectors, work := work[:size*size], work[size*size:]
		w, scratch := work[:size], work[size:]
		dst, src := graph.Elements[T](out), graph.Elements[T](in[0])
		for h := range count {
			for i, v := range src[h*size*size:][:size*size] {
				a[i] = float64(v)
			}
			if !linalg.Eigen(linalg.Dense(a, size, size), w, scratch, vectors) {
				return errors.New("the iteration for eigenvalues does not end, " + whichOf(h))
			}
			part := dst[h*(size+1)*size:]
			for i, v := range w {
				part[i] = T(v)
			}
			for i, v := range a {
				part[size+i] = T(v)
			}
		}
		return nil
	}
}
