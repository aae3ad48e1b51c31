package programs

import (
	"fmt"
	"slices"

	"chainrule/autodiff"
	"chainrule/graph"
)

// Statements that differentiate blocks, or run them for many examples.

// scalarFunction makes a block with a scalar result, and the variables that it is applied to.
func (m *maker) scalarFunction(s *scope) (in []*Variable, types []Type, body *Block) {
	in, types = m.carries(s)
	return in, types, m.block(s.visible, m.variablesOf(types), m.inner(), always([]Type{floats()}))
}

var one = []array{scalar(exactly(1))}

// in is a block as a function of numbers.
func (c *evaluation) function(b *Block) func([]array) []array {
	return func(args []array) []array { return c.run(b, args) }
}

var gradient = &kind{
	name: "grad",
	make: func(m *maker, s *scope) *Statement {
		in, types, body := m.scalarFunction(s)
		st := m.statement("", nil, in, types...)
		st.blocks = []*Block{body}
		return st
	},
	run: func(c *evaluation, s *Statement, in []array) []array {
		return c.pulled(c.function(s.blocks[0]), in, one)
	},
	build: func(b *builder, s *Statement, in []*graph.Node) []*graph.Node {
		return autodiff.Grad(b.scalar(s.blocks[0]), autodiff.AllowUnreachable())(in)
	},
}

// curvature is the product of a second derivative with variables like the arguments.
var curvature = &kind{
	name: "hvp",
	make: func(m *maker, s *scope) *Statement {
		in, types, body := m.scalarFunction(s)
		for _, t := range types {
			in = append(in, m.pick(s, like(t)))
		}
		st := m.statement("", nil, in, types...)
		st.blocks = []*Block{body}
		return st
	},
	run: func(c *evaluation, s *Statement, in []array) []array {
		f, n := c.function(s.blocks[0]), len(in)/2
		return c.pushed(func(args []array) []array { return c.pulled(f, args, one) }, in[:n], in[n:])
	},
	build: func(b *builder, s *Statement, in []*graph.Node) []*graph.Node {
		n := len(in) / 2
		return autodiff.HVP(b.scalar(s.blocks[0]), autodiff.AllowUnreachable())(in[:n], in[n:])
	},
}

// tangent gives values and tangents.
var tangent = &kind{
	name: "jvp",
	make: func(m *maker, s *scope) *Statement {
		st, types := m.function(s.visible, s)
		for _, t := range types {
			st.in = append(st.in, m.pick(s, like(t)))
		}
		for _, v := range slices.Clone(st.out) {
			st.out = append(st.out, m.variable(v.Type))
		}
		return st
	},
	run: func(c *evaluation, s *Statement, in []array) []array {
		f, n := c.function(s.blocks[0]), len(in)/2
		return slices.Concat(f(in[:n]), c.pushed(f, in[:n], in[n:]))
	},
	build: func(b *builder, s *Statement, in []*graph.Node) []*graph.Node {
		n := len(in) / 2
		value, d := autodiff.JVP(b.function(s.blocks[0]), in[:n], in[n:])
		return slices.Concat(value, d)
	},
}

// cotangent gives the value, then the cotangents of the arguments for one of the result, the last operand.
var cotangent = &kind{
	name: "vjp",
	make: func(m *maker, s *scope) *Statement {
		in, types := m.carries(s)
		ct := m.float(s)
		body := m.block(s.visible, m.variablesOf(types), m.inner(), always([]Type{ct.Type}))
		st := m.statement("", nil, append(in, ct), append([]Type{ct.Type}, types...)...)
		st.blocks = []*Block{body}
		return st
	},
	run: func(c *evaluation, s *Statement, in []array) []array {
		f, n := c.function(s.blocks[0]), len(in)-1
		return slices.Concat(f(in[:n]), c.pulled(f, in[:n], in[n:]))
	},
	build: func(b *builder, s *Statement, in []*graph.Node) []*graph.Node {
		n := len(in) - 1
		value, pull := autodiff.VJP(b.function(s.blocks[0]), in[:n], autodiff.AllowUnreachable())
		return slices.Concat(value, pull(in[n:]))
	},
}

