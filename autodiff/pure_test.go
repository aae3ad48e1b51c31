package autodiff_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/internal/compile"
	"chainrule/internal/control"
	"chainrule/ops"
)

func grad(f func(x *graph.Node) *graph.Node) func(x *graph.Node) *graph.Node { return autodiff.Grad(f) }

// steps is a loop of which something can be done before and behind it.
func steps(x, w *graph.Node) *graph.Node {
	end, ys := autodiff.Scan(func(c, x *graph.Node) (*graph.Node, *graph.Node) {
		c = ops.Sin(ops.Add(ops.MatMul(c, w), ops.Exp(x)))
		return c, ops.Mul(c, x)
	}, x, ops.Stack([]*graph.Node{x, x, x, x, x}, 0))
	return ops.Add(end, ops.Sum(ys, 0))
}

// lasting builds graphs that every pass has something to do on, from a vector and a matrix.
var lasting = map[string]func(x, w *graph.Node) []*graph.Node{
	"arithmetic": func(x, w *graph.Node) []*graph.Node {
		return []*graph.Node{ops.Neg(ops.Neg(ops.Mul(ops.Add(x, 0), 1))), ops.Sum(ops.Tanh(ops.MatMul(x, w)))}
	},
	"products of rows": func(x, w *graph.Node) []*graph.Node {
		y, dy := autodiff.JVP(func(x *graph.Node) *graph.Node { return ops.Tanh(ops.MatMul(x, w)) }, x, ops.Sin(x))
		return []*graph.Node{y, dy}
	},
	"a loop and its derivatives": func(x, w *graph.Node) []*graph.Node {
		f := func(x *graph.Node) *graph.Node { return ops.Sum(steps(x, w)) }
		y, dy := autodiff.JVP(f, x, ops.Cos(x))
		return []*graph.Node{f(x), y, dy, grad(f)(x)}
	},
	"two gradients of a loop": func(x, w *graph.Node) []*graph.Node {
		f := func(x *graph.Node) *graph.Node { return ops.Sum(steps(x, w)) }
		h := func(x *graph.Node) *graph.Node { return ops.Sum(ops.Sin(steps(x, w))) }
		return []*graph.Node{f(x), grad(f)(x), grad(h)(x), grad(func(x *graph.Node) *graph.Node { return ops.Sum(grad(f)(x)) })(x)}
	},
	"a branch and its gradient": func(x, w *graph.Node) []*graph.Node {
		f := func(x *graph.Node) *graph.Node {
			return ops.Sum(autodiff.Cond(ops.Gt(ops.Sum(x), 0),
				func() *graph.Node { return steps(x, w) }, func() *graph.Node { return ops.Neg(ops.Neg(x)) }))
		}
		return []*graph.Node{f(x), grad(f)(x)}
	},
}

// written is all that a graph says: nodes, with what they apply to what, and the graphs of the functions that they hold.
func written(g *graph.Graph) string {
	var text string
	held := map[*graph.Graph]bool{}
	for n := range g.Nodes() {
		in := []int{}
		for _, x := range n.In() {
			in = append(in, x.ID())
		}
		text += fmt.Sprintf("%d %s %v %v %v\n", n.ID(), n.Op().Name, n.Attrs(), in, n.Type())
		by, _ := control.HeldBy(n)
		for _, f := range by.Runs {
			if inner := f.Outputs()[0].Graph(); !held[inner] {
				held[inner] = true
				text += "{" + written(inner) + "}\n"
			}
		}
	}
	return text
}

// TestGraphsStayAsTheyAre compiles graphs by default, with every pass off in turn, and with every pass alone, so that each
// is the first to see the caller's graph: it stays as it was, and so do the functions that its nodes hold.
func TestGraphsStayAsTheyAre(t *testing.T) {
	settings := map[string][]string{"default": nil}
	for _, p := range compile.Pipeline {
		var others []string
		for _, q := range compile.Pipeline {
			if q.Name != p.Name {
				others = append(others, q.Name)
			}
		}
		settings["without "+p.Name], settings[p.Name+" alone"] = []string{p.Name}, others
	}
	for name, build := range lasting {
		g := graph.New()
		x, w := g.Input("x", graph.Float64, 1, 3), g.Input("w", graph.Float64, 3, 3)
		outputs := build(x, w)
		before := written(g)
		for setting, off := range settings {
			_, err := autodiff.CompileGraph([]*graph.Node{x, w}, outputs, autodiff.WithoutPass(off...), autodiff.Verified())
			require.NoError(t, err, "%s, %s", name, setting)
			require.Equal(t, before, written(g), "%s, %s", name, setting)
		}
	}
}
