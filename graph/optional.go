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

// Dependence says which elements of one input the elements of a result have a derivative by, by their numbers in
// row-major order: element e of the result depends on the input's elements Members[Start[g]:Start[g+1]] of its group
// g = Group[e−First], or on none if g is −1. It may say more than there is, never less.
type Dependence struct {
	// Group gives every element of the result a group; nil gives element e the group e.
	Group []int32
	// First is the element that Group begins with. Elements before it, and behind its end, depend on none.
	First int
	// Start and Members list the groups. A nil Start makes element g of the input, alone, group g.
	Start, Members []int32
}

// Known returns the elements of an input of a node, and whether they are the same for every run.
type Known func(input int) (Buffer, bool)

// A derivative can be zero for two reasons: because numbers came out so, or because an op chose another value, as where
// does, so that nothing depends on this one. Zeros of the second kind stay zero whatever they are multiplied by, NaN
// and Inf included. A mask says where a cotangent or a tangent is live, which is everywhere but at such zeros. It is a
// bool that broadcasts to the shape of what it is about; nil holds everywhere.

// Masked is implemented by derivative rules that know what becomes of masks. A nil result means that this one does not.
type Masked interface {
	// MaskedVJP is VJP for a cotangent that is zero where live does not hold. It also returns a mask over input i: the
	// derivative by an element for which that does not hold is zero, and is made so.
	MaskedVJP(n *Node, i int, ct, live *Node) (dzdx, mask *Node)
	// MaskedJVP is JVP for tangents that are zero where their masks do not hold. It also returns the result's mask.
	MaskedJVP(n *Node, t, live []*Node) (tangent, mask *Node)
}

// Selective is implemented by the rules of ops that choose between their inputs: they make masks, so that they are
// asked where no mask is known.
type Selective interface {
	Masked
	// Selects does nothing.
	Selects()
}

// Confluent is implemented by the rule of an op whose partial derivatives have poles: at equal eigenvalues those of
// their vectors. What is computed from the op's result may have a derivative there all the same, where cotangents
// vanish at the pole as fast. The limit is a derivative of the cotangent, which is a function of the op's result too, so that
// such a rule is given the means to take it. What depends on the op is then differentiated in reverse mode alone, and
// pushed forward by transposing that.
type Confluent interface {
	Derivative
	// ConfluentVJP is VJP, given push, which returns the derivative of y along the tangent t of x, a node that y is
	// computed from, with all else that y is computed from held fixed, nil if it is zero.
	ConfluentVJP(n *Node, i int, ct *Node, push func(y, x, t *Node) *Node) *Node
}
