package ops

import (
	"slices"

	"chainrule/graph"
)

// Tril keeps the elements on and below a diagonal of the last two axes, and puts zeros elsewhere: k = 0 is the main
// diagonal, k > 0 one above it, k < 0 one below.
func Tril(x *graph.Node, k int) *graph.Node {
	return keepWhere("tril", x, k, Ge[*graph.Node, *graph.Node])
}

// Triu keeps the elements on and above a diagonal of the last two axes, and puts zeros elsewhere.
func Triu(x *graph.Node, k int) *graph.Node {
	return keepWhere("triu", x, k, Le[*graph.Node, *graph.Node])
}

// keepWhere keeps x where the row's number plus k compares with the column's.
func keepWhere(name string, x *graph.Node, k int, compare func(a, b *graph.Node) *graph.Node) *graph.Node {
	mustExist(name, x)
	if x.Rank() < 2 {
		graph.Fail(name, []*graph.Node{x}, "wants a matrix")
	}
	row, col := grid(x)
	return Where(compare(Add(row, k), col), x, like(x, 0))
}

// grid returns the numbers of x's rows, as a column, and of its columns, as a row.
func grid(x *graph.Node) (row, col *graph.Node) {
	g, r := x.Graph(), x.Rank()
	return ExpandDims(Arange(g, x.Shape()[r-2]), 1), Arange(g, x.Shape()[r-1])
}

// Diagonal returns the main diagonals of the last two axes, as the last axis.
func Diagonal(x *graph.Node) *graph.Node {
	mustExist("diagonal", x)
	r := x.Rank()
	if r < 2 {
		graph.Fail("diagonal", []*graph.Node{x}, "wants a matrix")
	}
	rows, cols := x.Shape()[r-2], x.Shape()[r-1]
	flat := Reshape(x, slices.Concat(x.Shape()[:r-2], []int{rows * cols})...)
	return Slice(flat, along(r-2, Range{Stop: max(0, (min(rows, cols)-1)*(cols+1)+1), Step: cols + 1})...)
}

// Diag returns square matrices with the last axis of x on their diagonals, and zeros beside them.
func Diag(x *graph.Node) *graph.Node {
	mustExist("diag", x)
	r := x.Rank()
	if r == 0 {
		graph.Fail("diag", []*graph.Node{x}, "wants a vector")
	}
	n := x.Shape()[r-1]
	shape := slices.Concat(x.Shape(), []int{n})
	if n == 0 {
		return Reshape(x, shape...)
	}
	// Each element followed by n zeros fills, from one diagonal element to the next, the matrix in order.
	none, gap := make([]int, r), make([]int, r)
	gap[r-1] = n
	return Reshape(Pad(x, none, none, gap), shape...)
}

// Trace returns the sum over the main diagonals of the last two axes.
func Trace(x *graph.Node) *graph.Node { return Sum(Diagonal(x), -1) }
