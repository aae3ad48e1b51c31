package graph

import "sync/atomic"

// codeCache holds what is known of places in the program's code, by program counter. Code does not change, so all
// graphs share it. Where too many places meet, the last ones stay.
type codeCache[V any] struct {
	slots [1 << 12]atomic.Pointer[known[V]]
}

type known[V any] struct {
	pc    uintptr
	value V
}

// near is how many neighbouring slots a place may be in.
const near = 4

func (c *codeCache[V]) slot(pc uintptr, i int) *atomic.Pointer[known[V]] {
	const golden = 0x9E3779B9 // Knuth's multiplicative hash
	return &c.slots[(uint32(pc)*golden>>20+uint32(i))%uint32(len(c.slots))]
}

func (c *codeCache[V]) at(pc uintptr) (v V, ok bool) {
	for i := range near {
		if k := c.slot(pc, i).Load(); k != nil && k.pc == pc {
			return k.value, true
		}
	}
	return v, false
}

func (c *codeCache[V]) add(pc uintptr, v V) {
	place := c.slot(pc, 0)
	for i := range near {
		if s := c.slot(pc, i); s.Load() == nil {
			place = s
			break
		}
	}
	place.Store(&known[V]{pc, v})
}
