package graph_test

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"chainrule/graph"
	"chainrule/ops"
)

func TestTopo(t *testing.T) {
	g := graph.New()
	x := g.Input("x", graph.Float64)
	a := ops.Sin(x)
	unused := ops.Cos(a)
	b := ops.Add(a, a)
	y := g.Input("y", graph.Float64)
	c := ops.Mul(y, b)
	for _, c := range []struct {
		name          string
		outputs, want []*graph.Node
	}{
		{"nothing", nil, nil},
		{"an input", []*graph.Node{y}, []*graph.Node{y}},
		{"a part", []*graph.Node{b}, []*graph.Node{x, a, b}},
		{"all but one", []*graph.Node{c}, []*graph.Node{x, a, b, y, c}},
		{"an output needs another", []*graph.Node{c, a}, []*graph.Node{x, a, b, y, c}},
		{"an output twice", []*graph.Node{b, b}, []*graph.Node{x, a, b}},
		{"the order of outputs does not count", []*graph.Node{a, unused, y}, []*graph.Node{x, a, unused, y}},
	} {
		if got := graph.Topo(c.outputs...); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// allocated returns the bytes and the objects that f allocates, while no other test runs.
func allocated(f func()) (bytes, objects uint64) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc, after.Mallocs - before.Mallocs
}

// A million nodes, one after the other or in diamonds with 2^1000000 paths, are built, listed, drawn, printed, parsed
// and verified without recursion, and ten times the nodes take ten times the memory. The slack of a half
// is for tables that double.
func TestMillionNodes(t *testing.T) {
	type cost struct {
		step           string
		bytes, objects uint64
	}
	run := func(build func(x *graph.Node, n int) *graph.Node, n int) (costs []cost) {
		var y *graph.Node
		var order, outputs []*graph.Node
		var text, again string
		for _, step := range []struct {
			name string
			do   func()
		}{
			{"build", func() { y = build(graph.New().Input("x", graph.Float32), n) }},
			{"Topo", func() { order = graph.Topo(y) }},
			{"Text", func() { text = graph.Text(y) }},
			{"Parse", func() { _, outputs, _ = graph.Parse(text) }},
			{"Verify", func() { mustVerify(t, y.Graph()) }},
			{"Directed", func() { graph.Directed(y) }},
		} {
			bytes, objects := allocated(step.do)
			costs = append(costs, cost{step.name, bytes, objects})
		}
		if len(outputs) == 1 {
			again = graph.Text(outputs...)
		}
		if len(order) != n+1 || order[n] != y || strings.Count(text, "\n") != n+2 || again != text {
			t.Errorf("of %d nodes Topo lists %d, Text %d; Parse reads the text back: %v",
				n+1, len(order), strings.Count(text, "\n")-1, again == text)
		}
		return costs
	}
	for _, b := range builds[:2] {
		t.Run(b.name, func(t *testing.T) {
			small, large := run(b.build, 100_000), run(b.build, 1_000_000)
			for i, s := range small {
				l := large[i]
				report := fmt.Sprintf("%s: %d bytes in %d objects for 1e5 nodes, %d in %d for 1e6",
					s.step, s.bytes, s.objects, l.bytes, l.objects)
				t.Log(report)
				const slack = 1 << 16 // what the runtime allocates meanwhile
				if l.bytes > 15*s.bytes+slack || l.objects > 15*s.objects+slack {
					t.Errorf("not linear: %s", report)
				}
			}
		})
	}
}