// jacobian is of shape [result…, argument…]. Its setting is the mode.
var jacobian = &kind{
	name: "jacobian",
	make: func(m *maker, s *scope) *Statement {
		v := m.float(s)
		var result Type
		body := m.block(s.visible, m.variablesOf([]Type{v.Type}), m.inner(), func(s *scope) []Type {
			result = m.pick(s, isFloat).Type
			if size(result.Shape)*size(v.Shape) > mostElements {
				result = floats()
			}
			return []Type{result}
		})
		st := m.statement("", []int{m.upTo(3)}, []*Variable{v}, floats(slices.Concat(result.Shape, v.Shape)...))
		st.blocks = []*Block{body}
		return st
	},
	run: func(c *evaluation, s *Statement, in []array) []array {
		f, out, n := c.function(s.blocks[0]), newArray(s.out[0].Shape, func(int) number { return nil }), len(in[0].at)
		for k := range n {
			unit := newArray(in[0].shape, func(j int) number { return exactly(b2f(j == k)) })
			for i, x := range c.pushed(f, in, []array{unit})[0].at {
				out.at[i*n+k] = x
			}
		}
		return []array{out}
	},
	build: func(b *builder, s *Statement, in []*graph.Node) []*graph.Node {
		opts := [][]autodiff.JacobianOption{nil, {autodiff.ForwardMode()}, {autodiff.ReverseMode()}}[s.settings[0]]
		f := b.function(s.blocks[0])
		return []*graph.Node{autodiff.Jacobian(func(x *graph.Node) *graph.Node { return f([]*graph.Node{x})[0] },
			append(opts, autodiff.AllowUnreachable())...)(in[0])}
	},
}

// mapped runs a block for every slice of its first operand, and of others where settings say so.
var mapped = &kind{
	name: "vmap",
	make: func(m *maker, s *scope) *Statement {
		v := m.pick(s, hasSlices)
		if v == nil {
			return nil
		}
		in, types, settings := []*Variable{v}, []Type{floats(v.Shape[1:]...)}, []int{1}
		if m.chance(2) {
			w := m.float(s)
			in = append(in, w)
			if len(w.Shape) > 0 && w.Shape[0] == v.Shape[0] && m.chance(2) {
				types, settings = append(types, floats(w.Shape[1:]...)), append(settings, 1)
			} else {
				types, settings = append(types, w.Type), append(settings, 0)
			}
		}
		var result Type
		body := m.block(s.visible, m.variablesOf(types), m.inner(), func(s *scope) []Type {
			result = m.float(s).Type
			if size(result.Shape)*v.Shape[0] > mostElements {
				result = floats()
			}
			return []Type{result}
		})
		st := m.statement("", settings, in, floats(append([]int{v.Shape[0]}, result.Shape...)...))
		st.blocks = []*Block{body}
		return st
	},
	run: func(c *evaluation, s *Statement, in []array) []array {
		return []array{each(c.function(s.blocks[0]), s.settings, in)[0]}
	},
	build: func(b *builder, s *Statement, in []*graph.Node) []*graph.Node {
		return autodiff.Vmap(b.function(s.blocks[0]), unmapped(s.settings)...)(in)
	},
}

// each runs f for one example after the other.
func each(f func([]array) []array, mapped []int, in []array) []array {
	n := 0
	for i, is := range mapped {
		if is == 1 {
			n = in[i].shape[0]
		}
	}
	var all [][]array
	for t := range n {
		args := slices.Clone(in)
		for i, is := range mapped {
			if is == 1 {
				args[i] = in[i].slice(t)
			}
		}
		for k, a := range f(args) {
			if t == 0 {
				all = append(all, nil)
			}
			all[k] = append(all[k], a)
		}
	}
	out := make([]array, len(all))
	for k, list := range all {
		out[k] = stack(list[0].shape, list)
	}
	return out
}

func unmapped(mapped []int) (axes []autodiff.Axis) {
	for i, is := range mapped {
		if is == 0 {
			axes = append(axes, autodiff.Unmapped(fmt.Sprintf("[%d]", i)))
		}
	}
	return axes
}
