package autodiff_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

var update = flag.Bool("update", false, "rewrite testdata/errors.txt")

type params struct{ W, B *graph.Node }

type labelled struct {
	Layers []params
	Labels *graph.Node
}

// messages collects what goes wrong, as one text to read.
type messages struct {
	t    *testing.T
	text strings.Builder
}

func (m *messages) section(title string) { fmt.Fprintf(&m.text, "\n# %s\n", title) }

// Lines and the numbers of nodes change with every edit.
var numbers = regexp.MustCompile(`(_test\.go:|#)\d+`)

func (m *messages) add(name string, err error) {
	require.Error(m.t, err, name)
	require.NotContains(m.t, err.Error(), "\n", name)
	fmt.Fprintf(&m.text, "%s:\n\t%s\n", name, numbers.ReplaceAllString(err.Error(), "${1}N"))
}

// fails adds the *graph.Error that f panics with.
func (m *messages) fails(name string, f func()) { m.add(name, graph.Try(f)) }

// run adds the error of running f on feeds.
func (m *messages) run(name string, f any, feeds ...any) {
	_, err := autodiff.Compile(f).Run(context.Background(), feeds...)
	m.add(name, err)
}

// Every message that users see when they do something wrong, in testdata/errors.txt, to be read now and then. The
// numbers of lines are left out.
func TestErrorMessages(t *testing.T) {
	m := &messages{t: t}
	m.derivatives()
	m.functions()
	m.feeds()
	m.graphs()
	m.buffers()
	const file = "testdata/errors.txt"
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(file, []byte(m.text.String()), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), m.text.String())
}

func (m *messages) derivatives() {
	g := graph.New()
	x, labels := g.Input("x", graph.Float64, 3), g.Input("labels", graph.Int64, 3)
	w := graph.Named("w", ops.Exp(x))
	loss := func(x node) node { return ops.Sum(ops.Square(x)) }

	m.section("results that have no gradient")
	m.fails("a vector", func() { autodiff.Grad(ops.Sin)(x) })
	m.fails("nothing", func() { autodiff.Grad(func(node) node { return nil })(x) })
	m.fails("an integer", func() { autodiff.Grad(func(x node) node { return ops.ArgMax(x, 0) })(x) })
	m.fails("of another graph", func() {
		y := graph.New().Input("y", graph.Float64)
		autodiff.Grad(func(node) node { return y })(x)
	})
	m.fails("a vector, by Gradients", func() { autodiff.Gradients(x, w) })
	m.fails("nothing, by Gradients", func() { autodiff.Gradients(nil, w) })

	m.section("arguments that have no gradient")
	m.fails("integers", func() { autodiff.Grad(loss)(labels) })
	m.fails("integers in a tree", func() {
		autodiff.Grad(func(p labelled) node { return loss(p.Layers[0].W) })(labelled{[]params{{x, w}}, labels})
	})
	m.fails("integers, by Gradients", func() { autodiff.Gradients(ops.Sum(x), labels) })
	m.fails("no nodes", func() { autodiff.Grad(func(params) node { return x })(params{}) })

	m.section("gradients that do not arrive")
	m.fails("unused", func() { autodiff.Grad(func(p params) node { return loss(p.W) })(params{x, w}) })
	m.fails("unused in a tree", func() {
		autodiff.Grad(func(p labelled) node { return loss(p.Layers[0].W) })(labelled{[]params{{x, x}, {w, w}}, nil})
	})
	m.fails("stopped on purpose", func() {
		autodiff.Grad(func(p params) node { return ops.Sum(ops.Mul(p.W, ops.StopGradient(p.B))) })(params{x, w})
	})
	m.fails("a comparison", func() {
		autodiff.Grad(func(x node) node { return ops.Sum(ops.Cast(ops.Gt(x, 0), graph.Float64)) })(x)
	})
	m.fails("a cast to integers", func() {
		autodiff.Grad(func(p node) node { return ops.Sum(ops.Take(x, ops.Cast(p, graph.Int64), 0)) })(x)
	})
	m.fails("stopped at many places", func() {
		autodiff.Grad(func(x node) node {
			sum := ops.Sum(ops.Step(x))
			for k := range 9 {
				sum = ops.Add(sum, ops.Sum(ops.Step(ops.Mul(x, k+2))))
			}
			return sum
		})(x)
	})
	m.fails("unused, by Gradients", func() { autodiff.Gradients(ops.Sum(x), w) })

	m.section("cotangents and tangents")
	two := func(x node) params { return params{x, x} }
	m.fails("of another type", func() {
		_, pull := autodiff.VJP(ops.Sin, x)
		pull(g.Scalar(graph.Float64, 1))
	})
	m.fails("missing", func() {
		_, pull := autodiff.VJP(two, x)
		pull(params{W: x})
	})
	m.fails("too many", func() {
		_, pull := autodiff.VJP(func(x node) params { return params{W: x} }, x)
		pull(params{W: x, B: x})
	})
	m.fails("missing tangent", func() {
		autodiff.JVP(func(p params) node { return ops.Add(p.W, p.B) }, params{x, x}, params{W: x})
	})
	m.fails("tangent of another type", func() { autodiff.JVP(ops.Sin, x, g.Scalar(graph.Float64, 1)) })
}

