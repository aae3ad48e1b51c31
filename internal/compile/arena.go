package compile

import (
	"math"

	"chainrule/graph"
)

// arena hands out blocks of one memory. A freed block is joined with free neighbours and used again, the smallest
// that fits first, of those the lowest. Every operation takes time logarithmic in the number of free blocks.
type arena struct {
	size int
	full bool // more was wanted than an int can count; nothing is handed out any more
	free tree
	// starts and ends find the free block that begins or stops at an offset.
	starts, ends map[int]block
}

type block struct{ offset, size int }

// alloc returns the offset of a block. Nothing, of size 0, lies at 0.
func (a *arena) alloc(size int) int {
	if a.full = a.full || size < 0 || size > math.MaxInt-a.size-graph.Alignment; a.full {
		a.size = math.MaxInt - graph.Alignment
		return 0
	}
	size = graph.Aligned(size)
	if size == 0 {
		return 0
	}
	b, ok := a.free.smallest(size)
	if !ok {
		return a.extend(size)
	}
	a.take(b)
	if b.size > size {
		a.give(block{b.offset + size, b.size - size})
	}
	return b.offset
}

// extend takes the rest from behind the end, beginning in a free block there.
func (a *arena) extend(size int) int {
	offset := a.size
	if b, ok := a.ends[a.size]; ok {
		a.take(b)
		offset = b.offset
	}
	a.size = offset + size
	return offset
}

// release takes a block back and joins it with its free neighbours.
func (a *arena) release(offset, size int) {
	b := block{offset, graph.Aligned(size)}
	if b.size == 0 || a.full {
		return
	}
	if left, ok := a.ends[b.offset]; ok {
		a.take(left)
		b = block{left.offset, left.size + b.size}
	}
	if right, ok := a.starts[b.offset+b.size]; ok {
		a.take(right)
		b.size += right.size
	}
	a.give(b)
}

func (a *arena) give(b block) {
	if a.starts == nil {
		a.starts, a.ends = map[int]block{}, map[int]block{}
	}
	a.starts[b.offset], a.ends[b.offset+b.size] = b, b
	a.free.insert(b)
}

func (a *arena) take(b block) {
	delete(a.starts, b.offset)
	delete(a.ends, b.offset+b.size)
	a.free.remove(b)
}
