package programs

import (
	"math"

	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// Functions with derivatives of their own. These may be bent, a multiple of what differences would give, so that a
// derivative that goes round them is found. All of a derivative is bent alike: then second derivatives do not depend on
// the order in which they are taken, which is not the same for a loop and its steps.

var bends = []float64{1, 1.5, -0.5}

// own is a function of arrays with a derivative of its own: f(a + ε·b) = f(a) + ε·push(a, f(a), b).
func (c *evaluation) own(
	f func([]array) []array, push func(args, value, tangents []array) []array, args []array,
) []array {
	if c.depth == 0 {
		return f(args)
	}
	n := 1 << c.depth
	a, b := make([]array, len(args)), make([]array, len(args))
	for i, x := range args {
		a[i] = x.each(func(x number) number { a, _ := x.halves(n); return a })
		b[i] = x.each(func(x number) number { _, b := x.halves(n); return b })
	}
	c.depth--
	value := c.own(f, push, a)
	tangent := push(a, value, b)
	c.depth++
	out := make([]array, len(value))
	for i := range out {
		out[i] = newArray(value[i].shape, func(k int) number { return join(value[i].at[k].long(n/2), tangent[i].at[k]) })
	}
	return out
}

// owned are functions x, y ↦ f of two numbers. Push gives the tangent and pull the cotangents.
var owned = []struct {
	name  string
	f     func(x, y number) number
	push  func(x, y, value, dx, dy number) number
	build func(x, y *graph.Node) *graph.Node
	pull  func(x, y, value, ct *graph.Node) (cx, cy *graph.Node)
}{
	{"sin x · y", func(x, y number) number { return x.sin().times(y) },
		func(x, y, _, dx, dy number) number { return dx.times(x.cos()).times(y).plus(dy.times(x.sin())) },
		func(x, y *graph.Node) *graph.Node { return ops.Mul(ops.Sin(x), y) },
		func(x, y, _, ct *graph.Node) (cx, cy *graph.Node) {
			return ops.Mul(ct, ops.Mul(ops.Cos(x), y)), ops.Mul(ct, ops.Sin(x))
		}},
	{"exp(x + y)", func(x, y number) number { return x.plus(y).exp() },
		func(_, _, value, dx, dy number) number { return value.times(dx.plus(dy)) },
		func(x, y *graph.Node) *graph.Node { return ops.Exp(ops.Add(x, y)) },
		func(_, _, value, ct *graph.Node) (cx, cy *graph.Node) {
			return ops.Mul(ct, value), ops.Mul(value, ct)
		}},
	{"x · y", number.times,
		func(x, y, _, dx, dy number) number { return dx.times(y).plus(dy.times(x)) },
		func(x, y *graph.Node) *graph.Node { return ops.Mul(x, y) },
		func(x, y, _, ct *graph.Node) (cx, cy *graph.Node) {
			return ops.Mul(y, ct), ops.Mul(ct, x)
		}},
}

type pair struct{ X, Y *graph.Node }

// custom has settings which, bend, and whether it has a push or a pull.
var custom = &kind{
	name: "custom",
	make: func(m *maker, s *scope) *Statement {
		v := m.float(s)
		w := m.pick(s, like(v.Type))
		k := m.upTo(len(owned))
		return m.statement(owned[k].name, []int{k, m.upTo(len(bends)), m.upTo(2)}, []*Variable{v, w}, v.Type)
	},
	run: func(c *evaluation, s *Statement, in []array) []array {
		o, bend := owned[s.settings[0]], bends[s.settings[1]]
		f := func(in []array) []array { return []array{in[0].with(in[1], o.f)} }
		return c.own(f, func(args, value, t []array) []array {
			return []array{newArray(args[0].shape, func(i int) number {
				return o.push(args[0].at[i], args[1].at[i], value[0].at[i], t[0].at[i], t[1].at[i]).scaled(bend)
			})}
		}, in)
	},
	build: func(_ *builder, s *Statement, in []*graph.Node) []*graph.Node {
		o, bend := owned[s.settings[0]], bends[s.settings[1]]
		f := func(p pair) *graph.Node { return o.build(p.X, p.Y) }
		if s.settings[2] == 0 {
			f = autodiff.CustomVJP(f, func(p pair, value, ct *graph.Node) pair {
				x, y := o.pull(p.X, p.Y, value, ops.Mul(bend, ct))
				return pair{x, y}
			})
		} else {
			f = autodiff.CustomJVP(f, func(p pair, value *graph.Node, t pair) *graph.Node {
				x, _ := o.pull(p.X, p.Y, value, t.X) // elementwise functions pull and push with the same factors
				_, y := o.pull(p.X, p.Y, value, t.Y)
				return ops.Mul(ops.Add(x, y), bend)
			})
		}
		return []*graph.Node{f(pair{in[0], in[1]})}
	},
}

// customBlock gives a block a multiple of its derivative, by the library's own VJP or JVP. It uses nothing from outside.
var customBlock = &kind{
	name: "custom block",
	make: func(m *maker, s *scope) *Statement {
		st, _ := m.function(nil, s)
		st.settings = []int{m.upTo(len(bends)), m.upTo(2)}
		return st
	},
	run: func(c *evaluation, s *Statement, in []array) []array {
		bend := bends[s.settings[0]]
		f := func(in []array) []array { return c.run(s.blocks[0], in) }
		return c.own(f, func(args, _, tangents []array) []array {
			out := c.pushed(f, args, tangents)
			for i, a := range out {
				out[i] = a.each(func(x number) number { return x.scaled(bend) })
			}
			return out
		}, in)
	},
	build: func(b *builder, s *Statement, in []*graph.Node) []*graph.Node {
		bend, f := bends[s.settings[0]], b.function(s.blocks[0])
		bent := func(list []*graph.Node) []*graph.Node {
			out := make([]*graph.Node, len(list))
			for i, n := range list {
				out[i] = ops.Mul(n, bend)
			}
			return out
		}
		if s.settings[1] == 0 {
			return autodiff.CustomVJP(f, func(p, _, ct []*graph.Node) []*graph.Node {
				_, pull := autodiff.VJP(f, p, autodiff.AllowUnreachable())
				return bent(pull(ct))
			})(in)
		}
		return autodiff.CustomJVP(f, func(p, _, t []*graph.Node) []*graph.Node {
			_, d := autodiff.JVP(f, p, t)
			return bent(d)
		})(in)
	},
}

// goCode is the sine by Go code, with its derivative.
var goCode = &kind{
	name: "go sin",
	make: func(m *maker, s *scope) *Statement {
		v := m.float(s)
		return m.statement("", nil, []*Variable{v}, v.Type)
	},
	run: func(_ *evaluation, _ *Statement, in []array) []array { return []array{in[0].each(number.sin)} },
	build: func(_ *builder, _ *Statement, in []*graph.Node) []*graph.Node {
		return []*graph.Node{autodiff.CustomVJP(func(x *graph.Node) *graph.Node {
			return autodiff.GoFunc("sin", goSine, []graph.Type{x.Type()}, x)[0]
		}, func(x, _, ct *graph.Node) *graph.Node { return ops.Mul(ct, ops.Cos(x)) })(in[0])}
	},
}

func goSine(out, in []*tensor.Dense) error {
	if in[0].Dtype() == tensor.Float32 {
		sines(elements[float32](out[0]), elements[float32](in[0]))
	} else {
		sines(elements[float64](out[0]), elements[float64](in[0]))
	}
	return nil
}

func elements[F float32 | float64](d *tensor.Dense) []F {
	switch any(F(0)).(type) {
	case float32:
		return any(d.Float32s()).([]F)
	default:
		return any(d.Float64s()).([]F)
	}
}

func sines[F float32 | float64](out, in []F) {
	for i, x := range in {
		out[i] = F(math.Sin(float64(x)))
	}
}
