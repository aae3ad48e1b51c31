// Package tree walks Go values that hold nodes.
//
// Vocabulary:
//
//   - A tree is a *graph.Node, or a struct, slice, array, pointer to a struct or map from strings whose elements are trees.
//     What else lies in it is carried along and not looked at.
//   - Its leaves are the nodes in it, in the order of fields, indices and sorted keys. Each has a path, such as
//     "Layers[0].W".
package tree
