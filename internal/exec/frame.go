package exec

import (
	"slices"
	"unsafe"

	"chainrule/graph"
)

// binder lays out the frames of a group.
type binder struct {
	group   *group
	space   []int
	members nodeNumbers
	known   nodeNumbers // of values
	values  []value     // where each node's elements are
	places  []placement
	// registers is their number; each holds a tile of eight-byte elements at most.
	registers int
	expands   []expand // without memory yet
}

type placement struct {
	base int
	slot Slot
}

// plan finds a register or a base for every operand and member.
func (b *binder) plan(s Step) {
	last := newNodeNumbers(s.Members) // the last member that reads a register
	for i, m := range s.Members {
		for j, x := range m.Node.In() {
			last.set(x, i)
			if b.known.of(x) < 0 && b.members.of(x) < 0 {
				b.operand(x, m.In[j])
			}
		}
	}
	var free []int
	for i, m := range s.Members {
		elem := m.Node.DType().Size()
		var later []int // ends here, but has elements of another size than the result
		for j, x := range m.Node.In() {
			v := b.value(x)
			switch {
			case v.register < 0 || last.of(x) != i || slices.Contains(m.Node.In()[:j], x):
			case v.elem == elem:
				free = append(free, v.register)
			default:
				later = append(later, v.register)
			}
		}
		take := func() int {
			if n := len(free); n > 0 {
				r := free[n-1]
				free = free[:n-1]
				return r
			}
			b.registers++
			return b.registers - 1
		}
		switch {
		case m.Node.Op().Class == graph.Reduce:
			b.fold(i, m)
		case m.Kept:
			b.places = append(b.places, placement{i, m.Out})
			b.know(m.Node, value{register: -1, base: i, elem: elem})
		default:
			b.know(m.Node, value{register: take(), elem: elem})
		}
		free = append(free, later...)
	}
}

func (b *binder) know(n *graph.Node, v value) {
	b.known.set(n, len(b.values))
	b.values = append(b.values, v)
}

func (b *binder) value(n *graph.Node) value { return b.values[b.known.of(n)] }

// operand finds where an operand from outside lies: in memory as it is, or expanded into a register, which nothing
// else may have used before, since all are filled at the start of a tile.
func (b *binder) operand(x *graph.Node, slot Slot) {
	base := len(b.group.bases)
	b.group.bases = append(b.group.bases, graph.Buffer{})
	b.places = append(b.places, placement{base, slot})
	v := value{register: -1, base: base, elem: x.DType().Size()}
	switch x.Type().Size() {
	case 1:
		v.single, v.elem = true, 0
	case b.group.size:
	default:
		v.register = b.registers
		b.registers++
		b.expands = append(b.expands, newExpand(x, b.space, base, v.register))
	}
	b.know(x, v)
}

// fold gives a reduction its partial results.
func (b *binder) fold(i int, m Member) {
	b.places = append(b.places, placement{i, m.Out})
	f := newFold(b.group.cut, m.Node)
	f.out, f.partials = i, i
	if f.pieces > 1 {
		f.partials = len(b.group.bases)
		b.group.bases = append(b.group.bases, graph.Buffer{Ptr: allocate(f.runs * f.pieces * f.Inner * f.elem)})
	}
	b.group.folds = append(b.group.folds, f)
}

// count finds how many operands the members have, and how many of these and of their results lie in memory and have the
// length of a tile.
func (b *binder) count(s Step) (operands, inMemory, tiled int) {
	add := func(v value) {
		if v.register < 0 {
			inMemory++
		}
		if !v.single {
			tiled++
		}
	}
	for _, m := range s.Members {
		operands += len(m.Node.In())
		if m.Node.Op().Class != graph.Reduce {
			add(b.value(m.Node))
		}
		for _, x := range m.Node.In() {
			add(b.value(x))
		}
	}
	return operands, inMemory, tiled
}

// frame makes the operations of one worker, over registers of its own.
func (b *binder) frame(s Step) frame {
	f := frame{group: b.group, expands: slices.Clone(b.expands), length: -1, pair: make([]graph.Buffer, 2)}
	size := b.group.tile * 8
	memory := allocate(max(1, b.registers) * (size + graph.Alignment))
	register := func(r int) unsafe.Pointer { return unsafe.Add(memory, r*(size+graph.Alignment)) }
	for i := range f.expands {
		f.expands[i].dst = register(f.expands[i].register)
	}
	operands, inMemory, tiled := b.count(s)
	slab := make([]graph.Buffer, operands)
	f.moving, f.tiled = make([]moving, 0, inMemory), make([]*graph.Buffer, 0, tiled)
	f.ops = make([]tileOp, len(s.Members))
	folds := 0
	for i, m := range s.Members {
		op := &f.ops[i]
		n := len(m.Node.In())
		op.in, slab = slab[:n:n], slab[n:]
		point := func(buf *graph.Buffer, v value) {
			buf.Len = 1
			if v.register >= 0 {
				buf.Ptr = register(v.register)
			} else {
				f.moving = append(f.moving, moving{buf: buf, base: v.base, elem: v.elem})
			}
			if !v.single {
				f.tiled = append(f.tiled, buf)
			}
		}
		for j, x := range m.Node.In() {
			point(&op.in[j], b.value(x))
		}
		if m.Node.Op().Class == graph.Reduce {
			op.fold = &b.group.folds[folds]
			folds++
			continue
		}
		point(&op.out, b.value(m.Node))
		op.kernel = m.Node.Op().Kernel(m.Node)
	}
	f.askAhead()
	return f
}
