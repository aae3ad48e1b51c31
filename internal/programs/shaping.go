package programs

import (
	"slices"

	"chainrule/graph"
	"chainrule/ops"
)

// Statements that move elements, and that take many to few.

var reductions = []struct {
	name  string
	of    func(c *evaluation, line []number) number
	build func(x *graph.Node, axes ...int) *graph.Node
}{
	{"sum", func(_ *evaluation, l []number) number { return sum(l) }, ops.Sum},
	{"mean", func(_ *evaluation, l []number) number { return mean(l) }, ops.Mean},
	{"max", (*evaluation).largestOf, ops.Max},
	{"prod", func(_ *evaluation, l []number) number {
		p := exactly(1)
		for _, x := range l {
			p = p.times(x)
		}
		return p
	}, ops.Prod},
	{"logsumexp", func(_ *evaluation, l []number) number {
		total := exactly(0)
		for _, x := range l {
			total = total.plus(x.exp())
		}
		return total.log()
	}, ops.LogSumExp},
	{"var", func(_ *evaluation, l []number) number {
		m, total := mean(l), exactly(0)
		for _, x := range l {
			total = total.plus(x.minus(m).square())
		}
		return total.scaled(1 / float64(len(l)))
	}, func(x *graph.Node, axes ...int) *graph.Node { return ops.Var(x, 0, axes...) }},
}

func (c *evaluation) largestOf(line []number) number {
	best := line[0]
	for _, x := range line[1:] {
		best = c.larger(x, best)
	}
	return best
}

var reduction = &kind{
	name: "reduce",
	make: func(m *maker, s *scope) *Statement {
		v := m.pick(s, atLeast(1))
		if v == nil {
			return nil
		}
		axis, shape := m.upTo(len(v.Shape)+1)-1, []int(nil)
		if axis >= 0 {
			shape = slices.Delete(slices.Clone(v.Shape), axis, axis+1)
		}
		variant := oneOf(m.choices, reductions).name
		if size(v.Shape) == 0 { // nothing has no mean and no largest element
			variant = "sum"
		}
		return m.statement(variant, []int{axis}, []*Variable{v}, floats(shape...))
	},
	run: func(c *evaluation, s *Statement, in []array) []array {
		for _, r := range reductions {
			if r.name == s.variant {
				return []array{in[0].lines(s.settings[0], func(l []number) number { return r.of(c, l) })}
			}
		}
		panic(s.variant)
	},
	build: func(_ *builder, s *Statement, in []*graph.Node) []*graph.Node {
		for _, r := range reductions {
			switch {
			case r.name == s.variant && s.settings[0] < 0:
				return []*graph.Node{r.build(in[0])}
			case r.name == s.variant:
				return []*graph.Node{r.build(in[0], s.settings[0])}
			}
		}
		panic(s.variant)
	},
}

var stretch = kind{
	name: "broadcast",
	make: func(m *maker, s *scope) *Statement {
		v := m.float(s)
		shape := oneOf(m.choices, [][]int{{2}, {3}, {2, 2}, {2, 3}, {5}})
		if both, ok := broadcast(v.Shape, shape); !ok || len(both) > len(shape) || !slices.Equal(both, shape) {
			shape = append([]int{2}, v.Shape...)
		}
		if size(shape) > mostElements {
			return nil
		}
		return m.statement("", nil, []*Variable{v}, floats(shape...))
	},
}.one(
	func(s *Statement, in []array) array { return in[0].stretched(s.out[0].Shape) },
	func(s *Statement, in []*graph.Node) *graph.Node { return ops.BroadcastTo(in[0], s.out[0].Shape...) })

var reshape = kind{
	name: "reshape",
	make: func(m *maker, s *scope) *Statement {
		v := m.float(s)
		n := size(v.Shape)
		shape := oneOf(m.choices, [][]int{{n}, {1, n}, {n, 1}})
		if n == 1 {
			shape = oneOf(m.choices, [][]int{{}, {1}, {1, 1}})
		}
		return m.statement("", nil, []*Variable{v}, floats(shape...))
	},
}.one(
	func(s *Statement, in []array) array { return array{s.out[0].Shape, in[0].at} },
	func(s *Statement, in []*graph.Node) *graph.Node { return ops.Reshape(in[0], s.out[0].Shape...) })

