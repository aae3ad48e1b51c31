package compile

import (
	"math"
	"slices"

	"chainrule/graph"
	"chainrule/internal/exec"
	"chainrule/internal/rewrite"
)

// fuse groups Maps of one shape that use each other, and the reductions at their ends, to be computed in one loop over
// tiles. What only members use never goes to memory.
//
//	%3 = mul(%0, %1)
//	%4 = tanh(%3)         →          one loop: mul, tanh, sum
//	%5 = sum(%4)
//
// The stage of a node grows along every edge that is not between two Maps of one shape. Members of a group have one
// stage, so a path that leaves a group can never come back, and groups can be put in order like single nodes.
func fuse(u rewrite.Unit, opts rewrite.Options) rewrite.Unit {
	order := u.Topo()
	f := newFuser(u, order)
	for _, n := range order {
		f.join(n)
	}
	u.Groups = f.groups(order, func(n *graph.Node) bool {
		return worthSplitting(n) && (opts.Workers > 1 || n.Type().Size() >= long || n.In()[0].Type().Size() >= long)
	})
	return u
}

// groups lists the groups of more than one member, and of one where alone says so, each by its first member.
func (f *fuser) groups(order []*graph.Node, alone func(*graph.Node) bool) (groups [][]*graph.Node) {
	size := make([]int32, len(f.group)) // by root
	for _, n := range order {
		if f.joins(n) {
			size[f.find(int32(n.ID()))]++
		}
	}
	number := make([]int32, len(f.group)) // by root, which is the first member
	var members slab[*graph.Node]
	for _, n := range order {
		root := f.find(int32(n.ID()))
		if count := int(size[root]); count == 0 || !f.joins(n) || count == 1 && !alone(n) {
			continue
		} else if int(root) == n.ID() {
			number[root] = int32(len(groups))
			groups = append(groups, members.take(count)[:0])
		}
		groups[number[root]] = append(groups[number[root]], n)
	}
	for i, members := range groups {
		misfits := exec.Misfits(members) // in their order
		members = slices.DeleteFunc(members, func(n *graph.Node) bool {
			apart := len(misfits) > 0 && misfits[0] == n
			if apart {
				misfits = misfits[1:]
			}
			return apart
		})
		if groups[i] = members; len(members) == 1 && !alone(members[0]) {
			groups[i] = nil
		}
	}
	return slices.DeleteFunc(groups, func(members []*graph.Node) bool { return members == nil })
}

// long is the number of elements of a node that is computed tile by tile even if it is alone, so that it can be stopped in
// between.
const long = 1 << 20

// worthSplitting reports whether a lone member is large enough for more than one core: a group's tiles are divided
// among them.
func worthSplitting(n *graph.Node) bool {
	size := n.Type().Size()
	if n.Op().Class == graph.Reduce && size == 1 {
		size = n.In()[0].Type().Size()
	}
	return size >= 1<<16 && (n.Op().Class == graph.Map || n.Type().Size() == 1)
}

type fuser struct {
	unit  rewrite.Unit
	stage []int32
	late  []bool  // by ID: used for donated outputs alone
	group []int32 // union-find by ID: the smallest ID is the root
}

// newFuser finds the stages.
func newFuser(u rewrite.Unit, order []*graph.Node) *fuser {
	size := u.Graph().Len()
	f := &fuser{unit: u, stage: make([]int32, size), late: late(u, order), group: make([]int32, size)}
	for i := range f.group {
		f.group[i] = int32(i)
	}
	for _, n := range order {
		f.enter(n)
	}
	f.delay(order)
	return f
}

// enter gives n the earliest stage.
func (f *fuser) enter(n *graph.Node) {
	for _, x := range n.In() {
		f.stage[n.ID()] = max(f.stage[n.ID()], f.stage[x.ID()]+f.step(x, n))
	}
}

// step is by how much the stage grows along an edge at least.
func (f *fuser) step(x, n *graph.Node) int32 {
	if f.neighbours(x, n) || x.Op().Class == graph.Leaf {
		return 0
	}
	return 1
}

// delay moves Maps to the latest stage that their users allow, where a user may be in one group with them.
func (f *fuser) delay(order []*graph.Node) {
	latest := make([]int32, len(f.stage))
	for i := range latest {
		latest[i] = math.MaxInt32
	}
	wanted := make([]bool, len(f.stage)) // by a neighbour
	for k := len(order) - 1; k >= 0; k-- {
		n := order[k]
		if wanted[n.ID()] {
			f.stage[n.ID()] = latest[n.ID()]
		}
		for _, x := range n.In() {
			latest[x.ID()] = min(latest[x.ID()], f.stage[n.ID()]-f.step(x, n))
			wanted[x.ID()] = wanted[x.ID()] || f.neighbours(x, n)
		}
	}
}

func (f *fuser) join(n *graph.Node) {
	for _, x := range n.In() {
		if f.neighbours(x, n) && f.stage[x.ID()] == f.stage[n.ID()] {
			f.union(int32(x.ID()), int32(n.ID()))
		}
	}
}

// joins reports whether n may be a member of a group.
func (f *fuser) joins(n *graph.Node) bool {
	switch n.Op().Class {
	case graph.Map:
		return n.Type().Size() > 0
	case graph.Reduce:
		return n.Op().Partial != nil && n.In()[0].Type().Size() > 0
	}
	return false
}

// neighbours reports whether the edge from x to n may lie within a group.
func (f *fuser) neighbours(x, n *graph.Node) bool {
	if x.Op().Class != graph.Map || !f.joins(x) || !f.joins(n) || f.late[x.ID()] != f.late[n.ID()] {
		return false
	}
	return n.Op().Class == graph.Reduce || slices.Equal(x.Shape(), n.Shape())
}

func (f *fuser) find(i int32) int32 {
	for f.group[i] != i {
		f.group[i] = f.group[f.group[i]]
		i = f.group[i]
	}
	return i
}

func (f *fuser) union(a, b int32) {
	a, b = f.find(a), f.find(b)
	f.group[max(a, b)] = min(a, b)
}

// late finds, by ID, the donated outputs that nothing else uses and the Maps that only lead to them: they can wait for
// the end.
func late(u rewrite.Unit, order []*graph.Node) []bool {
	late := make([]bool, u.Graph().Len())
	if u.Donated == nil {
		return late
	}
	used := make([]bool, len(late))
	for i, n := range u.Outputs {
		if u.Donated[i] >= 0 {
			late[n.ID()] = true
		}
	}
	for i, n := range u.Outputs {
		if u.Donated[i] < 0 {
			late[n.ID()], used[n.ID()] = false, true
		}
	}
	for k := len(order) - 1; k >= 0; k-- {
		n := order[k]
		isLate := (late[n.ID()] || n.Op().Class == graph.Map) && !used[n.ID()]
		late[n.ID()] = isLate
		if !isLate || n.Op().Class != graph.Map {
			for _, x := range n.In() {
				used[x.ID()] = true
			}
		}
	}
	return late
}
