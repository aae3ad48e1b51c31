package graph_test

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"chainrule/graph"
	"chainrule/ops"
)

// mustFail returns the *graph.Error of build, whose message has to contain want.
func mustFail(t *testing.T, want string, build func()) *graph.Error {
	t.Helper()
	err := graph.Try(build)
	if err == nil {
		t.Fatalf("no error, want … %s", want)
	}
	if !strings.Contains(err.Error(), want) {
		t.Errorf("%q, want … %s", err, want)
	}
	return err.(*graph.Error)
}

// line returns the line that it is called from.
func line() int {
	_, _, line, _ := runtime.Caller(1)
	return line
}

func TestErrorMessage(t *testing.T) {
	g := graph.New()
	x, w := g.Input("x", graph.Float32, 32, 784), g.Input("w", graph.Float32, 512, 10)
	at := line() + 1
	e := mustFail(t, "matmul", func() { ops.MatMul(x, w) })
	want := fmt.Sprintf(
		"matmul: inner dimensions 784 and 512 differ: x f32[32,784] · w f32[512,10] at error_test.go:%d", at)
	if e.Error() != want {
		t.Errorf("have %s\nwant %s", e, want)
	}
	_, file, _, _ := runtime.Caller(0)
	if e.Op != "matmul" || e.Reason != "inner dimensions 784 and 512 differ" || e.Line != at || e.File != file ||
		!slices.Equal(e.Operands, []string{"x f32[32,784]", "w f32[512,10]"}) {
		t.Errorf("the parts are %#v", e)
	}
}

type number interface{ float32 | float64 }

func generic[T number](x *graph.Node, v T) (*graph.Node, int) { return ops.Add(x, float64(v)), line() }

func inlined(x *graph.Node) (*graph.Node, int) { return ops.Sin(x), line() }

//go:noinline
func outlined(x *graph.Node) (*graph.Node, int) { return ops.Sin(x), line() }

type model struct{ w *graph.Node }

func (m model) forward(x *graph.Node) (*graph.Node, int) { return ops.Mul(x, m.w), line() }

func deep(x *graph.Node, depth int) (*graph.Node, int) {
	if depth == 0 {
		return ops.Sin(x), line()
	}
	return deep(x, depth-1)
}

