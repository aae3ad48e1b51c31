// Package compile turns a graph into a program.
//
// Vocabulary: a [rewrite.Unit] is a graph with its inputs and outputs; a [rewrite.Pass] takes a Unit to an equal one,
// purely; the [Pipeline] is the list of passes. What remains is scheduled (put in order) and planned: a root is a value
// with memory of its own, which the views of it share; its liveness is the span of steps from its making to its last
// use; and the arena is the one block of memory in which roots whose spans do not meet share addresses.
//
// Functions that nodes hold, such as the bodies of loops, are programs in the program: the same pipeline compiles them,
// with the same [Options], for the ops that run them, which know it as a [graph.Compiler].
package compile
