package graph

// Elementary names what a Map does to each element, where that is so little that a kernel's call takes longer: executors
// compute it themselves in graphs of scalars, bit for bit as the kernel does.
type Elementary uint8

// Arithmetic is on elements of one type; that of integers wraps around.
const (
	NotElementary Elementary = iota
	ElementaryAdd
	ElementarySub
	ElementaryMul
	// ElementaryDiv and those up to ElementaryMulAdd, a·b + c with two roundings, are of floats.
	ElementaryDiv
	ElementaryNeg
	ElementarySquare
	ElementaryReciprocal
	ElementarySqrt
	ElementarySlopeTanh    // 1 − x²
	ElementarySlopeSigmoid // x·(1 − x)
	ElementaryMulAdd
	// Comparisons take two numbers and give a bool.
	ElementaryEq
	ElementaryNe
	ElementaryLt
	ElementaryLe
	ElementaryGt
	ElementaryGe
	// Connectives are of bools.
	ElementaryAnd
	ElementaryOr
	ElementaryNot
	// ElementaryWhere is the second element if the first, a bool, is true, and the third if not.
	ElementaryWhere
)
