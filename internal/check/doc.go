// Package check compares derivatives with differences. Package autodiff has the documentation for users.
//
// Vocabulary:
//
//   - A level is one order of derivatives: the gradients that it checks are the outputs of the next.
//   - A coordinate is an element of an input, with a unit: its size.
//   - A group is a set of output elements of like units, with random cotangents.
//
// Check names the first op whose derivative is off on its own: see blame.
package check
