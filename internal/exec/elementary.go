package exec

import (
	"math"
	"unsafe"

	"chainrule/graph"
)

// opcode says what a scalar operation does: a graph.Elementary on floats of the group's type or on bools, or one of
// those below.
type opcode uint32

const (
	codeKernel opcode = 64 + iota // the slow operation with number a
	codeFunc                      // f
	codeIntAdd
	codeIntSub
	codeIntMul
	codeIntEq
	codeIntNe
	codeIntLt
	codeIntLe
	codeIntGt
	codeIntGe
	codeWhere8 // of elements of 8 bytes
	codeWhere4
	codeWhere1
)

// ofInts are the opcodes for integers.
var ofInts = map[graph.Elementary]opcode{
	graph.ElementaryAdd: codeIntAdd, graph.ElementarySub: codeIntSub, graph.ElementaryMul: codeIntMul,
	graph.ElementaryEq: codeIntEq, graph.ElementaryNe: codeIntNe, graph.ElementaryLt: codeIntLt,
	graph.ElementaryLe: codeIntLe, graph.ElementaryGt: codeIntGt, graph.ElementaryGe: codeIntGe,
}

// elementaryCode is the opcode for a node in a group of type T.
func elementaryCode[T float32 | float64](n *graph.Node) (opcode, bool) {
	e := n.Op().Elementary
	if e == graph.NotElementary {
		return 0, false
	}
	if e == graph.ElementaryWhere {
		code, ok := map[int]opcode{8: codeWhere8, 4: codeWhere4, 1: codeWhere1}[n.DType().Size()]
		return code, ok
	}
	switch n.In()[0].DType() {
	case graph.DTypeOf[T](), graph.Bool:
		return opcode(e), true
	case graph.Int64:
		code, ok := ofInts[e]
		return code, ok
	}
	return 0, false
}

// at is the register at an offset.
func at[E any](r unsafe.Pointer, offset uint32) *E { return (*E)(unsafe.Add(r, offset)) }

// compute runs the operations.
func (s *scalars[T]) compute(w *graph.Work) (*graph.Node, error) {
	r := unsafe.Pointer(unsafe.SliceData(s.registers))
	ops := s.ops
	for i := range ops {
		op := &ops[i]
		switch op.code {
		case opcode(graph.ElementaryAdd):
			*at[T](r, op.dst) = *at[T](r, op.a) + *at[T](r, op.b)
		case opcode(graph.ElementarySub):
			*at[T](r, op.dst) = *at[T](r, op.a) - *at[T](r, op.b)
		case opcode(graph.ElementaryMul):
			*at[T](r, op.dst) = *at[T](r, op.a) * *at[T](r, op.b)
		case opcode(graph.ElementaryDiv):
			*at[T](r, op.dst) = *at[T](r, op.a) / *at[T](r, op.b)
		case opcode(graph.ElementaryNeg):
			*at[T](r, op.dst) = -*at[T](r, op.a)
		case opcode(graph.ElementarySquare):
			*at[T](r, op.dst) = *at[T](r, op.a) * *at[T](r, op.a)
		case opcode(graph.ElementaryReciprocal):
			*at[T](r, op.dst) = 1 / *at[T](r, op.a)
		case opcode(graph.ElementarySqrt):
			*at[T](r, op.dst) = T(math.Sqrt(float64(*at[T](r, op.a))))
		case opcode(graph.ElementaryMulAdd):
			*at[T](r, op.dst) = T(*at[T](r, op.a)**at[T](r, op.b)) + *at[T](r, op.c)
		case opcode(graph.ElementaryEq):
			*at[bool](r, op.dst) = *at[T](r, op.a) == *at[T](r, op.b)
		case opcode(graph.ElementaryNe):
			*at[bool](r, op.dst) = *at[T](r, op.a) != *at[T](r, op.b)
		case opcode(graph.ElementaryLt):
			*at[bool](r, op.dst) = *at[T](r, op.a) < *at[T](r, op.b)
		case opcode(graph.ElementaryLe):
			*at[bool](r, op.dst) = *at[T](r, op.a) <= *at[T](r, op.b)
		case opcode(graph.ElementaryGt):
			*at[bool](r, op.dst) = *at[T](r, op.a) > *at[T](r, op.b)
		case opcode(graph.ElementaryGe):
			*at[bool](r, op.dst) = *at[T](r, op.a) >= *at[T](r, op.b)
		case opcode(graph.ElementaryAnd):
			*at[uint8](r, op.dst) = *at[uint8](r, op.a) & *at[uint8](r, op.b)
		case opcode(graph.ElementaryOr):
			*at[uint8](r, op.dst) = *at[uint8](r, op.a) | *at[uint8](r, op.b)
		case opcode(graph.ElementaryNot):
			*at[uint8](r, op.dst) = *at[uint8](r, op.a) ^ 1
		case codeWhere8:
			*at[uint64](r, op.dst) = *at[uint64](r, op.chosen(r))
		case codeWhere4:
			*at[uint32](r, op.dst) = *at[uint32](r, op.chosen(r))
		case codeWhere1:
			*at[uint8](r, op.dst) = *at[uint8](r, op.chosen(r))
		case codeIntAdd:
			*at[int64](r, op.dst) = *at[int64](r, op.a) + *at[int64](r, op.b)
		case codeIntSub:
			*at[int64](r, op.dst) = *at[int64](r, op.a) - *at[int64](r, op.b)
		case codeIntMul:
			*at[int64](r, op.dst) = *at[int64](r, op.a) * *at[int64](r, op.b)
		case codeIntEq:
			*at[bool](r, op.dst) = *at[int64](r, op.a) == *at[int64](r, op.b)
		case codeIntNe:
			*at[bool](r, op.dst) = *at[int64](r, op.a) != *at[int64](r, op.b)
		case codeIntLt:
			*at[bool](r, op.dst) = *at[int64](r, op.a) < *at[int64](r, op.b)
		case codeIntLe:
			*at[bool](r, op.dst) = *at[int64](r, op.a) <= *at[int64](r, op.b)
		case codeIntGt:
			*at[bool](r, op.dst) = *at[int64](r, op.a) > *at[int64](r, op.b)
		case codeIntGe:
			*at[bool](r, op.dst) = *at[int64](r, op.a) >= *at[int64](r, op.b)
		case codeFunc:
			*at[T](r, op.dst) = op.f(*at[T](r, op.a), *at[T](r, op.b))
		default:
			slow := &s.slow[op.a]
			if err := slow.kernel(w, slow.out, slow.in); err != nil {
				return slow.node, err
			}
		}
	}
	return nil, nil
}

// chosen is the register that a where takes its element from.
func (op *scalarOp[T]) chosen(r unsafe.Pointer) uint32 {
	if *at[bool](r, op.a) {
		return op.b
	}
	return op.c
}
