package control

import (
	"math"

	"chainrule/graph"
)

// What goes on the tape is a minimal cut. A node is there in the backward step if it is kept, or can be computed again
// from nodes that are. Split every node in two, with an edge between the halves that costs its bytes. What a cheap
// node is computed of leads to it; the carries, and results of ops that are not cheap, hang on a source; what the
// backward step uses hangs on a sink. None of these edges can be cut, but there is one more, from the source to every
// cheap node, that costs the time to compute it again. Of all ways to cut the sink off, the cheapest is the record; it
// is found by a maximal flow (Dinic 1970).

// leastRecord returns which nodes to keep so that all targets can be had. Free nodes are there anyway, and cheap tells
// which others may be computed again. The price is how many bytes computed again are worth one that is kept.
func leastRecord(
	order []*graph.Node, targets, free map[*graph.Node]bool, cheap func(*graph.Node) bool, price int,
) []*graph.Node {
	index := map[*graph.Node]int{} // of a node's first half
	var nodes []*graph.Node
	net := newNetwork(2)
	const source, sink = 0, 1
	for _, n := range order {
		if free[n] || len(n.In()) == 0 && !n.IsInput() {
			continue
		}
		first := net.vertex()
		second := net.vertex()
		index[n] = first
		nodes = append(nodes, n)
		bytes := max(8, (n.Type().Bytes()+7)&^7)
		keep := price * bytes
		if n.DType() == graph.Packed { // its parts can be kept, it cannot
			keep = math.MaxInt
		}
		net.edge(first, second, keep)
		if targets[n] {
			net.edge(second, sink, math.MaxInt)
		}
		if !cheap(n) {
			net.edge(source, first, math.MaxInt)
			continue
		}
		net.edge(source, first, bytes)
		for _, x := range n.In() {
			if from, ok := index[x]; ok {
				net.edge(from+1, first, math.MaxInt)
			}
		}
	}
	net.run(source, sink)
	reaches := net.reaching(sink)
	var kept []*graph.Node
	for _, n := range nodes {
		if first := index[n]; reaches[first+1] && !reaches[first] {
			kept = append(kept, n)
		}
	}
	return kept
}

// network has edges, with what more can flow through them, each followed by its reverse.
type network struct {
	out      [][]int // edges by vertex
	to, room []int
	level    []int // distance from the source
	next     []int // by vertex, the edge to try next
}

func newNetwork(vertices int) *network { return &network{out: make([][]int, vertices)} }

func (f *network) vertex() int {
	f.out = append(f.out, nil)
	return len(f.out) - 1
}

func (f *network) edge(from, to, room int) {
	f.out[from] = append(f.out[from], len(f.to))
	f.out[to] = append(f.out[to], len(f.to)+1)
	f.to, f.room = append(f.to, to, from), append(f.room, room, 0)
}

// run sends as much as there is room for from source to sink.
func (f *network) run(source, sink int) {
	for f.levels(source); f.level[sink] >= 0; f.levels(source) {
		f.next = make([]int, len(f.out))
		for f.push(source, sink, math.MaxInt) > 0 {
		}
	}
}

// levels finds the distances from the source, −1 for vertices that nothing more can flow to.
func (f *network) levels(source int) {
	f.level = make([]int, len(f.out))
	for v := range f.level {
		f.level[v] = -1
	}
	f.level[source] = 0
	for queue := []int{source}; len(queue) > 0; queue = queue[1:] {
		for _, e := range f.out[queue[0]] {
			if f.room[e] > 0 && f.level[f.to[e]] < 0 {
				f.level[f.to[e]] = f.level[queue[0]] + 1
				queue = append(queue, f.to[e])
			}
		}
	}
}

// push sends up to most along one of the shortest paths, and returns how much.
func (f *network) push(v, sink, most int) int {
	if v == sink {
		return most
	}
	for ; f.next[v] < len(f.out[v]); f.next[v]++ {
		e := f.out[v][f.next[v]]
		if f.room[e] == 0 || f.level[f.to[e]] != f.level[v]+1 {
			continue
		}
		if sent := f.push(f.to[e], sink, min(most, f.room[e])); sent > 0 {
			if f.room[e] != math.MaxInt {
				f.room[e] -= sent
			}
			if f.room[e^1] != math.MaxInt {
				f.room[e^1] += sent
			}
			return sent
		}
	}
	return 0
}

// reaching tells the vertices from which more could flow to the sink.
func (f *network) reaching(sink int) []bool {
	reaches := make([]bool, len(f.out))
	reaches[sink] = true
	for queue := []int{sink}; len(queue) > 0; queue = queue[1:] {
		for _, e := range f.out[queue[0]] {
			if v := f.to[e]; f.room[e^1] > 0 && !reaches[v] {
				reaches[v] = true
				queue = append(queue, v)
			}
		}
	}
	return reaches
}
