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

// Ops that hold functions, such as loops, get programs made by the compiler of the program that their node is part of.

// Compiler makes code of the functions that nodes hold, with the options of the program that the nodes are part of.
type Compiler interface {
	// Code compiles f. Output k overwrites input overwrites[k], unless that is −1 or the list is shorter.
	Code(f *Func, overwrites ...int) (Code, error)
	// Simplified is f after the rewrites that the options leave.
	Simplified(f *Func) *Func
	// Memo returns what compute has made for f and key, which is called once for both in a program.
	Memo(f *Func, key any, compute func() any) any
}

// Program is how a node that holds functions is computed.
type Program interface {
	// Workspace is how many bytes of scratch memory the kernel wants, as one more operand.
	Workspace() int
	// Kernel returns a kernel that keeps state between calls and is called by one goroutine at a time.
	Kernel() Kernel
}

// Code is a function compiled.
type Code interface {
	// Workspace is how many bytes of memory a routine wants.
	Workspace() int
	// CopiesTo reports whether the new value of input i, which an output overwrites, is made elsewhere and copied there.
	CopiesTo(i int) bool
	// Repeats reports whether a routine can make all steps of a loop with this body at once, see Routine.Repeat. Cond is the
	// condition, nil if there is none.
	Repeats(cond Code) bool
	// Routine returns a routine of its own.
	Routine() Routine
}

// Routine computes a function in memory that a kernel provides, and remembers where operands lie from one run to the
// next. One goroutine uses it at a time.
type Routine interface {
	// InputStride says by how many bytes input i moves from step to step, and OutputStride the same of output i. They are
	// called before Bind.
	InputStride(i, bytes int)
	OutputStride(i, bytes int)
	// Bind gives the routine its memory, and Release forgets where operands lie.
	Bind(w *Work, workspace unsafe.Pointer)
	Release()
	// Input says where input i lies from now on, and what overwrites it. Output says where output i goes.
	Input(i int, at unsafe.Pointer)
	Output(i int, at unsafe.Pointer)
	// Next moves inputs and outputs by their strides. There must be a next step.
	Next()
	// Run computes the outputs. It does not look at Work.Stop, which is for the loop around it.
	Run() error
	// Repeat runs the routine as long as cond, which may be nil, holds, and at most limit times, if that is not 0. Carries
	// are those outputs that overwrite inputs, and are the first inputs of cond too; what moves lies where it does in the
	// first step. It returns how many steps it made and whether the condition still holds after limit ones. Ok is false,
	// and nothing has been done, if the codes do not repeat.
	Repeat(w *Work, cond Routine, limit int) (steps int, more, ok bool, err error)
}
