// Package sweep applies the rules of ops along a graph: backward, forward, and to many examples at once. Everything
// that differentiates or batches asks it.
//
// Vocabulary:
//
//   - A cotangent ct of a node y is ∂z/∂y for whatever z is differentiated; a tangent t of y is ∂y/∂x·ẋ for a direction
//     ẋ. Both are derivatives of y, of its type.
//   - A selection says which of a list are meant. A mask is a Bool node that says where a derivative is live: elsewhere
//     it is a zero behind a Where that annihilates what it is multiplied by, 0·∞ too.
//   - A multi-result op, such as a loop, has one packed node; the nodes that derivatives flow through are its parts.
//   - A Func is a function that a node holds, such as the body of a loop. Its JVP, its VJP and its batch are Funcs again.
//
// # Where things are
//
//	reverse, forward, batch   the sweeps
//	multi                     rules of ops with several results
//	derivatives, masks        lists of derivatives; zeros behind Where
//	funcs                     the sweeps for functions that nodes hold
//	selection, sets, reach    which of a list; sets and tables of nodes; what depends on what
//	basis, mode, units        all columns or rows of a Jacobian; products with unit vectors
//	laplacian                 forward with Jacobians and Laplacians
package sweep
