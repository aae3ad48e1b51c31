package graph_test

import (
	"slices"
	"testing"

	gonum "gonum.org/v1/gonum/graph"
	"gonum.org/v1/gonum/graph/path"
	"gonum.org/v1/gonum/graph/topo"
	"gonum.org/v1/gonum/graph/traverse"

	"chainrule/graph"
	"chainrule/ops"
)

// someGraph has shared nodes, a node used twice by one user, and nodes that the outputs do not need.
func someGraph() (outputs, unused []*graph.Node) {
	g := graph.New()
	x, w := g.Input("x", graph.Float64, 4, 3), g.Input("w", graph.Float64, 3, 2)
	lost := ops.Exp(x)
	h := ops.Tanh(ops.MatMul(x, w))
	square := ops.Mul(h, h)
	return []*graph.Node{ops.Mean(ops.Sub(1, square)), ops.Concat([]*graph.Node{h, square, h}, 0)}, []*graph.Node{lost, ops.Sin(square)}
}

func ids(nodes []*graph.Node) []int64 {
	list := make([]int64, len(nodes))
	for i, n := range nodes {
		list[i] = int64(n.ID())
	}
	return list
}

// idsOf lists an iterator's nodes by ID, and checks that its length and Reset are right.
func idsOf(t *testing.T, nodes gonum.Nodes) []int64 {
	t.Helper()
	list := []int64{}
	length := nodes.Len()
	for nodes.Next() {
		list = append(list, nodes.Node().ID())
	}
	nodes.Reset()
	if length != len(list) || nodes.Len() != length {
		t.Errorf("an iterator of %d nodes has length %d, after Reset %d", len(list), length, nodes.Len())
	}
	slices.Sort(list)
	return list
}

func TestDirectedAgreesWithTopo(t *testing.T) {
	outputs, unused := someGraph()
	d := graph.Directed(outputs...)
	order := graph.Topo(outputs...)
	if got := idsOf(t, d.Nodes()); !slices.Equal(got, ids(order)) {
		t.Errorf("nodes are %v, want %v", got, ids(order))
	}
	for _, n := range order {
		to, from := map[int64]bool{}, map[int64]bool{}
		for _, x := range n.In() {
			to[int64(x.ID())] = true
		}
		for _, user := range order {
			if slices.Contains(user.In(), n) {
				from[int64(user.ID())] = true
			}
		}
		id := int64(n.ID())
		if got := d.Node(id).(graph.GonumNode); got.Node != n || got.ID() != id {
			t.Errorf("Node(%d) is %v", id, got)
		}
		if got := idsOf(t, d.To(id)); !sameSet(got, to) {
			t.Errorf("To(%d) is %v, want %v", id, got, to)
		}
		if got := idsOf(t, d.From(id)); !sameSet(got, from) {
			t.Errorf("From(%d) is %v, want %v", id, got, from)
		}
		for _, m := range order {
			other := int64(m.ID())
			if d.HasEdgeFromTo(id, other) != from[other] || d.HasEdgeBetween(id, other) != (from[other] || to[other]) {
				t.Errorf("HasEdge… is wrong between %d and %d", id, other)
			}
			e := d.Edge(id, other)
			switch {
			case (e != nil) != from[other]:
				t.Errorf("Edge(%d, %d) is %v", id, other, e)
			case e != nil && (e.From().ID() != id || e.To().ID() != other):
				t.Errorf("Edge(%d, %d) leads from %d to %d", id, other, e.From().ID(), e.To().ID())
			case e != nil && (e.ReversedEdge().From().ID() != other || e.ReversedEdge().To().ID() != id):
				t.Errorf("Edge(%d, %d) reversed is no reversed edge", id, other)
			}
		}
	}
	for _, n := range unused {
		id := int64(n.ID())
		if d.Node(id) != nil || d.From(id).Len() != 0 || d.To(id).Len() != 0 ||
			d.HasEdgeFromTo(0, id) || d.Edge(0, id) != nil {
			t.Errorf("node %d, which no output needs, is in the graph", id)
		}
	}
	if d := graph.Directed(); d.Nodes().Len() != 0 || d.Node(0) != nil {
		t.Error("the graph of no outputs is not empty")
	}
}

func sameSet(list []int64, set map[int64]bool) bool {
	for _, id := range list {
		if !set[id] {
			return false
		}
	}
	return len(list) == len(set)
}

func TestGonumAlgorithms(t *testing.T) {
	outputs, _ := someGraph()
	d := graph.Directed(outputs...)
	order := graph.Topo(outputs...)

	sorted, err := topo.SortStabilized(d, nil)
	if err != nil {
		t.Fatal(err)
	}
	place := map[int64]int{}
	for i, n := range sorted {
		place[n.ID()] = i
	}
	if len(place) != len(order) {
		t.Errorf("gonum sorts %d nodes, Topo %d", len(place), len(order))
	}
	for _, n := range order {
		for _, x := range n.In() {
			if place[int64(x.ID())] >= place[int64(n.ID())] {
				t.Errorf("gonum sorts node %d before its input %d", n.ID(), x.ID())
			}
		}
	}

	// What an input reaches is what depends on it, by walking and by shortest paths.
	for _, from := range order {
		depends := map[int64]bool{int64(from.ID()): true}
		for _, n := range order {
			for _, x := range n.In() {
				if depends[int64(x.ID())] {
					depends[int64(n.ID())] = true
				}
			}
		}
		start := d.Node(int64(from.ID()))
		var reached []int64
		walk := traverse.BreadthFirst{Visit: func(n gonum.Node) { reached = append(reached, n.ID()) }}
		walk.Walk(d, start, nil)
		if !sameSet(reached, depends) {
			t.Errorf("a walk from %d reaches %v, want %v", from.ID(), reached, depends)
		}
		shortest := path.DijkstraFrom(start, d)
		for _, n := range order {
			_, length := shortest.To(int64(n.ID()))
			if finite := length <= float64(len(order)); finite != depends[int64(n.ID())] {
				t.Errorf("the path from %d to %d has length %v", from.ID(), n.ID(), length)
			}
		}
	}
}
