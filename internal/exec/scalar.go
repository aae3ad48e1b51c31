package exec

import (
	"slices"
	"unsafe"

	"chainrule/graph"
	"chainrule/internal/kernel/threaded"
)

// Scalars are computed by programs of operations on single elements: no tiles, and for the commonest ops no kernel
// either, but an instruction.

// scalarRunner is a bound group of one element.
type scalarRunner interface {
	do(w *graph.Work) (*graph.Node, error)
}

// scalars is the group for members that are mostly of type T.
type scalars[T float32 | float64] struct {
	scalarCode[T]
	program scalarProgram[T]
	loads   []transfer
	stores  []transfer
	bases   []graph.Buffer
	slots   []Slot // of bases
}

// scalarCode is instructions on registers, whose number is count.
type scalarCode[T float32 | float64] struct {
	ops   []scalarOp
	calls []scalarCall
	count int
}

// scalarOp is an instruction. Registers are counted in bytes.
type scalarOp struct {
	op         threaded.Op
	a, b, c, d uint32
}

// Why programs halt. The first operand of haltCall is the call to make then.
const (
	haltEnd = iota
	haltCall
	haltCondition
)

// transfer moves an element between a base and a register.
type transfer struct {
	base     int
	register uint32
	size     int
}

func (s *scalars[T]) do(w *graph.Work) (*graph.Node, error) {
	s.load(s.loads)
	if _, failed, err := s.program.run(w); err != nil {
		return failed, err
	}
	s.store()
	return nil, nil
}

func (s *scalars[T]) load(loads []transfer) {
	for _, t := range loads {
		move(registerAt(s.program.registers, t.register), s.bases[t.base].Ptr, t.size)
	}
}

func (s *scalars[T]) store() {
	for _, t := range s.stores {
		move(s.bases[t.base].Ptr, registerAt(s.program.registers, t.register), t.size)
	}
}

func move(dst, src unsafe.Pointer, size int) {
	switch size {
	case 8:
		*(*uint64)(dst) = *(*uint64)(src)
	case 4:
		*(*uint32)(dst) = *(*uint32)(src)
	default:
		*(*uint8)(dst) = *(*uint8)(src)
	}
}

// newScalars binds a step whose members have one element each.
func newScalars(s Step, place func(b *graph.Buffer, s Slot)) scalarRunner {
	if s.isFloat32() {
		return bindScalars[float32](s, place)
	}
	return bindScalars[float64](s, place)
}

// isFloat32 reports whether most members are of that type.
func (s Step) isFloat32() bool {
	f32 := 0
	for _, m := range s.Members {
		if m.Node.DType() == graph.Float32 {
			f32++
		}
	}
	return 2*f32 > len(s.Members)
}

func bindScalars[T float32 | float64](step Step, place func(b *graph.Buffer, s Slot)) *scalars[T] {
	s := byReadiness(step)
	b := scalarBinder{register: newNodeNumbers(s.Members), last: newNodeNumbers(s.Members)}
	code := &scalars[T]{}
	code.ops = make([]scalarOp, 0, len(s.Members))
	for i, m := range s.Members {
		for _, x := range m.Node.In() {
			b.last.set(x, i)
		}
	}
	var slots []Slot
	members := newNodeNumbers(s.Members)
	for i, m := range s.Members {
		members.set(m.Node, i)
	}
	for _, m := range s.Members {
		for j, x := range m.Node.In() {
			if members.of(x) < 0 && b.register.of(x) < 0 {
				r := b.take()
				b.register.set(x, r)
				b.last.set(x, len(s.Members)) // it may be run again, see scalarLoop
				code.loads = append(code.loads, transfer{len(slots), bytesTo(r), x.DType().Size()})
				slots = append(slots, m.In[j])
			}
		}
	}
	type source struct {
		memoryAt
		size int
	}
	loaded, copied := map[source]int{}, make([]bool, len(s.Members)) // registers of what is loaded; members that are copied
	if len(s.Copies) > 0 {
		for _, t := range slices.Backward(code.loads) {
			loaded[source{slots[t.base].at(), t.size}] = int(t.register / 8)
		}
	}
	for _, c := range s.Copies {
		if c.From >= 0 {
			copied[c.From] = true
			continue
		}
		from := source{c.In.at(), c.Bytes}
		r, known := loaded[from]
		if !known {
			r = b.take()
			loaded[from] = r
			code.loads = append(code.loads, transfer{len(slots), bytesTo(r), c.Bytes})
			slots = append(slots, c.In)
		}
		b.copied = append(b.copied, r)
	}
	for i, m := range s.Members {
		b.release(i, m)
		r := b.take()
		b.register.set(m.Node, r)
		if m.Kept || copied[i] {
			b.last.set(m.Node, len(s.Members))
		}
		code.add(&b, m.Node)
	}
	leaves := step.leaves()
	for i, m := range step.Members {
		if leaves[i] {
			code.stores = append(code.stores, transfer{len(slots), b.at(m.Node), m.Node.DType().Size()})
			slots = append(slots, m.Out)
		}
	}
	for _, c := range s.Copies {
		var r uint32
		if c.From >= 0 {
			r = b.at(s.Members[c.From].Node)
		} else {
			r, b.copied = bytesTo(b.copied[0]), b.copied[1:]
		}
		code.stores = append(code.stores, transfer{len(slots), r, c.Bytes})
		slots = append(slots, c.Out)
	}
	code.count = b.count
	code.program = code.linked()
	code.slots = slots
	code.bases = make([]graph.Buffer, len(slots))
	for i, slot := range slots {
		place(&code.bases[i], slot)
	}
	return code
}

