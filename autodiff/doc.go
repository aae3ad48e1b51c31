// Package autodiff differentiates and runs expressions.
//
// Vocabulary:
//
//   - A transformation takes a function on nodes and gives another one, so that transformations nest and combine:
//     [Grad] of [Grad] is a second derivative, [Vmap] of [Grad] a gradient for every example.
//   - A tree is what holds a function's arguments and results: a *graph.Node, or a struct, slice, array, pointer or map
//     of trees. Its leaves are the nodes in it.
//   - A cotangent ct of a node y is ∂z/∂y for whatever z is being differentiated. Reverse mode pulls it back, from
//     results to arguments.
//   - A tangent t is ∂y/∂x·ẋ for a direction ẋ. Forward mode pushes it, from arguments to results.
//   - Vmap takes a function of one example to a function of many. These lie along an axis, and a node that has it is
//     batched.
//   - A loop carries a tree from step to step: what is carried, the carry, goes through its body, a function. The tape is
//     what reverse mode keeps of the steps, a record of each.
//   - The pattern of a matrix of derivatives says which entries may differ from zero. Columns of one colour share no row,
//     or are told apart otherwise, so that one derivative serves them all.
//
// [Compile] turns a function on nodes into a [Function] that runs on tensors: traced once for each combination of
// shapes and element types, compiled, and kept. [Eval] runs a graph of constants at once. [Check] compares the
// derivatives of any function with differences. A NaN in a result is found by [DebugNaN], which says which op at which
// line made it, forward or in a derivative.
//
// "No gradient" is not "zero gradient": asking for the derivative by something that the result does not depend on
// is an error unless [AllowUnreachable] is given.
//
// # Where things are
//
// Three sweeps over a graph, in internal/sweep, apply the rules of its ops; nearly everything else asks them. Loops,
// branches and custom functions are ops of internal/control; the fronts for functions on trees are here.
//
//	expression                      the arguments of a function as nodes to differentiate by
//	grad, auxiliary, derivatives    gradients, VJP and JVP, derivatives of all orders
//	jacobian*, hessian              matrices of first and second derivatives, products with them
//	laplacian                       the sum of unmixed second derivatives
//	vmap                            many examples at once
//	control, loop, cond             Scan, For, While, Checkpoint; Cond
//	custom, gofunc                  derivatives of the user's, functions in Go
//	associative                     AssociativeScan
//	pattern, sparse*                which entries there are; sparse matrices
//	options                         the types of options
//	compile, run                    a function on nodes as one on tensors; what is fed and where results go
//	trees                           trees of nodes, their leaves, vectors of them
//	check, debug                    is it right, where is the NaN
package autodiff
