package graph

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