// leaves tells which members leave their values in memory, where no later member writes.
func (s Step) leaves() []bool {
	leaves, taken := make([]bool, len(s.Members)), map[memoryAt]bool{}
	for i, m := range slices.Backward(s.Members) {
		if at := m.Out.at(); m.Kept && !taken[at] {
			leaves[i], taken[at] = true, true
		}
	}
	return leaves
}

// results lists where a group of scalars writes.
func (s Step) results() (slots []Slot) {
	for i, leaves := range s.leaves() {
		if m := s.Members[i]; leaves {
			slots = append(slots, m.Out)
		}
	}
	for _, c := range s.Copies {
		slots = append(slots, c.Out)
	}
	return slots
}

// scalarBinder hands out registers, by number.
type scalarBinder struct {
	register, last nodeNumbers
	free           []int
	count          int
	copied         []int // registers of what is copied from memory to memory
}

// bytesTo is where a register begins.
func bytesTo(register int) uint32 { return uint32(register) * 8 }

func (b *scalarBinder) at(n *graph.Node) uint32 { return bytesTo(b.register.of(n)) }

func (b *scalarBinder) take() int {
	if n := len(b.free); n > 0 {
		r := b.free[n-1]
		b.free = b.free[:n-1]
		return r
	}
	b.count++
	return b.count - 1
}

// release frees the registers of operands that member i is the last to read.
func (b *scalarBinder) release(i int, m Member) {
	for j, x := range m.Node.In() {
		again := false
		for _, y := range m.Node.In()[:j] {
			again = again || x == y
		}
		if b.last.of(x) == i && !again {
			b.free = append(b.free, b.register.of(x))
		}
	}
}

// add appends the operation that computes n.
func (s *scalarCode[T]) add(b *scalarBinder, n *graph.Node) {
	in, d := n.In(), b.at(n)
	if op, ok := elementaryOp[T](n); ok {
		i := scalarOp{op: op, a: b.at(in[0]), b: b.at(in[len(in)-1]), c: b.at(in[len(in)-1]), d: d}
		if len(in) == 3 {
			i.b = b.at(in[1])
		}
		s.ops = append(s.ops, i)
		return
	}
	call := scalarCall{node: n, kernel: n.Op().Kernel(n), registers: make([]uint32, 0, len(in)+1)}
	for _, x := range in {
		call.registers = append(call.registers, b.at(x))
	}
	call.registers = append(call.registers, d)
	s.ops = append(s.ops, scalarOp{op: threaded.Halt, a: uint32(len(s.calls)), b: haltCall})
	s.calls = append(s.calls, call)
}

// nodeNumbers gives numbers to the members of a group and their operands: by ID in a slice where the IDs lie close
// together, else in a map.
type nodeNumbers struct {
	low    int
	dense  []int32 // number + 1
	sparse map[*graph.Node]int
}

func newNodeNumbers(members []Member) nodeNumbers {
	if len(members) == 0 {
		return nodeNumbers{}
	}
	low, top, count := members[0].Node.ID(), 0, 0
	for _, m := range members {
		top = max(top, m.Node.ID())
		low = min(low, m.Node.ID())
		for _, x := range m.Node.In() {
			low = min(low, x.ID())
		}
		count += 1 + len(m.Node.In())
	}
	if top-low < 4*count {
		return nodeNumbers{low: low, dense: make([]int32, top-low+1)}
	}
	return nodeNumbers{sparse: map[*graph.Node]int{}}
}

func (t nodeNumbers) set(n *graph.Node, number int) {
	if t.dense != nil {
		t.dense[n.ID()-t.low] = int32(number + 1)
		return
	}
	t.sparse[n] = number + 1
}

// of returns n's number, −1 if it has none.
func (t nodeNumbers) of(n *graph.Node) int {
	if t.dense != nil {
		return int(t.dense[n.ID()-t.low]) - 1
	}
	return t.sparse[n] - 1
}
