package autodiff_test

import (
	"testing"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// Control flow in control flow. A construct takes its name, and the plain one does the same by Go's loops.
type constructs struct {
	name   string
	repeat func(n int, body func(x *graph.Node) *graph.Node, x *graph.Node) *graph.Node
	choose func(p *graph.Node, then, otherwise func() *graph.Node) *graph.Node
	again  func(f func(p []*graph.Node) *graph.Node) func(p []*graph.Node) *graph.Node
	// square is a function with a derivative of its own.
	square func(x *graph.Node) *graph.Node
}

var plainly = constructs{
	repeat: func(n int, body func(x *graph.Node) *graph.Node, x *graph.Node) *graph.Node {
		for range n {
			x = body(x)
		}
		return x
	},
	choose: chosen,
	again:  func(f func(p []*graph.Node) *graph.Node) func(p []*graph.Node) *graph.Node { return f },
	square: func(x *graph.Node) *graph.Node { return ops.Mul(x, x) },
}

func byFor(opts ...autodiff.LoopOption) func(int, func(*graph.Node) *graph.Node, *graph.Node) *graph.Node {
	return func(n int, body func(x *graph.Node) *graph.Node, x *graph.Node) *graph.Node {
		return autodiff.For(n, func(_, x *graph.Node) *graph.Node { return body(x) }, x, opts...)
	}
}

func byWhile(opts ...autodiff.LoopOption) func(int, func(*graph.Node) *graph.Node, *graph.Node) *graph.Node {
	return func(n int, body func(x *graph.Node) *graph.Node, x *graph.Node) *graph.Node {
		return autodiff.While(func(c counted) *graph.Node { return ops.Lt(c.I, n) },
			func(c counted) counted { return counted{ops.Add(c.I, 1), body(c.X)} },
			counted{x.Graph().Scalar(graph.Int64, 0), x}, opts...).X
	}
}

// byScan takes the step's number from slices that it does not use otherwise.
func byScan(n int, body func(x *graph.Node) *graph.Node, x *graph.Node) *graph.Node {
	c, _ := autodiff.Scan(func(c, k *graph.Node) (*graph.Node, *graph.Node) { return body(c), k },
		x, ops.Arange(x.Graph(), n))
	return c
}

func builders() []constructs {
	base := constructs{choose: autodiff.Cond[*graph.Node], again: autodiff.Checkpoint[[]*graph.Node, *graph.Node],
		square: autodiff.CustomVJP(plainly.square, func(x, _, ct *graph.Node) *graph.Node {
			return ops.Mul(ct, byFor()(1, func(y *graph.Node) *graph.Node { return ops.Add(y, x) }, x))
		})}
	var list []constructs
	for _, b := range []struct {
		name   string
		repeat func(int, func(*graph.Node) *graph.Node, *graph.Node) *graph.Node
	}{{"for", byFor()}, {"for every 2", byFor(autodiff.CheckpointEvery(2))}, {"while", byWhile(autodiff.RecordAllSteps())},
		{"bounded", byWhile(autodiff.MaxSteps(4))}, {"scan", byScan}} {
		c := base
		c.name, c.repeat = b.name, b.repeat
		list = append(list, c)
	}
	jvp := base
	jvp.name, jvp.repeat = "for, custom jvp", byFor()
	jvp.square = autodiff.CustomJVP(plainly.square, func(x, _, t *graph.Node) *graph.Node {
		return ops.Mul(ops.Mul(t, 2), x)
	})
	return append(list, jvp)
}

// nests are functions of vectors a and b of 2, by control flow.
var nests = map[string]func(c constructs, p []*graph.Node) *graph.Node{
	"loop in loop, with its variable": func(c constructs, p []*graph.Node) *graph.Node {
		return c.repeat(3, func(x *graph.Node) *graph.Node {
			return c.repeat(2, func(y *graph.Node) *graph.Node { return ops.Sin(ops.Add(ops.Mul(x, y), p[1])) }, x)
		}, p[0])
	},
	"loop in loop, from outside": func(c constructs, p []*graph.Node) *graph.Node {
		e := ops.Exp(p[1])
		return c.repeat(2, func(x *graph.Node) *graph.Node {
			return ops.Add(x, c.repeat(3, func(y *graph.Node) *graph.Node { return ops.Mul(ops.Sin(y), e) }, p[0]))
		}, p[0])
	},
	"branch in loop in branch": func(c constructs, p []*graph.Node) *graph.Node {
		return c.choose(ops.Lt(ops.Sum(p[0]), 100), func() *graph.Node {
			return c.repeat(4, func(x *graph.Node) *graph.Node {
				return c.choose(ops.Gt(ops.Sum(x), 0.2), func() *graph.Node { return ops.Mul(x, p[1]) },
					func() *graph.Node { return ops.Add(ops.Cos(x), p[0]) })
			}, p[0])
		}, func() *graph.Node { return p[1] })
	},
	"loops in branches": func(c constructs, p []*graph.Node) *graph.Node {
		return c.choose(ops.Gt(ops.Sum(p[0]), 0),
			func() *graph.Node {
				return c.repeat(2, func(x *graph.Node) *graph.Node { return ops.Mul(x, p[1]) }, p[0])
			},
			func() *graph.Node {
				return c.repeat(3, func(x *graph.Node) *graph.Node { return ops.Sin(ops.Add(x, p[1])) }, p[0])
			})
	},
	"checkpoint in loop": func(c constructs, p []*graph.Node) *graph.Node {
		f := c.again(func(q []*graph.Node) *graph.Node { return ops.Sin(ops.Mul(ops.Exp(q[0]), q[1])) })
		return c.repeat(3, func(x *graph.Node) *graph.Node { return f([]*graph.Node{x, p[1]}) }, p[0])
	},
	"loop in checkpoint": func(c constructs, p []*graph.Node) *graph.Node {
		return c.again(func(q []*graph.Node) *graph.Node {
			return c.repeat(3, func(x *graph.Node) *graph.Node { return ops.Sin(ops.Mul(x, q[1])) }, q[0])
		})(p)
	},
	"custom in loop": func(c constructs, p []*graph.Node) *graph.Node {
		return c.repeat(3, func(x *graph.Node) *graph.Node { return c.square(ops.Sin(ops.Add(x, p[1]))) }, p[0])
	},
	"gradient in loop": func(c constructs, p []*graph.Node) *graph.Node {
		f := func(x *graph.Node) *graph.Node { return ops.Sum(ops.Mul(ops.Sin(x), ops.Mul(p[1], x))) }
		return c.repeat(3, func(x *graph.Node) *graph.Node { return ops.Sub(x, ops.Mul(0.1, autodiff.Grad(f)(x))) }, p[0])
	},
	"gradient of a loop in a loop": func(c constructs, p []*graph.Node) *graph.Node {
		f := func(x *graph.Node) *graph.Node {
			return ops.Sum(c.repeat(2, func(y *graph.Node) *graph.Node { return ops.Sin(ops.Add(ops.Mul(y, p[1]), x)) }, x))
		}
		return c.repeat(2, func(x *graph.Node) *graph.Node { return ops.Sub(x, ops.Mul(0.3, autodiff.Grad(f)(x))) }, p[0])
	},
	"tangent of a loop in a loop": func(c constructs, p []*graph.Node) *graph.Node {
		f := func(x *graph.Node) *graph.Node {
			return c.repeat(2, func(y *graph.Node) *graph.Node { return ops.Sin(ops.Add(ops.Mul(y, p[1]), x)) }, x)
		}
		return c.repeat(2, func(x *graph.Node) *graph.Node {
			_, d := autodiff.JVP(f, x, p[1])
			return ops.Add(x, d)
		}, p[0])
	},
	"many examples in a loop": func(c constructs, p []*graph.Node) *graph.Node {
		return c.repeat(2, func(x *graph.Node) *graph.Node {
			return autodiff.Vmap(func(one *graph.Node) *graph.Node {
				return c.repeat(2, func(y *graph.Node) *graph.Node { return ops.Sin(ops.Mul(y, ops.Sum(ops.Mul(p[1], one)))) }, one)
			})(x)
		}, p[0])
	},
}

func TestNests(t *testing.T) {
	for _, c := range builders() {
		var twins []twin
		for name, f := range nests {
			w := twin{name: name, args: tensors(waves(1, 2), waves(2, 2)),
				built: func(p []*graph.Node) *graph.Node { return end(f(c, p)) },
				plain: func(p []*graph.Node) *graph.Node { return end(f(plainly, p)) }}
			twins = append(twins, w)
		}
		t.Run(c.name, func(t *testing.T) { checkTwins(t, twins) })
	}
}
