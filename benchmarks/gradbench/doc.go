// Command gradbench makes this library a tool for GradBench, the benchmark suite of automatic differentiation
// (github.com/gradbench/gradbench, successor of ADBench): it answers the suite's messages on standard input and output.
//
//	go run ./benchmarks/gradbench            # speaks the protocol
//	go run ./benchmarks/gradbench -table     # measures the evals and prints a table in Markdown
//	go run ./benchmarks/gradbench -memory    # first evaluations and memory, each case in a process of its own
//
// Vocabulary. An eval of the suite asks for the functions of one module, such as gmm's objective and jacobian. A
// message is one line of JSON, and gets one line as its answer. Here a plan is a function on nodes with what it is fed
// and what becomes of its results: one for each function of a module, made from the message's input. Preparing is
// making tensors of the input, building the graph and compiling it; an evaluation is one run of that program, and starts
// from nothing but the program and the input.
//
// Every objective is a file of its own, with the formula as a user of the library would write it. Derivatives come from
// package autodiff alone. Package reference has the objectives once more, in plain Go, to check them.
package main