// sources are ways to build a node from an x of shape [1,1]; each returns it with the line that it was built on.
var sources = []struct {
	name  string
	build func(x *graph.Node) (*graph.Node, int)
}{
	{"unary", func(x *graph.Node) (*graph.Node, int) { return ops.Sin(x), line() }},
	{"binary", func(x *graph.Node) (*graph.Node, int) { return ops.Add(x, x), line() }},
	{"number", func(x *graph.Node) (*graph.Node, int) { return ops.Sub(1, x), line() }},
	{"ternary", func(x *graph.Node) (*graph.Node, int) { return ops.Clamp(x, 0, x), line() }},
	{"Mean", func(x *graph.Node) (*graph.Node, int) { return ops.Mean(x, 0), line() }},
	{"Mean, its sum", func(x *graph.Node) (*graph.Node, int) { return ops.Mean(x, 1).In()[0], line() }},
	{"SumTo", func(x *graph.Node) (*graph.Node, int) { return ops.SumTo(ops.BroadcastTo(x, 3, 1), 1, 1), line() }},
	{"Softmax", func(x *graph.Node) (*graph.Node, int) { return ops.Softmax(ops.Reshape(x)), line() }},
	{"Softmax, its view", func(x *graph.Node) (*graph.Node, int) { return ops.Softmax(ops.Reshape(x)).In()[0], line() }},
	{"Stack", func(x *graph.Node) (*graph.Node, int) { return ops.Stack([]*graph.Node{x, x}, 0), line() }},
	{"MatMul of vectors", func(x *graph.Node) (*graph.Node, int) {
		return ops.MatMul(ops.Reshape(x, 1), ops.Reshape(x, 1)), line()
	}},
	{"Apply", func(x *graph.Node) (*graph.Node, int) { return x.Graph().Apply(ops.Sin(x).Op(), nil, x), line() }},
	{"Alias", func(x *graph.Node) (*graph.Node, int) { return x.Graph().Alias(x), line() }},
	{"Input", func(x *graph.Node) (*graph.Node, int) { return x.Graph().Input("y", graph.Float32), line() }},
	{"Scalar", func(x *graph.Node) (*graph.Node, int) { return x.Graph().Scalar(graph.Float32, 7), line() }},
	{"Const", func(x *graph.Node) (*graph.Node, int) { return graph.Const(x.Graph(), []int64{7}), line() }},
	{"Const, tensor", func(x *graph.Node) (*graph.Node, int) { return graph.Const(x.Graph(), []int64{7}, 1), line() }},
	{"generic function", func(x *graph.Node) (*graph.Node, int) { return generic(x, float32(1)) }},
	{"generic function, other type", func(x *graph.Node) (*graph.Node, int) { return generic(x, 2.0) }},
	{"inlined function", func(x *graph.Node) (*graph.Node, int) { return inlined(x) }},
	{"function", func(x *graph.Node) (*graph.Node, int) { return outlined(x) }},
	{"method", func(x *graph.Node) (*graph.Node, int) { return model{x}.forward(x) }},
	{"method value", func(x *graph.Node) (*graph.Node, int) { f := model{x}.forward; return f(x) }},
	{"recursion", func(x *graph.Node) (*graph.Node, int) { return deep(x, 100) }},
	{"closure", func(x *graph.Node) (n *graph.Node, at int) {
		func() { n, at = ops.Exp(x), line() }()
		return n, at
	}},
	{"function value", func(x *graph.Node) (*graph.Node, int) {
		f := ops.Exp
		return f(x), line()
	}},
	{"callback", func(x *graph.Node) (n *graph.Node, at int) {
		slices.SortFunc([]int{1, 2}, func(int, int) int { n, at = ops.Exp(x), line(); return 0 })
		return n, at
	}},
	{"once", func(x *graph.Node) (n *graph.Node, at int) {
		var once sync.Once
		once.Do(func() { n, at = ops.Exp(x), line() })
		return n, at
	}},
	{"deferred", func(x *graph.Node) (n *graph.Node, at int) {
		defer func() { n, at = ops.Exp(x), line() }()
		return nil, 0
	}},
	{"goroutine", func(x *graph.Node) (n *graph.Node, at int) {
		done := make(chan bool)
		go func() { n, at = ops.Exp(x), line(); done <- true }()
		<-done
		return n, at
	}},
	{"lines", func(x *graph.Node) (*graph.Node, int) {
		at := line() + 1
		return ops.Sin(ops.Add(
			x, 3)), at
	}},
}

func TestSource(t *testing.T) {
	for _, s := range sources {
		t.Run(s.name, func(t *testing.T) {
			n, at := s.build(graph.New().Input("x", graph.Float64, 1, 1))
			if want := fmt.Sprintf("error_test.go:%d", at); n.Source() != want {
				t.Errorf("%v was built at %s, is said to be from %s", n, want, n.Source())
			}
		})
	}
}

