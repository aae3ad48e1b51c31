package compile

import (
	"slices"

	"chainrule/graph"
	"chainrule/internal/exec"
	"chainrule/internal/rewrite"
)

// root is a value with memory of its own.
type root struct {
	node  *graph.Node
	bytes int
	slot  exec.Slot
	// placed says that the slot is known: inputs, constants, outputs, and arena values once their step has come.
	placed bool
	// freed says that the memory has gone back to the arena.
	freed bool
	// last is the step after which the memory may be used again.
	last int
	// users counts the operands and outputs that lie in it.
	users int
	// number is the scheduler's, from 1, of roots that tasks make.
	number int
}

// place says where a node's value lies: in a root, some bytes in.
type place struct {
	root   *root
	offset int
}

type planner struct {
	unit   rewrite.Unit
	opts   Options
	order  []*task
	places []place // by node ID
	commit []commit
	out    exec.Plan
	arena  arena
	// programs are those of nodes that hold functions.
	programs map[*graph.Node]graph.Program

	roots slab[root]
	slots slab[exec.Slot]
}

// slab cuts short slices from long ones, which spares the collector much.
type slab[T any] struct{ rest []T }

func (s *slab[T]) take(n int) []T {
	if len(s.rest) < n {
		s.rest = make([]T, max(n, 1024))
	}
	taken := s.rest[:n:n]
	s.rest = s.rest[n:]
	return taken
}

// plan gives every value a place and returns the steps. It fails if a function that a node holds does not compile.
func plan(u rewrite.Unit, opts Options) (exec.Plan, error) {
	p := planner{unit: u, opts: opts, places: make([]place, u.Graph().Len())}
	if err := p.findPrograms(); err != nil {
		return exec.Plan{}, err
	}
	p.out.Inputs = u.Inputs
	p.out.Workers = max(1, opts.Workers)
	p.out.Donated = u.Donated
	if p.out.Donated == nil {
		p.out.Donated = make([]int, len(u.Outputs))
		for i := range p.out.Donated {
			p.out.Donated[i] = -1
		}
	}
	p.findRoots()
	copies := p.placeOutputs()
	p.placeDonated()
	if !opts.Off["schedule"] {
		p.schedule()
	}
	p.findLast(copies)
	p.out.Steps = make([]exec.Step, 0, len(p.order)+len(copies)+2*len(p.commit))
	for i, t := range p.order {
		p.emit(i, t)
	}
	for _, c := range copies {
		p.emitCopy(c.slot, p.at(c.node), c.node.Type())
	}
	p.emitCommit()
	p.out.Arena = p.arena.size
	return p.out, nil
}

// findPrograms makes the programs of nodes that hold functions.
func (p *planner) findPrograms() error {
	p.programs = map[*graph.Node]graph.Program{}
	for _, n := range p.unit.Topo() {
		if n.Op().Program == nil {
			continue
		}
		made, err := n.Op().Program(n, p.opts.Compiler())
		if err != nil {
			return exec.NodeError(n, err)
		}
		p.programs[n] = made
	}
	return nil
}

func (p *planner) at(n *graph.Node) place { return p.places[n.ID()] }

// newRoot gives n memory of its own.
func (p *planner) newRoot(n *graph.Node) *root {
	r := &p.roots.take(1)[0]
	*r = root{node: n, bytes: n.Type().Bytes()}
	p.places[n.ID()] = place{root: r}
	return r
}

// findRoots schedules the tasks and finds the root of every node that is needed outside of its task. A view whose
// elements lie in order shares its input's root.
func (p *planner) findRoots() {
	for i, n := range p.unit.Inputs {
		r := p.newRoot(n)
		r.slot, r.placed = exec.Slot{Space: exec.Input, Index: i, Len: n.Type().Size()}, true
	}
	all := p.unit.Topo()
	computed := make([]*graph.Node, 0, len(all))
	for _, n := range all {
		switch {
		case n.IsInput():
			continue
		case n.Op().Class == graph.Leaf:
			r := p.newRoot(n)
			buf, _ := n.Constant()
			r.slot, r.placed = exec.Slot{Space: exec.Constant, Index: len(p.out.Constants), Len: buf.Len}, true
			p.out.Constants = append(p.out.Constants, buf)
			continue
		case n.Op().Class == graph.View:
			if l := n.Op().Layout(n); l.Contiguous(n.Shape()) {
				base := p.at(n.In()[0])
				p.places[n.ID()] = place{base.root, base.offset + l.Offset*n.DType().Size()}
				continue
			}
		}
		computed = append(computed, n)
		p.newRoot(n)
	}
	p.order = tasks(p.unit, computed, func(n *graph.Node) *graph.Node { return p.at(n).root.node })
}

type outputCopy struct {
	node *graph.Node
	slot exec.Slot
}

