package optest

import (
	"slices"

	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// The cases of control flow that the sweep tries, made by the functions that users call: package ops, whose records have
// cases of their own, has no functions that build such nodes.

type built = func(in ...*graph.Node) *graph.Node

func of(name string, build built, in ...graph.Arg) graph.Case {
	return graph.Case{Name: name, In: in, Build: build}
}

// floatArg is a float between −1 and 1, at which the functions below neither grow without bound nor lose themselves.
func floatArg(shape ...int) graph.Arg { return graph.Arg{Shape: shape, Lo: -1, Hi: 1} }

func intArg(hi float64, shape ...int) graph.Arg {
	return graph.Arg{Shape: shape, DType: graph.Int64, Lo: 0, Hi: hi}
}

func boolArg(value float64) graph.Arg { return graph.Arg{DType: graph.Bool, Data: []float64{value}} }

// state is what the loops of the cases carry.
type state struct{ I, X *graph.Node }

func start(x *graph.Node) state { return state{x.Graph().Scalar(graph.Int64, 0), x} }

// forCase makes three steps x ↦ sin(w·x + i/4).
func forCase(opts ...autodiff.LoopOption) built {
	return func(in ...*graph.Node) *graph.Node {
		return autodiff.For(3, func(i, x *graph.Node) *graph.Node {
			return ops.Sin(ops.Add(ops.Mul(x, in[1]), ops.Mul(0.25, ops.Cast(i, x.DType()))))
		}, in[0], opts...)
	}
}

// scanCase is a recurrent network: of carry h, slices x and weights w. It returns the results of all steps.
func scanCase(opts ...autodiff.LoopOption) built {
	return func(in ...*graph.Node) *graph.Node {
		h, ys := autodiff.Scan(func(h, x *graph.Node) (*graph.Node, *graph.Node) {
			next := ops.Tanh(ops.Add(ops.Sum(ops.Mul(h, in[2]), 1), x))
			return next, ops.Mul(next, h)
		}, in[0], in[1], opts...)
		return ops.Add(ys, ops.Square(h))
	}
}

// whileCase goes on until the sum of squares is 2, for six steps at most.
func whileCase(opts ...autodiff.LoopOption) built {
	return func(in ...*graph.Node) *graph.Node {
		return autodiff.While(func(s state) *graph.Node {
			return ops.And(ops.Lt(ops.Sum(ops.Square(s.X)), 2), ops.Lt(s.I, 6))
		}, func(s state) state {
			return state{ops.Add(s.I, 1), ops.Add(ops.Mul(1.5, s.X), ops.Mul(in[1], ops.Cos(s.X)))}
		}, start(in[0]), opts...).X
	}
}

func loopCases() []graph.Case {
	three, matrix := floatArg(3), floatArg(2, 2)
	return []graph.Case{
		of("for", forCase(), three, three),
		of("for every 2", forCase(autodiff.CheckpointEvery(2)), three, three),
		of("for, scalar", forCase(), floatArg(), floatArg()),
		of("for, empty", forCase(), floatArg(0), floatArg(0)),
		of("scan", scanCase(), floatArg(2), floatArg(4, 2), matrix),
		of("scan backward", scanCase(autodiff.Reversed()), floatArg(2), floatArg(3, 2), matrix),
		of("scan, no step", scanCase(), floatArg(2), floatArg(0, 2), matrix),
		of("while bounded", whileCase(autodiff.MaxSteps(6)), three, three),
		of("while recorded", whileCase(autodiff.RecordAllSteps()), three, three),
		of("while every 2", whileCase(autodiff.MaxSteps(6), autodiff.CheckpointEvery(2)), three, three),
		of("checkpoint", func(in ...*graph.Node) *graph.Node {
			return autodiff.Checkpoint(func(x *graph.Node) *graph.Node { return ops.Exp(ops.Sin(ops.Mul(x, in[1]))) })(in[0])
		}, three, three),
		of("indices", func(in ...*graph.Node) *graph.Node {
			return autodiff.For(3, func(i, c *graph.Node) *graph.Node { return ops.Mul(ops.Take(in[0], i, 0), ops.Add(c, in[1])) },
				ops.Sum(in[0]))
		}, three, floatArg()),
		of("swap", func(in ...*graph.Node) *graph.Node {
			c := autodiff.For(3, func(_ *graph.Node, c []*graph.Node) []*graph.Node {
				return []*graph.Node{c[1], ops.Mul(c[0], c[1])}
			}, slices.Clone(in))
			return ops.Sub(c[0], c[1])
		}, three, three),
		of("ints", func(in ...*graph.Node) *graph.Node {
			return autodiff.For(3, func(i, c *graph.Node) *graph.Node { return ops.Add(ops.Mul(c, 2), i) }, in[0])
		}, intArg(9, 4)),
		of("in each other", func(in ...*graph.Node) *graph.Node {
			return autodiff.For(2, func(_, x *graph.Node) *graph.Node { return forCase()(x, in[1]) }, in[0])
		}, three, three),
	}
}

// gradient is the gradient, by the first input, of a sum over what a case builds.
func gradient(build built) built {
	return func(in ...*graph.Node) *graph.Node {
		return autodiff.Grad(func(x *graph.Node) *graph.Node {
			return ops.Sum(ops.Square(build(append([]*graph.Node{x}, in[1:]...)...)))
		})(in[0])
	}
}

func loopGradCases() []graph.Case {
	three, matrix := floatArg(3), floatArg(2, 2)
	return []graph.Case{
		of("for", gradient(forCase()), three, three),
		of("for every 2", gradient(forCase(autodiff.CheckpointEvery(2))), three, three),
		of("scan", gradient(scanCase()), floatArg(2), floatArg(4, 2), matrix),
		of("scan backward every 2", gradient(scanCase(autodiff.Reversed(), autodiff.CheckpointEvery(2))), floatArg(2), floatArg(3, 2), matrix),
		of("while bounded", gradient(whileCase(autodiff.MaxSteps(6))), three, three),
		of("while recorded", gradient(whileCase(autodiff.RecordAllSteps())), three, three),
		of("for, and its value", withGradient(forCase()), three, three),
		of("scan, and its value", withGradient(scanCase()), floatArg(2), floatArg(6, 2), matrix),
	}
}

// withGradient wants what a case builds and its gradient.
func withGradient(build built) built {
	return func(in ...*graph.Node) *graph.Node {
		return ops.Add(ops.Sum(build(in...)), ops.Sin(gradient(build)(in...)))
	}
}

func condCases() []graph.Case {
	branch := func(in ...*graph.Node) *graph.Node {
		e := ops.Exp(in[1])
		return autodiff.Cond(in[0], func() *graph.Node { return ops.Mul(e, in[2]) },
			func() *graph.Node { return ops.Sin(ops.Mul(in[1], in[2])) })
	}
	three := floatArg(3)
	return []graph.Case{
		of("then", branch, boolArg(1), three, three),
		of("otherwise", branch, boolArg(0), three, three),
		of("empty", branch, boolArg(0), floatArg(0), floatArg(0)),
		of("one of the arguments", func(in ...*graph.Node) *graph.Node {
			return autodiff.Cond(in[0], func() *graph.Node { return in[1] }, func() *graph.Node { return in[2] })
		}, boolArg(1), three, three),
		of("in each other", func(in ...*graph.Node) *graph.Node {
			return autodiff.Cond(ops.Not(in[0]), func() *graph.Node { return in[1] }, func() *graph.Node { return branch(in...) })
		}, boolArg(1), three, three),
		of("may fail", func(in ...*graph.Node) *graph.Node {
			return autodiff.Cond(ops.Lt(in[0], 2), func() *graph.Node { return ops.Mul(3, ops.Take(in[1], in[0], 0)) },
				func() *graph.Node { return ops.Sum(ops.Sin(in[1])) })
		}, intArg(4), floatArg(2)),
		of("loops", func(in ...*graph.Node) *graph.Node {
			return autodiff.Cond(in[0], func() *graph.Node { return forCase()(in[1:]...) },
				func() *graph.Node { return whileCase(autodiff.MaxSteps(6))(in[1:]...) })
		}, boolArg(1), three, three),
		of("ints", func(in ...*graph.Node) *graph.Node {
			return autodiff.Cond(in[0], func() *graph.Node { return ops.Add(in[1], 1) }, func() *graph.Node { return in[1] })
		}, boolArg(1), intArg(9, 4)),
	}
}

func customCases() []graph.Case {
	type pair struct{ A, B *graph.Node }
	product := func(p pair) *graph.Node { return ops.Mul(ops.Sin(p.A), p.B) }
	vjp := autodiff.CustomVJP(product, func(p pair, _, ct *graph.Node) pair {
		return pair{ops.Mul(ct, ops.Mul(ops.Cos(p.A), p.B)), ops.Mul(ct, ops.Sin(p.A))}
	})
	jvp := autodiff.CustomJVP(product, func(p pair, _ *graph.Node, t pair) *graph.Node {
		return ops.Add(ops.Mul(t.A, ops.Mul(ops.Cos(p.A), p.B)), ops.Mul(t.B, ops.Sin(p.A)))
	})
	by := func(f func(pair) *graph.Node) built {
		return func(in ...*graph.Node) *graph.Node { return f(pair{in[0], in[1]}) }
	}
	looped := func(f func(pair) *graph.Node) built {
		return func(in ...*graph.Node) *graph.Node {
			return autodiff.For(2, func(_, x *graph.Node) *graph.Node { return f(pair{x, in[1]}) }, in[0])
		}
	}
	three := floatArg(3)
	return []graph.Case{
		of("vjp", by(vjp), three, three), of("jvp", by(jvp), three, three),
		of("vjp in a loop", looped(vjp), three, three), of("jvp in a loop", looped(jvp), three, three),
		of("vjp, empty", by(vjp), floatArg(0, 2), floatArg(0, 2)),
	}
}

func goCases() []graph.Case {
	doubled := func(in ...*graph.Node) *graph.Node {
		x := in[0]
		return autodiff.GoFunc("doubled", func(out, in []*tensor.Dense) error {
			if x.DType() == graph.Float32 {
				double(out[0].Float32s(), in[0].Float32s())
			} else {
				double(out[0].Float64s(), in[0].Float64s())
			}
			return nil
		}, []graph.Type{x.Type()}, x)[0]
	}
	cases := []graph.Case{of("vector", doubled, floatArg(3)), of("scalar", doubled, floatArg())}
	for i := range cases {
		cases[i].Excuses = map[string]string{"allocations": "tensors are made for the call of a function written in Go"}
	}
	return cases
}

func double[F float32 | float64](out, in []F) {
	for i, x := range in {
		out[i] = 2 * x
	}
}

func partCases() []graph.Case {
	second := func(in ...*graph.Node) *graph.Node {
		c, ys := autodiff.Scan(func(c, x *graph.Node) (*graph.Node, *graph.Node) {
			return ops.Sin(ops.Add(c, x)), ops.Mul(c, x)
		}, in[0], in[1])
		return ops.Mul(c, ys)
	}
	return []graph.Case{of("of a loop", second, floatArg(2), floatArg(3, 2))}
}

func init() {
	for name, cases := range map[string][]graph.Case{
		"loop": loopCases(), "loop_grad": loopGradCases(), "cond": condCases(), "custom": customCases(), "go": goCases(),
		"part": partCases(),
	} {
		graph.Lookup(name).Cases = cases
	}
}
