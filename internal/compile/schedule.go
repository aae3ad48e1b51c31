package compile

// scheduleLimit is the number of tasks up to which another order is looked for; the search takes their number times
// the number that could come next.
const scheduleLimit = 4096

// schedule puts the tasks in an order that needs less memory at its worst moment, if the greedy one does: of all tasks
// that could come next, the one that frees most, or adds least, and of equals the first. The result depends on the
// graph alone.
func (p *planner) schedule() {
	if len(p.order) > scheduleLimit {
		return
	}
	s := newScheduler(p)
	greedy := s.greedy()
	if s.peak(greedy) < s.peak(p.order) {
		p.order = greedy
	}
}

type scheduler struct {
	tasks []*task
	index map[*task]int
	makes [][]*root // by task: roots in the arena that it makes, and those that it reads
	reads [][]*root
	waits []int   // by task: the number of its operands' makers
	users [][]int // by task
	uses  map[*root]int
}

func newScheduler(p *planner) *scheduler {
	n := len(p.order)
	s := &scheduler{
		tasks: p.order, index: make(map[*task]int, n), makes: make([][]*root, n), reads: make([][]*root, n),
		waits: make([]int, n), users: make([][]int, n), uses: map[*root]int{},
	}
	maker := map[*root]int{}
	for i, t := range p.order {
		s.index[t] = i
		for _, n := range t.outs {
			r := p.at(n).root
			maker[r] = i
			if !r.placed {
				s.makes[i] = append(s.makes[i], r)
			}
		}
	}
	for i, t := range p.order {
		seen := map[*root]bool{}
		for _, x := range t.ins {
			r := p.at(x).root
			from, made := maker[r]
			if !made || seen[r] {
				continue
			}
			seen[r] = true
			s.waits[i]++
			s.users[from] = append(s.users[from], i)
			if !r.placed {
				s.reads[i] = append(s.reads[i], r)
				s.uses[r]++
			}
		}
	}
	for _, n := range p.unit.Outputs { // and what is copied or overwritten at the end
		s.uses[p.at(n).root]++
	}
	for _, c := range p.commit {
		if c.step != nil {
			for _, x := range c.step.ins {
				s.uses[p.at(x).root]++
			}
		}
	}
	return s
}

// peak is the most memory that an order needs at a time, were nothing written in place.
func (s *scheduler) peak(order []*task) int {
	left := make(map[*root]int, len(s.uses))
	live, most := 0, 0
	for _, t := range order {
		i := s.index[t]
		for _, r := range s.makes[i] {
			live += r.bytes
			left[r] = s.uses[r]
		}
		most = max(most, live)
		for _, r := range s.reads[i] {
			if left[r]--; left[r] == 0 {
				live -= r.bytes
			}
		}
		for _, r := range s.makes[i] {
			if left[r] == 0 {
				live -= r.bytes
			}
		}
	}
	return most
}

func (s *scheduler) greedy() []*task {
	left := make(map[*root]int, len(s.uses))
	for r, n := range s.uses {
		left[r] = n
	}
	waits := append([]int(nil), s.waits...)
	var ready []int
	for i, n := range waits {
		if n == 0 {
			ready = append(ready, i)
		}
	}
	order := make([]*task, 0, len(s.tasks))
	for len(ready) > 0 {
		best, growth := 0, s.growth(ready[0], left)
		for k, i := range ready[1:] {
			if g := s.growth(i, left); g < growth || g == growth && i < ready[best] {
				best, growth = k+1, g
			}
		}
		i := ready[best]
		ready[best] = ready[len(ready)-1]
		ready = ready[:len(ready)-1]
		order = append(order, s.tasks[i])
		for _, r := range s.reads[i] {
			left[r]--
		}
		for _, user := range s.users[i] {
			if waits[user]--; waits[user] == 0 {
				ready = append(ready, user)
			}
		}
	}
	return order
}

// growth is what task i adds to the memory in use, less what it is the last to need.
func (s *scheduler) growth(i int, left map[*root]int) int {
	g := 0
	for _, r := range s.makes[i] {
		g += r.bytes
	}
	for _, r := range s.reads[i] {
		if left[r] == 1 {
			g -= r.bytes
		}
	}
	return g
}
