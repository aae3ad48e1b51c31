package threaded

import (
	"math"
	"unsafe"
)

// at is the register at an offset.
func at[E any](r unsafe.Pointer, offset uint32) *E { return (*E)(unsafe.Add(r, offset)) }

// number makes operations of handlers.
func (p *Program[T]) number() {
	for i, op := range p.ops {
		p.code[i].handler = uintptr(op)
	}
}

// runPortable is the specification of Run.
func runPortable[T Float](i *Instr, r, bases unsafe.Pointer) *Instr {
	for {
		switch Op(i.handler) {
		case Add:
			*at[T](r, i.D) = *at[T](r, i.A) + *at[T](r, i.B)
		case Sub:
			*at[T](r, i.D) = *at[T](r, i.A) - *at[T](r, i.B)
		case Mul:
			*at[T](r, i.D) = *at[T](r, i.A) * *at[T](r, i.B)
		case Div:
			*at[T](r, i.D) = *at[T](r, i.A) / *at[T](r, i.B)
		case Neg:
			*at[T](r, i.D) = -*at[T](r, i.A)
		case Square:
			*at[T](r, i.D) = *at[T](r, i.A) * *at[T](r, i.A)
		case Reciprocal:
			*at[T](r, i.D) = 1 / *at[T](r, i.A)
		case Sqrt:
			*at[T](r, i.D) = T(math.Sqrt(float64(*at[T](r, i.A))))
		case SlopeTanh:
			y := *at[T](r, i.A)
			*at[T](r, i.D) = 1 - T(y*y)
		case SlopeSigmoid:
			y := *at[T](r, i.A)
			*at[T](r, i.D) = y * (1 - y)
		case MulAdd:
			*at[T](r, i.D) = T(*at[T](r, i.A)**at[T](r, i.B)) + *at[T](r, i.C)
		case Eq:
			*at[bool](r, i.D) = *at[T](r, i.A) == *at[T](r, i.B)
		case Ne:
			*at[bool](r, i.D) = *at[T](r, i.A) != *at[T](r, i.B)
		case Lt:
			*at[bool](r, i.D) = *at[T](r, i.A) < *at[T](r, i.B)
		case Le:
			*at[bool](r, i.D) = *at[T](r, i.A) <= *at[T](r, i.B)
		case Gt:
			*at[bool](r, i.D) = *at[T](r, i.A) > *at[T](r, i.B)
		case Ge:
			*at[bool](r, i.D) = *at[T](r, i.A) >= *at[T](r, i.B)
		case And:
			*at[uint8](r, i.D) = *at[uint8](r, i.A) & *at[uint8](r, i.B)
		case Or:
			*at[uint8](r, i.D) = *at[uint8](r, i.A) | *at[uint8](r, i.B)
		case Not:
			*at[uint8](r, i.D) = *at[uint8](r, i.A) ^ 1
		case Where8:
			*at[uint64](r, i.D) = *at[uint64](r, i.chosen(r))
		case Where4:
			*at[uint32](r, i.D) = *at[uint32](r, i.chosen(r))
		case Where1:
			*at[uint8](r, i.D) = *at[uint8](r, i.chosen(r))
		case IntAdd:
			*at[int64](r, i.D) = *at[int64](r, i.A) + *at[int64](r, i.B)
		case IntSub:
			*at[int64](r, i.D) = *at[int64](r, i.A) - *at[int64](r, i.B)
		case IntMul:
			*at[int64](r, i.D) = *at[int64](r, i.A) * *at[int64](r, i.B)
		case IntEq:
			*at[bool](r, i.D) = *at[int64](r, i.A) == *at[int64](r, i.B)
		case IntNe:
			*at[bool](r, i.D) = *at[int64](r, i.A) != *at[int64](r, i.B)
		case IntLt:
			*at[bool](r, i.D) = *at[int64](r, i.A) < *at[int64](r, i.B)
		case IntLe:
			*at[bool](r, i.D) = *at[int64](r, i.A) <= *at[int64](r, i.B)
		case IntGt:
			*at[bool](r, i.D) = *at[int64](r, i.A) > *at[int64](r, i.B)
		case IntGe:
			*at[bool](r, i.D) = *at[int64](r, i.A) >= *at[int64](r, i.B)
		case Move:
			*at[uint64](r, i.D) = *at[uint64](r, i.A)
		case Load8:
			*at[uint64](r, i.D) = *(*uint64)(i.moving(r, bases))
		case Load4:
			*at[uint32](r, i.D) = *(*uint32)(i.moving(r, bases))
		case Load1:
			*at[uint8](r, i.D) = *(*uint8)(i.moving(r, bases))
		case Store8:
			*(*uint64)(i.moving(r, bases)) = *at[uint64](r, i.D)
		case Store4:
			*(*uint32)(i.moving(r, bases)) = *at[uint32](r, i.D)
		case Store1:
			*(*uint8)(i.moving(r, bases)) = *at[uint8](r, i.D)
		case Unless:
			if !*at[bool](r, i.A) {
				return i
			}
		case Again:
			count := at[int64](r, i.A)
			if *count--; *count != 0 {
				i = i.target()
				continue
			}
		case Jump:
			i = i.target()
			continue
		case Recall:
		default:
			return i
		}
		i = i.Next()
	}
}

// chosen is the register that a where takes its element from.
func (i *Instr) chosen(r unsafe.Pointer) uint32 {
	if *at[bool](r, i.A) {
		return i.B
	}
	return i.C
}

// moving is where the element of a base lies; it moves on.
func (i *Instr) moving(r, bases unsafe.Pointer) unsafe.Pointer {
	offset := at[int64](r, i.B)
	base := *at[unsafe.Pointer](bases, i.A*uint32(unsafe.Sizeof(bases)))
	p := unsafe.Add(base, *offset)
	*offset += int64(int32(i.C))
	return p
}
