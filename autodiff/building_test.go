package autodiff_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chainrule/autodiff"
	"chainrule/autodiff/gonum"
	"chainrule/autodiff/solve"
	"chainrule/graph"
	"chainrule/ops"
)

// TestFunctionsThatRunThemselves run on the goroutine that traces them, by another function, and on goroutines that they
// start and wait for, directly or by a group.
func TestFunctionsThatRunThemselves(t *testing.T) {
	var fn, other *autodiff.Function
	var inner error
	again := func() { _, inner = fn.Run(context.Background(), 1.0) }
	for name, wait := range map[string]func(){
		"directly":    func() { again() },
		"by another":  func() { _, inner = other.Run(context.Background(), 1.0) },
		"dump":        func() { inner = fn.Dump(context.Background(), &discard{}, 1.0) },
		"a goroutine": func() { done := make(chan int); go func() { defer close(done); again() }(); <-done },
		"a group":     func() { var g sync.WaitGroup; g.Go(again); g.Wait() },
		"a goroutine of one": func() {
			var g sync.WaitGroup
			g.Go(func() { done := make(chan int); go func() { again(); close(done) }(); <-done })
			g.Wait()
		},
	} {
		fn = autodiff.Compile(func(x node) node { wait(); return ops.Sin(x) })
		other = autodiff.Compile(func(x node) node {
			_, err := fn.Run(context.Background(), 1.0)
			panicWith(err)
			return x
		})
		ended := make(chan error, 1)
		go func() { _, err := fn.Run(context.Background(), 1.0); ended <- err }()
		select {
		case err := <-ended:
			require.NoError(t, err, name)
		case <-time.After(time.Minute):
			t.Fatal(name, " blocks")
		}
		require.ErrorContains(t, inner, "runs itself", name)
		require.ErrorContains(t, inner, "building_test.go:", name)
	}
}

type discard struct{}

func (*discard) Write(p []byte) (int, error) { return len(p), nil }

// TestWaitingIsNoRecursion has goroutines of one that traces, started before it, which wait for it for a while.
func TestWaitingIsNoRecursion(t *testing.T) {
	started, go_ := make(chan int), make(chan int)
	fn := autodiff.Compile(func(x node) node { close(started); <-go_; return ops.Sin(x) })
	var g sync.WaitGroup
	for range 3 {
		g.Go(func() {
			<-started
			_, err := fn.Run(context.Background(), 1.0)
			require.NoError(t, err)
		})
	}
	time.AfterFunc(time.Second, func() { close(go_) })
	_, err := fn.Run(context.Background(), 1.0)
	require.NoError(t, err)
	g.Wait()
}

type ring struct {
	N    node
	Next *ring
	All  []*ring
	Of   map[string]*ring
}

func TestResultsThatContainThemselves(t *testing.T) {
	for name, tie := range map[string]func(r *ring){
		"pointer": func(r *ring) { r.Next = r },
		"two":     func(r *ring) { r.Next = &ring{N: r.N, Next: r} },
		"slice":   func(r *ring) { r.All = []*ring{{}, {All: []*ring{r}}} },
		"map":     func(r *ring) { r.Of = map[string]*ring{"a": r} },
	} {
		f := func(x node) *ring { r := &ring{N: x}; tie(r); return r }
		_, err := autodiff.Compile(f).Run(context.Background(), 1.0)
		require.ErrorContains(t, err, "contains itself", name)
		g := graph.New()
		x := g.Input("x", graph.Float64)
		require.ErrorContains(t, graph.Try(func() { autodiff.JVP(f, x, x) }), "contains itself", name)
	}
	type tree struct {
		N    node
		Next []tree
	}
	out, err := autodiff.Compile(func(x node) []*tree { shared := &tree{N: x}; return []*tree{shared, shared} }).Run(context.Background(), 2.0)
	require.NoError(t, err) // twice, but not within itself
	require.Len(t, out, 2)
}

