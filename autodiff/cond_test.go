package autodiff_test

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// chosen is Cond as Where has it, which computes both.
func chosen(p *graph.Node, then, otherwise func() *graph.Node) *graph.Node {
	return ops.Where(p, then(), otherwise())
}

func TestCondBranches(t *testing.T) {
	type node = *graph.Node
	type branching = func(p node, then, otherwise func() node) node
	forms := map[string]func(cond branching, p []node) node{
		"captured": func(cond branching, p []node) node {
			y := ops.Exp(p[0])
			return cond(ops.Gt(ops.Sum(p[0]), 0.3), func() node { return ops.Mul(p[1], y) },
				func() node { return ops.Sin(p[0]) })
		},
		"one constant": func(cond branching, p []node) node {
			return cond(ops.Lt(ops.Sum(p[0]), 0.3), func() node { return ops.Mul(p[1], p[0]) },
				func() node { return ops.BroadcastTo(p[0].Graph().Scalar(graph.Float64, 2), 2) })
		},
		"handed on": func(cond branching, p []node) node {
			return cond(ops.Lt(ops.Sum(p[0]), 0.3), func() node { return p[0] }, func() node { return p[1] })
		},
		"other derivative": func(cond branching, p []node) node {
			return cond(ops.Gt(ops.Sum(p[0]), 0.3), func() node { return ops.Mul(p[0], p[0]) },
				func() node { return ops.Sin(p[1]) })
		},
		"nested": func(cond branching, p []node) node {
			return cond(ops.Gt(ops.Sum(p[0]), 0.3), func() node {
				return cond(ops.Gt(ops.Sum(p[1]), 0.1), func() node { return ops.Mul(p[0], p[1]) },
					func() node { return ops.Sin(p[0]) })
			}, func() node {
				return cond(ops.Gt(ops.Sum(p[1]), 0.1), func() node { return p[1] },
					func() node { return ops.Cos(ops.Mul(p[0], p[1])) })
			})
		},
		"twice": func(cond branching, p []node) node {
			f := func() node {
				return cond(ops.Gt(ops.Sum(p[0]), 0.3), func() node { return ops.Exp(p[0]) },
					func() node { return ops.Sin(p[1]) })
			}
			return ops.Mul(f(), ops.Add(f(), p[0]))
		},
	}
	var twins []twin
	for name, form := range forms {
		for _, args := range [][]*tensor.Dense{tensors(waves(1, 2), waves(2, 2)), tensors(waves(3, 2), waves(4, 2))} {
			twins = append(twins, twin{name: name, args: args, order: 2,
				built: func(p []node) node { return end(form(autodiff.Cond[node], p)) },
				plain: func(p []node) node { return end(form(chosen, p)) }})
		}
	}
	checkTwins(t, twins)
}

// TestCondComputesOne has branches that fail, or never end, where they are not chosen: alone, twice on one graph, for
// many examples, in a loop, and in derivatives of these.
func TestCondComputesOne(t *testing.T) {
	type node = *graph.Node
	pick := func(p []node) node {
		x, i := p[0], ops.Cast(ops.StopGradient(p[1]), graph.Int64)
		one := func() node {
			return autodiff.Cond(ops.Lt(i, 2), func() node { return ops.Mul(p[1], ops.Take(x, i, 0)) },
				func() node { return ops.Sum(x) })
		}
		return ops.Add(one(), one())
	}
	endless := func(p []node) node {
		grow := func() node {
			return autodiff.While(func(c node) node { return ops.Lt(c, 10) }, func(c node) node { return ops.Mul(c, p[1]) },
				ops.Add(sliceAt(p[0], 0), 1), autodiff.RecordAllSteps())
		}
		return autodiff.Cond(ops.Gt(p[1], 1), grow, func() node { return ops.Mul(p[1], ops.Sum(p[0])) })
	}
	for name, f := range map[string]scalarFunc{"pick": pick, "endless": endless} {
		for _, modes := range []string{"", "r", "f", "rr", "rf", "fr"} {
			form := derivativeOf(f, modes)
			var each []float64
			for _, i := range []float64{0, 1, 2, 7, 0.5, 3} {
				each = append(each, flat(runTwin(t, form, tensors(waves(1, 2), scalar64(i))))...)
			}
			many := func(p []node) []node {
				return autodiff.Vmap(form, autodiff.Unmapped("[0]"))(p)
			}
			all := runTwin(t, many, tensors(waves(1, 2), tensor.New(tensor.WithBacking([]float64{0, 1, 2, 7, 0.5, 3}))))
			var got []float64
			for k := range 6 {
				for _, d := range all {
					n := d.Size() / 6
					got = append(got, flat(tensors(d))[k*n:][:n]...)
				}
			}
			require.InDeltaSlice(t, each, got, 100*eps*slices.Max(each), "%s %q", name, modes)
		}
	}
}

func TestVmapOfCondWithoutExamples(t *testing.T) {
	f := func(p []*graph.Node) *graph.Node {
		i := ops.Cast(p[0], graph.Int64)
		return autodiff.Cond(ops.Gt(p[0], 0), func() *graph.Node { return ops.Take(p[1], i, 0) },
			func() *graph.Node { return p[0] })
	}
	none := tensor.New(tensor.WithShape(0), tensor.WithBacking([]float64{}))
	fn := autodiff.Compile(autodiff.Vmap(f, autodiff.Unmapped("[1]")))
	out, err := fn.Run(context.Background(), []any{none, waves(1, 3)})
	require.NoError(t, err)
	require.Equal(t, tensor.Shape{0}, out[0].Shape())
}

func TestCondOfTrees(t *testing.T) {
	type state struct {
		X *graph.Node
		N map[string]*graph.Node
		S []*graph.Node
	}
	f := func(p, x *graph.Node, i *graph.Node) state {
		return autodiff.Cond(p, func() state {
			return state{ops.Sin(x), map[string]*graph.Node{"i": ops.Add(i, 1), "p": ops.Not(p)}, []*graph.Node{x}}
		}, func() state {
			return state{x, map[string]*graph.Node{"i": i, "p": p}, []*graph.Node{ops.Cos(x)}}
		})
	}
	for _, p := range []bool{true, false} {
		out, err := autodiff.Compile(f).Run(context.Background(), p, 0.0, int64(4))
		require.NoError(t, err)
		require.Equal(t, map[bool][]any{true: {0.0, int64(5), false, 0.0}, false: {0.0, int64(4), false, 1.0}}[p],
			[]any{out[0].Data(), out[1].Data(), out[2].Data(), out[3].Data()})
	}
}