func (m *messages) functions() {
	type list struct {
		W    *graph.Node
		Next *list
	}
	m.section("what cannot be compiled")
	m.fails("a number", func() { autodiff.Compile(3) })
	m.fails("nil", func() { autodiff.Compile(nil) })
	m.fails("a nil function", func() { autodiff.Compile((func(node) node)(nil)) })
	m.fails("variadic", func() { autodiff.Compile(func(x ...node) node { return x[0] }) })
	m.fails("without a result", func() { autodiff.Compile(func(node) {}) })
	m.fails("another argument", func() { autodiff.Compile(func(x node, n int) node { return x }) })
	m.fails("another result", func() { autodiff.Compile(func(x node) (node, error) { return x, nil }) })
	m.run("a list", func(l list) node { return l.W }, struct{ W, Next any }{W: 1.0})
	m.run("no nodes as results", func(node) node { return nil }, 1.0)
	m.run("one of two results", func(x node) (node, node) { return x, nil }, 1.0)
	foreign := graph.New().Input("y", graph.Float64)
	m.run("a result of another graph", func(node) node { return foreign }, 1.0)
	m.run("shapes that do not fit", func(x, y node) node { return ops.Add(x, y) }, []float64{1, 2}, []float64{1, 2, 3})
	m.run("an index out of range", func(x, i node) node { return ops.Take(x, i, 0) }, []float64{1, 2}, []int{1, 2})
}

func (m *messages) feeds() {
	m.section("what cannot be fed")
	add := func(x, y node) node { return ops.Add(x, y) }
	m.run("too few", add, 1.0)
	m.run("too many", add, 1.0, 2.0, 3.0)
	m.run("nil", add, 1.0, nil)
	m.run("a nil tensor", add, 1.0, (*tensor.Dense)(nil))
	m.run("another slice", add, 1.0, []int32{1})
	m.run("another element type", add, 1.0, tensor.New(tensor.WithBacking([]int32{1})))
	m.run("a masked tensor", add, 1.0, tensor.New(tensor.WithBacking([]float64{1}, []bool{true})))
	m.run("two element types", add, 1.0, float32(1))
	m.run("an int for a float", add, 1.0, 100)
	m.run("an int for a float in a tree", func(p struct{ S, T node }) node {
		return autodiff.Grad(func(s node) node { return ops.Square(s) })(p.S)
	}, map[string]any{"S": 100, "T": 2.0})

	f := func(p labelled, x node) node { return ops.Add(p.Layers[0].W, x) }
	tree := func(layer any) any { return map[string]any{"Layers": []any{layer}, "Labels": 1} }
	m.run("no tree", f, 1.0, 1.0)
	m.run("no tree but nil", f, nil, 1.0)
	m.run("no slice", f, map[string]any{"Layers": 3.0, "Labels": 1}, 1.0)
	m.run("a missing entry", f, tree(map[string]any{"W": 1.0}), 1.0)
	m.run("unknown entries", f, tree(map[string]any{"W": 1.0, "B": 2.0, "D": 1, "C": 2}), 1.0)
	m.run("a missing field", f, tree(struct{ W float64 }{1}), 1.0)
	m.run("nil in a tree", f, tree(map[string]any{"W": 1.0, "B": nil}), 1.0)
	m.run("text in a tree", f, tree(map[string]any{"W": 1.0, "B": "x"}), 1.0)
	m.run("another length", func(x [2]node) node { return x[0] }, []float64{1})
	m.run("no map", func(x map[string]node) node { return x["a"] }, []float64{1})
}

func (m *messages) graphs() {
	m.section("graphs built by hand")
	g := graph.New()
	x, y, labels := g.Input("x", graph.Float64, 3), g.Input("y", graph.Float64, 3), g.Input("labels", graph.Int64)
	w := graph.Named("w", ops.Exp(x))
	compile := func(name string, in, out []node, opts ...autodiff.CompileOption) {
		_, err := autodiff.CompileGraph(in, out, opts...)
		m.add(name, err)
	}
	compile("no outputs", nil, nil)
	compile("nil", []node{x}, []node{w, nil})
	compile("missing input", nil, []node{w})
	compile("listed twice", []node{x, x}, []node{w})
	compile("no input", []node{w}, []node{w})
	compile("donation out of range", []node{x}, []node{w}, autodiff.Donate(0, 1))
	compile("donation of another type", []node{x, labels}, []node{w, ops.ArgMax(x, 0)}, autodiff.Donate(0, 1))
	compile("donation to two results", []node{x}, []node{w, x}, autodiff.Donate(0, 0), autodiff.Donate(0, 1))
	compile("donation of two arguments", []node{x, y}, []node{w}, autodiff.Donate(0, 0), autodiff.Donate(1, 0))
	_, err := autodiff.Eval()
	m.add("Eval of nothing", err)
	_, err = autodiff.Eval(w)
	m.add("Eval of what depends on an input", err)
}

