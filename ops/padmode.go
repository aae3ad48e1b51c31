package ops

import (
	"slices"

	"chainrule/graph"
)

// PadKind says what PadMode puts around a tensor.
type PadKind uint8

const (
	// Edge repeats the outermost element: 1 1 | 1 2 3 | 3 3. PyTorch calls it replicate.
	Edge PadKind = iota
	// Reflect turns around at the outermost element: 3 2 | 1 2 3 | 2 1. There must be less padding than elements.
	Reflect
	// Symmetric turns around behind the outermost element: 2 1 | 1 2 3 | 3 2. There must not be more padding than elements.
	Symmetric
	// Wrap goes on at the other end: 2 3 | 1 2 3 | 1 2. PyTorch calls it circular.
	Wrap
)

// PadMode surrounds x with lo[i] elements before and hi[i] after it on axis i, taken from x itself. Negative numbers take
// elements off. Derivatives of what is repeated are added up.
func PadMode(x *graph.Node, kind PadKind, lo, hi []int) *graph.Node {
	const name = "pad_mode"
	padLengths(name, x, lo, hi)
	for a, n := range x.Shape() {
		if lo[a] == 0 && hi[a] == 0 {
			continue
		}
		if more := max(lo[a], hi[a]); n == 0 || kind == Reflect && more >= n || kind == Symmetric && more > n || kind > Wrap {
			graph.Fail(name, []*graph.Node{x}, "padding %d of axis %d, which has the length %d", more, a, n)
		}
		index := make([]int64, n+lo[a]+hi[a])
		for i := range index {
			index[i] = int64(kind.source(i-lo[a], n))
		}
		x = Take(x, graph.Const(x.Graph(), index, len(index)), a)
	}
	return x
}

// source is the element of an axis of length n that stands at place p.
func (k PadKind) source(p, n int) int {
	switch {
	case k == Edge:
		return min(max(p, 0), n-1)
	case k == Wrap:
		return (p%n + n) % n
	case p < 0 && k == Reflect:
		return -p
	case p < 0:
		return -p - 1
	case p >= n && k == Reflect:
		return 2*(n-1) - p
	case p >= n:
		return 2*n - 1 - p
	}
	return p
}

// PadConstant surrounds x with the value v: lo[i] times before and hi[i] after it on axis i. Negative numbers take elements
// off.
func PadConstant[V Operand](x *graph.Node, v V, lo, hi []int) *graph.Node {
	const name = "pad_constant"
	padLengths(name, x, lo, hi)
	value := lift(&padOp, x, v)
	mustExist(name, value)
	if value.DType() != x.DType() || value.Rank() > 0 {
		graph.Fail(name, []*graph.Node{x, value}, "wants a scalar of the tensor's element type")
	}
	for a := range x.Rank() {
		n := x.Shape()[a]
		x = Slice(x, along(a, Range{Start: max(-lo[a], 0), Stop: n - max(-hi[a], 0)})...)
		part := func(n int) *graph.Node {
			shape := slices.Clone(x.Shape())
			shape[a] = n
			return BroadcastTo(value, shape...)
		}
		if lo[a] > 0 || hi[a] > 0 {
			x = Concat([]*graph.Node{part(max(lo[a], 0)), x, part(max(hi[a], 0))}, a)
		}
	}
	return x
}

// padLengths refuses lists that do not have a number for each axis, and more taken off than there is.
func padLengths(name string, x *graph.Node, lo, hi []int) {
	mustExist(name, x)
	if len(lo) != x.Rank() || len(hi) != x.Rank() {
		graph.Fail(name, []*graph.Node{x}, "padding for %d and %d axes where the rank is %d", len(lo), len(hi), x.Rank())
	}
	for a, n := range x.Shape() {
		if n+min(lo[a], 0)+min(hi[a], 0) < 0 || n+lo[a]+hi[a] < 0 {
			graph.Fail(name, []*graph.Node{x}, "padding %d and %d takes off more than axis %d has, %d", lo[a], hi[a], a, n)
		}
	}
}
