package conv

import (
	"unsafe"

	"chainrule/internal/kernel/gemm"
	"chainrule/internal/kernel/par"
)

// A worker holds what one goroutine needs while it computes an image. Workers are kept for reuse, so that runs do not allocate.
type worker[T Float] struct {
	micro            gemm.Micro[T]
	blocks           gemm.Blocks
	expanded, panels buffer[T]
	apart            buffer[T] // what results of one phase of the stride are before they are put in their places
}

// A buffer is memory that grows and keeps no content, aligned to a cache line.
type buffer[T Float] struct{ elements []T }

const cacheLine = 64

// grow makes room for n elements and a vector more, and keeps those that there are.
func (b *buffer[T]) grow(n int) {
	n += cacheLine
	if n <= len(b.elements) {
		return
	}
	raw := make([]T, n+n/4+cacheLine)
	skip := int(-uintptr(unsafe.Pointer(&raw[0]))%cacheLine) / int(unsafe.Sizeof(T(0)))
	copy(raw[skip:], b.elements)
	b.elements = raw[skip : skip+n+n/4]
}

func (b *buffer[T]) at(i int) unsafe.Pointer { return unsafe.Pointer(&b.elements[i]) }

// A space keeps what runs leave behind for the next.
type space[T Float] struct {
	workers par.Freelist[worker[T]]
	images  par.Freelist[images[T]]
	weights par.Freelist[weights[T]]
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

func stopped(stop <-chan struct{}) bool {
	select {
	case <-stop: // nil blocks
		return true
	default:
		return false
	}
}
