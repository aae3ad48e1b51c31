package rewrite

import (
	"math"
	"slices"
	"sync"

	"chainrule/graph"
)

// Rule is a rewrite: a node that an equal one replaces.
type Rule struct {
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
var Rules = concat(constantRules, arithmeticRules, broadcastRules, viewRules, matmulRules, outerRules, fusedRules, padRules)

func concat(lists ...[]Rule) []Rule {
	var all []Rule
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

// Simplify applies the rules to every node, inputs first, until none fires.
//
//	%2 = mul(%0, 1)
//	%3 = neg(%2)
//	%4 = neg(%3)          →          %0
func Simplify(u Unit, opts Options) Unit {
	s := simplifier{rules: Rules, byOp: rulesByOp(), off: make([]bool, len(Rules)), fired: opts.Fired,
		bodies: opts.Bodies}
	for i, r := range Rules {
		s.off[i] = opts.Off[r.Name] || !r.Exact && opts.Off["fast"]
	}
	uses := u.uses()
	goesOn := u.goesOn(uses)
	s.uses = make([]int32, len(uses))
	return u.Rewrite(func(g *graph.Graph, n *graph.Node, in []*graph.Node) (m *graph.Node) {
		m = g.Copy(n, in...)
		if len(in) == 0 {
			return m
		}
		s.goesOn = goesOn[n.ID()]
		g.With(n, func() { m = s.settle(m) })
		s.count(m, uses[n.ID()])
		return m
	})
}

// rulesByOp lists, by op, the numbers of the rules that may fire on it, those for every Map last.
var rulesByOp = sync.OnceValue(func() map[*graph.Op][]int {
	byOp := map[*graph.Op][]int{}
	for _, op := range graph.Ops() {
		var last []int
		for i, r := range Rules {
			switch {
			case slices.Contains(r.Ops, op.Name):
				byOp[op] = append(byOp[op], i)
			case len(r.Ops) == 0 && op.Class == graph.Map:
				last = append(last, i)
			}
		}
		byOp[op] = append(byOp[op], last...)
	}
	return byOp
})

type simplifier struct {
	rules []Rule
	byOp  map[*graph.Op][]int
	off   []bool  // by rule
	uses  []int32 // of new nodes, by ID, counted as the old nodes that they stand for were used
	fired func(rule string)
	// goesOn says that the node at hand is an addition to which another one adds, and nothing else.
	goesOn bool
	// bodies compiles what nodes hold, to compute those of constants.
	bodies graph.Compiler
}

// count adds to the uses of a new node.
func (s *simplifier) count(n *graph.Node, uses int32) {
	if missing := n.ID() + 1 - len(s.uses); missing > 0 {
		s.uses = append(s.uses, make([]int32, missing)...)
	}
	s.uses[n.ID()] += uses
}

// usedOnce reports whether n, of the new graph, has one use alone, so that changing it costs nothing elsewhere.
func (s *simplifier) usedOnce(n *graph.Node) bool { return n.ID() < len(s.uses) && s.uses[n.ID()] == 1 }

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

// once applies the first rule that fires, and returns nil if none does.
func (s *simplifier) once(n *graph.Node) *graph.Node {
	for _, i := range s.byOp[n.Op()] {
		if s.off[i] {
			continue
		}
		if m := s.rules[i].Apply(s, n); m != nil {
			if s.fired != nil {
				s.fired(s.rules[i].Name)
			}
			return m
		}
	}
	return nil
}

// apply builds a node of n's op with other inputs, simplified.
func (s *simplifier) apply(n *graph.Node, in ...*graph.Node) *graph.Node {
	return s.settle(n.Graph().Apply(n.Op(), n.Attrs(), in...))
}

// uses counts, by ID, the operands and outputs that are each node.
func (u Unit) uses() []int32 {
	uses := make([]int32, u.Graph().Len())
	for _, n := range u.Topo() {
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
