package sweep

import (
	"slices"

	"chainrule/graph"
	"chainrule/ops"
)

// Laplacian is Δvalue by the elements of x, nil if it is zero, and whether value depends on x.
func Laplacian(value, x *graph.Node) (delta *graph.Node, reached bool) {
	n := x.Type().Size()
	order := graph.Topo(value, x)
	active := ReachedFrom([]*graph.Node{x}, order)
	if n == 0 || !active.Has(value) {
		return nil, active.Has(value)
	}
	any := func(is func(y *graph.Node) bool) bool {
		return slices.ContainsFunc(order, func(y *graph.Node) bool { return active.Has(y) && is(y) })
	}
	jacobian, laplace := newTable(order), newTable(order)
	jacobian.set(x, basis(x))
	products, known := unitProducts([]*graph.Node{value}, x)
	for i, y := range products { // linear in x, so nothing is curved yet
		jacobian.set(y, known[i])
	}
	costly := func(y *graph.Node) bool { return y.Op().Class == graph.Contract && jacobian.at(y) == nil }
	alone := func(y *graph.Node) bool { // has rules for one node at a time
		_, is := y.Op().Derivative.(graph.Confluent)
		return !is && RuleOf(y) == nil
	}
	if !any(costly) || any(func(y *graph.Node) bool { return !alone(y) }) {
		return nestedLaplacian(value, x), true
	}
	for _, y := range order {
		if jacobian.at(y) != nil || !active.Has(y) {
			continue
		}
		js, ls := make([]*graph.Node, len(y.In())), make([]*graph.Node, len(y.In()))
		for i, x := range y.In() {
			if active.Has(x) && Passes(y, i) {
				js[i], ls[i] = jacobian.at(x), laplace.at(x)
			}
		}
		y.Graph().With(y, func() {
			j, l := laplaceNode(y, js, ls, n)
			jacobian.set(y, j)
			laplace.set(y, l)
		})
	}
	return laplace.at(value), true
}

// laplaceNode is the Jacobian and the Laplacian of y from those of its inputs, each nil if it is zero. The second
// derivative of y's op is taken on a graph of its own, where nothing but the op is met.
func laplaceNode(y *graph.Node, js, ls []*graph.Node, n int) (j, l *graph.Node) {
	if NotNil(js) == nil {
		return nil, nil
	}
	s := Scratch{G: graph.New()}
	s.G.With(y, func() {
		for _, x := range y.In() {
			s.Inputs = append(s.Inputs, s.Input(x))
		}
		z := s.G.Apply(y.Op(), y.Attrs(), s.Inputs...)
		xs, ts := Choose(s.Inputs, Which(js)), s.Twins(s.Inputs, Which(js))
		first := Forward([]*graph.Node{z}, xs, NotNil(ts))                                                               // g′(x)[t]
		second := Forward(first, xs, NotNil(ts))                                                                         // g″(x)[t, t]
		straight := s.Twins(s.Inputs, Which(ls))                                                                         // Δx
		along := ForwardMasked([]*graph.Node{z}, Choose(s.Inputs, Which(ls)), Derivatives{D: NotNil(straight)}, false).D // g′(x)[Δx]
		var jin []*graph.Node
		for _, j := range NotNil(js) {
			jin = append(jin, s.Input(j))
		}
		curved := Batch(append(first, NotNil(second)...), NotNil(ts), jin, n)
		out := []*graph.Node{curved[0], along[0]}
		if len(curved) > 1 && curved[1] != nil {
			out[1] = Sum(out[1], ops.Sum(curved[1], 0))
		}
		f := s.G.Func(append(append(s.Inputs, jin...), NotNil(straight)...), NotNil(out))
		in := append(append(slices.Clone(y.In()), NotNil(js)...), NotNil(ls)...)
		got := Scatter(f.Inline(y.Graph(), in), Which(out))
		j, l = got[0], got[1]
	})
	return j, l
}

// nestedLaplacian is Σᵢ of the second derivatives along the unit vectors, by forward mode twice. Elementwise functions
// and the sum are one loop then, which is worth more than what laplaceNode saves if that is no product.
func nestedLaplacian(value, x *graph.Node) *graph.Node {
	curved := overBasis(x, func(v *graph.Node) []*graph.Node {
		wrt, t := []*graph.Node{x}, []*graph.Node{v}
		return ForwardMasked(NotNil(Forward([]*graph.Node{value}, wrt, t)), wrt, Derivatives{D: t}, false).D
	})
	if len(curved) == 0 || curved[0] == nil {
		return nil
	}
	return ops.Sum(curved[0], 0)
}
