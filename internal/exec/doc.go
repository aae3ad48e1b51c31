// Package exec runs graphs, in two ways.
//
// Vocabulary: a [Value] is a row-major tensor in memory; ingesting turns what a caller feeds into Values. The
// reference executor ([Reference]) computes node by node into fresh memory, inside of the functions that nodes hold too,
// and is the oracle of everything else.
// A [Program] is a plan: steps over slots, where a slot is a place in the arena, in a constant, in an input or in
// an output. A machine is one arena with the steps bound to its addresses; a Program keeps idle machines, so that
// concurrent runs have one each and a run allocates nothing. Donated inputs are updated in place, in the commit
// part at the end of the steps, which is not interrupted.
package exec
