//go:build !amd64 || noasm

package threaded

import "unsafe"

func (p *Program[T]) link() { p.number() }

func run[T Float](from *Instr, registers, bases unsafe.Pointer) *Instr {
	return runPortable[T](from, registers, bases)
}
