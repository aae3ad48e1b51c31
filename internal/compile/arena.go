package compile

import "slices"

// arena hands out blocks of one memory. Freed blocks are joined with free neighbours and used again, the smallest
// that fits first.
type arena struct {
	free []block // by offset, never touching
	size int
}

type block struct{ offset, size int }

const alignment = 64

func aligned(size int) int { return (size + alignment - 1) &^ (alignment - 1) }

func (a *arena) alloc(size int) int {
	size = aligned(size)
	best := -1
	for i, b := range a.free {
		if b.size >= size && (best < 0 || b.size < a.free[best].size) {
			best = i
		}
	}
	if best < 0 {
		return a.extend(size)
	}
	b := &a.free[best]
	offset := b.offset
	b.offset += size
	b.size -= size
	if b.size == 0 {
		a.free = slices.Delete(a.free, best, best+1)
	}
	return offset
}

// extend takes the rest from behind the end, beginning in a free block there.
func (a *arena) extend(size int) int {
	offset := a.size
	if n := len(a.free); n > 0 && a.free[n-1].offset+a.free[n-1].size == a.size {
		offset = a.free[n-1].offset
		a.free = a.free[:n-1]
	}
	a.size = offset + size
	return offset
}

func (a *arena) release(offset, size int) {
	size = aligned(size)
	if size == 0 {
		return
	}
	i, _ := slices.BinarySearchFunc(a.free, offset, func(b block, at int) int { return b.offset - at })
	a.free = slices.Insert(a.free, i, block{offset, size})
	if i+1 < len(a.free) && offset+size == a.free[i+1].offset {
		a.free[i].size += a.free[i+1].size
		a.free = slices.Delete(a.free, i+1, i+2)
	}
	if i > 0 && a.free[i-1].offset+a.free[i-1].size == offset {
		a.free[i-1].size += a.free[i].size
		a.free = slices.Delete(a.free, i, i+1)
	}
}
