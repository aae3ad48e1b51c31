package compile

import "chainrule/graph"

// epilogue puts a product at the head of the group that takes it up: the group's loop runs over each part of the
// product as soon as it is finished, while it is in cache.
//
//	%2 = matmul(%0, %1)
//	%3 = relu(%2)         →          one step: matmul, and relu on every finished run of rows
//
// The head is an operand of the group, and every other operand comes from an earlier stage than the head's. So a task
// waits only for tasks of earlier stages than its head's, and no two can wait for each other.
func epilogue(u Unit, _ Options) Unit {
	order := u.topo()
	f := newFuser(u, order)
	of := make([]int32, u.graph().Len()) // by ID: the number of its group, from 1
	groups := make([][]*graph.Node, 0, len(u.Groups))
	taken := map[*graph.Node]bool{}
	add := func(members []*graph.Node, lone bool) {
		if head := f.head(members, of); head != nil && !taken[head] {
			taken[head] = true
			members = append([]*graph.Node{head}, members...)
		} else if lone {
			return
		}
		groups = append(groups, members)
	}
	for i, members := range u.Groups {
		for _, n := range members {
			of[n.ID()] = int32(i + 1)
		}
		add(members, false)
	}
	for _, n := range order {
		if of[n.ID()] == 0 && n.Op().Class == graph.Map && f.joins(n) {
			add([]*graph.Node{n}, true)
		}
	}
	u.Groups = groups
	return u
}

// head returns the product that may head a group, or nil. of gives, by ID, the group of a node, 0 for none.
func (f *fuser) head(members []*graph.Node, of []int32) *graph.Node {
	first := members[0]
	for _, n := range members {
		if n.Op().Class != graph.Map || f.late[n.ID()] {
			return nil
		}
	}
	var head *graph.Node
	top := int32(-1)
	for _, n := range members {
		for _, x := range n.In() {
			inside := of[x.ID()] > 0 && of[x.ID()] == of[first.ID()]
			if inside || x.Op().Class == graph.Leaf || x == head {
				continue
			}
			switch stage := f.stage[x.ID()]; {
			case stage > top:
				head, top = x, stage
			case stage == top: // two operands of the last stage: neither may wait for the other
				head = nil
			}
		}
	}
	if head == nil || !head.Op().Epilogue || f.late[head.ID()] || !sameShape(head.Shape(), first.Shape()) ||
		head.Rank() != 2 || head.Shape()[1] == 1 {
		return nil
	}
	return head
}
