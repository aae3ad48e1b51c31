package programs

import (
	"chainrule/graph"
	"chainrule/ops"
)

// Functions of one element, or of two or more that broadcast.

var unaries = []struct {
	name  string
	at    func(c *evaluation, x number) number
	build func(x *graph.Node) *graph.Node
}{
	{"sin", plain(number.sin), ops.Sin},
	{"mul self", plain(number.square), func(x *graph.Node) *graph.Node { return ops.Mul(x, x) }},
	{"neg", plain(number.negated), ops.Neg},
	{"tanh", plain(number.tanh), ops.Tanh},
	{"cos", plain(number.cos), ops.Cos},
	{"exp", plain(number.exp), ops.Exp},
	{"sigmoid", plain(number.sigmoid), ops.Sigmoid},
	{"square", plain(number.square), ops.Square},
	{"softplus", plain(number.softplus), ops.Softplus},
	{"atan", plain(number.atan), ops.Atan},
	{"erf", plain(number.erf), ops.Erf},
	{"log(1+x²)", plain(func(x number) number { return x.square().shifted(1).log() }),
		func(x *graph.Node) *graph.Node { return ops.Log1p(ops.Square(x)) }},
	{"sqrt(1+x²)", plain(func(x number) number { return x.square().shifted(1).sqrt() }),
		func(x *graph.Node) *graph.Node { return ops.Sqrt(ops.Add(1, ops.Square(x))) }},
	{"1/(1+x²)", plain(func(x number) number { return x.square().shifted(1).reciprocal() }),
		func(x *graph.Node) *graph.Node { return ops.Div(1, ops.Add(ops.Square(x), 1)) }},
	{"abs", func(c *evaluation, x number) number {
		if c.decide(x, exactly(0)) {
			return x.negated()
		}
		return x
	}, ops.Abs},
	{"relu", func(c *evaluation, x number) number { return c.larger(x, exactly(0)) }, ops.ReLU},
	{"clamp", func(c *evaluation, x number) number {
		return c.larger(literal(-0.6), c.larger(x.negated(), literal(-0.7)).negated())
	}, func(x *graph.Node) *graph.Node { return ops.Clamp(x, -0.6, 0.7) }},
}

func plain(f func(number) number) func(*evaluation, number) number {
	return func(_ *evaluation, x number) number { return f(x) }
}

func (c *evaluation) larger(a, b number) number {
	if c.decide(a, b) {
		return b
	}
	return a
}

var unary = &kind{
	name: "map",
	make: func(m *maker, s *scope) *Statement {
		v, k := m.float(s), m.upTo(len(unaries))
		return m.statement(unaries[k].name, []int{k}, []*Variable{v}, v.Type)
	},
	run: func(c *evaluation, s *Statement, in []array) []array {
		return []array{in[0].each(func(x number) number { return unaries[s.settings[0]].at(c, x) })}
	},
	build: func(_ *builder, s *Statement, in []*graph.Node) []*graph.Node {
		return []*graph.Node{unaries[s.settings[0]].build(in[0])}
	},
}

// literals are what programs have numbers from: those that rewrites look for among them.
var literals = []float64{2, 0, 1, -1, 0.5, 1.5, 0.1, 3, -0.75, 0.25}

// affine is a·x + b for literals, each operation as written.
var affine = kind{
	name: "affine",
	make: func(m *maker, s *scope) *Statement {
		v := m.float(s)
		return m.statement("", []int{m.upTo(len(literals)), m.upTo(len(literals))}, []*Variable{v}, v.Type)
	},
}.one(
	func(s *Statement, in []array) array {
		return in[0].each(func(x number) number {
			return x.scaled(literals[s.settings[0]]).shifted(literals[s.settings[1]])
		})
	},
	func(s *Statement, in []*graph.Node) *graph.Node {
		return ops.Add(ops.Mul(literals[s.settings[0]], in[0]), literals[s.settings[1]])
	})

var binaries = []struct {
	name  string
	at    func(c *evaluation, x, y number) number
	build func(x, y *graph.Node) *graph.Node
}{
	{"mul", plain2(number.times), ops.Mul[*graph.Node, *graph.Node]},
	{"add", plain2(number.plus), ops.Add[*graph.Node, *graph.Node]},
	{"sub", plain2(number.minus), ops.Sub[*graph.Node, *graph.Node]},
	{"max", (*evaluation).larger, ops.Maximum[*graph.Node, *graph.Node]},
	{"min", func(c *evaluation, x, y number) number { return c.larger(x.negated(), y.negated()).negated() },
		ops.Minimum[*graph.Node, *graph.Node]},
	{"x/(1.25+y²)", plain2(func(x, y number) number { return x.over(y.square().shifted(1.25)) }),
		func(x, y *graph.Node) *graph.Node { return ops.Div(x, ops.Add(1.25, ops.Square(y))) }},
	{"hypot(x, 1+y²)", plain2(func(x, y number) number { return x.square().plus(y.square().shifted(1).square()).sqrt() }),
		func(x, y *graph.Node) *graph.Node { return ops.Hypot(x, ops.Add(1, ops.Square(y))) }},
	{"(1+x²)^y", plain2(func(x, y number) number { return x.square().shifted(1).log().times(y).exp() }),
		func(x, y *graph.Node) *graph.Node { return ops.Pow(ops.Add(1, ops.Square(x)), y) }},
	{"logaddexp", plain2(func(x, y number) number { return x.exp().plus(y.exp()).log() }),
		ops.LogAddExp[*graph.Node, *graph.Node]},
	{"atan2(x, 1+y²)", plain2(func(x, y number) number { return x.over(y.square().shifted(1)).atan() }),
		func(x, y *graph.Node) *graph.Node { return ops.Atan2(x, ops.Add(1, ops.Square(y))) }},
}

