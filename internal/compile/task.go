package compile

import (
	"container/heap"
	"slices"

	"chainrule/graph"
	"chainrule/internal/rewrite"
)

// task is what becomes one step: a node, or the members of a group.
type task struct {
	nodes []*graph.Node
	// outs are the nodes whose values are needed after the task, ins the operands from outside, each once.
	outs, ins []*graph.Node
	group     bool
	// waits counts the operands that tasks not yet in order will make, users lists the tasks that wait for this one.
	waits int
	users []*task
	// reads, if it is known, is how the members of a group read.
	reads *readings
	// rank breaks ties: the last ID.
	rank int
}

// tasks makes a task of every group and of every other node that is computed, in an order in which operands come
// before their use. computed says, by ID, which nodes are; owner gives the node that a view's elements belong to.
func tasks(u rewrite.Unit, nodes []*graph.Node, owner func(*graph.Node) *graph.Node) []*task {
	of := make([]*task, u.Graph().Len())
	for _, members := range u.Groups {
		t := &task{nodes: members, group: true, rank: members[len(members)-1].ID()}
		for _, n := range members {
			of[n.ID()] = t
		}
	}
	slab := make([]task, len(nodes))
	var all []*task
	for i, n := range nodes {
		t := of[n.ID()]
		if t == nil {
			t = &slab[i]
			*t = task{nodes: nodes[i : i+1 : i+1], outs: nodes[i : i+1 : i+1], ins: n.In(), rank: n.ID()}
			of[n.ID()] = t
		}
		if t.nodes[0] == n {
			all = append(all, t)
		}
	}
	connect(u, all, of, owner)
	if len(u.Groups) == 0 {
		return all
	}
	return inOrder(all)
}

// connect finds what groups need and give, and which tasks wait for which.
func connect(u rewrite.Unit, all, of []*task, owner func(*graph.Node) *graph.Node) {
	if len(u.Groups) == 0 {
		return
	}
	needed := make([]bool, len(of))
	for _, n := range u.Outputs {
		needed[owner(n).ID()] = true
	}
	seen := make([]*task, len(of)) // by ID: the last group that reads it
	for _, t := range all {
		if t.group {
			t.ins = nil
		}
		for _, n := range t.nodes {
			for _, x := range n.In() {
				from := of[owner(x).ID()]
				if from == t && owner(x) == x {
					continue
				}
				if t.group && seen[x.ID()] != t {
					seen[x.ID()] = t
					t.ins = append(t.ins, x)
				}
				if from != nil {
					needed[owner(x).ID()] = true
					from.users = append(from.users, t)
					t.waits++
				}
			}
		}
	}
	for _, t := range all {
		if t.group {
			t.outs = slices.DeleteFunc(slices.Clone(t.nodes), func(n *graph.Node) bool {
				return !needed[n.ID()]
			})
		}
	}
}

// inOrder sorts tasks so that none comes before one that it waits for, and by rank where there is a choice.
func inOrder(all []*task) []*task {
	var ready byRank
	for _, t := range all {
		if t.waits == 0 {
			ready = append(ready, t)
		}
	}
	heap.Init(&ready)
	order := make([]*task, 0, len(all))
	for len(ready) > 0 {
		t := heap.Pop(&ready).(*task)
		order = append(order, t)
		for _, user := range t.users {
			if user.waits--; user.waits == 0 {
				heap.Push(&ready, user)
			}
		}
	}
	if len(order) != len(all) {
		panic("compile: groups wait for each other")
	}
	return order
}

// byRank is a heap of tasks.
type byRank []*task

func (h byRank) Len() int           { return len(h) }
func (h byRank) Less(i, j int) bool { return h[i].rank < h[j].rank }
func (h byRank) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *byRank) Push(t any)        { *h = append(*h, t.(*task)) }
func (h *byRank) Pop() any {
	last := len(*h) - 1
	t := (*h)[last]
	*h = (*h)[:last]
	return t
}
