// Package random draws numbers by key and position: element i of a draw is a function of the key and of i alone, the
// same on every machine, for any number of workers, and for any length of the draw.
//
// # Vocabulary
//
//   - key: two words of 32 bits.
//   - block: the two words that Threefry-2x32 makes of a key and a counter of 64 bits.
//   - word: the 64 bits of a block, its first word above.
//   - at: the position of dst's first element in its draw.
//   - portable: the plain Go loop, which is the specification; a twin in assembly gives the same bits.
//
// The arithmetic behind draws is of operations that IEEE 754 defines to the last bit: sums, products, quotients, square
// roots, each rounded once, none fused. The logarithm is a polynomial of this package's own for that reason.
//
// # Where things are
//
//	threefry     the generator; keys from keys
//	uniform      bits, uniform numbers, integers
//	normal       the inverse of the normal distribution
//	exponential  exponential, Gumbel and Laplace numbers
//	gamma        gamma and Poisson numbers
//	truncated    normal numbers in an interval
//	twin_*, z*   what there is in assembly
//	log          the logarithm
package random
