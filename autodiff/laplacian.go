package autodiff

import (
	"slices"

	"chainrule/graph"
	"chainrule/ops"
)

// Laplacian returns the sum of the second derivatives of f by each element of its argument, Δf = Σᵢ ∂²f/∂xᵢ², a float
// scalar as f's result is. It panics with a *graph.Error as Grad does.
//
// It needs no Hessian: one sweep forward carries, beside each value y, its Jacobian by the n elements, and its
// Laplacian Δy (Li et al. 2024, A computational framework for neural network-based variational Monte Carlo with
// forward Laplacian). For y = g(x),
//
//	∂ᵢy = g′(x)[∂ᵢx]        Δy = g′(x)[Δx] + Σᵢ g″(x)[∂ᵢx, ∂ᵢx]
//
// so that only the Jacobian, and what is curved, is computed n times. A function with loops, or without products other
// than those of x itself with a matrix, is pushed forward twice instead, along each unit vector.
func Laplacian[P any](f func(P) *graph.Node, opts ...GradOption) func(P) *graph.Node {
	s := apply(opts)
	return func(p P) *graph.Node {
		e := traceAt("laplacian", f, p)
		value := scalarOf("laplacian", e.value)
		var sum *graph.Node
		reached := make([]bool, len(e.wrt))
		for i, x := range e.wrt {
			var l *graph.Node
			l, reached[i] = laplacian(value, x)
			switch {
			case sum == nil:
				sum = l
			case l != nil:
				sum = ops.Add(sum, l)
			}
		}
		e.needReached("laplacian", s, func(i int) bool { return reached[i] })
		return filled(sum, value)
	}
}

// laplacian is Δvalue by the elements of x, nil if it is zero, and whether value depends on x.
func laplacian(value, x *graph.Node) (delta *graph.Node, reached bool) {
	n := x.Type().Size()
	order := graph.Topo(value, x)
	active := reachedFrom([]*graph.Node{x}, order)
	if n == 0 || !active.has(value) {
		return nil, active.has(value)
	}
	any := func(is func(y *graph.Node) bool) bool {
		return slices.ContainsFunc(order, func(y *graph.Node) bool { return active.has(y) && is(y) })
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
		return !is && rulesOf(y) == nil
	}
	if !any(costly) || any(func(y *graph.Node) bool { return !alone(y) }) {
		return nestedLaplacian(value, x), true
	}
	for _, y := range order {
		if jacobian.at(y) != nil || !active.has(y) {
			continue
		}
		js, ls := make([]*graph.Node, len(y.In())), make([]*graph.Node, len(y.In()))
		for i, x := range y.In() {
			if active.has(x) && passes(y, i) {
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
	if some(js) == nil {
		return nil, nil
	}
	s := scratch{g: graph.New()}
	s.g.With(y, func() {
		for _, x := range y.In() {
			s.inputs = append(s.inputs, s.input(x))
		}
		z := s.g.Apply(y.Op(), y.Attrs(), s.inputs...)
		xs, ts := choose(s.inputs, where(js)), s.twins(s.inputs, where(js))
		first := forward([]*graph.Node{z}, xs, some(ts))                                                     // g′(x)[t]
		second := forward(first, xs, some(ts))                                                               // g″(x)[t, t]
		straight := s.twins(s.inputs, where(ls))                                                             // Δx
		along := forwardTo([]*graph.Node{z}, choose(s.inputs, where(ls)), rates{d: some(straight)}, false).d // g′(x)[Δx]
		var jin []*graph.Node
		for _, j := range some(js) {
			jin = append(jin, s.input(j))
		}
		curved := batch(append(first, some(second)...), some(ts), jin, n)
		out := []*graph.Node{curved[0], along[0]}
		if len(curved) > 1 && curved[1] != nil {
			out[1] = sumOf(out[1], ops.Sum(curved[1], 0))
		}
		f := s.g.Func(append(append(s.inputs, jin...), some(straight)...), some(out))
		in := append(append(slices.Clone(y.In()), some(js)...), some(ls)...)
		got := scatter(f.Inline(y.Graph(), in), where(out))
		j, l = got[0], got[1]
	})
	return j, l
}

// nestedLaplacian is Σᵢ of the second derivatives along the unit vectors, by forward mode twice. Elementwise functions
// and the sum are one loop then, which is worth more than what laplaceNode saves if that is no product.
func nestedLaplacian(value, x *graph.Node) *graph.Node {
	curved := overBasis(x, func(v *graph.Node) []*graph.Node {
		wrt, t := []*graph.Node{x}, []*graph.Node{v}
		return forwardTo(some(forward([]*graph.Node{value}, wrt, t)), wrt, rates{d: t}, false).d
	})
	if len(curved) == 0 || curved[0] == nil {
		return nil
	}
	return ops.Sum(curved[0], 0)
}
