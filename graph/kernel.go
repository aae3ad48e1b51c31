package graph

import (
	"context"
	"errors"
	"unsafe"
)

// ErrStopped is what a kernel returns that gives up since Work.Stop is closed.
var ErrStopped = errors.New("stopped")

// Buffer is a flat run of elements as a kernel sees it: the memory and the number of elements in it.
// The element type is known from the node.
type Buffer struct {
	Ptr unsafe.Pointer
	Len int
}

// BufferOf returns the Buffer over the elements of s.
func BufferOf[T Element](s []T) Buffer {
	return Buffer{Ptr: unsafe.Pointer(unsafe.SliceData(s)), Len: len(s)}
}

// Elements returns b as a slice. T must be the Go type of b's element type.
func Elements[T Element](b Buffer) []T { return unsafe.Slice((*T)(b.Ptr), b.Len) }

// Work is what a kernel may use besides its operands.
type Work struct {
	// Workers is the number of cores that the kernel may occupy, at least 1. Its result must not depend on it.
	Workers int
	// Stop, if not nil, is closed when the run is cancelled. Kernels that may run for more than some milliseconds look at it
	// now and then and give up, with ErrStopped: see Stopped and Err.
	Stop <-chan struct{}
	// Context, if not nil, is that of the run, for kernels that call functions of the user's.
	Context context.Context
	// Bad, if not nil, asks routines that compute node by node to look for the birth of an element for which it holds, and
	// to return it as their error.
	Bad func(x float64) bool
}

// Stopped reports whether the run has been cancelled. It costs some nanoseconds.
func (w *Work) Stopped() bool { return w != nil && IsClosed(w.Stop) }

// Err is ErrStopped if the run has been cancelled: what a kernel returns that may have been cut short.
func (w *Work) Err() error {
	if w.Stopped() {
		return ErrStopped
	}
	return nil
}

// IsClosed reports whether a channel on which nothing is sent has been closed; nil is not.
func IsClosed(stop <-chan struct{}) bool {
	if stop == nil { // most runs', and a select would take longer
		return false
	}
	select {
	case <-stop:
		return true
	default:
		return false
	}
}

// Kernel computes one node. For a Map, out is any run of the output and each operand has out's length or is a
// single element that repeats, and out may be an operand of its length. For other classes the buffers are whole
// row-major tensors that do not overlap, unless the op is marked InPlace. Kernels keep no state between calls
// and are called from many goroutines. An error means that the data does not fit, such as an index out of range.
type Kernel func(w *Work, out Buffer, in []Buffer) error
