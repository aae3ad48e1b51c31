package exec

import (
	"chainrule/graph"
	"chainrule/internal/kernel/threaded"
)

// ofFloats and ofInts are the operations for floats, or bools, and for integers.
var (
	ofFloats = map[graph.Elementary]threaded.Op{
		graph.ElementaryAdd: threaded.Add, graph.ElementarySub: threaded.Sub, graph.ElementaryMul: threaded.Mul,
		graph.ElementaryDiv: threaded.Div, graph.ElementaryNeg: threaded.Neg, graph.ElementarySquare: threaded.Square,
		graph.ElementaryReciprocal: threaded.Reciprocal, graph.ElementarySqrt: threaded.Sqrt,
		graph.ElementarySlopeTanh: threaded.SlopeTanh, graph.ElementarySlopeSigmoid: threaded.SlopeSigmoid,
		graph.ElementaryMulAdd: threaded.MulAdd, graph.ElementaryEq: threaded.Eq, graph.ElementaryNe: threaded.Ne,
		graph.ElementaryLt: threaded.Lt, graph.ElementaryLe: threaded.Le, graph.ElementaryGt: threaded.Gt,
		graph.ElementaryGe: threaded.Ge, graph.ElementaryAnd: threaded.And, graph.ElementaryOr: threaded.Or,
		graph.ElementaryNot: threaded.Not,
	}
	ofInts = map[graph.Elementary]threaded.Op{
		graph.ElementaryAdd: threaded.IntAdd, graph.ElementarySub: threaded.IntSub, graph.ElementaryMul: threaded.IntMul,
		graph.ElementaryEq: threaded.IntEq, graph.ElementaryNe: threaded.IntNe, graph.ElementaryLt: threaded.IntLt,
		graph.ElementaryLe: threaded.IntLe, graph.ElementaryGt: threaded.IntGt, graph.ElementaryGe: threaded.IntGe,
	}
)

// elementaryOp is the operation for a node in a group of type T.
func elementaryOp[T float32 | float64](n *graph.Node) (op threaded.Op, ok bool) {
	e := n.Op().Elementary
	switch d := n.In()[0].DType(); {
	case e == graph.NotElementary:
	case e == graph.ElementaryWhere:
		return whereOf(n.DType().Size()), true
	case d == graph.DTypeOf[T]() || d == graph.Bool:
		op, ok = ofFloats[e]
	case d == graph.Int64:
		op, ok = ofInts[e]
	}
	return op, ok
}

func whereOf(size int) threaded.Op {
	switch size {
	case 8:
		return threaded.Where8
	case 4:
		return threaded.Where4
	}
	return threaded.Where1
}

// scalarCall is an operation by its kernel, for which a program halts.
type scalarCall struct {
	kernel    graph.Kernel
	node      *graph.Node
	registers []uint32 // of the operands, then of the result
	out       graph.Buffer
	in        []graph.Buffer
}

// bind points the call at registers that exist, with as many buffers as it names.
func (c *scalarCall) bind(registers []uint64, buffers []graph.Buffer) {
	for k, register := range c.registers {
		buffers[k] = graph.Buffer{Ptr: registerAt(registers, register), Len: 1}
	}
	last := len(buffers) - 1
	c.in, c.out = buffers[:last:last], buffers[last]
}

// renamed returns the call with other names for its registers.
func (c scalarCall) renamed(name func(uint32) uint32) scalarCall {
	registers := make([]uint32, len(c.registers))
	for k, register := range c.registers {
		registers[k] = name(register)
	}
	c.registers = registers
	return c
}
