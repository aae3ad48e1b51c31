// Package graph holds expressions as a directed acyclic graph of nodes.
//
// Vocabulary:
//
//   - A [Node] is one value of an expression: an operator applied to inputs. It is immutable and has a [Type].
//   - A [Type] is an element type ([DType]) and a shape. A scalar has the empty shape.
//   - An [Op] is the record of an operator: its shape rule, its kernel, its derivative, its test cases.
//     Package ops registers them; everything else reads them.
//   - A [Graph] owns nodes and interns them as they are built: the same operator on the same inputs with the
//     same attributes is the same node, so a common subexpression never exists twice.
//   - Attributes are a small comparable struct that belongs to an op, such as the axes of a sum.
//   - An [Error] is what building a node with wrong shapes or element types panics with; [Try] returns it.
//
// Expressions are written with the functions of package ops. Every traversal here is iterative, so a chain of
// a million nodes is as safe as a chain of ten. A Graph is built by one goroutine; once built it may be read
// by many.
//
// # Where things are
//
//	graph, node, intern, literal    nodes, what they are derivatives of, how equal ones are found; constants
//	dtype, shape, attrs             element types, shapes, attributes
//	op, registry, kernel            the record of an op; all of them; what kernels see, programs of ops that hold functions
//	optional                        more that a record may say: what it does to an element, masks, limits
//	part, func, capture             several results; functions as values, and their making
//	walk, verify                    order; invariants
//	text, parse, dot, gonum         other forms of a graph
//	error, source, frame*           mistakes, and the user's line; what is known of places in the code
package graph
