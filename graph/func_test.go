package graph_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/graph"
	"chainrule/ops"
)

func f64(shape ...int) graph.Type { return graph.T(graph.Float64, shape...) }

func TestFuncsAreInterned(t *testing.T) {
	g := graph.New()
	x, y := g.Input("x", graph.Float64, 3), g.Input("y", graph.Float64, 3)
	build := func(swap bool) *graph.Func { // the same nodes, made in another order
		h := graph.New()
		a, b := h.Input("x", graph.Float64, 3), h.Input("y", graph.Float64, 3)
		var s, e *graph.Node
		if swap {
			e = ops.Exp(b)
			s = ops.Sin(ops.Mul(a, 2))
		} else {
			s = ops.Sin(ops.Mul(a, 2))
			e = ops.Exp(b)
		}
		return g.Func([]*graph.Node{a, b}, []*graph.Node{ops.Add(s, e)})
	}
	require.Same(t, build(false), build(true))
	require.NotSame(t, g.Func([]*graph.Node{x, y}, []*graph.Node{ops.Sub(x, y)}),
		g.Func([]*graph.Node{y, x}, []*graph.Node{ops.Sub(x, y)}))
	f := build(false)
	out := f.Inline(g, []*graph.Node{x, y})
	require.Same(t, ops.Add(ops.Sin(ops.Mul(x, 2)), ops.Exp(y)), out[0])
	require.Same(t, f, g.Func([]*graph.Node{x, y}, out))
	require.Len(t, f.Inputs(), 2)
	require.Contains(t, f.String(), "; %")
}

func TestFuncMistakes(t *testing.T) {
	g := graph.New()
	x, y := g.Input("x", graph.Float64, 3), g.Input("y", graph.Float64, 3)
	for want, build := range map[string]func(){
		"depends on a value from outside": func() { g.Func([]*graph.Node{x}, []*graph.Node{ops.Add(x, y)}) },
		"input 1 is listed twice":         func() { g.Func([]*graph.Node{x, x}, []*graph.Node{x}) },
		"argument 0 of a function is f64": func() {
			g.Func([]*graph.Node{x}, []*graph.Node{ops.Sin(x)}).Inline(g, []*graph.Node{g.Scalar(graph.Float64, 1)})
		},
	} {
		var mistake *graph.Error
		require.ErrorAs(t, graph.Try(build), &mistake, want)
		require.Contains(t, mistake.Reason, want)
		require.True(t, strings.HasPrefix(mistake.Source, "func_test.go:"), mistake.Source)
	}
}

func TestFuncMemo(t *testing.T) {
	g := graph.New()
	x := g.Input("x", graph.Float64)
	f := g.Func([]*graph.Node{x}, []*graph.Node{ops.Sin(x)})
	calls := 0
	count := func() any {
		calls++
		return f.Memo("inner", func() any { return calls }) // may use the memo itself
	}
	require.Equal(t, 1, f.Memo("outer", count))
	require.Equal(t, 1, f.Memo("outer", count))
	require.Equal(t, 1, calls)
}

// TestCapture tells what is computed outside: what does not depend on parameters, was there before and cannot fail.
func TestCapture(t *testing.T) {
	g := graph.New()
	x, index := g.Input("x", graph.Float64, 3), g.Input("i", graph.Int64)
	before := ops.Exp(x)
	body := func(p []*graph.Node) []*graph.Node {
		fixed, risky := ops.Softmax(ops.Cos(x), 0), ops.Take(x, index, 0)
		return []*graph.Node{ops.Add(ops.Mul(ops.Sin(p[0]), 2), ops.Add(ops.Add(before, fixed), risky))}
	}
	named := func(f *graph.Func) []string {
		var list []string
		for _, n := range graph.Topo(f.Outputs()...) {
			if !n.IsInput() && len(n.In()) > 0 {
				list = append(list, n.Op().Name)
			}
		}
		return list
	}
	eager, captured := g.Capture([]graph.Type{f64(3)}, false, body)
	require.ElementsMatch(t, []string{"sin", "mul", "take", "add", "add"}, named(eager))
	require.ElementsMatch(t, []*graph.Node{ops.Add(before, ops.Softmax(ops.Cos(x), 0)), x, index}, captured)
	again, same := g.Capture([]graph.Type{f64(3)}, false, body)
	require.Same(t, eager, again)
	require.Equal(t, captured, same)
	lazy, captured := g.Capture([]graph.Type{f64(3)}, true, body)
	require.ElementsMatch(t, []string{"cos", "softmax", "sin", "mul", "take", "add", "add", "add"}, named(lazy))
	require.ElementsMatch(t, []*graph.Node{before, x, index}, captured)
	repeat, same := g.Capture([]graph.Type{f64(3)}, true, body) // its nodes are all there already
	require.Same(t, lazy, repeat)
	require.Equal(t, captured, same)
}

func TestCapturedParametersStayInside(t *testing.T) {
	g := graph.New()
	var leaked *graph.Node
	g.Capture([]graph.Type{f64()}, false, func(p []*graph.Node) []*graph.Node {
		leaked = p[0]
		g.Capture([]graph.Type{f64()}, false, func(q []*graph.Node) []*graph.Node { // an outer one may be used
			return []*graph.Node{ops.Mul(p[0], q[0])}
		})
		return []*graph.Node{ops.Sin(p[0])}
	})
	require.NoError(t, graph.Escaped(graph.Topo(g.Scalar(graph.Float64, 1))))
	var escaped *graph.Error
	require.ErrorAs(t, graph.Escaped(graph.Topo(ops.Exp(leaked))), &escaped)
	require.Equal(t, "exp", escaped.Op)
	require.True(t, strings.HasPrefix(escaped.Source, "func_test.go:"))
	require.ErrorAs(t, graph.Escaped([]*graph.Node{leaked}), &escaped)
	err := graph.Try(func() {
		g.Capture([]graph.Type{f64()}, true, func(p []*graph.Node) []*graph.Node {
			return []*graph.Node{ops.Add(p[0], leaked)}
		})
	})
	require.True(t, errors.As(err, &escaped))
	require.Equal(t, "add", escaped.Op)
}
