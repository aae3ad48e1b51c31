// Package trace runs functions on trees of nodes: it calls one with inputs of the types that are fed, compiles what it gives,
// and keeps the program. Package autodiff has the documentation for users.
//
// Vocabulary:
//
//   - A [Function] is a Go function on trees of nodes, or a graph built by hand, with options.
//   - A [Trace] is what calling it gives: the nodes of its arguments and results.
//   - A [Program] is a trace compiled. A function has one for each combination of types and structures.
//   - A [Call] is one run: what is fed, and where the results go.
//
// # Where things are
//
//	function, options    what is run, and how
//	program, cache       from a trace to a program; programs that are kept
//	building             one goroutine at a time traces; a function that runs itself
//	call, bind, results  what is fed, results in new tensors, results where the caller wants them
//	suspicion, finite    runs that look for NaNs and infinities
//	dump                 what was compiled, as a page
package trace
