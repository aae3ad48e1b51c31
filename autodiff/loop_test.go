package autodiff_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// TestControlFlowMistakes expects a *graph.Error that names this file, from the function that is called or, where it
// cannot know, from the compiler.
func TestControlFlowMistakes(t *testing.T) {
	type node = *graph.Node
	type pair struct{ A, B node }
	g := graph.New()
	x := g.Input("x", graph.Float64, 4)
	m := g.Input("m", graph.Float64, 3, 4)
	s := g.Input("s", graph.Float64)
	same := func(_, c node) node { return c }
	step := func(c, x node) (node, node) { return ops.Add(c, ops.Sum(x)), x }
	derive := func(f func(node) node) { autodiff.Gradients(ops.Sum(f(x)), x) }
	yes := func(node) node { return g.Scalar(graph.Bool, 1) }
	var leaked node
	leak := func() node {
		return autodiff.For(2, func(_, c node) node { leaked = c; return ops.Sin(c) }, x)
	}
	grown := func() node { return autodiff.While(yes, func(c node) node { return ops.Sin(c) }, s) }
	const outside = "a variable of a loop's body, or of another function, is used outside of it"
	for _, c := range []struct {
		name, want string
		build      func()
	}{
		{"carry of another element type", "for: the body turns the carry x f64[4] into cast#", func() {
			autodiff.For(2, func(_, c node) node { return ops.Cast(c, graph.Float32) }, x)
		}},
		{"carry of another shape", "while: the body turns the carry x f64[4] into", func() {
			autodiff.While(yes, func(c node) node { return ops.Slice(c, ops.Range{Stop: 2}) }, x)
		}},
		{"carry of another tree", "the body carries 1 nodes on, not 2", func() {
			autodiff.For(2, func(_ node, c pair) pair { return pair{A: c.A} }, pair{x, x})
		}},
		{"carry of another key", "the body turns the carry a (x f64[4]) into b (param#", func() {
			autodiff.For(2, func(_ node, c map[string]node) map[string]node { return map[string]node{"b": c["a"]} },
				map[string]node{"a": graph.Named("x", x)})
		}},
		{"carry that is nil", "the body carries 0 nodes on, not 1", func() {
			autodiff.For(2, func(_, c node) node { return nil }, x)
		}},
		{"carry of another graph", "different graphs", func() {
			autodiff.For(2, func(_, c node) node { return graph.New().Input("y", graph.Float64, 4) }, x)
		}},
		{"nothing carried", "for: nothing is carried", func() { autodiff.For(2, same, nil) }},
		{"nothing carried by while", "while: nothing is carried", func() {
			autodiff.While(yes, func(c node) node { return c }, nil)
		}},
		{"negative steps", "for: -1 steps", func() { autodiff.For(-1, same, x) }},
		{"a condition of floats", "while: the condition must be a bool scalar", func() {
			autodiff.While(func(c node) node { return c }, func(c node) node { return c }, s)
		}},
		{"a condition of many", "while: the condition must be a bool scalar", func() {
			autodiff.While(func(c node) node { return ops.Gt(c, 0) }, func(c node) node { return c }, x)
		}},
		{"no condition", "while: the condition must be a bool scalar", func() {
			autodiff.While(func(c node) node { return nil }, func(c node) node { return c }, x)
		}},
		{"slices of a scalar", "scan: s f64 has no axis to take slices along", func() { autodiff.Scan(step, s, s) }},
		{"unequal slices", "scan: A (m f64[3,4]) has 3 slices, B (x f64[4]) has 4", func() {
			autodiff.Scan(func(c node, p pair) (node, node) { return c, c }, s, pair{m, x})
		}},
		{"no slices", "scan: there is nothing to take slices of", func() { autodiff.Scan(step, s, nil) }},
		{"slices of another graph", "different graphs", func() {
			autodiff.Scan(step, s, graph.New().Input("y", graph.Float64, 4))
		}},
		{"reverse mode without a bound", "while: reverse mode must record the steps", func() {
			autodiff.Gradients(grown(), s)
		}},
		{"branches of other types", "cond: the branches give x f64[4] and s f64, which differ in type", func() {
			autodiff.Cond(ops.Gt(s, 0), func() node { return x }, func() node { return s })
		}},
		{"branches of other trees", "cond: one branch gives 2 nodes, the other 1", func() {
			autodiff.Cond(ops.Gt(s, 0), func() pair { return pair{x, x} }, func() pair { return pair{A: x} })
		}},
		{"a branch on a vector", "cond: the condition must be a bool scalar: gt#", func() {
			autodiff.Cond(ops.Gt(x, 0), func() node { return x }, func() node { return x })
		}},
		{"a branch on nothing", "cond: the condition must be a bool scalar", func() {
			autodiff.Cond(nil, func() node { return x }, func() node { return x })
		}},
		{"branches that give nothing", "cond: the branches give nothing", func() {
			autodiff.Cond(ops.Gt(s, 0), func() node { return nil }, func() node { return nil })
		}},
		{"checkpoint of nothing", "checkpoint: the argument has no node", func() {
			autodiff.Checkpoint(func(node) node { return x })(nil)
		}},
		{"a body that gives nothing", "checkpoint: the function gives nothing", func() {
			autodiff.Checkpoint(func(node) node { return nil })(x)
		}},
		{"a function with a derivative of nothing", "custom_vjp: the function gives nothing", func() {
			autodiff.CustomVJP(func(node) node { return nil }, func(x, y, ct node) node { return ct })(x)
		}},
		{"a cotangent of another type", "custom_vjp: the cotangent cast#", func() {
			derive(autodiff.CustomVJP(ops.Sin, func(x, y, ct node) node { return ops.Cast(ct, graph.Float32) }))
		}},
		{"a cotangent of another shape", "custom_vjp: the cotangent sum#", func() {
			derive(autodiff.CustomVJP(ops.Sin, func(x, y, ct node) node { return ops.Sum(ct) }))
		}},
		{"no cotangent", "custom_vjp: no cotangent is given for x f64[4]", func() {
			derive(autodiff.CustomVJP(ops.Sin, func(x, y, ct node) node { return nil }))
		}},
		{"a tangent of another type", "custom_jvp: the tangent sum#", func() {
			derive(autodiff.CustomJVP(ops.Sin, func(x, y, t node) node { return ops.Sum(t) }))
		}},
		{"a derivative by a captured value", "custom: the function uses a value from outside", func() {
			f := autodiff.CustomVJP(func(y node) node { return ops.Mul(x, y) }, func(y, v, ct node) node { return ct })
			autodiff.Gradients(ops.Sum(f(x)), x)
		}},
		{"a Go function of nothing", "go: f has no input or no result", func() {
			autodiff.GoFunc("f", func(out, in []*tensor.Dense) error { return nil }, nil, x)
		}},
		{"a Go function without code", "go: there is no function", func() {
			autodiff.GoFunc("f", nil, []graph.Type{graph.T(graph.Float64)}, x)
		}},
		{"a variable that has left its body", "sin: " + outside, func() {
			y := ops.Add(leak(), ops.Sin(leaked))
			_, err := autodiff.CompileGraph(g.Inputs(), []node{y})
			panicWith(err)
		}},
		{"a variable that is a result", outside, func() {
			leak()
			_, err := autodiff.CompileGraph(g.Inputs(), []node{leaked})
			panicWith(err)
		}},
		{"a variable in another body", "add: " + outside, func() {
			leak()
			autodiff.For(2, func(_, c node) node { return ops.Add(c, leaked) }, x)
		}},
	} {
		err := graph.Try(c.build)
		var mistake *graph.Error
		if !errors.As(err, &mistake) {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(mistake.Source, "loop_test.go:") {
			t.Errorf("%s: %v, at %s", c.name, err, mistake.Source)
		}
	}
}

func panicWith(err error) {
	var e *graph.Error
	if errors.As(err, &e) {
		panic(e)
	}
}

// TestBuiltTwice expects equal control flow to be one node, and the same in a derivative.
func TestBuiltTwice(t *testing.T) {
	f := func(p []*graph.Node) (result []*graph.Node) {
		for name, f := range nests {
			if strings.Contains(name, "custom") || strings.Contains(name, "gradient") || strings.Contains(name, "tangent") {
				continue // these have aliases, which differ
			}
			for _, c := range builders()[:4] {
				first := f(c, p)
				require.Same(t, first, f(c, p), "%s %s", c.name, name)
				result = append(result, first)
			}
		}
		return result
	}
	_, err := autodiff.Compile(f).Run(context.Background(), []any{waves(1, 2), waves(2, 2)})
	require.NoError(t, err)
	fn := autodiff.Compile(func(x *graph.Node) []*graph.Node {
		grad := autodiff.Grad(func(x *graph.Node) *graph.Node { return end(byFor()(3, ops.Sin, x)) })
		return []*graph.Node{grad(x), grad(x)}
	})
	_, err = fn.Run(context.Background(), waves(1, 2))
	require.NoError(t, err)
	loops := strings.Count(strings.Join(fn.Ops(), " "), "loop")
	require.Equal(t, 2, loops) // ahead and back: their aliases are gone
}

// TestUnusedLoopsAreNotComputed has a loop that would fail.
func TestUnusedLoopsAreNotComputed(t *testing.T) {
	f := func(x *graph.Node) *graph.Node {
		autodiff.For(2, func(i, c *graph.Node) *graph.Node { return ops.Take(ops.BroadcastTo(c, 1), ops.Add(i, 9), 0) }, x)
		return ops.Sin(x)
	}
	fn := autodiff.Compile(f)
	_, err := fn.Run(context.Background(), 1.0)
	require.NoError(t, err)
	require.Equal(t, []string{"sin"}, fn.Ops())
}

// TestLoopInvariants expects what does not depend on a loop's variables to be computed once, unless it may fail.
func TestLoopInvariants(t *testing.T) {
	f := func(w, x *graph.Node) *graph.Node {
		return byFor()(3, func(x *graph.Node) *graph.Node { return ops.Mul(x, ops.Softmax(ops.Exp(w), 0)) }, x)
	}
	fn := autodiff.Compile(f)
	_, err := fn.Run(context.Background(), []float64{1, 2}, []float64{1, 2})
	require.NoError(t, err)
	require.Equal(t, []string{"exp", "softmax", "loop"}, fn.Ops())
	fails := func(w, x *graph.Node) *graph.Node { // the matrix is singular, and there is no step
		return byFor()(0, func(x *graph.Node) *graph.Node { return ops.MatMul(ops.Inverse(ops.Mul(w, 0)), x) }, x)
	}
	_, err = autodiff.Compile(fails).Run(context.Background(), waves(1, 2, 2), waves(2, 2, 2))
	require.NoError(t, err)
}

// TestEmptyLoops has values without elements, loops without steps, and both in derivatives and under Vmap.
func TestEmptyLoops(t *testing.T) {
	step := func(c, x *graph.Node) (*graph.Node, *graph.Node) {
		c = ops.Sin(ops.Add(c, ops.Sum(x)))
		return c, ops.Mul(c, x)
	}
	for name, shapes := range map[string][2][]int{
		"no step": {{2}, {0, 2}}, "empty carry": {{0}, {3, 0}}, "empty slices": {{2}, {3, 2}}, "nothing": {{0}, {0, 0}},
	} {
		f := func(p []*graph.Node) []*graph.Node {
			value, grad := autodiff.ValueAndGrad(func(p []*graph.Node) *graph.Node {
				c, ys := autodiff.Scan(step, p[0], p[1])
				return ops.Add(ops.Sum(c), ops.Sum(ops.Square(ys)))
			}, autodiff.AllowUnreachable())(p)
			return append(grad, value)
		}
		for _, many := range []bool{false, true} {
			args, form := tensors(zeroSize(shapes[0]...), zeroSize(shapes[1]...)), f
			if many {
				args = tensors(zeroSize(append([]int{2}, shapes[0]...)...), zeroSize(append([]int{2}, shapes[1]...)...))
				form = autodiff.Vmap(f)
			}
			out := runTwin(t, form, args)
			require.Equal(t, args[0].Shape(), out[0].Shape(), name)
			require.Equal(t, args[1].Shape(), out[1].Shape(), name)
			if out[0].Size() > 0 && shapes[1][0] == 0 {
				require.Equal(t, onesOf(out[0].Size()), out[0].Float64s(), name) // the carry passes
			}
		}
	}
}

func zeroSize(shape ...int) *tensor.Dense {
	data := make([]float64, graph.Size(shape))
	for i := range data {
		data[i] = ripple(1, i)
	}
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))
}

