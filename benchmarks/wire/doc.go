// Package wire joins the program that measures with the programs that are measured, each a process of its own.
//
// Vocabulary. A server is a program that is measured; it answers each line of its standard input with one line. A
// client holds one server. A program is a case made ready to run; a sample is the time of some iterations of it,
// divided by their number.
//
//	hello            ok NAME AND VERSION | absent WHY
//	prepare CASE     ok | unsupported WHY        makes the program of a case, instead of the former one
//	answer           ok VALUE NORM  …            what the program computes, as package workload says
//	run N M          ok T1 … TM                  M samples of N iterations, in microseconds for one
//	allocs N         ok X | ok none              allocations for one iteration, over N of them, after a run
//	anything         error WHY
//
// Measured programs are processes so that garbage, threads and settings of one do not disturb another, and stay
// alive between runs so that all can take turns.
package wire
