package exec

import (
	"unsafe"

	"chainrule/graph"
)

// Scalars are computed in a loop over operations on single elements: no tiles, and for the commonest ops no kernel
// either, but a function of two numbers.

// scalarRunner is a bound group of one element.
type scalarRunner interface {
	do(w *graph.Work) (*graph.Node, error)
}

// scalars is the group for members that are mostly of type T.
type scalars[T float32 | float64] struct {
	ops       []scalarOp[T]
	slow      []slowOp
	registers []uint64
	loads     []transfer
	stores    []transfer
	bases     []graph.Buffer
}

// scalarOp sets register dst to f(a, b), or runs the slow operation with number dst if f is nil. Registers are counted
// in bytes.
type scalarOp[T float32 | float64] struct {
	f         func(a, b T) T
	dst, a, b uint32
}

// slowOp is an operation by its kernel, on the registers of a node's operands and its own.
type slowOp struct {
	tileOp
	node      *graph.Node
	registers []uint32
}

// transfer moves an element between a base and a register.
type transfer struct {
	base     int
	register uint32
	size     int
}

func (s *scalars[T]) do(w *graph.Work) (*graph.Node, error) {
	r := unsafe.Pointer(unsafe.SliceData(s.registers))
	for _, t := range s.loads {
		move(unsafe.Add(r, t.register), s.bases[t.base].Ptr, t.size)
	}
	for i := range s.ops {
		op := &s.ops[i]
		if op.f != nil {
			*(*T)(unsafe.Add(r, op.dst)) = op.f(*(*T)(unsafe.Add(r, op.a)), *(*T)(unsafe.Add(r, op.b)))
			continue
		}
		slow := &s.slow[op.dst]
		if err := slow.kernel(w, slow.out, slow.in); err != nil {
			return slow.node, err
		}
	}
	for _, t := range s.stores {
		move(s.bases[t.base].Ptr, unsafe.Add(r, t.register), t.size)
	}
	return nil, nil
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
	f32 := 0
	for _, m := range s.Members {
		if m.Node.DType() == graph.Float32 {
			f32++
		}
	}
	if 2*f32 > len(s.Members) {
		return bindScalars(s, place, func(f graph.Scalar) func(a, b float32) float32 { return f.F32 })
	}
	return bindScalars(s, place, func(f graph.Scalar) func(a, b float64) float64 { return f.F64 })
}

func bindScalars[T float32 | float64](
	s Step, place func(b *graph.Buffer, s Slot), choose func(graph.Scalar) func(a, b T) T,
) *scalars[T] {
	b := scalarBinder{register: map[*graph.Node]uint32{}, last: map[*graph.Node]int{}}
	code := &scalars[T]{}
	for i, m := range s.Members {
		for _, x := range m.Node.In() {
			b.last[x] = i
		}
	}
	members := map[*graph.Node]bool{}
	for _, m := range s.Members {
		members[m.Node] = true
	}
	var slots []Slot
	for _, m := range s.Members {
		for j, x := range m.Node.In() {
			if _, known := b.register[x]; !known && !members[x] {
				b.register[x] = b.take()
				code.loads = append(code.loads, transfer{len(slots), b.register[x], x.DType().Size()})
				slots = append(slots, m.In[j])
			}
		}
	}
	for i, m := range s.Members {
		b.release(i, m)
		b.register[m.Node] = b.take()
		if m.Kept {
			b.last[m.Node] = len(s.Members)
			code.stores = append(code.stores, transfer{len(slots), b.register[m.Node], m.Node.DType().Size()})
			slots = append(slots, m.Out)
		}
		code.add(&b, m.Node, choose)
	}
	code.registers = make([]uint64, b.count)
	r := unsafe.Pointer(unsafe.SliceData(code.registers))
	for i := range code.slow {
		op := &code.slow[i]
		last := len(op.registers) - 1
		op.out = graph.Buffer{Ptr: unsafe.Add(r, op.registers[last]), Len: 1}
		for _, in := range op.registers[:last] {
			op.in = append(op.in, graph.Buffer{Ptr: unsafe.Add(r, in), Len: 1})
		}
	}
	code.bases = make([]graph.Buffer, len(slots))
	for i, slot := range slots {
		place(&code.bases[i], slot)
	}
	return code
}

// scalarBinder hands out registers.
type scalarBinder struct {
	register map[*graph.Node]uint32
	last     map[*graph.Node]int
	free     []uint32
	count    int
}

func (b *scalarBinder) take() uint32 {
	if n := len(b.free); n > 0 {
		r := b.free[n-1]
		b.free = b.free[:n-1]
		return r
	}
	b.count++
	return uint32(b.count-1) * 8
}

// release frees the registers of operands that member i is the last to read.
func (b *scalarBinder) release(i int, m Member) {
	for j, x := range m.Node.In() {
		again := false
		for _, y := range m.Node.In()[:j] {
			again = again || x == y
		}
		if b.last[x] == i && !again {
			b.free = append(b.free, b.register[x])
		}
	}
}

// add appends the operation that computes n.
func (s *scalars[T]) add(b *scalarBinder, n *graph.Node, choose func(graph.Scalar) func(a, b T) T) {
	in, dst := n.In(), b.register[n]
	var zero T
	fast := choose(n.Op().Scalar)
	for _, x := range append(in[:len(in):len(in)], n) {
		if x.DType().Size() != int(unsafe.Sizeof(zero)) || !x.DType().IsFloat() {
			fast = nil
		}
	}
	if fast != nil {
		s.ops = append(s.ops, scalarOp[T]{fast, dst, b.register[in[0]], b.register[in[len(in)-1]]})
		return
	}
	op := slowOp{node: n}
	for _, x := range in {
		op.registers = append(op.registers, b.register[x])
	}
	op.registers = append(op.registers, dst)
	op.kernel = n.Op().Kernel(n)
	s.ops = append(s.ops, scalarOp[T]{dst: uint32(len(s.slow))})
	s.slow = append(s.slow, op)
}
