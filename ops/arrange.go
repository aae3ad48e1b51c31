package ops

import (
	"slices"

	"chainrule/graph"
)

// Flatten returns x's elements, in row-major order, as a vector.
func Flatten(x *graph.Node) *graph.Node {
	mustExist("flatten", x)
	return Reshape(x, x.Type().Size())
}

// Split cuts x along an axis into parts of the given sizes, which add up to its length.
func Split(x *graph.Node, sizes []int, axis int) []*graph.Node {
	mustExist("split", x)
	a := mustBeAxis("split", axis, x)
	parts, at := make([]*graph.Node, len(sizes)), 0
	for i, size := range sizes {
		if size < 0 || size > x.Shape()[a]-at {
			graph.Fail("split", []*graph.Node{x}, "parts %v of an axis of length %d", sizes, x.Shape()[a])
		}
		parts[i] = Slice(x, along(a, Range{Start: at, Stop: at + size})...)
		at += size
	}
	if at != x.Shape()[a] {
		graph.Fail("split", []*graph.Node{x}, "parts %v of an axis of length %d", sizes, x.Shape()[a])
	}
	return parts
}

// Unstack returns the entries of x along an axis, which they lack.
func Unstack(x *graph.Node, axis int) []*graph.Node {
	mustExist("unstack", x)
	a := mustBeAxis("unstack", axis, x)
	parts := Split(x, slices.Repeat([]int{1}, x.Shape()[a]), a)
	for i, p := range parts {
		parts[i] = Squeeze(p, a)
	}
	return parts
}

// Flip reverses the order of elements along the given axes, all without any.
func Flip(x *graph.Node, axes ...int) *graph.Node {
	for _, a := range normalAxes(&sliceOp, x, axes) {
		n := x.Shape()[a]
		x = Take(x, Sub(n-1, Arange(x.Graph(), n)), a)
	}
	return x
}

// Roll moves elements along an axis by shift places, to higher indices if it is positive, those over the end to the
// start. Both are numbers, or lists of as many: Roll(x, 1, 0), Roll(x, []int{1, -2}, []int{0, 1}).
func Roll[I int | []int](x *graph.Node, shift, axis I) *graph.Node {
	mustExist("roll", x)
	shifts, axes := list(shift), list(axis)
	if len(shifts) != len(axes) {
		graph.Fail("roll", []*graph.Node{x}, "%d shifts for %d axes", len(shifts), len(axes))
	}
	for i, shift := range shifts {
		a := mustBeAxis("roll", axes[i], x)
		n := x.Shape()[a]
		if n == 0 || shift%n == 0 {
			continue
		}
		parts := Split(x, []int{n - (shift%n+n)%n, (shift%n + n) % n}, a)
		x = Concat([]*graph.Node{parts[1], parts[0]}, a)
	}
	return x
}

func list[I int | []int](v I) []int {
	if one, ok := any(v).(int); ok {
		return []int{one}
	}
	return any(v).([]int)
}

// Tile repeats x along its axes, as often as the counts say: the last count is for the last axis, and more counts
// than axes make new ones in front.
func Tile(x *graph.Node, counts ...int) *graph.Node {
	mustExist("tile", x)
	for len(counts) < x.Rank() {
		counts = append([]int{1}, counts...)
	}
	lead := len(counts) - x.Rank()
	var apart, wide, result []int
	for i, c := range counts {
		if c < 0 {
			graph.Fail("tile", []*graph.Node{x}, "the count %d is negative", c)
		}
		d := 1
		if i >= lead {
			d = x.Shape()[i-lead]
		}
		apart, wide, result = append(apart, 1, d), append(wide, c, d), append(result, c*d)
	}
	return Reshape(BroadcastTo(Reshape(x, apart...), wide...), result...)
}

// Dot returns the scalar product of two vectors.
func Dot(a, b *graph.Node) *graph.Node {
	vectors("dot", a, b)
	return MatMul(a, b)
}

// Outer returns the matrix of all products of an element of one vector, the rows, and one of another, the columns.
func Outer(a, b *graph.Node) *graph.Node {
	vectors("outer", a, b)
	return Mul(ExpandDims(a, 1), b)
}

func vectors(name string, a, b *graph.Node) {
	mustExist(name, a, b)
	if a.Rank() != 1 || b.Rank() != 1 {
		graph.Fail(name, []*graph.Node{a, b}, "wants vectors")
	}
}

// Kron returns the Kronecker product of two matrices: every element of a times b, in blocks.
func Kron(a, b *graph.Node) *graph.Node {
	mustExist("kron", a, b)
	if a.Rank() != 2 || b.Rank() != 2 {
		graph.Fail("kron", []*graph.Node{a, b}, "wants matrices")
	}
	m, n, p, q := a.Shape()[0], a.Shape()[1], b.Shape()[0], b.Shape()[1]
	return Reshape(Mul(Reshape(a, m, 1, n, 1), Reshape(b, p, 1, q)), m*p, n*q)
}
