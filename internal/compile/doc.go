// Package compile turns a graph into a program.
//
// Vocabulary: a [Unit] is a graph with its inputs and outputs; a [Pass] takes a Unit to an equal one, purely; the
// [Pipeline] is the list of passes. What remains is scheduled (put in order) and planned: a root is a value with
// memory of its own, which the views of it share; its liveness is the span of steps from its making to its last
// use; and the arena is the one block of memory in which roots whose spans do not meet share addresses.
package compile
