package programs

import (
	"slices"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// Statements with blocks that are run again and again, or not at all.

// carries picks one or two variables that a loop begins with, and lists their types.
func (m *maker) carries(s *scope) (list []*Variable, types []Type) {
	for range 1 + m.upTo(2) {
		v := m.float(s)
		list, types = append(list, v), append(types, v.Type)
	}
	return list, types
}

func always(types []Type) func(*scope) []Type { return func(*scope) []Type { return types } }

// loop makes the parts that all loops have: parameters before and after the carries, and results after them.
func (m *maker) loop(s *scope, before, carried, after []Type, more func(*scope) []Type) *Block {
	params := m.variablesOf(slices.Concat(before, carried, after))
	return m.block(s.visible, params, m.inner(), func(s *scope) []Type {
		types := slices.Clone(carried)
		if more != nil {
			types = append(types, more(s)...)
		}
		return types
	})
}

func loopOptions(every int) (opts []autodiff.LoopOption) {
	if every > 0 {
		opts = append(opts, autodiff.CheckpointEvery(every))
	}
	return opts
}

// forLoop has settings steps and every.
var forLoop = &kind{
	name: "for",
	make: func(m *maker, s *scope) *Statement {
		in, types := m.carries(s)
		st := m.statement("", []int{m.steps(), m.every()}, in, types...)
		st.blocks = []*Block{m.loop(s, []Type{{Int: true}}, types, nil, nil)}
		return st
	},
	run: func(c *evaluation, s *Statement, in []array) []array {
		for i := range s.settings[0] {
			in = c.run(s.blocks[0], slices.Concat([]array{scalar(exactly(float64(i)))}, in))
		}
		return in
	},
	build: func(b *builder, s *Statement, in []*graph.Node) []*graph.Node {
		return autodiff.For(s.settings[0], func(i *graph.Node, c []*graph.Node) []*graph.Node {
			return b.block(s.blocks[0], slices.Concat([]*graph.Node{i}, c))
		}, in, loopOptions(s.settings[1])...)
	},
}

func (m *maker) steps() int { return oneOf(m.choices, []int{2, 3, 1, 4, 0, 3}) }
func (m *maker) every() int { return oneOf(m.choices, []int{0, 0, 2, 1}) }

// scanLoop has settings backward and every. Its operands are carries, then one or two stacks of slices, and its results
// carries, then stacks. The last setting is the number of carries.
var scanLoop = &kind{
	name: "scan",
	make: func(m *maker, s *scope) *Statement {
		x := m.pick(s, atLeast(1))
		if x == nil {
			return nil
		}
		xs, slice := []*Variable{x}, []Type{floats(x.Shape[1:]...)}
		if m.chance(3) {
			y := m.pick(s, func(v *Variable) bool { return len(v.Shape) > 0 && v.Shape[0] == x.Shape[0] })
			xs, slice = append(xs, y), append(slice, floats(y.Shape[1:]...))
		}
		in, types := m.carries(s)
		n, ys := len(in), m.upTo(3)
		body := m.loop(s, nil, types, slice, func(s *scope) []Type {
			var list []Type
			for range ys {
				if t := m.float(s).Type; size(t.Shape)*x.Shape[0] <= mostElements {
					list = append(list, t)
				}
			}
			return list
		})
		out := slices.Clone(types)
		for _, v := range body.results[n:] {
			out = append(out, floats(append([]int{x.Shape[0]}, v.Shape...)...))
		}
		st := m.statement("", []int{m.upTo(2), m.every(), n}, slices.Concat(in, xs), out...)
		st.blocks = []*Block{body}
		return st
	},
	run: func(c *evaluation, s *Statement, in []array) []array {
		backward, n, body := s.settings[0] == 1, s.settings[2], s.blocks[0]
		carries, xs := in[:n], in[n:]
		steps := xs[0].shape[0]
		ys := make([][]array, len(body.results)-n)
		for k := range ys {
			ys[k] = make([]array, steps)
		}
		for t := range steps {
			if backward {
				t = steps - 1 - t
			}
			args := slices.Clone(carries)
			for _, x := range xs {
				args = append(args, x.slice(t))
			}
			out := c.run(body, args)
			carries = out[:n]
			for k := range ys {
				ys[k][t] = out[n+k]
			}
		}
		out := slices.Clone(carries)
		for k, list := range ys {
			out = append(out, stack(body.results[n+k].Shape, list))
		}
		return out
	},
	build: func(b *builder, s *Statement, in []*graph.Node) []*graph.Node {
		opts, n := loopOptions(s.settings[1]), s.settings[2]
		if s.settings[0] == 1 {
			opts = append(opts, autodiff.Reversed())
		}
		c, ys := autodiff.Scan(func(c, x []*graph.Node) ([]*graph.Node, []*graph.Node) {
			out := b.block(s.blocks[0], slices.Concat(c, x))
			return out[:n], out[n:]
		}, in[:n], in[n:], opts...)
		return slices.Concat(c, ys)
	},
}

// whileLoop goes on as long as a mean is below a bound, for settings[0] steps at most. Settings[1] is 0 if these are
// MaxSteps, 1 if they are recorded, and 2 if CheckpointEvery is given too.
var whileLoop = &kind{
	name: "while",
	make: func(m *maker, s *scope) *Statement {
		in, types := m.carries(s)
		st := m.statement("", []int{1 + m.upTo(4), m.upTo(3), m.upTo(len(bounds))}, in, types...)
		st.blocks = []*Block{m.loop(s, []Type{{Int: true}}, types, nil, nil)}
		return st
	},
	run: func(c *evaluation, s *Statement, in []array) []array {
		for i := 0; i < s.settings[0] && c.decide(mean(in[0].at), literal(bounds[s.settings[2]])); i++ {
			in = c.run(s.blocks[0], slices.Concat([]array{scalar(exactly(float64(i)))}, in))
		}
		return in
	},
	build: func(b *builder, s *Statement, in []*graph.Node) []*graph.Node {
		type counted struct {
			I *graph.Node
			C []*graph.Node
		}
		opts := []autodiff.LoopOption{autodiff.MaxSteps(s.settings[0])}
		switch s.settings[1] {
		case 1:
			opts = []autodiff.LoopOption{autodiff.RecordAllSteps()}
		case 2:
			opts = append(opts, autodiff.CheckpointEvery(2))
		}
		return autodiff.While(func(c counted) *graph.Node {
			return ops.And(ops.Lt(c.I, s.settings[0]), ops.Lt(ops.Mean(c.C[0]), bounds[s.settings[2]]))
		}, func(c counted) counted {
			return counted{ops.Add(c.I, 1), b.block(s.blocks[0], slices.Concat([]*graph.Node{c.I}, c.C))}
		}, counted{in[0].Graph().Scalar(graph.Int64, 0), in}, opts...).C
	},
}

// bounds are what means are compared with.
var bounds = []float64{0.7, 0.1, -0.3, 2.5}

// branch takes its first block if a mean is below a bound.
var branch = &kind{
	name: "cond",
	make: func(m *maker, s *scope) *Statement {
		v, n := m.float(s), 1+m.upTo(2)
		var types []Type
		then := m.block(s.visible, nil, m.inner(), func(s *scope) []Type {
			for range n {
				types = append(types, m.float(s).Type)
			}
			return types
		})
		st := m.statement("mean below", []int{m.upTo(len(bounds))}, []*Variable{v}, types...)
		st.blocks = []*Block{then, m.block(s.visible, nil, m.inner(), always(types))}
		return st
	},
	run: func(c *evaluation, s *Statement, in []array) []array {
		if c.decide(mean(in[0].at), literal(bounds[s.settings[0]])) {
			return c.run(s.blocks[0], nil)
		}
		return c.run(s.blocks[1], nil)
	},
	build: func(b *builder, s *Statement, in []*graph.Node) []*graph.Node {
		return autodiff.Cond(ops.Lt(ops.Mean(in[0]), bounds[s.settings[0]]),
			func() []*graph.Node { return b.block(s.blocks[0], nil) },
			func() []*graph.Node { return b.block(s.blocks[1], nil) })
	},
}

// function makes a block of one or two arguments, and the types of its results.
func (m *maker) function(outside []*Variable, s *scope) (*Statement, []Type) {
	in, types := m.carries(s)
	var results []Type
	body := m.block(outside, m.variablesOf(types), m.inner(), func(s *scope) []Type {
		for range 1 + m.upTo(2) {
			results = append(results, m.float(s).Type)
		}
		return results
	})
	st := m.statement("", nil, in, results...)
	st.blocks = []*Block{body}
	return st, types
}

var checkpoint = &kind{
	name: "checkpoint",
	make: func(m *maker, s *scope) *Statement {
		st, _ := m.function(s.visible, s)
		return st
	},
	run: func(c *evaluation, s *Statement, in []array) []array { return c.run(s.blocks[0], in) },
	build: func(b *builder, s *Statement, in []*graph.Node) []*graph.Node {
		return autodiff.Checkpoint(b.function(s.blocks[0]))(in)
	},
}
