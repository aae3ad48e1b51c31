// Package autodiff differentiates and runs expressions.
//
// Vocabulary: a transformation takes a function on nodes and gives another one, so that transformations compose
// in any order: [Grad] of [Grad] is a second derivative. A cotangent ct of a node y is ∂z/∂y for whatever z is
// being differentiated; a tangent t is ∂y/∂x·ẋ for a direction ẋ. A tree is what holds a function's arguments and
// results: a *graph.Node, or a struct, slice, array, pointer or map of trees; its leaves are the nodes in it.
//
// [Vmap] takes a function of one example to one of many, which lie along an axis: a node that has them is batched.
//
// [Compile] turns a function on nodes into a [Function] that runs on tensors: traced once for each combination of
// shapes and element types, compiled, and kept. [Eval] runs a graph of constants at once. [Check] compares the
// derivatives of any function with differences.
//
// A NaN in a result is found by [DebugNaN], which says which op at which line made it, forward or in a derivative.
//
// "No gradient" is not "zero gradient": asking for the derivative by something that the result does not depend on
// is an error unless [AllowUnreachable] is given.
package autodiff
