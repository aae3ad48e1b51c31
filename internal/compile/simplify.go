package compile

import (
	"math"

	"chainrule/graph"
)

// rule is a rewrite: a node that an equal one replaces.
type rule struct {
	// Name is what tests and Options.Off call it.
	Name string
	// Identity is the mathematics.
	Identity string
	// Exact rules keep every bit of the result, but for the bits of NaNs. The others, fast rules, may round
	// differently, and overflow or underflow elsewhere; they may give a zero the other sign, and so an infinity that
	// is divided by it. Options.Off["fast"] leaves them out.
	Exact bool
	// Ops names the ops that the rule may fire on; none means every Map.
	Ops []string
	// Apply returns an equal node, or nil if the rule does not fire.
	Apply func(s *simplifier, n *graph.Node) *graph.Node
}

// Rules lists the rewrites of the pass simplify. Each has a case in testdata.
var Rules = concat(constantRules, arithmeticRules, broadcastRules, viewRules, matmulRules)

func concat(lists ...[]rule) []rule {
	var all []rule
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

// simplify applies the rules to every node, inputs first, until none fires.
//
//	%2 = mul(%0, 1)
//	%3 = neg(%2)
//	%4 = neg(%3)          →          %0
func simplify(u Unit, opts Options) Unit {
	s := simplifier{byOp: map[string][]rule{}, fired: opts.Fired}
	for _, r := range Rules {
		if opts.Off[r.Name] || !r.Exact && opts.Off["fast"] {
			continue
		}
		for _, name := range r.Ops {
			s.byOp[name] = append(s.byOp[name], r)
		}
		if len(r.Ops) == 0 {
			s.maps = append(s.maps, r)
		}
	}
	uses := u.uses()
	s.uses = map[*graph.Node]int32{}
	return u.rewrite(func(g *graph.Graph, n *graph.Node, in []*graph.Node) (m *graph.Node) {
		m = g.Copy(n, in...)
		g.With(n, func() { m = s.settle(m) })
		s.uses[m] += uses[n.ID()]
		return m
	})
}

type simplifier struct {
	byOp  map[string][]rule
	maps  []rule
	uses  map[*graph.Node]int32 // of new nodes, counted as the old nodes that they stand for were used
	fired func(rule string)
}

// usedOnce reports whether n, of the new graph, has one use alone, so that changing it costs nothing elsewhere.
func (s *simplifier) usedOnce(n *graph.Node) bool { return s.uses[n] == 1 }

// settle applies rules to n until none fires.
func (s *simplifier) settle(n *graph.Node) *graph.Node {
	for range 16 {
		m := s.once(n)
		if m == nil || m == n {
			return n
		}
		if name := n.Name(); name != "" && m.Name() == "" && m.Op().Class != graph.Leaf {
			graph.Named(name, m)
		}
		n = m
	}
	return n
}

func (s *simplifier) once(n *graph.Node) *graph.Node {
	for _, r := range s.byOp[n.Op().Name] {
		if m := s.try(r, n); m != nil {
			return m
		}
	}
	if n.Op().Class == graph.Map {
		for _, r := range s.maps {
			if m := s.try(r, n); m != nil {
				return m
			}
		}
	}
	return nil
}

func (s *simplifier) try(r rule, n *graph.Node) *graph.Node {
	m := r.Apply(s, n)
	if m != nil && s.fired != nil {
		s.fired(r.Name)
	}
	return m
}

// apply builds a node of n's op with other inputs, simplified.
func (s *simplifier) apply(n *graph.Node, in ...*graph.Node) *graph.Node {
	return s.settle(n.Graph().Apply(n.Op(), n.Attrs(), in...))
}

// uses counts, by ID, the operands and outputs that are each node.
func (u Unit) uses() []int32 {
	uses := make([]int32, u.graph().Len())
	for _, n := range graph.Topo(u.Outputs...) {
		for _, x := range n.In() {
			uses[x.ID()]++
		}
	}
	for _, n := range u.Outputs {
		uses[n.ID()]++
	}
	return uses
}

// is reports whether n is of the named op.
func is(n *graph.Node, op string) bool { return n.Op().Name == op }

// isScalar reports whether n is the constant v of shape ().
func isScalar(n *graph.Node, v float64) bool {
	c, ok := n.ScalarValue()
	return ok && c == v
}

// isFloatConstant reports whether n is a constant scalar of a float type.
func isFloatConstant(n *graph.Node) bool {
	_, ok := n.ScalarValue()
	return ok && n.DType().IsFloat()
}

// isFactor reports whether products with the number v, a constant of type d, may be computed at compile time: it is
// exact as a float64, and a float is normal.
func isFactor(d graph.DType, v float64) bool {
	least, most := 0x1p-1022, math.MaxFloat64
	switch d {
	case graph.Float32:
		least, most = 0x1p-126, math.MaxFloat32
	case graph.Int64:
		least, most = 0, 1<<53-1
	}
	return least <= math.Abs(v) && math.Abs(v) <= most
}

// keeps returns m if it has n's type, and nil if broadcasting has given n another one.
func keeps(n, m *graph.Node) *graph.Node {
	if m.Type().Equal(n.Type()) {
		return m
	}
	return nil
}
