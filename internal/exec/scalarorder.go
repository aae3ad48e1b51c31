package exec

import (
	"slices"

	"chainrule/graph"
)

// Operations on scalars wait for each other more than for anything else. What an operation has just made it hands to the
// next one in the processor (see package threaded); what lies in memory takes longer to read, and others should be done
// in the meantime. The processor itself looks some dozens of operations ahead.

// latency is about how many cycles an elementary operation takes, the way through memory not counted.
var latency = map[graph.Elementary]int{
	graph.ElementaryDiv: 13, graph.ElementaryReciprocal: 13, graph.ElementarySqrt: 20, graph.ElementaryMulAdd: 7,
	graph.ElementarySlopeTanh: 7, graph.ElementarySlopeSigmoid: 7,
}

// throughMemory is how many cycles it takes to read what has just been written.
const throughMemory = 5

// byReadiness sorts members so that each comes when its operands are there, by a simulation of a processor. Next is the one
// that takes what the last has made, if it need not wait for anything else; or else, of those that could begin, the one
// that the most time depends on. Copies refer to members by number, so a group that has some gets its Copies
// renumbered.
func byReadiness(s Step) Step {
	o := newScalarOrder(s.Members)
	sorted := Step{Members: make([]Member, 0, len(s.Members)), Copies: slices.Clone(s.Copies)}
	place := make([]int, len(s.Members))
	for i := o.next(); i >= 0; i = o.next() {
		place[i] = len(sorted.Members)
		sorted.Members = append(sorted.Members, s.Members[i])
	}
	for k, c := range sorted.Copies {
		if c.From >= 0 {
			sorted.Copies[k].From = place[c.From]
		}
	}
	return sorted
}

// scalarOrder is a simulation. Times are in cycles; lists go by the members' numbers.
type scalarOrder struct {
	now        int
	last       int     // the member begun last, −1 at first
	from, into [][]int // the operands that are members, and the members that take a result
	waits      []int   // how many operands have not begun
	took       []int
	height     []int      // the time from a member's beginning to the end of all that depends on it
	ready      []int      // when the operands are there, through memory
	done       []int      // −1 if it has not begun
	soon       scalarHeap // those whose operands have all begun, by ready
	free       scalarHeap // those that are ready now, the highest first
}

func newScalarOrder(members []Member) *scalarOrder {
	n := len(members)
	o := &scalarOrder{last: -1, from: make([][]int, n), into: make([][]int, n), waits: make([]int, n), took: make([]int, n),
		height: make([]int, n), ready: make([]int, n), done: make([]int, n)}
	o.connect(members)
	for i, m := range members {
		o.waits[i], o.took[i], o.done[i] = len(o.from[i]), timeOf(m.Node), -1
	}
	for i := n - 1; i >= 0; i-- {
		for _, u := range o.into[i] {
			o.height[i] = max(o.height[i], throughMemory+o.height[u])
		}
		o.height[i] += o.took[i]
	}
	for i := range n {
		if o.waits[i] == 0 {
			o.soon.push(0, i)
		}
	}
	return o
}

// connect fills from and into, which share two slabs.
func (o *scalarOrder) connect(members []Member) {
	operands := 0
	for _, m := range members {
		operands += len(m.Node.In())
	}
	numbers, users := newNodeNumbers(members), make([]int, len(members))
	slab := make([]int, 0, operands)
	for i, m := range members {
		first := len(slab)
		for j, x := range m.Node.In() {
			if k := numbers.of(x); k >= 0 && !slices.Contains(m.Node.In()[:j], x) {
				slab = append(slab, k)
				users[k]++
			}
		}
		o.from[i] = slab[first:len(slab):len(slab)]
		numbers.set(m.Node, i)
	}
	slab = make([]int, len(slab))
	for k, n := range users {
		o.into[k], slab = slab[:0:n], slab[n:]
	}
	for i, from := range o.from {
		for _, k := range from {
			o.into[k] = append(o.into[k], i)
		}
	}
}

func timeOf(n *graph.Node) int {
	took, known := latency[n.Op().Elementary]
	switch {
	case known:
		return took
	case n.Op().Elementary != graph.NotElementary:
		return 3
	}
	return 40
}

// issue is about how many cycles pass from one operation to the next, and patience how many to wait for one that takes
// what the last has made.
const issue, patience = 2, 4

// next returns the member to begin next, −1 if there is none.
func (o *scalarOrder) next() int {
	i, start := o.following()
	if i < 0 {
		for i < 0 {
			for len(o.soon) > 0 && (o.soon[0].key <= o.now || len(o.free) == 0) {
				k := o.soon.pop()
				o.free.push(-o.height[k], k)
			}
			if len(o.free) == 0 {
				return -1
			}
			if k := o.free.pop(); o.done[k] < 0 {
				i = k
			}
		}
		start = max(o.now, o.ready[i])
	}
	o.last, o.now, o.done[i] = i, start+issue, start+o.took[i]
	for _, u := range o.into[i] {
		o.ready[u] = max(o.ready[u], o.done[i]+throughMemory)
		if o.waits[u]--; o.waits[u] == 0 {
			o.soon.push(o.ready[u], u)
		}
	}
	return i
}

// following is the highest of the members that can take what the last has made, and when it would begin, or −1.
func (o *scalarOrder) following() (best, start int) {
	best = -1
	if o.last < 0 {
		return best, 0
	}
	for _, u := range o.into[o.last] {
		if o.waits[u] > 0 || best >= 0 && o.height[u] <= o.height[best] {
			continue
		}
		at := max(o.now, o.done[o.last])
		for _, k := range o.from[u] {
			if k != o.last {
				at = max(at, o.done[k]+throughMemory)
			}
		}
		if at <= o.now+patience {
			best, start = u, at
		}
	}
	return best, start
}

// scalarHeap is a heap of members, the least key first, and of equal ones the first member.
type scalarHeap []struct{ key, member int }

func (h scalarHeap) less(i, k int) bool {
	return h[i].key < h[k].key || h[i].key == h[k].key && h[i].member < h[k].member
}

func (h *scalarHeap) push(key, member int) {
	*h = append(*h, struct{ key, member int }{key, member})
	for i := len(*h) - 1; i > 0 && h.less(i, (i-1)/2); i = (i - 1) / 2 {
		(*h)[i], (*h)[(i-1)/2] = (*h)[(i-1)/2], (*h)[i]
	}
}

func (h *scalarHeap) pop() (member int) {
	member = (*h)[0].member
	last := len(*h) - 1
	(*h)[0] = (*h)[last]
	*h = (*h)[:last]
	for i := 0; ; {
		k := 2*i + 1
		if k >= last {
			return member
		}
		if k+1 < last && h.less(k+1, k) {
			k++
		}
		if !h.less(k, i) {
			return member
		}
		(*h)[i], (*h)[k] = (*h)[k], (*h)[i]
		i = k
	}
}
