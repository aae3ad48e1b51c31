//go:build !noasm

package threaded

import (
	"unsafe"

	"chainrule/internal/kernel/cpu"
)

// handlers are the addresses of the handlers for float32 and for float64, by operation.
//
//go:noescape
func handlers() *[2][opCount]uintptr

// thread is the twin of runPortable.
//
//go:noescape
func thread(from *Instr, registers, bases unsafe.Pointer) *Instr

func run[T Float](from *Instr, registers, bases unsafe.Pointer) *Instr {
	if from.handler < uintptr(opCount) {
		return runPortable[T](from, registers, bases)
	}
	return thread(from, registers, bases)
}

// link gives instructions their handlers.
func (p *Program[T]) link() {
	if cpu.Active() == cpu.Portable {
		p.number()
		return
	}
	table := &handlers()[unsafe.Sizeof(T(0))/8]
	last := p.lastFloats()
	for k, op := range p.ops {
		i := &p.code[k]
		i.handler = table[last(k).taking(op, i)]
	}
}
