package compile_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/graph"
	"chainrule/internal/compile"
	"chainrule/internal/rewrite"
	"chainrule/ops"
)

// checkGroups says what is wrong with a unit's groups: every member lies in one, after its operands, and has the shape
// of the others or folds it; and if each group is drawn together, no path leads out of
// it and back.
func checkGroups(u rewrite.Unit) error {
	of := map[*graph.Node]int{}
	for i, members := range u.Groups {
		for k, n := range members {
			space := n.Shape()
			if n.Op().Class == graph.Reduce {
				space = n.In()[0].Shape()
			}
			first := members[0].Shape()
			if members[0].Op().Class == graph.Reduce {
				first = members[0].In()[0].Shape()
			}
			switch {
			case of[n] != 0:
				return fmt.Errorf("%v is in two groups", n)
			case n.Op().Class != graph.Map && n.Op().Partial == nil:
				return fmt.Errorf("%v, of class %v, is in a group", n, n.Op().Class)
			case !slices.Equal(space, first):
				return fmt.Errorf("%v is in a group of shape %v", n, first)
			case k > 0 && n.ID() <= members[k-1].ID():
				return fmt.Errorf("%v is out of order", n)
			}
			of[n] = i + 1
		}
	}
	return checkConvex(u, of)
}

// checkConvex takes away groups and single nodes that wait for nothing until none is left.
func checkConvex(u rewrite.Unit, of map[*graph.Node]int) error {
	key := func(n *graph.Node) int { // groups count from 1, other nodes down from −1
		if i := of[n]; i > 0 {
			return i
		}
		return -1 - n.ID()
	}
	users := map[int][]int{}
	waits := map[int]int{}
	for _, n := range graph.Topo(u.Outputs...) {
		waits[key(n)] += 0
		for _, x := range n.In() {
			if key(x) != key(n) {
				users[key(x)] = append(users[key(x)], key(n))
				waits[key(n)]++
			}
		}
	}
	var ready []int
	for k, w := range waits {
		if w == 0 {
			ready = append(ready, k)
		}
	}
	done := 0
	for ; len(ready) > 0; done++ {
		k := ready[len(ready)-1]
		ready = ready[:len(ready)-1]
		for _, user := range users[k] {
			if waits[user]--; waits[user] == 0 {
				ready = append(ready, user)
			}
		}
	}
	if done < len(waits) {
		return fmt.Errorf("%d of %d groups and nodes wait for each other", len(waits)-done, len(waits))
	}
	return nil
}

// The check finds groups that are none.
func TestCheckGroups(t *testing.T) {
	g := graph.New()
	x := g.Input("x", graph.Float64, 3)
	a := ops.Exp(x)
	b := ops.Sum(a)
	c := ops.Div(a, b)
	d := ops.Neg(b)
	for _, bad := range []struct {
		want   string
		groups [][]*graph.Node
	}{
		{"wait for each other", [][]*graph.Node{{a, c}}},
		{"is in two groups", [][]*graph.Node{{a, b}, {a}}},
		{"is in a group of shape", [][]*graph.Node{{c, d}}},
		{"out of order", [][]*graph.Node{{b, a}}},
		{"of class leaf", [][]*graph.Node{{x, a}}},
	} {
		u := rewrite.Unit{Inputs: nodes{x}, Outputs: nodes{c, d}, Groups: bad.groups}
		require.ErrorContains(t, checkGroups(u), bad.want)
	}
	require.NoError(t, checkGroups(rewrite.Unit{Inputs: nodes{x}, Outputs: nodes{c, d}, Groups: [][]*graph.Node{{a, b}}}))
}

// A donated update and what leads to it alone wait for the end, so they are no group with what is needed before.
func TestGroupsOfDonatedUpdates(t *testing.T) {
	g := graph.New()
	w, m, x := g.Input("w", graph.Float32, 9), g.Input("m", graph.Float32, 9), g.Input("x", graph.Float32, 9)
	e := ops.Sub(ops.Mul(w, x), 0.5)
	loss := ops.Sum(ops.Square(e))
	m2 := ops.Add(ops.Mul(0.75, m), ops.Mul(x, e))
	w2 := ops.Sub(w, ops.Mul(0.1, m2))
	u := rewrite.Unit{Inputs: nodes{w, m, x}, Outputs: nodes{loss, w2, m2}, Donated: []int{-1, 0, 1}}
	u, plan := compile.PlanOf(u, compile.Options{})
	require.NoError(t, checkGroups(u))
	var names [][]string
	for _, members := range u.Groups {
		names = append(names, nil)
		for _, n := range members {
			names[len(names)-1] = append(names[len(names)-1], n.Op().Name)
		}
	}
	require.Equal(t, [][]string{{"mul", "sub", "square", "sum"}, {"mul", "mul_add", "mul", "sub"}}, names)
	require.Len(t, plan.Steps, 2)
}
