package graph

import "unsafe"

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