var transpose = kind{
	name: "transpose",
	make: func(m *maker, s *scope) *Statement {
		v := m.pick(s, ofRank(2))
		if v == nil {
			return nil
		}
		return m.statement("", nil, []*Variable{v}, floats(v.Shape[1], v.Shape[0]))
	},
}.one(
	func(_ *Statement, in []array) array { return in[0].permuted([]int{1, 0}) },
	func(_ *Statement, in []*graph.Node) *graph.Node { return ops.Transpose(in[0]) })

var concat = kind{
	name: "concat",
	make: func(m *maker, s *scope) *Statement {
		v := m.pick(s, atLeast(1))
		if v == nil {
			return nil
		}
		w := m.pick(s, func(w *Variable) bool {
			return len(w.Shape) > 0 && slices.Equal(w.Shape[1:], v.Shape[1:]) && size(v.Shape)+size(w.Shape) <= mostElements
		})
		if w == nil {
			return nil
		}
		return m.statement("", nil, []*Variable{v, w}, floats(append([]int{v.Shape[0] + w.Shape[0]}, v.Shape[1:]...)...))
	},
}.one(
	func(s *Statement, in []array) array { return array{s.out[0].Shape, slices.Concat(in[0].at, in[1].at)} },
	func(_ *Statement, in []*graph.Node) *graph.Node { return ops.Concat(in, 0) })

// slicing takes elements from, to and by a step along the first axis.
var slicing = kind{
	name: "slice",
	make: func(m *maker, s *scope) *Statement {
		v := m.pick(s, atLeast(1))
		if v == nil || v.Shape[0] < 2 {
			return nil
		}
		from, every := m.upTo(v.Shape[0]), 1
		if from == 0 {
			every = 2
		}
		shape := slices.Clone(v.Shape)
		shape[0] = (v.Shape[0] - from + every - 1) / every
		return m.statement("", []int{from, every}, []*Variable{v}, floats(shape...))
	},
}.one(
	func(s *Statement, in []array) array {
		var list []array
		for t := s.settings[0]; t < in[0].shape[0]; t += s.settings[1] {
			list = append(list, in[0].slice(t))
		}
		return stack(in[0].shape[1:], list)
	},
	func(s *Statement, in []*graph.Node) *graph.Node {
		return ops.Slice(in[0], ops.Range{Start: s.settings[0], Stop: in[0].Shape()[0], Step: s.settings[1]})
	})

// cumulative are sums along the last axis, and orders along it.
var cumulative = &kind{
	name: "along last",
	make: func(m *maker, s *scope) *Statement {
		v := m.pick(s, atLeast(1))
		if v == nil {
			return nil
		}
		return m.statement(oneOf(m.choices, []string{"cumsum", "flip", "sort", "roll"}), nil, []*Variable{v}, v.Type)
	},
	run: func(c *evaluation, s *Statement, in []array) []array {
		return []array{in[0].alongLast(func(line []number) []number {
			out := slices.Clone(line)
			switch s.variant {
			case "cumsum":
				for i := range out[1:] {
					out[i+1] = out[i].plus(out[i+1])
				}
			case "flip":
				slices.Reverse(out)
			case "roll":
				out = append(out[len(out)-1:len(out):len(out)], out[:len(out)-1]...)
			case "sort":
				for i := range out {
					for j := i; j > 0 && c.decide(out[j], out[j-1]); j-- {
						out[j], out[j-1] = out[j-1], out[j]
					}
				}
			}
			return out
		})}
	},
	build: func(_ *builder, s *Statement, in []*graph.Node) []*graph.Node {
		x, last := in[0], in[0].Rank()-1
		switch s.variant {
		case "cumsum":
			x = ops.CumSum(x, false, last)
		case "flip":
			x = ops.Flip(x, last)
		case "roll":
			x = ops.Roll(x, 1, last)
		case "sort":
			x = ops.Sort(x, last)
		}
		return []*graph.Node{x}
	},
}

