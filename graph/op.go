package graph

// Class is all that fusion and memory planning may know about an op.
type Class uint8

const (
	// Leaf nodes have no inputs: graph inputs and constants.
	Leaf Class = iota
	// Map ops are elementwise with NumPy broadcasting: an output element depends on one element of each input.
	Map
	// Reduce ops fold axes of one input.
	Reduce
	// View ops rearrange one input's elements without arithmetic: a Layout says where each element lies.
	View
	// Contract ops are sums of products over shared axes: matrix multiplication and its kin.
	Contract
	// Opaque ops are everything else.
	Opaque
)

// String returns the class's name in lower case.
func (c Class) String() string {
	return [...]string{"leaf", "map", "reduce", "view", "contract", "opaque"}[c]
}

// Variadic is the Arity of an op that takes one input or more.
const Variadic = -1

// Op is the record of an operator. One block of package ops fills it, and everything else follows from it: the
// executors, the compiler, the derivatives, the text form, the pictures and the tests.
type Op struct {
	// Name is the op's one string: constructor, text form, picture and test are called by it.
	Name string
	// Doc is one line that says what the op computes.
	Doc string
	// Arity is the number of inputs, or Variadic.
	Arity int
	// Class says what kind of op it is.
	Class Class
	// Attrs is the zero value of the op's attribute struct, nil if it has none. Its fields are Ints, int,
	// bool, float64, DType or string, so that attributes compare, print and parse.
	Attrs any
	// Infer returns the type of the result, or an error that says what does not fit.
	Infer func(in []*Node, attrs any) (Type, error)
	// Kernel returns the code that computes a node. Leaf ops and Views have none.
	Kernel func(n *Node) Kernel
	// Program, for an op that holds functions, stands in the place of Kernel and Workspace: it has the functions compiled by
	// c, and returns an error if one does not compile.
	Program func(n *Node, c Compiler) (Program, error)
	// Elementary, if it is set, is what a Map does to each element.
	Elementary Elementary
	// Cheap says that a Map takes no more time than reading its result from memory: it may be computed again in the place
	// of keeping it.
	Cheap bool
	// Copies says that the op moves elements in runs, and does nothing else.
	Copies bool
	// Flops, if it is set, counts the floating-point operations that computing a node takes, for reports of speed.
	Flops func(n *Node) float64
	// Partial says, for a Reduce that can be computed piece by piece, how. It is nil for others.
	Partial func(n *Node) Partial
	// Layout says, for a View, where the result's elements lie in the input.
	Layout func(n *Node) Layout
	// Derivative is the op's rule, NonDiff included; only leaves have none.
	Derivative Derivative
	// Batch, the op's rule under Vmap, applies n to many examples at once: in holds n's inputs, of which those marked
	// batched have one more axis, the first, over examples, and so has the result. At least one is batched. Without a
	// rule, or where it gives nil, Vmap of the op is an error.
	Batch func(n *Node, in []*Node, batched []bool) *Node
	// Parts returns, for an op with several results, their types. The op's own type is then that of Pack.
	Parts func(n *Node) []Type
	// Expand, for an op with several results that stands for others, adds those to g, of the inputs in, and returns the
	// results. The compiler puts them in place of the node n.
	Expand func(g *Graph, n *Node, in []*Node) []*Node
	// Workspace, if set, is how many bytes of scratch memory the kernel of a node wants, as one more operand.
	Workspace func(n *Node) int
	// Depends, for an op that is neither Map nor View, says which elements of input i the result's elements have a
	// derivative by. Without it all are taken to depend on all.
	Depends func(n *Node, i int, known Known) Dependence
	// Fails says that the kernel may return an error, for data that does not fit, or may not end. Such a node is not
	// computed before it is known that its value is wanted.
	Fails bool
	// InPlace says that the kernel of an op that is no Map may write its output over input 0 when their types agree.
	// A Map kernel always may.
	InPlace bool
	// Cases are the inputs that the sweep tries; BadCases those that Infer must refuse.
	Cases    []Case
	BadCases []BadCase

	serial int32 // its number in the registry, for hashing
}

// Partial is how to compute a Reduce of [outer, R, Inner] to [outer, Inner] piece by piece.
type Partial struct {
	R, Inner int
	// Fold folds [k, r, Inner] to [k, Inner], for any k and r, and for r = 1 any run of elements to as many.
	Fold Kernel
	// Combine combines two results of Fold, element by element, and a result with a row that it did not fold yet.
	Combine Kernel
}

// Run is how many elements in a row are folded to Inner.
func (p Partial) Run() int { return p.R * p.Inner }

// Derivative is an op's derivative rule. Package ops has the families that implement it: Scalar, Linear,
// Bilinear, Explicit and NonDiff.
type Derivative interface {
	// Wrt reports whether the rule has a derivative with respect to input i. Only float inputs of float nodes are
	// asked for.
	Wrt(i int) bool
	// VJP returns the cotangent of input i, ct·∂n/∂inᵢ, given the cotangent ct of n. It may still have n's
	// shape where input i was broadcast: autodiff sums it down.
	VJP(n *Node, i int, ct *Node) *Node
	// JVP returns the tangent of n given those of its inputs, in which nil stands for zero. A nil result
	// means that the rule has no forward form of its own, and autodiff transposes the VJP.
	JVP(n *Node, t []*Node) *Node
}

// Layout places the elements of a View in its input: element (i₀, i₁, …) of the result is element
// Offset + Σ iₖ·Strides[k] of the input's row-major buffer.
type Layout struct {
	Offset  int
	Strides []int
}

// Contiguous reports whether a result of the given shape lies in row-major order in the input.
func (l Layout) Contiguous(shape []int) bool {
	step := 1
	for i := len(shape) - 1; i >= 0; i-- {
		if shape[i] != 1 && l.Strides[i] != step {
			return Size(shape) == 0
		}
		step *= shape[i]
	}
	return true
}

// Case is one set of inputs on which the sweep checks an op.
type Case struct {
	// Name tells the cases of an op apart.
	Name string
	// In describes the inputs.
	In []Arg
	// Attrs are the attributes.
	Attrs any
	// Build, if set, makes the node to check instead, by the op's constructor: for ops whose attributes hold functions.
	Build func(in ...*Node) *Node
	// Excuses has the checks of the sweep that the case need not pass, by name, and why not. A check that it passes
	// all the same is no excuse.
	Excuses map[string]string
}

// Apply returns the node that the case is about, on inputs of its types.
func (c Case) Apply(op *Op, in ...*Node) *Node {
	if c.Build != nil {
		return c.Build(in...)
	}
	return in[0].graph.Apply(op, c.Attrs, in...)
}

// Arg describes one input of a Case: a shape and where its elements are drawn from.
type Arg struct {
	Shape []int
	// DType is the element type; 0 means each float type in turn.
	DType DType
	// Lo and Hi bound the elements; both 0 means −2 to 2.
	Lo, Hi float64
	// Data, if set, gives the elements themselves.
	Data []float64
}

// BadCase is a set of input types that Infer must refuse with a message that contains Want.
type BadCase struct {
	In    []Type
	Attrs any
	Want  string
}