func onesOf(n int) []float64 {
	list := make([]float64, n)
	for i := range list {
		list[i] = 1
	}
	return list
}

// TestVmapOfWhatIsTheSame has a loop with a result that is the same for all examples. Such results once came from another
// loop, over the examples' place-holders, and functions refused them.
func TestVmapOfWhatIsTheSame(t *testing.T) {
	type two struct{ A, B *graph.Node }
	f := func(p []*graph.Node) *graph.Node {
		inner := func(x *graph.Node) *graph.Node {
			out := autodiff.For(2, func(_ *graph.Node, c two) two { return two{ops.Mul(c.A, c.B), ops.Sin(c.B)} }, two{x, p[1]})
			return ops.Add(ops.Mul(out.A, out.B), ops.Exp(out.B))
		}
		return end(inner(p[0]), byFor()(2, inner, p[0]))
	}
	plain := func(p []*graph.Node) *graph.Node {
		inner := func(x *graph.Node) *graph.Node {
			s := ops.Sin(p[1])
			b := ops.Sin(s)
			return ops.Add(ops.Mul(ops.Mul(ops.Mul(x, p[1]), s), b), ops.Exp(b))
		}
		return end(inner(p[0]), inner(inner(p[0])))
	}
	twin{name: "same", args: tensors(waves(1, 2), waves(2, 2)), built: f, plain: plain}.check(t)
	fn := autodiff.Compile(autodiff.Vmap(f, autodiff.Unmapped("[1]")))
	_, err := fn.Run(context.Background(), []any{waves(1, 3, 2), waves(2, 2)})
	require.NoError(t, err)
	loops := 0
	for _, op := range fn.Ops() {
		if op == "loop" {
			loops++
		}
	}
	require.Equal(t, 2, loops)
}
