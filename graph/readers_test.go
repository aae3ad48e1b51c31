package graph_test

import (
	"io"
	"strings"
	"sync"
	"testing"

	"chainrule/graph"
)

// A graph that is built may be read by many at once; the race detector watches. Building others meanwhile is
// nobody's business.
func TestConcurrentReaders(t *testing.T) {
	outputs, _ := someGraph()
	g := outputs[0].Graph()
	want := graph.Text(outputs...)
	var readers sync.WaitGroup
	for _, read := range []func(){
		func() { graph.Topo(outputs...) },
		func() {
			if got := graph.Text(outputs...); got != want {
				t.Errorf("a reader prints\n%swant\n%s", got, want)
			}
		},
		func() { _ = graph.WriteDOT(io.Discard, outputs...) },
		func() { mustVerify(t, g) },
		func() { idsOf(t, graph.Directed(outputs...).Nodes()) },
		func() {
			for n := range g.Nodes() {
				if n.Source() == "" || !strings.Contains(n.String(), n.DType().String()) {
					t.Errorf("a reader finds %v from %q", n, n.Source())
				}
				n.Constant()
				n.ScalarValue()
			}
		},
		func() { someGraph() },
		func() { mustParse(t, want) },
		func() { graph.New().Copy(g.Inputs()[0]) },
	} {
		for range 3 {
			readers.Go(func() {
				for range 20 {
					read()
				}
			})
		}
	}
	readers.Wait()
}

func TestRegister(t *testing.T) {
	graph.New() // freezes the registry
	defer func() {
		if got := recover(); got != "graph: Register late after the first graph was made" {
			t.Errorf("Register of a late op panics with %v", got)
		}
		if graph.Lookup("late") != nil {
			t.Error("the late op was registered")
		}
	}()
	graph.Register(&graph.Op{Name: "late"})
	t.Error("an op was registered after the first graph was made")
}

func TestRegistry(t *testing.T) {
	last := ""
	for _, op := range graph.Ops() {
		if op.Name <= last || graph.Lookup(op.Name) != op {
			t.Errorf("op %q is out of order after %q, or Lookup does not find it", op.Name, last)
		}
		last = op.Name
	}
	if op := graph.Lookup("no such op"); op != nil {
		t.Errorf("Lookup made up %v", op)
	}
}

func TestScalarValue(t *testing.T) {
	g := graph.New()
	x := g.Input("x", graph.Float32)
	for _, c := range []struct {
		node  *graph.Node
		value float64
		ok    bool
	}{
		{g.Scalar(graph.Float32, 0.1), float64(float32(0.1)), true},
		{g.Scalar(graph.Float64, 0.1), 0.1, true},
		{g.Scalar(graph.Int64, -1<<53), -1 << 53, true},
		{g.Scalar(graph.Bool, 3), 1, true},
		{graph.Const(g, []bool{false}), 0, true},
		{graph.Const(g, []float64{2}, 1), 0, false},
		{x, 0, false},
	} {
		if v, ok := c.node.ScalarValue(); v != c.value || ok != c.ok {
			t.Errorf("%v has the value %v, %v", c.node, v, ok)
		}
	}
	if _, ok := x.Constant(); ok {
		t.Error("an input is taken for a constant")
	}
}