// The same ways, on an input that they refuse: the error has the line too.
func TestErrorSource(t *testing.T) {
	bad := regexp.MustCompile(`^[a-z_]+: .+ at error_test\.go:(\d+)$`)
	for _, c := range []struct {
		name string
		fail func(x, y *graph.Node)
		at   int
	}{
		{"unary", func(x, _ *graph.Node) { ops.Sin(x) }, line()},
		{"binary", func(_, y *graph.Node) { ops.Add(y, ops.Reshape(y, 3, 2)) }, line()},
		{"mean", func(x, _ *graph.Node) { ops.Mean(x, 0) }, line()},
		{"mean, axis", func(_, y *graph.Node) { ops.Mean(y, 2) }, line()},
		{"sum_to", func(_, y *graph.Node) { ops.SumTo(y, 4, 5) }, line()},
		{"softmax", func(x, _ *graph.Node) { ops.Softmax(x, 0, 2) }, line()},
		{"log_softmax", func(x, _ *graph.Node) { ops.LogSoftmax(x) }, line()},
		{"keep_dims", func(_, y *graph.Node) { ops.KeepDims(y, y) }, line()},
		{"stack", func(x, y *graph.Node) { ops.Stack([]*graph.Node{x, y}, 0) }, line()},
		{"matmul", func(_, y *graph.Node) { ops.MatMul(y, y) }, line()},
		{"const", func(x, _ *graph.Node) { graph.Const(x.Graph(), []int64{1}, 2) }, line()},
		{"input", func(x, _ *graph.Node) { x.Graph().Input("", graph.Float32, -1) }, line()},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := graph.New()
			x, y := g.Input("x", graph.Bool, 1, 2, 3), g.Input("y", graph.Float64, 2, 3)
			e := mustFail(t, "", func() { c.fail(x, y) })
			if !bad.MatchString(e.Error()) || e.Line != c.at {
				t.Errorf("%q, want the line %d", e, c.at)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	g, other := graph.New(), graph.New()
	x, y := g.Input("x", graph.Float64, 2, 3), other.Input("y", graph.Float64, 2, 3)
	sin, add := ops.Sin(x).Op(), ops.Add(x, x).Op()
	half := math.MaxInt / 16
	var none *graph.Graph
	for _, c := range []struct {
		name  string
		build func()
		want  string
	}{
		{"two graphs", func() { ops.Add(x, y) }, "add: the inputs belong to different graphs: x f64[2,3] · y f64[2,3] at"},
		{"another graph", func() { g.Apply(sin, nil, y) }, "sin: the inputs belong to different graphs"},
		{"alias of another graph", func() { g.Alias(y) }, "alias: the inputs belong to different graphs"},
		{"nil", func() { ops.Sin(nil) }, "sin: an input is nil"},
		{"first nil", func() { ops.Add((*graph.Node)(nil), x) }, "add: an input is nil"},
		{"second nil", func() { ops.Add(x, (*graph.Node)(nil)) }, "add: an input is nil: x f64[2,3] · nil"},
		{"all nil", func() { ops.Add((*graph.Node)(nil), (*graph.Node)(nil)) }, "no operand is a node"},
		{"nil and another graph", func() { g.Apply(add, nil, y, nil) }, "different graphs: y f64[2,3] · nil"},
		{"nil and the wrong number", func() { g.Apply(add, nil, nil) }, "add: 1 inputs given, 2 wanted: nil"},
		{"alias of nil", func() { g.Alias(nil) }, "alias: an input is nil"},
		{"too few", func() { g.Apply(add, nil, x) }, "add: 1 inputs given, 2 wanted: x f64[2,3]"},
		{"too many", func() { g.Apply(sin, nil, x, x) }, "sin: 2 inputs given, 1 wanted"},
		{"none of any number", func() { g.Apply(graph.Lookup("concat"), nil) }, "concat: 0 inputs given"},
		{"leaf by Apply", func() { g.Apply(graph.Lookup("const"), nil) }, "leaves are made by Input and Const"},
		{"input of no graph", func() { none.Input("x", graph.Float64) }, "input: the graph is nil"},
		{"number of no graph", func() { none.Scalar(graph.Float64, 1) }, "const: the graph is nil"},
		{"integer of no graph", func() { none.ScalarInt(graph.Int64, 1) }, "const: the graph is nil"},
		{"constant of no graph", func() { graph.Const(none, []float64{1}, 1) }, "const: the graph is nil"},
		{"topo of two graphs", func() { graph.Topo(x, y) }, "topo: the nodes belong to different graphs"},
		{"topo of nil", func() { graph.Topo(x, nil) }, "topo: a node is nil"},
		{"text of nil", func() { graph.Text(nil) }, "topo: a node is nil"},
		{"no type", func() { g.Input("x", graph.DType{}) }, "input: unknown element type dtype(0)"},
		{"negative dimension", func() { g.Input("x", graph.Float32, 2, -1) }, "input: negative dimension in [2,-1]"},
		{"huge input", func() { g.Input("x", graph.Float64, half, 2) }, "is too large"},
		{"huge but for a zero", func() { g.Input("x", graph.Float64, half, 0, half) }, "is too large"},
		{"huge result", func() { ops.BroadcastTo(x, 1<<30, 1<<30, 2, 3) },
			"broadcast_to: shape [1073741824,1073741824,2,3] is too large"},
		{"huge outer sum", func() { ops.Add(g.Input("", graph.Float32, half, 1), g.Input("", graph.Float32, half)) },
			"too large"},
		{"NaN attribute", func() { ops.LeakyReLU(x, math.NaN()) },
			"leaky_relu: attributes {Alpha:NaN} hold a NaN: x f64[2,3]"},
		{"const too short", func() { graph.Const(g, []float64{1, 2}, 3) }, "const: 2 elements do not fill shape [3]"},
		{"const negative", func() { graph.Const(g, []float64{1}, -1, -1) }, "const: negative dimension"},
		{"const huge", func() { graph.Const(g, []bool{}, 1<<30, 1<<30, 8) },
			"const: shape [1073741824,1073741824,8] is too large"},
		{"fraction in an i64", func() { g.Scalar(graph.Int64, 0.5) }, "const: 0.5 is no integer, as an i64 must be"},
		{"NaN in an i64", func() { g.Scalar(graph.Int64, math.NaN()) }, "NaN is no integer"},
		{"infinity in an i64", func() { g.Scalar(graph.Int64, math.Inf(-1)) }, "-Inf is no integer"},
		{"large in an i64", func() { g.Scalar(graph.Int64, 1<<63) }, "9.223372036854776e+18 is beyond the integers"},
		{"small in an i64", func() { g.Scalar(graph.Int64, -1<<63-1<<11) }, "is beyond the integers of an i64"},
		{"large in an f32", func() { g.Scalar(graph.Float32, -3.41e38) }, "const: -3.41e+38 overflows an f32"},
		{"scalar of no type", func() { g.Scalar(graph.DType{}, 1) }, "unknown element type dtype(0)"},
	} {
		t.Run(c.name, func(t *testing.T) { mustFail(t, c.want, c.build) })
	}
	mustVerify(t, g)
	if ops.Sin(x).Op() != sin || ops.Add(x, x).Op() != add {
		t.Error("refused nodes changed the graph")
	}
}

func TestTry(t *testing.T) {
	if err := graph.Try(func() {}); err != nil {
		t.Errorf("Try of nothing returns %v", err)
	}
	wrapped := fmt.Errorf("wrapped: %w", &graph.Error{Op: "op"})
	for _, value := range []any{"text", 7, errors.New("error"), wrapped, graph.Error{Op: "no pointer"}} {
		func() {
			defer func() {
				if got := recover(); fmt.Sprintf("%T %v", got, got) != fmt.Sprintf("%T %v", value, value) {
					t.Errorf("panic(%v) came out of Try as %v", value, got)
				}
			}()
			err := graph.Try(func() { panic(value) })
			t.Errorf("panic(%v) came out of Try as the error %v", value, err)
		}()
	}
	want := &graph.Error{Op: "op", Reason: "no reason"}
	if err := graph.Try(func() { panic(want) }); err != error(want) {
		t.Errorf("Try returns %v, want %v", err, want)
	}
	if got := want.Error(); got != "op: no reason" {
		t.Errorf("without operands and line: %q", got)
	}
	done := make(chan bool)
	go func() { // Goexit, as in t.FailNow, is no panic
		defer close(done)
		_ = graph.Try(runtime.Goexit)
		t.Error("Try stopped runtime.Goexit")
	}()
	<-done
}

// Messages that quote names and texts of any length stay short.
func TestMessagesAreBounded(t *testing.T) {
	long := strings.Repeat("é", 1<<20)
	g := graph.New()
	x := g.Input(long, graph.Float64, 3)
	errs := []error{
		graph.Try(func() { ops.MatMul(x, g.Input(long, graph.Float64, 4)) }),
		graph.Try(func() { graph.Fail("long", []*graph.Node{x}, "%s", long) }),
	}
	for _, text := range []string{"%0 = " + long, long, "%0 = input \"" + long, "return %" + long, "%0 = const " + long + " : f64"} {
		_, _, err := graph.Parse(text)
		errs = append(errs, err)
	}
	for i, err := range errs {
		if err == nil || len(err.Error()) > 3000 {
			t.Errorf("%d: a message of %d bytes", i, len(fmt.Sprint(err)))
		}
	}
}
