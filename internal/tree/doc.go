// Package tree walks Go values that hold nodes.
//
// Vocabulary:
//
//   - A tree is a leaf, or a struct, slice, array, pointer to a struct, map from strings or interface that holds trees. What
//     else lies in it is carried along.
//   - Its leaves are the nodes and the parameters in it, in the order of fields, indices and sorted keys. Each has a path,
//     such as "Layers[0].W". A [Parameter] is a tensor where functions run and a node where they are traced.
//   - The structure of a tree is what it is made of but for its leaves.
//
// A [Reader] walks a value once and writes its structure down; what is fed for a tree may be of other types. A [Builder]
// makes trees of a structure, and a [Filler] finds places for its leaves in values that mirror it.
package tree
