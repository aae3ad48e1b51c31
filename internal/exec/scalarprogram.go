package exec

import (
	"slices"
	"unsafe"

	"chainrule/graph"
	"chainrule/internal/kernel/threaded"
)

// scalarProgram is a scalarCode that is ready to run.
type scalarProgram[T float32 | float64] struct {
	from      *threaded.Instr
	registers []uint64
	bases     []unsafe.Pointer // what moves in loops, see scalarLoop
	calls     []scalarCall
}

// linked returns the code as a program with registers of its own.
func (s *scalarCode[T]) linked() scalarProgram[T] {
	p := scalarProgram[T]{registers: make([]uint64, s.count)}
	var code threaded.Program[T]
	code.Grow(len(s.ops) + 1)
	for _, i := range s.ops {
		code.Append(i.op, i.a, i.b, i.c, i.d)
	}
	code.Append(threaded.Halt, 0, haltEnd, 0, 0)
	p.from = code.Link()
	operands := 0
	for _, c := range s.calls {
		operands += len(c.registers)
	}
	buffers := make([]graph.Buffer, operands)
	p.calls = slices.Clone(s.calls)
	for i := range p.calls {
		c := &p.calls[i]
		n := len(c.registers)
		c.bind(p.registers, buffers[:n:n])
		buffers = buffers[n:]
	}
	return p
}

// run runs the program to its end, or to where a condition does not hold.
func (p *scalarProgram[T]) run(w *graph.Work) (ended bool, failed *graph.Node, err error) {
	i := threaded.Run[T](p.from, p.registers, p.bases)
	for i.B == haltCall {
		c := &p.calls[i.A]
		if err := c.kernel(w, c.out, c.in); err != nil {
			return false, c.node, err
		}
		i = threaded.Run[T](i.Next(), p.registers, p.bases)
	}
	return i.B == haltCondition, nil, nil
}

// registerAt is where the register at an offset lies.
func registerAt(registers []uint64, offset uint32) unsafe.Pointer {
	return unsafe.Add(unsafe.Pointer(unsafe.SliceData(registers)), offset)
}
