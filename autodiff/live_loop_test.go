package autodiff_test

import (
	"math"
	"testing"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// positive is f(x) where x > 0, and 0 elsewhere.
func positive(x node, f func(x node) node) node { return ops.Where(ops.Gt(x, 0), f(x), 0) }

// chosenLoops are functions of a vector x, to vectors, that equal √x where x > 0 and 0 elsewhere, with Where inside of
// a body and the value that it does not choose outside, or the other way round. At x ≤ 0 that value has no finite slope.
func chosenLoops() map[string]func(x node) node {
	zero := func(x node) node { return x.Graph().Scalar(graph.Float64, 0) }
	zerosLike := func(x node) node { return ops.FullLike(x, 0) }
	rows := func(x node) node { return ops.Mul(ops.Ones(x.Graph(), graph.Float64, 3, 1), x) }
	list := map[string]func(x node) node{
		"hoisted from a scan's body": func(x node) node {
			_, ys := autodiff.Scan(func(c, k node) (node, node) {
				return ops.Add(c, k), ops.Add(ops.Mul(0, k), positive(x, ops.Sqrt))
			}, zero(x), vector(x, 1, 2))
			return ops.Mean(ys, 0)
		},
		"root outside, where inside": func(x node) node {
			root := ops.Sqrt(x)
			return autodiff.For(2, func(i, c node) node {
				return ops.Add(c, ops.Where(ops.Gt(ops.Add(x, ops.Mul(0, ops.Cast(i, graph.Float64))), 0), ops.Mul(0.5, root), 0))
			}, zerosLike(x))
		},
		"chosen in the first step alone": func(x node) node {
			root := ops.Sqrt(x)
			return autodiff.For(3, func(i, c node) node {
				first := ops.And(ops.Eq(i, 0), ops.Gt(x, 0))
				return ops.Add(c, ops.Where(first, root, ops.Mul(0, c)))
			}, zerosLike(x))
		},
		"slices chosen inside": func(x node) node {
			type pair struct{ X, Root node }
			_, ys := autodiff.Scan(func(c node, p pair) (node, node) { return c, ops.Where(ops.Gt(p.X, 0), p.Root, 0) },
				zero(x), pair{x, ops.Sqrt(x)})
			return ys
		},
		"first carry chosen inside": func(x node) node {
			return autodiff.For(1, func(_, c node) node { return ops.Where(ops.Gt(x, 0), c, 0) }, ops.Sqrt(x))
		},
		"where around a loop": func(x node) node {
			return positive(x, func(x node) node {
				return autodiff.For(1, func(_, c node) node { return ops.Sqrt(c) }, x)
			})
		},
		"where around a loop of roots": func(x node) node {
			return positive(x, func(x node) node {
				return ops.Square(autodiff.For(2, func(_, c node) node { return ops.Sqrt(c) }, x))
			})
		},
		"where around the results of steps": func(x node) node {
			_, ys := autodiff.Scan(func(c, k node) (node, node) { return ops.Sqrt(c), ops.Mul(k, c) }, x, vector(x, 0, 1))
			return positive(x, func(node) node { return ops.Squeeze(ops.Slice(ys, ops.At(1)), 0) })
		},
		"where around rows": func(x node) node {
			_, ys := autodiff.Scan(func(c, row node) (node, node) { return c, ops.Sqrt(row) }, zero(x), rows(x))
			return ops.Mean(ops.Where(ops.Gt(x, 0), ys, 0), 0)
		},
		"where on the carry": func(x node) node { // ends at √x, or 0, by way of √√x
			c := autodiff.For(2, func(i, c node) node {
				return positive(c, func(c node) node { return ops.Where(ops.Eq(i, 0), ops.Sqrt(c), c) })
			}, x)
			return c
		},
		"beside an unused root": func(x node) node { // the carry's root is used by no one, but for its value where x > 0
			_, ys := autodiff.Scan(func(c, k node) (node, node) { return ops.Sqrt(c), positive(c, ops.Sqrt) }, x, vector(x, 0))
			return ops.Squeeze(ys, 0)
		},
		"steps that follow a dead one": func(x node) node {
			type state struct{ X, Sum node }
			end := autodiff.For(3, func(i node, s state) state {
				root := ops.Sqrt(s.X)
				return state{ops.Where(ops.Eq(i, 2), root, s.X), ops.Add(s.Sum, positive(s.X, func(node) node { return ops.Div(root, 3) }))}
			}, state{x, zerosLike(x)})
			return end.Sum
		},
		"while, bounded": func(x node) node {
			root := ops.Sqrt(x)
			return autodiff.While(func(c counted) node { return ops.Lt(c.I, 2) }, func(c counted) counted {
				return counted{ops.Add(c.I, 1), ops.Where(ops.Gt(x, 0), root, ops.Mul(0, c.X))}
			}, counted{x.Graph().Scalar(graph.Int64, 0), zerosLike(x)}, autodiff.MaxSteps(3)).X
		},
		"while, recorded": func(x node) node {
			return positive(x, func(x node) node {
				return autodiff.While(func(c counted) node { return ops.Lt(c.I, 1) },
					func(c counted) counted { return counted{ops.Add(c.I, 1), ops.Sqrt(c.X)} },
					counted{x.Graph().Scalar(graph.Int64, 0), x}, autodiff.RecordAllSteps()).X
			})
		},
		"checkpoint inside": autodiff.Checkpoint(func(x node) node { return positive(x, ops.Sqrt) }),
		"checkpoint around the root": func(x node) node {
			return positive(x, autodiff.Checkpoint(func(x node) node { return ops.Sqrt(x) }))
		},
		"checkpoint around the choice": func(x node) node {
			type pair struct{ X, Root node }
			return autodiff.Checkpoint(func(p pair) node { return ops.Where(ops.Gt(p.X, 0), p.Root, 0) })(pair{x, ops.Sqrt(x)})
		},
		"every second step": func(x node) node {
			root := ops.Sqrt(x)
			_, ys := autodiff.Scan(func(c, k node) (node, node) {
				return ops.Sqrt(c), ops.Where(ops.Gt(x, 0), ops.Add(ops.Mul(ops.Sub(1, k), root), ops.Mul(k, root)), 0)
			}, x, vector(x, 0, 1, 0), autodiff.CheckpointEvery(2))
			return ops.Mean(ys, 0)
		},
		"backward": func(x node) node {
			type pair struct{ X, Root node }
			_, ys := autodiff.Scan(func(c node, p pair) (node, node) { return ops.Sqrt(c), ops.Where(ops.Gt(p.X, 0), p.Root, 0) },
				zero(x), pair{x, ops.Sqrt(x)}, autodiff.Reversed())
			return ys
		},
		"loop in loop": func(x node) node {
			root := ops.Sqrt(x)
			return autodiff.For(2, func(_, c node) node {
				inner := autodiff.For(2, func(_, d node) node { return ops.Add(d, ops.Where(ops.Gt(x, 0), ops.Mul(0.25, root), 0)) },
					zerosLike(x))
				return ops.Add(c, inner)
			}, zerosLike(x))
		},
		"where around a loop in a loop": func(x node) node {
			return autodiff.For(1, func(_, c node) node {
				return positive(c, func(c node) node { return autodiff.For(1, func(_, d node) node { return ops.Sqrt(d) }, c) })
			}, x)
		},
		"branch that does not use it": func(x node) node {
			return autodiff.Vmap(func(x node) node {
				root := ops.Sqrt(x)
				return autodiff.Cond(ops.Gt(x, 0), func() node { return root }, func() node { return ops.Mul(0, x) })
			})(x)
		},
		"branch in a loop": func(x node) node {
			root := ops.Sqrt(x)
			type pair struct{ X, Root node }
			return autodiff.Vmap(func(p pair) node {
				return autodiff.For(2, func(_, c node) node {
					return autodiff.Cond(ops.Gt(p.X, 0), func() node { return p.Root }, func() node { return ops.Mul(0, c) })
				}, ops.FullLike(p.X, 0))
			})(pair{x, root})
		},
		"where around a branch": func(x node) node {
			return positive(x, func(x node) node {
				return autodiff.Cond(ops.Gt(ops.Sum(ops.Where(ops.Gt(x, 0), x, 0)), -1), func() node { return ops.Sqrt(x) }, func() node { return ops.Log(x) })
			})
		},
		"where in a branch": func(x node) node {
			root := ops.Sqrt(x)
			return autodiff.Cond(ops.Gt(ops.Sum(ops.Where(ops.Gt(x, 0), x, 0)), -1), func() node { return positive(x, func(node) node { return root }) },
				func() node { return root })
		},
		"custom vjp": func(x node) node {
			return positive(x, autodiff.CustomVJP(ops.Sqrt, func(x, y, ct node) node { return ops.Div(ct, ops.Mul(2, y)) }))
		},
		"custom jvp": func(x node) node {
			return positive(x, autodiff.CustomJVP(ops.Sqrt, func(x, y, t node) node { return ops.Div(t, ops.Mul(2, y)) }))
		},
		"custom around where": func(x node) node {
			f := func(x node) node { return positive(x, func(x node) node { return ops.Square(x) }) }
			return f(ops.Where(ops.Gt(x, 0), ops.Sqrt(ops.Sqrt(x)), 0))
		},
	}
	return list
}

// What is not chosen has the derivative zero across the border of a body, a branch, a checkpoint or a rule of the user's,
// element by element, by both modes and to second order, for one vector and for many.
func TestWhatIsNotChosenThroughBodies(t *testing.T) {
	values := []float64{-1, 0, 4, 1, math.NaN()}
	slope := []float64{0, 0, 0.25, 0.5, 0}
	curve := []float64{0, 0, -1.0 / 32, -0.25, 0}
	for name, f := range chosenLoops() {
		t.Run(name, func(t *testing.T) {
			total := func(x node) node { return ops.Sum(f(x)) }
			ones := func(x node) node { return ops.FullLike(x, 1) }
			reverse := autodiff.Grad(total)
			forward := func(f func(x node) node) func(x node) node {
				return func(x node) node {
					_, t := autodiff.JVP(f, x, ones(x))
					return t
				}
			}
			many := func(f func(x node) node) func(x node) node { // of examples of one element
				return func(x node) node { return ops.Reshape(autodiff.Vmap(f)(ops.Reshape(x, -1, 1)), -1) }
			}
			twice := func(x node) node { return ops.Sum(reverse(x)) }
			for mode, c := range map[string]struct {
				f    func(x node) node
				want []float64
			}{
				"r": {reverse, slope}, "rr": {autodiff.Grad(twice), curve}, "fr": {forward(reverse), curve},
				"rf":     {autodiff.Grad(func(x node) node { return ops.Sum(forward(f)(x)) }), curve},
				"many r": {many(reverse), slope}, "many fr": {many(forward(reverse)), curve},
				"many rr": {many(autodiff.Grad(twice)), curve},
				"r many":  {autodiff.Grad(func(x node) node { return ops.Sum(many(f)(x)) }), slope},
			} {
				got := evaluate(t, c.f, values)[0]
				for i, want := range c.want {
					near(t, want, got[i], "%s, element %d", mode, i)
				}
			}
		})
	}
}

// In forward mode what comes of Where does not move where it is a constant, in the steps that follow and in bodies.
func TestTangentsOfWhatIsNotChosenThroughBodies(t *testing.T) {
	safe := func(x node) node { return ops.Where(ops.Gt(x, 0), x, 0) }
	for name, f := range map[string]func(x node) node{
		"root in a loop": func(x node) node {
			return autodiff.For(1, func(_, c node) node { return ops.Sqrt(c) }, safe(x))
		},
		"constant of a loop": func(x node) node {
			s := safe(x)
			return autodiff.For(2, func(_, c node) node { return ops.Add(c, ops.Mul(0.5, ops.Sqrt(s))) }, ops.FullLike(x, 0))
		},
		"slices": func(x node) node {
			_, ys := autodiff.Scan(func(c, s node) (node, node) { return c, ops.Sqrt(s) }, x.Graph().Scalar(graph.Float64, 0), safe(x))
			return ys
		},
		"root of a carry": func(x node) node { // √ in the second step
			return autodiff.For(2, func(i, c node) node { return ops.Where(ops.Eq(i, 0), safe(c), ops.Sqrt(c)) }, x)
		},
		"root of a carry that has just begun to move": func(x node) node {
			type state struct{ X, Safe, Root node }
			zero := ops.FullLike(x, 0)
			return autodiff.For(2, func(_ node, s state) state {
				return state{s.X, safe(s.X), ops.Sqrt(s.Safe)}
			}, state{x, zero, zero}).Root
		},
		"root of the results of steps": func(x node) node {
			_, ys := autodiff.Scan(func(c, s node) (node, node) { return c, safe(s) }, x.Graph().Scalar(graph.Float64, 0), x)
			return ops.Sqrt(ys)
		},
		"root of the last carry": func(x node) node {
			return ops.Sqrt(autodiff.For(2, func(_, c node) node { return safe(c) }, x))
		},
		"root in a checkpoint":  func(x node) node { return autodiff.Checkpoint(ops.Sqrt)(safe(x)) },
		"where in a checkpoint": func(x node) node { return ops.Sqrt(autodiff.Checkpoint(safe)(x)) },
		"root in a branch": func(x node) node {
			s := safe(x)
			return autodiff.Cond(ops.Gt(ops.Sum(s), 0), func() node { return ops.Sqrt(s) }, func() node { return s })
		},
		"branch": func(x node) node {
			return ops.Sqrt(autodiff.Vmap(func(x node) node {
				return autodiff.Cond(ops.Gt(x, 0), func() node { return x }, func() node { return ops.FullLike(x, 0) })
			})(x))
		},
		"branch for all": func(x node) node {
			one := func(x node) node {
				return ops.Sqrt(autodiff.Cond(ops.Gt(ops.Sum(x), 0), func() node { return x }, func() node { return ops.FullLike(x, 0) }))
			}
			var parts []node
			for i := range x.Shape()[0] {
				parts = append(parts, one(ops.Slice(x, ops.Range{Start: i, Stop: i + 1})))
			}
			return ops.Concat(parts, 0)
		},
		"custom jvp": func(x node) node {
			return autodiff.CustomJVP(ops.Sqrt, func(x, y, t node) node { return ops.Div(t, ops.Mul(2, y)) })(safe(x))
		},
		"custom vjp": func(x node) node {
			return autodiff.CustomVJP(ops.Sqrt, func(x, y, ct node) node { return ops.Div(ct, ops.Mul(2, y)) })(safe(x))
		},
		"while": func(x node) node {
			return autodiff.While(func(c counted) node { return ops.Lt(c.I, 1) },
				func(c counted) counted { return counted{ops.Add(c.I, 1), ops.Sqrt(c.X)} },
				counted{x.Graph().Scalar(graph.Int64, 0), safe(x)}, autodiff.RecordAllSteps()).X
		},
	} {
		t.Run(name, func(t *testing.T) {
			pushed := func(x node) node {
				_, t := autodiff.JVP(f, x, ops.FullLike(x, 1))
				return t
			}
			many := func(x node) node { return ops.Reshape(autodiff.Vmap(pushed)(ops.Reshape(x, -1, 1)), -1) }
			pulled := autodiff.Grad(func(x node) node { return ops.Sum(f(x)) })
			for mode, g := range map[string]func(x node) node{"f": pushed, "many f": many, "r": pulled} {
				got := evaluate(t, g, []float64{-1, 0, 4, 1})[0]
				for i, want := range []float64{0, 0, 0.25, 0.5} {
					near(t, want, got[i], "%s, element %d", mode, i)
				}
			}
		})
	}
}
