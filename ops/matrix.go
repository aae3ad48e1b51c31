package ops

import (
	"errors"
	"fmt"
	"math"
	"unsafe"

	"chainrule/graph"
	"chainrule/internal/kernel/linalg"
)

// Linear algebra works on the last two axes and takes the leading ones as a batch.
//
// Sources of its derivatives: M. Giles, An extended collection of matrix derivative results for forward and reverse
// mode algorithmic differentiation (2008); I. Murray, Differentiation of the Cholesky decomposition, arXiv:1602.07527
// (2016); M. Seeger et al., Auto-differentiating linear algebra, arXiv:1710.08717 (2017).

// ErrSingular is what running a graph returns, wrapped, when a matrix that has to be inverted is singular.
var ErrSingular = errors.New("the matrix is singular")

// ErrNotPositiveDefinite is what running a graph returns, wrapped, when a matrix has no Cholesky factor.
var ErrNotPositiveDefinite = errors.New("the matrix is not positive definite")

// isSquare checks that x holds square matrices of floats.
func isSquare(x *graph.Node) error {
	if !x.DType().IsFloat() {
		return kindError("f32 or f64")
	}
	if r := x.Rank(); r < 2 || x.Shape()[r-1] != x.Shape()[r-2] {
		return kindError("square matrices")
	}
	return nil
}

// matrices gives the number of n × n matrices that x holds, and n.
func matrices(x *graph.Node) (count, n int) {
	r := x.Rank()
	return graph.Size(x.Shape()[:r-2]), x.Shape()[r-1]
}

// sameSquare is the shape rule of functions from square matrices to such, oneEach of those to numbers.
func sameSquare(in []*graph.Node, _ any) (graph.Type, error) { return in[0].Type(), isSquare(in[0]) }

func oneEach(in []*graph.Node, _ any) (graph.Type, error) {
	if err := isSquare(in[0]); err != nil {
		return graph.Type{}, err
	}
	return graph.T(in[0].DType(), in[0].Shape()[:in[0].Rank()-2]...), nil
}

// matrixDepends says that a result's elements depend on the matrix of the batch that they come from.
func matrixDepends(n *graph.Node, _ int, _ graph.Known) graph.Dependence {
	count, size := matrices(n.In()[0])
	d := runs(count, size*size, 1)
	d.Group = runOf(count, n.Type().Size()/max(1, count), 1)
	return d
}

// room cuts a workspace into integers and elements; bytesFor is how much of it they take.
func room[T float](workspace graph.Buffer, ints int) ([]int64, []T) {
	raw := unsafe.Slice((*byte)(workspace.Ptr), workspace.Len)
	places := unsafe.Slice((*int64)(workspace.Ptr), ints)
	rest := raw[8*ints:]
	return places, unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(rest))), len(rest)/int(unsafe.Sizeof(T(0))))
}

func bytesFor(n *graph.Node, ints, elements int) int { return 8*ints + n.DType().Size()*elements }

// needs is the Workspace rule of kernels that want some integers and elements for matrices of a size.
func needs(ints, elements func(size int) int) func(n *graph.Node) int {
	return func(n *graph.Node) int {
		_, size := matrices(n.In()[0])
		return bytesFor(n.In()[0], ints(size), elements(size))
	}
}

func noInts(int) int       { return 0 }
func once(size int) int    { return size }
func withCopy(n int) int   { return n*n + linalg.LUScratch(n) }
func whichOf(h int) string { return fmt.Sprintf("matrix %d of the batch", h) }

// half is ½(x + xᵀ), the symmetric part.
func half(x *graph.Node) *graph.Node { return Mul(0.5, Add(x, Transpose(x))) }

// onMatrices gives one number for each matrix of x, v, the shape that broadcasts against x.
func onMatrices(v *graph.Node) *graph.Node { return ExpandDims(ExpandDims(v, -1), -1) }

// pairing is Σ a⊙b over each matrix, the scalar product that makes gradients of derivatives.
func pairing(a, b *graph.Node) *graph.Node { return Sum(Mul(a, b), -2, -1) }

// wellConditioned are n × n matrices with elements exact in f32: n + 1 on the diagonal, and at most 1 beside it. They
// are not symmetric.
func wellConditioned(count, n int) graph.Arg {
	data := make([]float64, 0, count*n*n)
	for h := range count {
		for i := range n {
			for j := range n {
				v := math.Round(64*math.Sin(float64(1+3*i+7*j+i*j+5*h))) / 64
				if i == j {
					v += float64(n + 1)
				}
				data = append(data, v)
			}
		}
	}
	return values(data, count, n, n)
}

// matrixCases are well-conditioned matrices, one and many, and none.
func matrixCases() []graph.Case {
	single := wellConditioned(1, 4)
	single.Shape = []int{4, 4}
	return []graph.Case{
		{Name: "matrix", In: []graph.Arg{single}}, {Name: "batch", In: []graph.Arg{wellConditioned(3, 3)}},
		{Name: "number", In: []graph.Arg{wellConditioned(1, 1)}}, {Name: "no matrices", In: []graph.Arg{arg(0, 2, 2)}},
		{Name: "no elements", In: []graph.Arg{arg(2, 0, 0)}},
	}
}

var badMatrix = []graph.BadCase{
	bad(nil, "wants f32 or f64", i64(3, 3)),
	bad(nil, "wants square matrices", f64(2, 3)),
	bad(nil, "wants square matrices", f64(3)),
}
