package autodiff_test

import (
	"testing"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// counted is a carry that counts its steps.
type counted struct{ I, X *graph.Node }

// waveStep, n times, n steps of x ↦ sin(p·x + i), by a While over an Int64 count, and the same in Go.
func waveStep(p, i, x *graph.Node) *graph.Node {
	return ops.Sin(ops.Add(ops.Mul(p, x), ops.Cast(i, x.DType())))
}

func whileCounted(n int, opts ...autodiff.LoopOption) scalarFunc {
	return func(p []*graph.Node) *graph.Node {
		g := p[0].Graph()
		out := autodiff.While(
			func(c counted) *graph.Node { return ops.Lt(c.I, n) },
			func(c counted) counted { return counted{ops.Add(c.I, 1), waveStep(p[0], c.I, c.X)} },
			counted{g.Scalar(graph.Int64, 0), p[1]}, opts...)
		return end(out.X)
	}
}

func plainCounted(n int) scalarFunc {
	return func(p []*graph.Node) *graph.Node {
		x := p[1]
		for i := range n {
			x = waveStep(p[0], p[0].Graph().Scalar(graph.Int64, float64(i)), x)
		}
		return end(x)
	}
}

func TestWhileOptions(t *testing.T) {
	var twins []twin
	for _, n := range []int{0, 1, 4} {
		for name, opts := range map[string][]autodiff.LoopOption{
			"forward": nil, "recorded": {autodiff.RecordAllSteps()}, "bounded": {autodiff.MaxSteps(9)},
			"exactly": {autodiff.MaxSteps(max(1, n))},
			"both":    {autodiff.MaxSteps(5), autodiff.RecordAllSteps()}, "every 2": {autodiff.MaxSteps(9), autodiff.CheckpointEvery(2)},
			"every 3 exactly": {autodiff.MaxSteps(max(1, n)), autodiff.CheckpointEvery(3)},
			"every 20":        {autodiff.MaxSteps(9), autodiff.CheckpointEvery(20)},
		} {
			order := 2
			if name == "recorded" {
				order = 3
			}
			twins = append(twins, twin{name: name + " " + string(rune('0'+n)), args: tensors(waves(1, 2), waves(2, 2)),
				built: whileCounted(n, opts...), plain: plainCounted(n), forwardOnly: opts == nil, order: order})
		}
	}
	checkTwins(t, twins)
}

// TestWhileOfData has loops that end by what they compute, after other numbers of steps for other examples.
func TestWhileOfData(t *testing.T) {
	type node = *graph.Node
	grow := func(
		limit func(p []node) node, body func(p []node, x node) node, opts ...autodiff.LoopOption,
	) (built, plain scalarFunc) {
		const most = 12
		goesOn := func(p []node, x node) node { return ops.Lt(ops.Sum(x), limit(p)) }
		built = func(p []node) node {
			return end(autodiff.While(func(x node) node { return goesOn(p, x) },
				func(x node) node { return body(p, x) }, p[0], opts...))
		}
		plain = func(p []node) node {
			x := p[0]
			for range most {
				x = ops.Where(goesOn(p, x), body(p, x), x)
			}
			return end(x)
		}
		return built, plain
	}
	var twins []twin
	for name, limit := range map[string]func(p []node) node{
		"fixed":    func(p []node) node { return p[0].Graph().Scalar(graph.Float64, 30) },
		"captured": func(p []node) node { return ops.Mul(20, ops.Sum(ops.Square(p[1]))) },
	} {
		for _, opts := range [][]autodiff.LoopOption{{autodiff.MaxSteps(12)}, {autodiff.RecordAllSteps()}, nil} {
			built, plain := grow(limit, func(p []node, x node) node {
				return ops.Add(ops.Mul(1.5, x), ops.Add(ops.Square(ops.Mul(p[1], 2)), ops.Mul(0.1, ops.Sin(x))))
			}, opts...)
			twins = append(twins, twin{name: name, args: tensors(waves(1, 2), waves(2, 2)), built: built, plain: plain,
				forwardOnly: opts == nil})
		}
	}
	checkTwins(t, twins)
}

func TestForBodies(t *testing.T) {
	type node = *graph.Node
	type pair struct{ A, B node }
	type mixed struct {
		X    node
		I, B node
		M    map[string]node
		L    []node
	}
	zero := func(x node) node { return x.Graph().Scalar(graph.Int64, 0) }
	twins := []twin{
		{name: "swap", built: func(p []node) node {
			c := autodiff.For(5, func(_ node, c pair) pair { return pair{c.B, c.A} }, pair{p[0], p[1]})
			return end(c.A, c.B)
		}, plain: func(p []node) node { return end(p[1], p[0]) }},
		{name: "rotate and add", built: func(p []node) node {
			c := autodiff.For(4, func(_ node, c pair) pair { return pair{c.B, ops.Mul(c.A, c.B)} }, pair{p[0], p[1]})
			return end(c.A, c.B)
		}, plain: func(p []node) node {
			a, b := p[0], p[1]
			for range 4 {
				a, b = b, ops.Mul(a, b)
			}
			return end(a, b)
		}},
		{name: "no step", built: func(p []node) node {
			c := autodiff.For(0, func(_ node, c pair) pair { return pair{ops.Sin(c.B), ops.Mul(c.A, p[0])} }, pair{p[0], p[1]})
			return end(c.A, c.B)
		}, plain: func(p []node) node { return end(p[0], p[1]) }},
		{name: "one carry given twice", built: func(p []node) node {
			c := autodiff.For(3, func(_ node, c pair) pair { return pair{ops.Sin(c.B), ops.Mul(c.A, p[0])} }, pair{p[0], p[0]})
			return end(c.A, c.B, p[1])
		}, plain: func(p []node) node {
			a, b := p[0], p[0]
			for range 3 {
				a, b = ops.Sin(b), ops.Mul(a, p[0])
			}
			return end(a, b, p[1])
		}},
		{name: "carry not used", built: func(p []node) node {
			c := autodiff.For(3, func(_ node, c pair) pair { return pair{ops.Sin(c.A), ops.Mul(c.A, c.B)} }, pair{p[0], p[1]})
			return end(c.A, p[1])
		}, plain: func(p []node) node { return end(ops.Sin(ops.Sin(ops.Sin(p[0]))), p[1]) }},
		{name: "trees, ints and bools", built: func(p []node) node {
			c := autodiff.For(5, func(i node, c mixed) mixed {
				return mixed{
					X: ops.Where(c.B, ops.Sin(c.X), ops.Mul(c.L[0], ops.Cast(c.I, graph.Float64))),
					I: ops.Add(c.I, i), B: ops.Not(c.B),
					M: map[string]node{"a": c.M["b"], "b": ops.Add(c.M["a"], c.X)},
					L: []node{ops.Add(c.L[0], c.M["b"])},
				}
			}, mixed{p[0], zero(p[0]), ops.Gt(zero(p[0]), 1), map[string]node{"a": p[1], "b": p[0]}, []node{p[1]}})
			return end(c.X, c.M["a"], c.M["b"], c.L[0], ops.Cast(c.I, graph.Float64))
		}, plain: func(p []node) node {
			x, i, b, ma, mb, l := p[0], 0, false, p[1], p[0], p[1]
			for k := range 5 {
				next := ops.Mul(l, float64(i))
				if b {
					next = ops.Sin(x)
				}
				x, i, b, ma, mb, l = next, i+k, !b, mb, ops.Add(ma, x), ops.Add(l, mb)
			}
			return end(x, ma, mb, l, x.Graph().Scalar(graph.Float64, float64(i)))
		}},
		{name: "a place in an array", built: func(p []node) node {
			return end(autodiff.For(3, func(i, x node) node {
				return ops.Add(x, ops.Mul(ops.Take(p[0], ops.Sub(2, i), 0), p[1]))
			}, p[1]))
		}, plain: func(p []node) node {
			x := p[1]
			for i := range 3 {
				x = ops.Add(x, ops.Mul(sliceAt(p[0], 2-i), p[1]))
			}
			return end(x)
		}},
	}
	for i := range twins {
		twins[i].args = tensors(waves(1, 3), waves(2, 3))
	}
	checkTwins(t, twins)
}
