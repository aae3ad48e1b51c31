package threaded

import (
	"slices"
	"unsafe"
)

// Op is an operation on registers a, b and c with the result d. Floats are of the program's type.
type Op uint8

const (
	Add Op = iota
	Sub
	Mul
	Div
	Neg
	Square
	Reciprocal
	Sqrt
	SlopeTanh    // 1 − a²
	SlopeSigmoid // a·(1 − a)
	MulAdd       // a·b + c with two roundings
	Eq
	Ne
	Lt
	Le
	Gt
	Ge
	And // of bools, like Or and Not
	Or
	Not
	Where8 // b if the bool a holds, else c, of eight bytes
	Where4
	Where1
	IntAdd
	IntSub
	IntMul
	IntEq
	IntNe
	IntLt
	IntLe
	IntGt
	IntGe
	Move  // all eight bytes
	Load8 // d is the element of base number a at the offset in register b, which grows by c afterwards
	Load4
	Load1
	Store8 // the element of base number a at the offset in register b, which grows by c afterwards, is d
	Store4
	Store1
	Halt
	Unless // halts unless the bool a holds
	Again  // subtracts one from the int64 a, and goes to instruction b unless it is zero
	Jump   // goes to instruction b
	Recall // nothing; for the twin, one float becomes the last one, which Link chooses for the instruction jumped to next
)

// Float is the type of a program's floats.
type Float interface{ float32 | float64 }

// Instr is an instruction. It begins with the address of its handler, or with the number of its operation.
type Instr struct {
	handler    uintptr
	A, B, C, D uint32
}

// InstrBytes is the size of an instruction.
const InstrBytes = int(unsafe.Sizeof(Instr{}))

// Next is the instruction behind i in its program.
func (i *Instr) Next() *Instr { return (*Instr)(unsafe.Add(unsafe.Pointer(i), InstrBytes)) }

// Program is a list of instructions on floats of type T.
type Program[T Float] struct {
	ops  []Op
	code []Instr
}

// Len is the number of instructions.
func (p *Program[T]) Len() int { return len(p.ops) }

// Grow makes room for n more instructions.
func (p *Program[T]) Grow(n int) { p.ops, p.code = slices.Grow(p.ops, n), slices.Grow(p.code, n) }

// Append adds an instruction.
func (p *Program[T]) Append(op Op, a, b, c, d uint32) {
	p.ops, p.code = append(p.ops, op), append(p.code, Instr{A: a, B: b, C: c, D: d})
}

// Target lets the jump at number k go to instruction number to.
func (p *Program[T]) Target(k, to int) { p.code[k].B = uint32(to) }

// Link makes the program ready to run and returns its first instruction. Nothing can be appended afterwards.
func (p *Program[T]) Link() *Instr {
	p.link()
	for k, op := range p.ops {
		if op.jumps() {
			i := &p.code[k]
			i.B = uint32((int(i.B) - k) * InstrBytes)
		}
	}
	return &p.code[0]
}

func (op Op) jumps() bool { return op == Again || op == Jump }

// target is the instruction that i, a jump, goes to.
func (i *Instr) target() *Instr { return (*Instr)(unsafe.Add(unsafe.Pointer(i), int32(i.B))) }

// Run runs a program from an instruction on, in registers and with bases, until it halts, and returns where. The
// operations on floats are those of T.
func Run[T Float](from *Instr, registers []uint64, bases []unsafe.Pointer) *Instr {
	return run[T](from, unsafe.Pointer(unsafe.SliceData(registers)), unsafe.Pointer(unsafe.SliceData(bases)))
}
