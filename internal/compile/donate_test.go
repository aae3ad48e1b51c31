package compile_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/graph"
	"chainrule/internal/compile"
	"chainrule/internal/rewrite"
	"chainrule/ops"
)

// Every case overwrites inputs by outputs: outputs[i] goes to input donated[i], or out if that is −1. copies and
// commits are the steps that only copy and those that write to inputs: what cannot be computed in place.
func TestDonation(t *testing.T) {
	type nodes = []*graph.Node
	for _, c := range []struct {
		name            string
		outputs         func(a, b, c *graph.Node) nodes // a, b and c are f64[3,3]
		donated         []int
		copies, commits int
	}{
		{"update in place", func(a, b, _ *graph.Node) nodes { return nodes{ops.Sub(a, ops.Mul(0.1, b))} }, []int{0}, 0, 1},
		{"swap", func(a, b, _ *graph.Node) nodes { return nodes{b, a} }, []int{0, 1}, 4, 2},
		{"rotate", func(a, b, c *graph.Node) nodes { return nodes{b, c, a} }, []int{0, 1, 2}, 6, 3},
		{"rotate the other way", func(a, b, c *graph.Node) nodes { return nodes{c, a, b} }, []int{0, 1, 2}, 6, 3},
		{"itself", func(a, b, _ *graph.Node) nodes { return nodes{a, ops.Neg(b)} }, []int{0, 1}, 0, 1},
		{"itself, reshaped and back", func(a, _, _ *graph.Node) nodes {
			return nodes{ops.Reshape(ops.Reshape(a, 9), 3, 3)}
		}, []int{0}, 0, 0},
		{"its own transpose", func(a, _, _ *graph.Node) nodes { return nodes{ops.Transpose(a)} }, []int{0}, 1, 1},
		{"each other's transpose", func(a, b, _ *graph.Node) nodes {
			return nodes{ops.Transpose(b), ops.Transpose(a)}
		}, []int{0, 1}, 1, 2},
		{"another that is not donated", func(_, b, _ *graph.Node) nodes { return nodes{b} }, []int{0}, 2, 1},
		{"also a plain output", func(a, b, _ *graph.Node) nodes {
			y := ops.Add(a, b)
			return nodes{y, y}
		}, []int{-1, 0}, 1, 1},
		{"the old value is an output", func(a, b, _ *graph.Node) nodes { return nodes{a, ops.Add(a, b)} }, []int{-1, 0}, 1, 1},
		{"the old transpose is an output", func(a, b, _ *graph.Node) nodes {
			return nodes{ops.Add(a, b), ops.Transpose(a)}
		}, []int{0, -1}, 0, 1},
		{"one value for two", func(a, b, _ *graph.Node) nodes {
			y := ops.Add(a, b)
			return nodes{y, y}
		}, []int{0, 1}, 2, 2},
		{"one input for two", func(a, b, c *graph.Node) nodes { return nodes{c, c} }, []int{0, 1}, 4, 2},
		{"momentum", func(w, m, g *graph.Node) nodes {
			m2 := ops.Add(ops.Mul(0.9, m), g)
			return nodes{m2, ops.Sub(w, ops.Mul(0.1, m2))}
		}, []int{1, 0}, 1, 2},
		{"each from both", func(a, b, _ *graph.Node) nodes { return nodes{ops.Add(a, b), ops.Sub(a, b)} }, []int{0, 1}, 1, 2},
		{"each from the next", func(a, b, c *graph.Node) nodes {
			return nodes{ops.Sin(b), ops.Sin(c), ops.Sin(a)}
		}, []int{0, 1, 2}, 2, 3},
		{"a group that gives way to a reader", func(a, b, c *graph.Node) nodes {
			return nodes{ops.Add(ops.Sin(a), 1), ops.Mul(ops.Sin(a), b), ops.Mul(c, ops.Slice(a, ops.At(1)))}
		}, []int{0, 1, 2}, 1, 3},
		{"a part of itself", func(a, _, _ *graph.Node) nodes {
			return nodes{ops.Mul(a, ops.Slice(a, ops.At(1)))}
		}, []int{0}, 1, 1},
		{"by a product", func(a, b, _ *graph.Node) nodes { return nodes{ops.MatMul(a, b)} }, []int{0}, 1, 1},
		{"by a constant", func(a, _, _ *graph.Node) nodes {
			return nodes{ops.BroadcastTo(a.Graph().Scalar(graph.Float64, 2), 3, 3)}
		}, []int{0}, 0, 1},
		{"a reshaped sum", func(a, b, _ *graph.Node) nodes {
			return nodes{ops.Reshape(ops.Add(ops.Reshape(a, 9), ops.Reshape(b, 9)), 3, 3)}
		}, []int{0}, 0, 1},
		{"used by another output", func(a, b, _ *graph.Node) nodes {
			y := ops.Add(a, b)
			return nodes{y, ops.Sin(y)}
		}, []int{0, -1}, 1, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := graph.New()
			in := nodes{g.Input("a", graph.Float64, 3, 3), g.Input("b", graph.Float64, 3, 3), g.Input("c", graph.Float64, 3, 3)}
			u := rewrite.Unit{Inputs: in, Outputs: c.outputs(in[0], in[1], in[2]), Donated: c.donated}
			plan := run(t, u, unfused)
			copies, commits := copiesIn(plan)
			require.Equal(t, []int{c.copies, c.commits}, []int{copies, commits}, "copies and commits of %v", plan.Steps)
		})
	}
}

// A thousand parameters, each updated in place from its neighbour's old value or its own.
func TestManyDonations(t *testing.T) {
	const n = 1000
	g := graph.New()
	var u rewrite.Unit
	for range n {
		u.Inputs = append(u.Inputs, g.Input("", graph.Float64, 2))
	}
	for i, x := range u.Inputs {
		y := ops.Add(x, 1)
		if i%10 == 0 {
			y = ops.Add(x, u.Inputs[(i+1)%n])
		}
		u.Outputs, u.Donated = append(u.Outputs, y), append(u.Donated, i)
	}
	plan := run(t, u, unfused)
	copies, commits := copiesIn(plan)
	require.Equal(t, n, commits)
	require.Equal(t, n/10, copies, "those whose old value a neighbour reads")
}

// A training step: the loss is fused with nothing that is late, so every update still is in place.
func TestFusedUpdatesAreInPlace(t *testing.T) {
	g := graph.New()
	w, m := g.Input("w", graph.Float64, 3000), g.Input("m", graph.Float64, 3000)
	x := g.Input("x", graph.Float64, 3000)
	loss := ops.Mean(ops.Square(ops.Sub(ops.Mul(w, x), 1)))
	grad := ops.Mul(x, ops.Sub(ops.Mul(w, x), 1))
	m2 := ops.Add(ops.Mul(0.9, m), grad)
	u := rewrite.Unit{
		Inputs: []*graph.Node{w, m, x}, Outputs: []*graph.Node{loss, ops.Sub(w, ops.Mul(0.1, m2)), m2}, Donated: []int{-1, 0, 1},
	}
	plan := run(t, u, compile.Options{Verify: true})
	copies, commits := copiesIn(plan)
	require.Equal(t, []int{0, 1}, []int{copies, commits}, "copies and commits of %v", plan.Steps)
}
