// Package control has the ops that hold functions: loops, branches, functions with derivatives of their own, and functions
// in Go. Their records, derivatives, batching and execution are here, and the passes of the compiler over loops.
//
// Vocabulary:
//
//   - A loop carries values from step to step: what is carried, the carries, goes through its body, a Func.
//   - The tape is what reverse mode keeps of the steps, a record of each. The residuals are what a record consists of.
//   - A branch holds two functions of the same inputs, and a bool chooses.
//   - A custom function is one with a derivative of the user's: Pull or Push. A rule is a derivative that is traced when it
//     is wanted.
//   - What an attribute holds it says by itself, see Holder: nothing else lists these ops.
//
// # Where things are
//
//	loop, tangent, batch       the loop as an op; its tangent; loops over many examples
//	grad, mask                 the gradient of a loop, an op too; zeros behind Where that loops carry
//	run, carry, block          a loop compiled: its steps, where its carries lie, values in one block
//	gradrun, backrun           a gradient compiled: the steps forward with a tape, the steps backward
//	split, residuals, mincut   the step forward and the step backward; what goes on the tape
//	merge, unzip               passes: one loop for a loop and its tangent; two loops for a gradient
//	fission*, tallproduct      pass: parts of the body that can be done for all steps at once
//	cond                       branches
//	custom*, later             functions with derivatives of the user's
//	gofunc                     functions in Go
//	holder                     for those who look through a node into its functions
package control