// TestNilLeaves names what is nil.
func TestNilLeaves(t *testing.T) {
	type pair struct{ A, B node }
	for want, f := range map[string]any{
		"result 0 is nil":         func(x node) node { return nil },
		"result 1 is nil":         func(x node) (node, node) { return x, nil },
		"result 0, A, is nil":     func(x node) pair { return pair{B: x} },
		"result 0, [1].B, is nil": func(x node) []pair { return []pair{{x, x}, {A: x}} },
		"result 0, w[0], is nil":  func(x node) map[string][]node { return map[string][]node{"w": {nil, x}} },
	} {
		_, err := autodiff.Compile(f).Run(context.Background(), 1.0)
		require.ErrorContains(t, err, want)
	}
}

// TestNothingGiven has contexts, options and functions that are nil.
func TestNothingGiven(t *testing.T) {
	g := graph.New()
	x := g.Input("x", graph.Float64)
	var none context.Context
	var f func(node) node
	var opt autodiff.GradOption
	var compiled autodiff.CompileOption
	for name, do := range map[string]func(){
		"grad":       func() { autodiff.Grad(f)(x) },
		"jvp":        func() { autodiff.JVP(f, x, x) },
		"vjp":        func() { autodiff.VJP(f, x) },
		"jacobian":   func() { autodiff.Jacobian(f)(x) },
		"hessian":    func() { autodiff.Hessian(f)(x) },
		"hvp":        func() { autodiff.HVP(f)(x, x) },
		"vmap":       func() { autodiff.Vmap(f)(x) },
		"laplacian":  func() { autodiff.Laplacian(f)(x) },
		"checkpoint": func() { autodiff.Checkpoint(f)(x) },
		"compile":    func() { autodiff.Compile(f) },
		"option":     func() { autodiff.Grad(ops.Sin, opt)(x) },
		"options":    func() { autodiff.Compile(ops.Sin, compiled) },
		"for":        func() { autodiff.For(2, nil, x) },
		"loop":       func() { autodiff.For(2, func(_, c node) node { return c }, x, nil) },
		"while":      func() { autodiff.While(nil, f, x) },
		"scan":       func() { autodiff.Scan[node, node, node](nil, x, x) },
		"cond":       func() { autodiff.Cond[node](ops.Gt(x, 0), nil, nil) },
		"custom":     func() { autodiff.CustomVJP(ops.Sin, nil)(x) },
		"custom jvp": func() { autodiff.CustomJVP(f, nil)(x) },
		"root":       func() { solve.Root[node, node](nil) },
		"fixed":      func() { solve.FixedPoint[node, node](nil) },
		"minimize":   func() { solve.Minimize[node, node](nil) },
		"ode":        func() { solve.ODE[node, node](nil) },
		"times": func() {
			solve.ODE(func(_, y, _ node) node { return y })(x, x, nil)
		},
		"go":  func() { autodiff.GoFunc("none", nil, []graph.Type{x.Type()}, nil) },
		"aux": func() { autodiff.ValueAndGradAux[node, node](nil)(x) },
	} {
		var mistake *graph.Error
		require.ErrorAs(t, graph.Try(do), &mistake, name)
		require.Contains(t, mistake.Error(), "building_test.go:", name)
	}
	_, err := gonum.NewObjective(nil, 2)
	require.ErrorContains(t, err, "the function is nil")
	_, err = gonum.NewResiduals(nil, 2)
	require.ErrorContains(t, err, "the function is nil")
	_, err = gonum.Problem(nil, 2)
	require.ErrorContains(t, err, "the function is nil")
	_, err = autodiff.Compile(ops.Sin).Run(none, 1.0)
	require.ErrorContains(t, err, "the context is nil")
	_, err = autodiff.SparseJacobian(ops.Sin).Eval(none, []float64{1})
	require.ErrorContains(t, err, "the context is nil")
}
