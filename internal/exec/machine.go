package exec

import (
	"unsafe"

	"chainrule/graph"
)

// machine is one arena with the steps of a plan bound to its addresses.
type machine struct {
	steps []bound
	arena []byte
	work  graph.Work
	// inputs and outputs list, for each of the caller's tensors, the operands that point into it.
	inputs, outputs [][]patch
}

// bound is a step with its kernel and addresses. A Map whose operands are not all of full size or single elements
// has a loop.
type bound struct {
	kernel graph.Kernel
	loop   *loop
	group  *group
	scalar scalarRunner
	out    graph.Buffer
	in     []graph.Buffer
	node   *graph.Node
}

// patch is an operand at an offset into a tensor whose address is known at run time.
type patch struct {
	buf    *graph.Buffer
	offset int
}

func newMachine(plan *Plan) *machine { return newMachineIn(plan, allocate(plan.Arena)) }

// newMachineIn binds a plan to an arena.
func newMachineIn(plan *Plan, arena unsafe.Pointer) *machine {
	m := &machine{
		steps:   make([]bound, len(plan.Steps)),
		work:    graph.Work{Workers: plan.Workers},
		inputs:  make([][]patch, len(plan.Inputs)),
		outputs: make([][]patch, len(plan.Outputs)),
	}
	m.arena = unsafe.Slice((*byte)(arena), plan.Arena)
	operands := 0
	for _, s := range plan.Steps {
		operands += len(s.In)
	}
	slab := make([]graph.Buffer, operands)
	for i, s := range plan.Steps {
		b := &m.steps[i]
		if s.Members != nil {
			place := func(b *graph.Buffer, s Slot) { m.place(b, s, arena, plan) }
			if s.ofOne() {
				b.scalar = newScalars(s, place)
			} else {
				b.group = newGroup(s, &m.work, place)
			}
			continue
		}
		b.in, slab = slab[:len(s.In):len(s.In)], slab[len(s.In):]
		b.node = s.Node
		m.place(&b.out, s.Out, arena, plan)
		for j, slot := range s.In {
			m.place(&b.in[j], slot, arena, plan)
		}
		b.kernel, b.loop = bindStep(s)
	}
	return m
}

// place points an operand at its slot.
func (m *machine) place(b *graph.Buffer, s Slot, arena unsafe.Pointer, plan *Plan) {
	b.Len = s.Len
	switch s.Space {
	case Arena:
		b.Ptr = unsafe.Add(arena, s.Offset)
	case Constant:
		b.Ptr = unsafe.Add(plan.Constants[s.Index].Ptr, s.Offset)
	case Input:
		m.inputs[s.Index] = append(m.inputs[s.Index], patch{b, s.Offset})
	case Output:
		m.outputs[s.Index] = append(m.outputs[s.Index], patch{b, s.Offset})
	}
}

// bindStep chooses the code of a step.
func bindStep(s Step) (graph.Kernel, *loop) {
	n := s.Node
	switch {
	case n == nil:
		return copyKernel(s.Bytes), nil
	case s.Program != nil:
		return s.Program.Kernel(), nil
	case n.Op().Class == graph.View:
		return viewKernel(n.Type(), n.Op().Layout(n)), nil
	case n.Op().Class == graph.Map:
		return n.Op().Kernel(n), newLoop(n)
	}
	return n.Op().Kernel(n), nil
}

func copyKernel(bytes int) graph.Kernel {
	return func(_ *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		copy(unsafe.Slice((*byte)(out.Ptr), bytes), unsafe.Slice((*byte)(in[0].Ptr), bytes))
		return nil
	}
}

// attach points operands at the caller's tensors, or at nothing.
func attach(patches [][]patch, values []Value) {
	for i, list := range patches {
		for _, p := range list {
			p.buf.Ptr = unsafe.Add(values[i].Buf.Ptr, p.offset)
		}
	}
}

func detach(patches [][]patch) {
	for _, list := range patches {
		for _, p := range list {
			p.buf.Ptr = nil
		}
	}
}

