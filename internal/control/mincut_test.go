package control

import (
	"math/rand/v2"
	"testing"

	"chainrule/graph"
	"chainrule/ops"
)

// TestLeastRecord compares the cost of records with the least of all, found by trying every set of nodes.
func TestLeastRecord(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for round := range 300 {
		g := graph.New()
		pool := []*graph.Node{g.Input("carry", graph.Float64), g.Input("other", graph.Float64, 3), g.Input("free", graph.Float64)}
		free := map[*graph.Node]bool{pool[2]: true}
		pick := func() *graph.Node { return pool[rng.IntN(len(pool))] }
		for range 2 + rng.IntN(7) {
			switch rng.IntN(5) {
			case 0:
				pool = append(pool, ops.Sin(pick()))
			case 1:
				pool = append(pool, ops.Sum(pick()))
			case 2:
				pool = append(pool, ops.BroadcastTo(pick(), 3))
			default:
				pool = append(pool, ops.Mul(pick(), pick()))
			}
		}
		targets := map[*graph.Node]bool{pick(): true, pick(): true, pool[len(pool)-1]: true}
		order := graph.Topo(pool...)
		kept := map[*graph.Node]bool{}
		for _, n := range leastRecord(order, targets, free, cheap, nearPrice) {
			kept[n] = true
		}
		got, ok := recordCost(order, targets, free, kept)
		if !ok {
			t.Fatalf("round %d: the record %v does not do for %v\n%s", round, kept, targets, graph.Text(pool...))
		}
		for set := range 1 << len(order) {
			other := map[*graph.Node]bool{}
			for i, n := range order {
				if set&(1<<i) != 0 {
					other[n] = true
				}
			}
			if cost, ok := recordCost(order, targets, free, other); ok && cost < got {
				t.Fatalf("round %d: the record %v costs %d, %v only %d\n%s", round, kept, got, other, cost, graph.Text(pool...))
			}
		}
	}
}

// recordCost is what a record costs, and whether the targets can be had from it.
func recordCost(order []*graph.Node, targets, free, kept map[*graph.Node]bool) (cost int, ok bool) {
	wanted := map[*graph.Node]bool{}
	for n := range targets {
		wanted[n] = true
	}
	for k := len(order) - 1; k >= 0; k-- {
		n := order[k]
		bytes := max(8, n.Type().Bytes())
		switch {
		case free[n]:
		case kept[n]:
			cost += nearPrice * bytes
		case !wanted[n]:
		case !cheap(n):
			return 0, false
		default:
			cost += bytes
			for _, x := range n.In() {
				wanted[x] = true
			}
		}
	}
	return cost, true
}

// TestLeastRecordOfLongChains expects no more time than a body of a hundred thousand nodes may take.
func TestLeastRecordOfLongChains(t *testing.T) {
	g := graph.New()
	x := g.Input("x", graph.Float64)
	y := x
	targets := map[*graph.Node]bool{}
	for i := range 100_000 {
		if y = ops.Mul(y, 1.5); i%1000 == 0 {
			y = ops.Sin(y)
			targets[y] = true
		}
	}
	if kept := leastRecord(graph.Topo(y), targets, nil, cheap, nearPrice); len(kept) != 100 {
		t.Errorf("%d nodes are kept, of 100 that must be", len(kept))
	}
}
