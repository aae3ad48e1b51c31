// Package programs makes random whole programs over the library's public surface and holds what the library says of
// them against an interpreter that shares nothing with it: plain Go numbers, loops as loops, branches as branches.
//
// Vocabulary:
//
//   - A program is a block of statements, each of a kind: an op, or control flow with blocks of its own.
//   - A number is a polynomial in infinitesimals, so that the interpreter knows derivatives of every order, those that
//     programs take inside included; and with each coefficient goes a bound of the roundings that it may suffer.
//   - A mode is what is computed of a program: its value, a derivative, either for many examples.
//   - A trial is a mode in one precision by one way to compile.
//   - A program is unclear where a rounding may decide, where numbers grow without bound, or where it is too long.
//
// # Where things are
//
//	number, array             numbers with derivatives and bounds; arrays of them
//	program, interpret        statements and blocks; running them in numbers
//	make                      random programs
//	elementwise, shaping      kinds of statement without blocks
//	control, custom, derive   kinds with blocks
//	build                     programs as nodes
//	modes, check, shrink      what is compared, comparing it, and smaller programs with the same fault
package programs