// loop walks a Map over an output in runs: nested outer axes, and an inner one along which every operand either
// advances by one element or repeats a single one.
type loop struct {
	inner   int
	size    int     // elements of the output
	counts  []int   // outer axes
	elem    []int   // element size of output and operands
	lens    []int   // operand lengths within a run: inner or 1
	strides [][]int // per outer axis: bytes to advance output and operands
	index   []int   // scratch
	run     []graph.Buffer
}

// newLoop returns nil if one call of the kernel does all: every operand has the output's shape or one element.
func newLoop(n *graph.Node) *loop {
	flat := true
	size := n.Type().Size()
	for _, x := range n.In() {
		flat = flat && (x.Type().Size() == size || x.Type().Size() == 1)
	}
	if flat {
		return nil
	}
	operands := append([]*graph.Node{n}, n.In()...)
	steps := make([][]int, len(operands)) // per operand and axis of the output, in elements
	for i, x := range operands {
		steps[i] = graph.BroadcastStrides(x.Shape(), n.Shape())
	}
	counts, steps := collapse(n.Shape(), steps)
	last := len(counts) - 1
	l := &loop{
		inner: counts[last], size: size, counts: counts[:last],
		index: make([]int, last), run: make([]graph.Buffer, len(n.In())),
	}
	for i, x := range operands {
		l.elem = append(l.elem, x.DType().Size())
		if i > 0 {
			l.lens = append(l.lens, 1)
			if steps[i][last] == 1 {
				l.lens[i-1] = l.inner
			}
		}
	}
	for axis := range last {
		row := make([]int, len(operands))
		for i := range operands {
			row[i] = steps[i][axis] * l.elem[i]
		}
		l.strides = append(l.strides, row)
	}
	return l
}

// collapse drops axes of length 1 and merges neighbours along which every operand advances evenly.
func collapse(shape []int, steps [][]int) ([]int, [][]int) {
	var counts []int
	kept := make([][]int, len(steps))
	for axis, d := range shape {
		if d == 1 {
			continue
		}
		last := len(counts) - 1
		merge := last >= 0
		for i := range steps {
			merge = merge && kept[i][last] == steps[i][axis]*d
		}
		if merge {
			counts[last] *= d
		} else {
			counts = append(counts, d)
		}
		for i := range steps {
			if merge {
				kept[i][last] = steps[i][axis]
			} else {
				kept[i] = append(kept[i], steps[i][axis])
			}
		}
	}
	return counts, kept
}

// elementsUnstopped is after how many elements a loop looks whether it is to stop.
const elementsUnstopped = 1 << 16

func (l *loop) do(kernel graph.Kernel, w *graph.Work, out graph.Buffer, in []graph.Buffer) error {
	if l.size == 0 {
		return nil
	}
	clear(l.index)
	for i := range in {
		l.run[i] = graph.Buffer{Ptr: in[i].Ptr, Len: l.lens[i]}
	}
	out.Len = l.inner
	for done := 0; ; done += l.inner {
		if done > elementsUnstopped {
			if w.Stopped() {
				return graph.ErrStopped
			}
			done = 0
		}
		if err := kernel(w, out, l.run); err != nil {
			return err
		}
		axis := len(l.counts) - 1
		for ; axis >= 0; axis-- {
			l.index[axis]++
			step := l.strides[axis]
			back := 0
			if l.index[axis] == l.counts[axis] {
				l.index[axis] = 0
				back = l.counts[axis] - 1
				out.Ptr = unsafe.Add(out.Ptr, -back*step[0])
				for i := range l.run {
					l.run[i].Ptr = unsafe.Add(l.run[i].Ptr, -back*step[i+1])
				}
				continue
			}
			out.Ptr = unsafe.Add(out.Ptr, step[0])
			for i := range l.run {
				l.run[i].Ptr = unsafe.Add(l.run[i].Ptr, step[i+1])
			}
			break
		}
		if axis < 0 {
			return nil
		}
	}
}
