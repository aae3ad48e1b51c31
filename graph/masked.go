package graph

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
