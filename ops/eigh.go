package ops

import (
	"errors"
	"slices"

	"chainrule/graph"
	"chainrule/internal/kernel/linalg"
)

// Eigh returns the eigenvalues, [.., n] in ascending order, and orthonormal eigenvectors, the columns of [.., n, n],
// of the symmetric part of x. The largest component of each vector is positive.
//
// What does not depend on the order of eigenvalues, nor on the choice of vectors of equal ones, is smooth in x: sums and
// products over all eigenvalues, V·g(W)·Vᵀ and what is made of these. Its derivatives, to the third order for functions of
// eigenvalues and to the second for those of vectors, are right at equal and nearly equal eigenvalues too; those of higher
// order fail there. Second derivatives of functions of vectors have a relative error of some eps^⅓ where eigenvalues differ by
// some eps^⅓ of their size, as differences are divided twice by that: 1e-5 in f64.
//
// Where W or V itself goes out of a loop or a branch, the derivatives at equal eigenvalues lack what is made of them
// outside: let V·g(W)·Vᵀ go out. Other functions, such as the largest eigenvalue or a single vector, have no derivative at
// equal eigenvalues; what is returned is that for the vectors that were found, without the terms that would divide by 0.
// Gradients of functions of vectors compute, for the limits, derivatives of what they are pulled back from: leave V out where
// W is enough. Derivatives: Giles (2008), section 3.1.
func Eigh(x *graph.Node) (values, vectors *graph.Node) {
	values, vectors = eigenParts(unary(&eighOp, x))
	return Squeeze(values, -2), vectors
}

// eigenParts takes apart what has the form of eigh's result: a row above a matrix.
func eigenParts(x *graph.Node) (row, matrix *graph.Node) {
	parts := Split(x, []int{1, x.Shape()[x.Rank()-2] - 1}, -2)
	return parts[0], parts[1]
}

var eighOp graph.Op

func init() {
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
			floats, ints := linalg.EigenScratch(size)
			return 8 * (size*size + size + floats + ints)
		},
		Flops: func(n *graph.Node) float64 {
			count, size := matrices(n.In()[0])
			return 9 * float64(count) * float64(size*size) * float64(size)
		},
		Derivative: eigenRule{},
		Batch:      batchSame, Depends: matrixDepends, Cases: matrixCases(), BadCases: badMatrix,
	})
}

// eighKernel computes in float64.
func eighKernel[T float](n *graph.Node) graph.Kernel {
	count, size := matrices(n.In()[0])
	_, ints := linalg.EigenScratch(size)
	return func(stop *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		places, work := room[float64](in[1], ints)
		a, work := work[:size*size], work[size*size:]
		w, scratch := work[:size], work[size:]
		dst, src := graph.Elements[T](out), graph.Elements[T](in[0])
		for h := range count {
			for i, v := range src[h*size*size:][:size*size] {
				a[i] = float64(v)
			}
			done := linalg.Eigen(linalg.Dense(a, size, size).Until(stop.Stop), w, scratch, places, stop.Workers)
			if err := stop.Err(); err != nil {
				return err
			}
			if !done {
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