func (m *messages) buffers() {
	m.section("runs of x, n ↦ eˣ, n + 1, the latter donated")
	g := graph.New()
	x, n := g.Input("x", graph.Float64, 3), g.Input("n", graph.Int64, 2)
	fn, err := autodiff.CompileGraph([]node{x, n}, []node{ops.Exp(x), ops.Add(n, 1)}, autodiff.Donate(1, 1))
	require.NoError(m.t, err)
	run := func(name string, feeds ...any) {
		_, err := fn.Run(context.Background(), feeds...)
		m.add(name, err)
	}
	run("another element type", []float32{1, 2, 3}, []int{1, 2})
	run("another shape", []float64{1, 2}, []int{1, 2})
	run("too few", []float64{1, 2, 3})
	run("a slice to be updated", []float64{1, 2, 3}, []int{1, 2})

	f3, i2 := tensor.New(tensor.WithBacking([]float64{1, 2, 3})), tensor.New(tensor.WithBacking([]int64{1, 2}))
	matrix := tensor.New(tensor.WithShape(3, 2), tensor.WithBacking([]float64{1, 2, 3, 4, 5, 6}))
	column, err := matrix.Slice(nil, tensor.S(1))
	require.NoError(m.t, err)
	into := func(name string, dst []*tensor.Dense, in ...*tensor.Dense) {
		m.add(name, fn.RunInto(context.Background(), dst, in))
	}
	into("too few results", []*tensor.Dense{f3}, f3, i2)
	into("too few inputs", []*tensor.Dense{f3, nil}, f3)
	into("a nil result", []*tensor.Dense{nil, nil}, f3, i2)
	into("a result that is a view", []*tensor.Dense{column.(*tensor.Dense), nil}, f3, i2)
	into("a result of another shape", []*tensor.Dense{matrix, nil}, f3, i2)
	into("a result of another element type", []*tensor.Dense{i2.Clone().(*tensor.Dense), nil}, f3, i2)
	into("a result over a donated input", []*tensor.Dense{i2, nil}, f3, i2)
	wide := tensor.New(tensor.WithShape(2, 2), tensor.WithBacking([]int64{1, 2, 3, 4}))
	view, err := wide.Slice(nil, tensor.S(1))
	require.NoError(m.t, err)
	into("a view to be updated", []*tensor.Dense{f3, nil}, f3, view.(*tensor.Dense))

	m.section("lists of nodes, by RunInto before Run")
	lists := autodiff.Compile(func(xs []node) node { return xs[0] })
	m.add("RunInto", lists.RunInto(context.Background(), []*tensor.Dense{f3}, []*tensor.Dense{f3}))
}

// Errors are told apart by errors.Is and errors.As.
func TestErrorKinds(t *testing.T) {
	add := autodiff.Compile(func(x, y node) node { return ops.Add(x, y) })
	masked := tensor.New(tensor.WithBacking([]float64{1}, []bool{true}))
	_, err := add.Run(context.Background(), 1.0, masked)
	var feed *autodiff.FeedError
	require.ErrorAs(t, err, &feed)
	require.Equal(t, 1, feed.Index)
	require.ErrorIs(t, err, autodiff.ErrMasked)
	require.False(t, errors.Is(err, autodiff.ErrSparse))

	var shape *graph.Error
	_, err = add.Run(context.Background(), []float64{1, 2}, []float64{1, 2, 3})
	require.ErrorAs(t, err, &shape)
	require.Equal(t, "add", shape.Op)

	_, err = autodiff.Compile(func(x, i node) node { return ops.Take(x, i, 0) }).Run(context.Background(), []float64{1}, []int{4})
	require.ErrorIs(t, err, ops.ErrIndex)
}

// What is no *graph.Error goes through: it is a fault of f's, with f's stack.
func TestPanicsGoThrough(t *testing.T) {
	fn := autodiff.Compile(func(x node) node { panic("the user's own") })
	require.PanicsWithValue(t, "the user's own", func() { _, _ = fn.Run(context.Background(), 1.0) })
	require.PanicsWithValue(t, "the user's own", func() { _, _ = fn.Run(context.Background(), 1.0) }, "no lock is left held")
}

func TestAllowUnreachable(t *testing.T) {
	f := func(p params) node { return ops.Sum(ops.Square(p.W)) }
	got := evaluate(t, autodiff.Grad(f, autodiff.AllowUnreachable()), map[string]any{"W": []float64{1, 2}, "B": []float64{1, 2, 3}})
	require.Equal(t, [][]float64{{2, 4}, {0, 0, 0}}, got)
}

// The message of a gradient that is stopped names the line that stops it.
func TestUnreachableNamesTheLine(t *testing.T) {
	x := graph.New().Input("x", graph.Float64, 3)
	err := graph.Try(func() {
		autodiff.Grad(func(x node) node {
			return ops.Sum(ops.Sign(x)) // this line
		})(x)
	})
	source, _ := os.ReadFile("errors_test.go")
	line := 1 + strings.Count(strings.Split(string(source), "// this line\n")[0], "\n")
	require.ErrorContains(t, err, fmt.Sprintf("sign at errors_test.go:%d stops it", line))
}
