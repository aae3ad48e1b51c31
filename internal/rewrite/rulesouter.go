package rewrite

import (
	"chainrule/graph"
	"chainrule/ops"
)

// outerRules are about outer products aᵢ·bⱼ of each example of a batch, such as gradients by weights. What is summed up
// of them, squared or scaled, is known from the factors: norms and clipped means of gradients do not need the gradients.
var outerRules = []Rule{{
	Name: "sum-outer", Identity: "Σᵢⱼ aᵢ·bⱼ = Σa·Σb and Σₕ aₕ·bₕᵀ = aᵀ·b, also of squares, products and multiples",
	Ops: []string{"sum"},
	Apply: func(s *simplifier, n *graph.Node) *graph.Node {
		x := n.In()[0]
		o, ok := s.outerOf(x, outerDepth)
		if !ok {
			return nil
		}
		axes := ops.FoldedAxes(n)
		lead := graph.Size(x.Shape()[:axes[0]])
		r := graph.Size(x.Shape()[axes[0] : axes[len(axes)-1]+1])
		var y *graph.Node
		switch {
		case lead == o.h && r == o.m*o.n:
			y = ops.Mul(s.total(o.a), s.total(o.b))
		case lead == 1 && r == x.Type().Size():
			y = ops.Sum(s.settle(ops.Mul(s.total(o.a), s.total(o.b))))
		case lead == 1 && r == o.h:
			y = ops.Product(o.a, o.b, true, false)
		case lead == o.h && r == o.m:
			y = ops.Mul(s.shaped(s.total(o.a), o.h, 1), o.b)
		case lead == o.h*o.m && r == o.n:
			y = ops.Mul(o.a, s.shaped(s.total(o.b), o.h, 1))
		default:
			return nil
		}
		return s.shaped(s.settle(y), n.Shape()...)
	},
}, {
	Name: "norm-outer", Identity: "‖a·bᵀ‖ = ‖a‖·‖b‖, of each example", Ops: []string{"norm"},
	Apply: func(s *simplifier, n *graph.Node) *graph.Node {
		x := n.In()[0]
		o, ok := s.outerOf(x, outerDepth)
		if !ok {
			return nil
		}
		lead := graph.Size(x.Shape()[:ops.FoldedAxes(n)[0]])
		folded := x.Type().Size() / max(1, n.Type().Size())
		if folded != x.Type().Size()/max(1, lead) || lead != o.h && lead != 1 {
			return nil
		}
		y := s.settle(ops.Mul(s.settle(ops.Norm(o.a, 1)), s.settle(ops.Norm(o.b, 1))))
		if lead != o.h {
			y = s.settle(ops.Norm(y))
		}
		return s.shaped(y, n.Shape()...)
	},
}, {
	Name: "matmul-outer", Identity: "Σᵢⱼ (aᵢ·bⱼ)·(cᵢ·dⱼ) = (a·c)·(b·d), of each example with each",
	Ops: []string{"matmul"},
	Apply: func(s *simplifier, n *graph.Node) *graph.Node {
		transA, transB := ops.Transposed(n)
		if n.Rank() != 2 || transA || !transB {
			return nil
		}
		x, ok := s.outerOf(n.In()[0], outerDepth)
		y, also := s.outerOf(n.In()[1], outerDepth)
		if !ok || !also || x.m != y.m || x.n != y.n || n.Shape()[0] != x.h || n.Shape()[1] != y.h {
			return nil
		}
		return ops.Mul(s.settle(ops.Product(x.a, y.a, false, true)), s.settle(ops.Product(x.b, y.b, false, true)))
	},
}, {
	Name: "weighted-outer", Identity: "Σₕ wₕ·aₕ·bₕᵀ = (w·a)ᵀ·b", Ops: []string{"matmul"},
	Apply: func(s *simplifier, n *graph.Node) *graph.Node {
		w, x := n.In()[0], n.In()[1]
		transA, transB := ops.Transposed(n)
		switch {
		case n.Rank() != 2:
			return nil
		case n.Shape()[0] == 1 && !transB:
		case n.Shape()[1] == 1 && transA:
			w, x = x, w
		default:
			return nil
		}
		o, ok := s.outerOf(x, outerDepth)
		if !ok || w.Type().Size() != o.h || n.Type().Size() != o.m*o.n {
			return nil
		}
		o.scale(s.shaped(w, o.h, 1), func(x, c *graph.Node) *graph.Node { return s.settle(ops.Mul(x, c)) })
		return s.shaped(s.settle(ops.Product(o.a, o.b, true, false)), n.Shape()...)
	},
}}