func plain2(f func(x, y number) number) func(*evaluation, number, number) number {
	return func(_ *evaluation, x, y number) number { return f(x, y) }
}

// partner picks a variable that broadcasts with a shape, and says to what.
func (m *maker) partner(s *scope, shape []int) (*Variable, []int) {
	v := m.pick(s, func(v *Variable) bool {
		both, ok := broadcast(v.Shape, shape)
		return ok && !v.Int && size(both) <= mostElements
	})
	both, _ := broadcast(v.Shape, shape)
	return v, both
}

var binary = &kind{
	name: "map",
	make: func(m *maker, s *scope) *Statement {
		a := m.float(s)
		b, shape := m.partner(s, a.Shape)
		k := m.upTo(len(binaries))
		return m.statement(binaries[k].name, []int{k}, []*Variable{a, b}, floats(shape...))
	},
	run: func(c *evaluation, s *Statement, in []array) []array {
		return []array{in[0].with(in[1], func(x, y number) number { return binaries[s.settings[0]].at(c, x, y) })}
	},
	build: func(_ *builder, s *Statement, in []*graph.Node) []*graph.Node {
		return []*graph.Node{binaries[s.settings[0]].build(in[0], in[1])}
	},
}

// choice takes elements of the third where the first is less than the second, and of the fourth elsewhere.
var choice = &kind{
	name: "where",
	make: func(m *maker, s *scope) *Statement {
		a := m.float(s)
		in, shape := []*Variable{a}, a.Shape
		for range 3 {
			var b *Variable
			b, shape = m.partner(s, shape)
			in = append(in, b)
		}
		return m.statement("", nil, in, floats(shape...))
	},
	run: func(c *evaluation, s *Statement, in []array) []array {
		shape := s.out[0].Shape
		for i := range in {
			in[i] = in[i].stretched(shape)
		}
		return []array{newArray(shape, func(i int) number {
			if c.decide(in[0].at[i], in[1].at[i]) {
				return in[2].at[i]
			}
			return in[3].at[i]
		})}
	},
	build: func(_ *builder, s *Statement, in []*graph.Node) []*graph.Node {
		y := ops.Where(ops.Lt(in[0], in[1]), in[2], in[3])
		return []*graph.Node{ops.BroadcastTo(y, s.out[0].Shape...)}
	},
}

// casted is a step's number as a float.
var casted = &kind{
	name: "cast",
	make: func(m *maker, s *scope) *Statement {
		v := m.pick(s, like(Type{Int: true}))
		if v == nil {
			return nil
		}
		return m.statement("", nil, []*Variable{v}, floats())
	},
	run: func(_ *evaluation, _ *Statement, in []array) []array { return in },
	build: func(b *builder, _ *Statement, in []*graph.Node) []*graph.Node {
		return []*graph.Node{ops.Cast(in[0], b.dtype)}
	},
}

// stop stops derivatives.
var stop = kind{
	name: "stop",
	make: func(m *maker, s *scope) *Statement {
		v := m.float(s)
		return m.statement("", nil, []*Variable{v}, v.Type)
	},
}.one(
	func(_ *Statement, in []array) array { return in[0].each(func(x number) number { return x[:1:1] }) },
	func(_ *Statement, in []*graph.Node) *graph.Node { return ops.StopGradient(in[0]) })

// constant is an array of literals.
var constant = &kind{
	name: "constant",
	make: func(m *maker, s *scope) *Statement {
		t := floats(oneOf(m.choices, shapes)...)
		settings := make([]int, size(t.Shape))
		for i := range settings {
			settings[i] = m.upTo(len(literals))
		}
		return m.statement("", settings, nil, t)
	},
	run: func(_ *evaluation, s *Statement, _ []array) []array {
		return []array{newArray(s.out[0].Shape, func(i int) number { return literal(literals[s.settings[i]]) })}
	},
	build: func(b *builder, s *Statement, _ []*graph.Node) []*graph.Node {
		values := make([]float64, len(s.settings))
		for i, k := range s.settings {
			values[i] = literals[k]
		}
		return []*graph.Node{b.constant(values, s.out[0].Shape)}
	},
}
