package programs

import (
	"math"
	"math/rand/v2"
	"slices"
)

// choices are where random programs come from: bytes of a fuzzer, then zeros, or a generator's.
type choices struct {
	data []byte
	rng  *rand.Rand
}

// upTo is a number from 0 to n − 1.
func (c *choices) upTo(n int) int {
	switch {
	case c.rng != nil:
		return c.rng.IntN(n)
	case len(c.data) == 0:
		return 0
	}
	b := c.data[0]
	c.data = c.data[1:]
	return int(b) % n
}

func (c *choices) chance(of int) bool { return c.upTo(of) == of-1 }

func oneOf[T any](c *choices, list []T) T { return list[c.upTo(len(list))] }

// maker makes a program at random.
type maker struct {
	*choices
	variables int
	left      int // statements that there may still be
	depth     int
	used      map[*Variable]bool
}

// scope is what a statement may name.
type scope struct {
	visible []*Variable
	outside int // how many of them, the first, are from outside or parameters
}

func (m *maker) variable(t Type) *Variable {
	m.variables++
	return &Variable{m.variables - 1, t}
}

func (m *maker) variablesOf(types []Type) []*Variable {
	list := make([]*Variable, len(types))
	for i, t := range types {
		list[i] = m.variable(t)
	}
	return list
}

// shapes are those of arguments and constants. What is computed has others too.
var shapes = [][]int{{}, {2}, {3}, {2, 2}, {}, {3, 2}, {1}, {2, 3}, {}, {1, 2}, {}, {0}}

const (
	mostElements = 12
	mostDepth    = 4
)

// newProgram makes one with at most n statements that are not there to fit shapes.
func newProgram(c *choices, n int) *Program {
	m := &maker{choices: c, left: n, used: map[*Variable]bool{}}
	var types []Type
	for range 1 + m.upTo(2) {
		types = append(types, floats(oneOf(c, shapes)...))
	}
	p := &Program{}
	params := m.variablesOf(types)
	p.Block = m.block(nil, params, n, func(s *scope) (types []Type) {
		for range 1 + m.upTo(3) {
			types = append(types, m.float(s).Type)
		}
		return types
	})
	p.prune()
	p.variables = m.variables
	for _, t := range types {
		p.values = append(p.values, m.data(size(t.Shape)))
	}
	return p
}

// data are numbers between −1.5 and 1.5 that every precision has, no two alike.
func (m *maker) data(n int) []float64 {
	list := make([]float64, n)
	for i := range list {
		at := float64(m.upTo(256))/256 + float64(m.upTo(256))/65536 + 0.618*float64(i+1)
		list[i] = float64(float32(3*(at-math.Floor(at)) - 1.5))
	}
	return list
}

// block makes one of about n statements, with results of the types that want gives at its end.
func (m *maker) block(outside, params []*Variable, n int, want func(s *scope) []Type) *Block {
	m.depth++
	defer func() { m.depth-- }()
	s := &scope{slices.Concat(outside, params), len(outside) + len(params)}
	b := &Block{params: params}
	for range n {
		if m.left <= 0 {
			break
		}
		m.left--
		k := oneOf(m.choices, kinds)
		if k.deep && m.depth > mostDepth {
			continue
		}
		if st := k.make(m, s); st != nil {
			st.kind = k.kind
			m.add(b, s, st)
		}
	}
	for _, t := range want(s) {
		b.results = append(b.results, m.fitted(b, s, t))
	}
	return b
}

func (m *maker) add(b *Block, s *scope, st *Statement) {
	b.statements = append(b.statements, st)
	for _, v := range st.in {
		m.used[v] = true
	}
	s.visible = append(s.visible, st.out...)
}

// inner is the size of a block in another.
func (m *maker) inner() int {
	return 1 + m.upTo(min(max(m.left, 1), 5))
}

// statement is one of given operands with results of given types.
func (m *maker) statement(variant string, settings []int, in []*Variable, out ...Type) *Statement {
	return &Statement{variant: variant, settings: settings, in: in, out: m.variablesOf(out)}
}

// pick returns a variable that is wanted, or nil: more often than not one that nothing uses, so that programs are
// more than their last statement.
func (m *maker) pick(s *scope, wanted func(*Variable) bool) *Variable {
	var list, fresh []*Variable
	for i, v := range s.visible {
		if wanted(v) {
			list = append(list, v)
			if i >= s.outside && !m.used[v] {
				fresh = append(fresh, v)
			}
		}
	}
	if len(fresh) > 0 && !m.chance(3) {
		list = fresh
	}
	if len(list) == 0 {
		return nil
	}
	return list[len(list)-1-m.upTo(len(list))]
}

func isFloat(v *Variable) bool { return !v.Int }

func ofRank(r int) func(*Variable) bool {
	return func(v *Variable) bool { return !v.Int && len(v.Shape) == r }
}

func atLeast(r int) func(*Variable) bool {
	return func(v *Variable) bool { return !v.Int && len(v.Shape) >= r }
}

func hasSlices(v *Variable) bool { return len(v.Shape) > 0 && v.Shape[0] > 0 }

func like(t Type) func(*Variable) bool { return func(v *Variable) bool { return v.equal(t) } }

// float is any variable of floats. There is one everywhere.
func (m *maker) float(s *scope) *Variable { return m.pick(s, isFloat) }

// fitted is a variable of a type: one of the block's own, if need be made of another type by reshaping or a mean, or any.
func (m *maker) fitted(b *Block, s *scope, t Type) *Variable {
	own := &scope{s.visible[s.outside:], 0}
	v := m.pick(own, like(t))
	if any := m.pick(own, isFloat); v == nil && any != nil {
		v = any
	}
	if v == nil || m.chance(8) {
		v = m.pick(s, like(t))
	}
	if v == nil {
		v = m.float(s)
	}
	step := func(k *kind, variant string, settings []int, t Type) {
		st := m.statement(variant, settings, []*Variable{v}, t)
		st.kind = k
		m.add(b, s, st)
		v = st.out[0]
	}
	if size(v.Shape) != size(t.Shape) && len(v.Shape) > 0 {
		variant := "mean"
		if size(v.Shape) == 0 {
			variant = "sum"
		}
		step(reduction, variant, []int{-1}, floats())
	}
	switch {
	case v.equal(t):
	case size(v.Shape) != size(t.Shape):
		step(stretch, "", nil, t)
	default:
		step(reshape, "", nil, t)
	}
	m.used[v] = true
	return v
}

// choosable is a kind that may be chosen.
type choosable struct {
	*kind
	deep bool // it has blocks in it
}

var kinds []choosable

func init() {
	offer := func(weight int, deep bool, list ...*kind) {
		for _, k := range list {
			for range weight {
				kinds = append(kinds, choosable{k, deep})
			}
		}
	}
	offer(6, false, unary, affine)
	offer(5, false, binary)
	offer(3, false, reduction, stretch)
	offer(2, false, choice)
	offer(1, false, reshape, transpose, concat, slicing, cumulative, normalised, constant)
	offer(3, false, casted, taken)
	offer(1, false, product, solved, stop)
	offer(4, true, forLoop)
	offer(3, true, scanLoop, whileLoop, branch)
	offer(2, true, checkpoint, custom, customBlock, goCode, gradient, tangent, mapped)
	offer(1, true, cotangent, curvature, jacobian)
}
