package compile

import (
	"container/heap"
	"slices"
)

// schedule puts the tasks in an order that needs less memory at its worst moment, if the greedy one does: of all tasks
// that could come next, the one that frees most, or adds least, and of equals the first. The result depends on the
// graph alone.
func (p *planner) schedule() {
	s := newScheduler(p)
	given := make([]int, len(p.order))
	for i := range given {
		given[i] = i
	}
	if greedy := s.greedy(); s.peak(greedy) < s.peak(given) {
		order := make([]*task, len(greedy))
		for k, i := range greedy {
			order[k] = p.order[i]
		}
		p.order = order
	}
}

// scheduler knows tasks by their place in the order given, and roots by number.
type scheduler struct {
	bytes   []int   // by root
	uses    []int   // by root: by how many tasks, outputs and steps at the end
	readers [][]int // by root: tasks
	makes   [][]int // by task: roots in the arena that it makes, and those that it reads
	reads   [][]int
	waits   []int   // by task: the number of its operands' makers
	users   [][]int // by task
}

// newScheduler numbers the roots that tasks make, and finds who makes and who reads them.
func newScheduler(p *planner) *scheduler {
	n := len(p.order)
	s := &scheduler{makes: make([][]int, n), reads: make([][]int, n), waits: make([]int, n), users: make([][]int, n)}
	var maker []int // by root
	for i, t := range p.order {
		for _, n := range t.outs {
			r := p.at(n).root
			r.number = len(maker) + 1
			maker = append(maker, i)
			s.bytes = append(s.bytes, r.bytes)
			if !r.placed {
				s.makes[i] = append(s.makes[i], r.number-1)
			}
		}
	}
	s.uses, s.readers = make([]int, len(maker)), make([][]int, len(maker))
	seen := make([]int, len(maker)) // the last task that was found to read it, from 1
	for i, t := range p.order {
		for _, x := range t.ins {
			r := p.at(x).root
			if r.number == 0 || seen[r.number-1] == i+1 {
				continue
			}
			k := r.number - 1
			seen[k] = i + 1
			s.waits[i]++
			s.users[maker[k]] = append(s.users[maker[k]], i)
			if !r.placed {
				s.reads[i] = append(s.reads[i], k)
				s.readers[k] = append(s.readers[k], i)
				s.uses[k]++
			}
		}
	}
	s.countEnd(p)
	return s
}

// countEnd counts the uses by outputs, and by what is copied or overwritten at the end.
func (s *scheduler) countEnd(p *planner) {
	use := func(r *root) {
		if r.number > 0 {
			s.uses[r.number-1]++
		}
	}
	for _, n := range p.unit.Outputs {
		use(p.at(n).root)
	}
	for _, t := range p.committed() {
		for _, x := range t.ins {
			use(p.at(x).root)
		}
	}
}

// peak is the most memory that an order needs at a time, were nothing written in place.
func (s *scheduler) peak(order []int) int {
	left := slices.Clone(s.uses)
	live, most := 0, 0
	for _, i := range order {
		for _, k := range s.makes[i] {
			live += s.bytes[k]
		}
		most = max(most, live)
		for _, k := range s.reads[i] {
			if left[k]--; left[k] == 0 {
				live -= s.bytes[k]
			}
		}
		for _, k := range s.makes[i] {
			if left[k] == 0 {
				live -= s.bytes[k]
			}
		}
	}
	return most
}

// greedy takes the best candidate at every step. A task's growth only falls while it is one, when it becomes the last
// to need a root: then it is put in the heap again, before its old entry.
func (s *scheduler) greedy() []int {
	left := slices.Clone(s.uses)
	waits := slices.Clone(s.waits)
	done := make([]bool, len(waits))
	growth := make([]int, len(waits))
	var ready candidates
	for i, n := range waits {
		growth[i] = s.growth(i, left)
		if n == 0 {
			ready = append(ready, candidate{growth[i], i})
		}
	}
	heap.Init(&ready)
	order := make([]int, 0, len(waits))
	for len(ready) > 0 {
		i := heap.Pop(&ready).(candidate).task
		if done[i] {
			continue
		}
		done[i] = true
		order = append(order, i)
		for _, k := range s.reads[i] {
			if left[k]--; left[k] != 1 {
				continue
			}
			for _, j := range s.readers[k] {
				if done[j] {
					continue
				}
				if growth[j] -= s.bytes[k]; waits[j] == 0 {
					heap.Push(&ready, candidate{growth[j], j})
				}
			}
		}
		for _, user := range s.users[i] {
			if waits[user]--; waits[user] == 0 {
				heap.Push(&ready, candidate{growth[user], user})
			}
		}
	}
	return order
}

// growth is what task i adds to the memory in use, less what it is the last to need.
func (s *scheduler) growth(i int, left []int) int {
	g := 0
	for _, k := range s.makes[i] {
		g += s.bytes[k]
	}
	for _, k := range s.reads[i] {
		if left[k] == 1 {
			g -= s.bytes[k]
		}
	}
	return g
}

type candidate struct{ growth, task int }

// candidates is a heap.
type candidates []candidate

func (h candidates) Len() int { return len(h) }
func (h candidates) Less(i, j int) bool {
	return h[i].growth < h[j].growth || h[i].growth == h[j].growth && h[i].task < h[j].task
}
func (h candidates) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *candidates) Push(c any)   { *h = append(*h, c.(candidate)) }
func (h *candidates) Pop() any {
	last := len(*h) - 1
	c := (*h)[last]
	*h = (*h)[:last]
	return c
}