// outerDepth is how many operations on outer products are looked through.
const outerDepth = 4

// outer is a value that, in row-major order, is a[h, i]·b[h, j] for h examples and matrices of m rows and n columns.
type outer struct {
	a, b    *graph.Node // [h, m] and [h, n]
	h, m, n int
}

// scale applies a function of a factor and c to the smaller factor.
func (o *outer) scale(c *graph.Node, f func(x, c *graph.Node) *graph.Node) {
	if o.m < o.n {
		o.a = f(o.a, c)
	} else {
		o.b = f(o.b, c)
	}
}

// outerOf finds the factors of x, looking through so many operations.
func (s *simplifier) outerOf(x *graph.Node, depth int) (o outer, ok bool) {
	if depth == 0 || !x.DType().IsFloat() {
		return o, false
	}
	switch in := x.In(); {
	case is(x, "matmul"):
		return s.outerProduct(x)
	case is(x, "reshape"):
		return s.outerOf(in[0], depth-1)
	case is(x, "square"):
		if o, ok = s.outerOf(in[0], depth-1); ok {
			o.a, o.b = s.settle(ops.Square(o.a)), s.settle(ops.Square(o.b))
		}
		return o, ok
	case is(x, "mul"), is(x, "div"):
		if o, ok := s.scaledOuter(x, in[0], in[1], depth); ok {
			return o, true
		}
		if is(x, "div") {
			return o, false
		}
		return s.scaledOuter(x, in[1], in[0], depth)
	}
	return o, false
}

// outerProduct is a matrix product whose inner dimension is 1, of matrices that are neither rows nor columns, since
// these are no larger than their factors.
func (s *simplifier) outerProduct(x *graph.Node) (o outer, ok bool) {
	a, b := x.In()[0], x.In()[1]
	last := x.Rank() - 1
	o.m, o.n = x.Shape()[last-1], x.Shape()[last]
	if o.m < 2 || o.n < 2 || x.Type().Size() == 0 {
		return o, false
	}
	o.h = x.Type().Size() / (o.m * o.n)
	if a.Type().Size() != o.h*o.m || b.Type().Size() != o.h*o.n || a.Rank() != b.Rank() || innerOf(x) != 1 {
		return o, false
	}
	o.a, o.b = s.shaped(a, o.h, o.m), s.shaped(b, o.h, o.n)
	return o, true
}

// innerOf is the length of the axis that a matrix product sums over.
func innerOf(n *graph.Node) int {
	a := n.In()[0]
	transA, _ := ops.Transposed(n)
	if transA {
		return a.Shape()[a.Rank()-2]
	}
	return a.Shape()[a.Rank()-1]
}

// scaledOuter is x = y·c or y/c, y made of outer products and c too, or one number for each example.
func (s *simplifier) scaledOuter(x, y, c *graph.Node, depth int) (o outer, ok bool) {
	if !y.Type().Equal(x.Type()) {
		return o, false
	}
	if o, ok = s.outerOf(y, depth-1); !ok {
		return o, false
	}
	of := func(a, b *graph.Node) *graph.Node { return s.apply(x, a, b) }
	if perExample(c, x, o.h) {
		if c.Type().Size() > 1 {
			c = s.shaped(c, o.h, 1)
		} else {
			c = s.shaped(c)
		}
		o.scale(c, of)
		return o, true
	}
	p, ok := s.outerOf(c, depth-1)
	if !ok || is(x, "div") || !c.Type().Equal(x.Type()) || p.h != o.h || p.m != o.m || p.n != o.n {
		return o, false
	}
	o.a, o.b = of(o.a, p.a), of(o.b, p.b)
	return o, true
}

// perExample reports whether c, broadcast to x, is one number for each of its h examples.
func perExample(c, x *graph.Node, h int) bool {
	if c.Type().Size() == 1 {
		return true
	}
	if c.Rank() != x.Rank() || c.Type().Size() != h {
		return false
	}
	lead := 1
	for i, d := range x.Shape() {
		if lead == h {
			break
		}
		if c.Shape()[i] != d {
			return false
		}
		lead *= d
	}
	return lead == h
}

// total is the sum of every row.
func (s *simplifier) total(x *graph.Node) *graph.Node { return s.settle(ops.Sum(x, 1)) }

// shaped is a reshape, simplified.
func (s *simplifier) shaped(x *graph.Node, shape ...int) *graph.Node {
	return s.settle(ops.Reshape(x, shape...))
}
