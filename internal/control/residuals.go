package control

import "chainrule/graph"

// cacheBytes is the length from which on a tape is taken not to stay in a processor's caches.
const cacheBytes = 16 << 20

// tapeSteps is how many steps the tape has room for, 0 if it grows.
func (a gradAttrs) tapeSteps() int {
	if a.Every > 0 {
		return min(a.Every, a.Steps)
	}
	return a.Steps
}

// residuals chooses what goes on the tape: of the nodes that do not depend on cotangents those that backward uses, or
// fewer from which it computes them again.
type residuals struct {
	onlyBackward map[*graph.Node]bool // depends on cotangents
	available    map[*graph.Node]bool // is there in the backward step
	used         map[*graph.Node]bool // by the backward step
	// inMemory says that the tape lies in memory: a step of several stages on vectors takes about as much time to compute once
	// more as to write there and read back. Then anything made by arithmetic and copies is computed again.
	inMemory bool
}

func newResiduals(onlyBackward, available []*graph.Node) *residuals {
	r := &residuals{onlyBackward: map[*graph.Node]bool{}, available: map[*graph.Node]bool{}}
	for _, x := range onlyBackward {
		r.onlyBackward[x] = true
	}
	for _, x := range available {
		r.available[x] = true
	}
	return r
}

func (r *residuals) choose(back []*graph.Node) (kept []*graph.Node) {
	r.used = map[*graph.Node]bool{}
	order := graph.Topo(back...)
	direct := map[*graph.Node]bool{}
	for _, n := range order {
		for _, x := range n.In() {
			r.onlyBackward[n] = r.onlyBackward[n] || r.onlyBackward[x]
		}
	}
	for _, n := range order {
		if r.onlyBackward[n] {
			for _, x := range n.In() {
				direct[x] = !r.onlyBackward[x]
			}
		}
	}
	for _, n := range back {
		direct[n] = !r.onlyBackward[n]
	}
	var early []*graph.Node
	for _, n := range order {
		if !r.onlyBackward[n] {
			early = append(early, n)
		}
	}
	isCheap, price := cheap, nearPrice
	if r.inMemory {
		isCheap, price = cheapOrCopy, farPrice
	}
	kept = leastRecord(early, direct, r.available, isCheap, price)
	keep := map[*graph.Node]bool{}
	for _, n := range kept {
		keep[n] = true
	}
	for k := len(order) - 1; k >= 0; k-- { // which recomputed nodes are used at all, and so which inputs
		n := order[k]
		if keep[n] || !direct[n] && !r.used[n] && !r.onlyBackward[n] {
			continue
		}
		r.used[n] = true
		for _, x := range n.In() {
			r.used[x] = true
		}
	}
	return kept
}

// nearPrice and farPrice are how many bytes computed again are worth one that is kept.
const nearPrice, farPrice = 8, 1 << 16

// cheap reports whether n may be computed again, from what it is computed of.
func cheap(n *graph.Node) bool { return n.Op().Class == graph.View || n.Op().Cheap }

func cheapOrCopy(n *graph.Node) bool { return cheap(n) || n.Op().Copies }
