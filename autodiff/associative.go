package autodiff

import (
	"chainrule/graph"
	"chainrule/internal/tree"
	"chainrule/ops"
)

// AssociativeScan returns the running results of an associative function along an axis: with xs = [x₀, x₁, …] it is
// [x₀, f(x₀, x₁), f(f(x₀, x₁), x₂), …], or from the end if reverse is set. Xs is a tree whose leaves are as long as each other
// along the axis, and f combines two such trees elementwise along it: it is called about 2·log₂(n) times, with slices of
// many elements, and applied to each element about twice (Blelloch 1990). So it is fast where Scan would take n small steps, and
// differentiates as what f is made of. The results of f have the types of its arguments. F need not commute: its first argument
// is of earlier elements, or with reverse of later ones.
func AssociativeScan[T any](f func(a, b T) T, xs T, reverse bool, axis int) T {
	const name = "associative_scan"
	needFunc(name, f == nil)
	leaves := tree.Leaves(xs)
	if len(leaves) == 0 {
		graph.Fail(name, nil, "the tree has no leaves")
	}
	nodes, axes := tree.Nodes(leaves), make([]int, len(leaves))
	for i, l := range leaves {
		if axes[i] = axis; axis < 0 {
			axes[i] += l.Node.Rank()
		}
		if axes[i] < 0 || axes[i] >= l.Node.Rank() {
			graph.Fail(name, nil, "axis %d is out of range for %s", axis, l)
		}
		if n, first := l.Node.Shape()[axes[i]], nodes[0].Shape()[axes[0]]; n != first {
			graph.Fail(name, []*graph.Node{nodes[0], l.Node}, "axis %d has the lengths %d and %d", axis, first, n)
		}
	}
	a := association{axes: axes, f: func(a, b []*graph.Node) []*graph.Node {
		out := tree.Leaves(f(tree.With(xs, a), tree.With(xs, b)))
		if len(out) != len(a) {
			graph.Fail(name, nodes, "the function gives %d leaves for %d", len(out), len(a))
		}
		for i, l := range out {
			if !l.Node.Type().Equal(a[i].Type()) {
				graph.Fail(name, []*graph.Node{a[i], l.Node}, "the function gives a %v for %v", l.Node.Type(), a[i].Type())
			}
		}
		return tree.Nodes(out)
	}}
	if reverse {
		return tree.With(xs, a.flip(a.scan(a.flip(nodes))))
	}
	return tree.With(xs, a.scan(nodes))
}

// association is a function of pairs of lists of nodes, and the axes along which it is applied.
type association struct {
	axes []int
	f    func(a, b []*graph.Node) []*graph.Node
}

// scan combines neighbours, scans those half as many, which are every other result, and makes the rest from them.
func (a association) scan(x []*graph.Node) []*graph.Node {
	n := x[0].Shape()[a.axes[0]]
	if n < 2 {
		return x
	}
	odd := a.scan(a.f(a.slice(x, 0, n-1, 2), a.slice(x, 1, n, 2)))
	even := a.slice(x, 0, 1, 1)
	if n > 2 {
		even = a.join(even, a.f(a.slice(odd, 0, (n-1)/2, 1), a.slice(x, 2, n, 2)))
	}
	return a.interleave(even, odd, n)
}

func (a association) slice(x []*graph.Node, start, stop, step int) []*graph.Node {
	return a.each(x, func(x *graph.Node, axis int) *graph.Node {
		ranges := make([]ops.Range, axis+1)
		for i := range ranges {
			ranges[i] = ops.All
		}
		ranges[axis] = ops.Range{Start: start, Stop: stop, Step: step}
		return ops.Slice(x, ranges...)
	})
}

func (a association) flip(x []*graph.Node) []*graph.Node {
	return a.each(x, func(x *graph.Node, axis int) *graph.Node { return ops.Flip(x, axis) })
}

func (a association) join(x, y []*graph.Node) []*graph.Node {
	out := make([]*graph.Node, len(x))
	for i := range x {
		out[i] = ops.Concat([]*graph.Node{x[i], y[i]}, a.axes[i])
	}
	return out
}

// interleave makes n elements of those at even places and those at odd ones.
func (a association) interleave(even, odd []*graph.Node, n int) []*graph.Node {
	half := n / 2
	pairs := make([]*graph.Node, len(even))
	for i, e := range a.slice(even, 0, half, 1) {
		shape := append([]int(nil), e.Shape()...)
		shape[a.axes[i]] = 2 * half
		pairs[i] = ops.Reshape(ops.Stack([]*graph.Node{e, odd[i]}, a.axes[i]+1), shape...)
	}
	if n%2 == 0 {
		return pairs
	}
	return a.join(pairs, a.slice(even, half, half+1, 1))
}

func (a association) each(x []*graph.Node, f func(x *graph.Node, axis int) *graph.Node) []*graph.Node {
	out := make([]*graph.Node, len(x))
	for i, x := range x {
		out[i] = f(x, a.axes[i])
	}
	return out
}
