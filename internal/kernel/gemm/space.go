package gemm

import (
	"sync"
	"sync/atomic"
	"unsafe"
)

// A space keeps what calls leave behind for the next: as many runs and workers as were ever in use at once.
type space[T Float] struct {
	runs    freelist[run[T]]
	batches freelist[batch[T]]
	outers  freelist[outers[T]]
	workers freelist[worker[T]]
	pairs   freelist[pairSpace[T]]
}

var (
	space32 space[float32]
	space64 space[float64]
)

func spaceOf[T Float]() *space[T] {
	if s, ok := any(&space32).(*space[T]); ok {
		return s
	}
	return any(&space64).(*space[T])
}

// A freelist keeps one element where a single exchange fetches it, and the rest under a lock.
type freelist[E any] struct {
	first atomic.Pointer[E]
	mu    sync.Mutex
	rest  []*E
}

func (f *freelist[E]) get() *E {
	if e := f.first.Swap(nil); e != nil {
		return e
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if last := len(f.rest) - 1; last >= 0 {
		e := f.rest[last]
		f.rest = f.rest[:last]
		return e
	}
	return new(E)
}

func (f *freelist[E]) put(e *E) {
	if f.first.CompareAndSwap(nil, e) {
		return
	}
	f.mu.Lock()
	f.rest = append(f.rest, e)
	f.mu.Unlock()
}

// A buffer is memory that grows and keeps no content, aligned to a cache line.
type buffer[T Float] struct{ elements []T }

const cacheLine = 64

// grow makes room for n elements.
func (b *buffer[T]) grow(n int) {
	if n <= len(b.elements) {
		return
	}
	size := int(unsafe.Sizeof(T(0)))
	raw := make([]T, n+cacheLine/size)
	skip := int(-uintptr(unsafe.Pointer(&raw[0]))%cacheLine) / size
	b.elements = raw[skip:][:n]
}

func (b *buffer[T]) at(i int) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(b.elements[i:])) }