// placeOutputs lets the roots that outputs cover be computed in the caller's memory. It returns the outputs that
// must be copied there: inputs, constants, parts of a root, and nodes that are an output already.
func (p *planner) placeOutputs() []outputCopy {
	var copies []outputCopy
	for i, n := range p.unit.Outputs {
		p.out.Outputs = append(p.out.Outputs, n.Type())
		if p.out.Donated[i] >= 0 {
			continue
		}
		slot := exec.Slot{Space: exec.Output, Index: i, Len: n.Type().Size()}
		at := p.at(n)
		if at.root.placed || at.offset != 0 || at.root.bytes != n.Type().Bytes() {
			copies = append(copies, outputCopy{n, slot})
			continue
		}
		at.root.slot, at.root.placed = slot, true
	}
	return copies
}

// findLast finds the step of the last use of every root. What is used after the steps lives to their end.
func (p *planner) findLast(copies []outputCopy) {
	for i, t := range p.order {
		for _, n := range t.outs {
			p.at(n).root.last = max(p.at(n).root.last, i)
		}
		for _, x := range t.ins {
			p.at(x).root.last = max(p.at(x).root.last, i)
		}
	}
	end := len(p.order)
	for _, c := range copies {
		p.at(c.node).root.last = end
	}
	for _, c := range p.commit {
		if c.step == nil {
			c.src.root.last = end
		}
	}
	for _, t := range p.committed() {
		for _, x := range t.ins {
			p.at(x).root.last = end
		}
	}
}

// committed lists the tasks that overwrite donated inputs, each once.
func (p *planner) committed() (tasks []*task) {
	known := map[*task]bool{}
	for _, c := range p.commit {
		if c.step != nil && !known[c.step] {
			known[c.step] = true
			tasks = append(tasks, c.step)
		}
	}
	return tasks
}

// emit makes a step of a task and finds memory for its results: over an operand that ends here if that is legal,
// else from the arena. Then it frees what ends here.
func (p *planner) emit(i int, t *task) {
	for _, n := range t.outs {
		p.placeResult(i, t, n)
	}
	p.step(t)
	p.addWorkspace(t)
	if p.opts.NoReuse {
		return
	}
	for _, x := range t.ins {
		p.freeAfter(i, p.at(x).root)
	}
	for _, n := range t.outs {
		p.freeAfter(i, p.at(n).root)
	}
}

// addWorkspace gives the step just made scratch memory, which is free again after it.
func (p *planner) addWorkspace(t *task) {
	n, bytes := t.nodes[0], 0
	switch program := p.programs[n]; {
	case program != nil:
		bytes = program.Workspace()
	case t.group || n.Op().Workspace == nil:
		return
	default:
		bytes = n.Op().Workspace(n)
	}
	offset := p.arena.alloc(bytes)
	s := &p.out.Steps[len(p.out.Steps)-1]
	s.In = append(slices.Clip(s.In), exec.Slot{Space: exec.Arena, Offset: offset, Len: bytes})
	if !p.opts.NoReuse {
		p.arena.release(offset, bytes)
	}
}

// placeResult finds memory for n, a result of t, which is step i.
func (p *planner) placeResult(i int, t *task, n *graph.Node) {
	r := p.at(n).root
	if r.placed {
		return
	}
	r.slot, r.placed = exec.Slot{Space: exec.Arena, Len: n.Type().Size()}, true
	if taken := p.overwrite(i, t, n); taken != nil {
		r.slot.Offset = taken.slot.Offset
		taken.freed = true
		return
	}
	r.slot.Offset = p.arena.alloc(r.bytes)
}

// freeAfter returns the memory of a root to the arena if step i is its last.
func (p *planner) freeAfter(i int, r *root) {
	if r.last == i && r.slot.Space == exec.Arena && !r.freed {
		p.arena.release(r.slot.Offset, r.bytes)
		r.freed = true
	}
}

// slot returns where n's value lies.
func (p *planner) slot(n *graph.Node) exec.Slot {
	at := p.at(n)
	s := at.root.slot
	s.Offset += at.offset
	s.Len = n.Type().Size()
	return s
}

// step makes the step of a task whose operands and results have their places.
func (p *planner) step(t *task) {
	if !t.group {
		n := t.nodes[0]
		p.out.Steps = append(p.out.Steps, exec.Step{Node: n, Program: p.programs[n], Out: p.slot(n), In: p.operands(n)})
		return
	}
	s := exec.Step{Members: make([]exec.Member, len(t.nodes))}
	next := 0
	for i, n := range t.nodes {
		s.Members[i] = exec.Member{Node: n, In: p.operands(n)}
		if next < len(t.outs) && t.outs[next] == n {
			s.Members[i].Out, s.Members[i].Kept = p.slot(n), true
			next++
		}
	}
	p.out.Steps = append(p.out.Steps, s)
}

// operands returns where the operands of n lie. Those that are members of its group have no place.
func (p *planner) operands(n *graph.Node) []exec.Slot {
	in := p.slots.take(len(n.In()))
	for j, x := range n.In() {
		if p.at(x).root.placed {
			in[j] = p.slot(x)
		}
	}
	return in
}

// emitCopy copies a value of the given type to another slot.
func (p *planner) emitCopy(to exec.Slot, from place, t graph.Type) {
	src := from.root.slot
	src.Offset += from.offset
	src.Len = to.Len
	in := p.slots.take(1)
	in[0] = src
	p.out.Steps = append(p.out.Steps, exec.Step{Out: to, In: in, Bytes: t.Bytes()})
}
