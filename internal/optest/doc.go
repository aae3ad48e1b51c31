// Package optest is the harness of the sweep: everything that is checked of every operator because it is in the
// registry. It is imported by tests alone.
//
// Vocabulary: an [Instance] is one op on one of its cases in one element type; a check takes an Instance and
// returns what is wrong with it; the sweep runs every check on every Instance of every op. A fence is memory around
// a kernel's operands that must come back unchanged. A twin is a compiled program held against the reference
// executor. A negated record is an op with the sign of one derivative turned, on which the sweep has to fail.
package optest
