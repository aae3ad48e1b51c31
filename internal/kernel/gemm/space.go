package gemm

import (
	"unsafe"

	"chainrule/internal/kernel/par"
)

// A space keeps what calls leave behind for the next: as many runs and workers as were ever in use at once.
type space[T Float] struct {
	runs    par.Freelist[run[T]]
	batches par.Freelist[batch[T]]
	outers  par.Freelist[outers[T]]
	workers par.Freelist[worker[T]]
	pairs   par.Freelist[pairSpace[T]]
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