var normalised = kind{
	name: "softmax",
	make: func(m *maker, s *scope) *Statement {
		v := m.pick(s, atLeast(1))
		if v == nil {
			return nil
		}
		return m.statement("", nil, []*Variable{v}, v.Type)
	},
}.one(
	func(_ *Statement, in []array) array {
		return in[0].alongLast(func(line []number) []number {
			total, out := exactly(0), slices.Clone(line)
			for i, x := range line {
				out[i] = x.exp()
				total = total.plus(out[i])
			}
			for i, x := range out {
				out[i] = x.over(total)
			}
			return out
		})
	},
	func(_ *Statement, in []*graph.Node) *graph.Node { return ops.Softmax(in[0], in[0].Rank()-1) })

// taken is a slice along the first axis, at a step's number or the first.
var taken = &kind{
	name: "take",
	make: func(m *maker, s *scope) *Statement {
		v, i := m.pick(s, hasSlices), m.pick(s, like(Type{Int: true}))
		if v == nil {
			return nil
		}
		if i == nil {
			return m.statement("", nil, []*Variable{v}, floats(v.Shape[1:]...))
		}
		return m.statement("", nil, []*Variable{v, i}, floats(v.Shape[1:]...))
	},
	run: func(_ *evaluation, _ *Statement, in []array) []array {
		t := 0
		if len(in) > 1 {
			t = int(in[1].at[0].value()) % in[0].shape[0]
		}
		return []array{in[0].slice(t)}
	},
	build: func(_ *builder, _ *Statement, in []*graph.Node) []*graph.Node {
		if len(in) == 1 {
			return []*graph.Node{ops.Squeeze(ops.Slice(in[0], ops.At(0)), 0)}
		}
		return []*graph.Node{ops.Take(in[0], ops.FloorMod(in[1], in[0].Shape()[0]), 0)}
	},
}

// product is of a matrix with a matrix or vector, or of two vectors.
var product = kind{
	name: "product",
	make: func(m *maker, s *scope) *Statement {
		v := m.pick(s, atLeast(1))
		if v == nil {
			return nil
		}
		last := v.Shape[len(v.Shape)-1]
		w := m.pick(s, func(w *Variable) bool {
			return len(w.Shape) >= 1 && w.Shape[0] == last && len(v.Shape) <= 2 && len(w.Shape) <= 2 &&
				size(v.Shape[:len(v.Shape)-1])*size(w.Shape[1:]) <= mostElements
		})
		if w == nil {
			return nil
		}
		return m.statement("", nil, []*Variable{v, w}, floats(slices.Concat(v.Shape[:len(v.Shape)-1], w.Shape[1:])...))
	},
}.one(
	func(s *Statement, in []array) array {
		a := in[0]
		if len(a.shape) == 1 {
			a.shape = []int{1, a.shape[0]}
		}
		return array{s.out[0].Shape, a.times(in[1]).at}
	},
	func(_ *Statement, in []*graph.Node) *graph.Node { return ops.MatMul(in[0], in[1]) })

// solved is the solution of (A + 3I)·x = b, or the determinant of A + 3I, for tanh A of order 2.
var solved = kind{
	name: "solve (tanh A + 3I)",
	make: func(m *maker, s *scope) *Statement {
		a, b := m.pick(s, like(floats(2, 2))), m.pick(s, like(floats(2)))
		switch {
		case a == nil:
			return nil
		case b == nil || m.chance(2):
			return m.statement("det", nil, []*Variable{a}, floats())
		}
		return m.statement("solve", nil, []*Variable{a, b}, floats(2))
	},
}.one(
	func(s *Statement, in []array) array {
		m := newArray(in[0].shape, func(i int) number {
			return in[0].at[i].tanh().shifted(3 * b2f(i%3 == 0))
		})
		if s.variant == "det" {
			_, det := eliminated(m, newArray([]int{2}, func(int) number { return exactly(0) }))
			return scalar(det)
		}
		x, _ := eliminated(m, in[1])
		return x
	},
	func(s *Statement, in []*graph.Node) *graph.Node {
		a := ops.Tanh(in[0])
		m := ops.Add(a, ops.Mul(3, ops.Eye(a.Graph(), a.DType(), 2)))
		if s.variant == "det" {
			return ops.Det(m)
		}
		return ops.Solve(m, in[1])
	})
