// Package vec holds the kernels that read and write flat slices: elementwise arithmetic and functions,
// comparisons, casts, reductions, strided copies and gathers.
//
// # Vocabulary
//
//   - kernel: a function from slices to a slice; it allocates nothing, keeps nothing, and trusts its caller about
//     meaning, never about lengths (a wrong length panics before memory is touched).
//   - operand: an input slice; its length is the length of dst, or 1, and then its element is repeated.
//   - in place: dst and an operand are the same slice. Always legal for elementwise kernels when the lengths agree;
//     slices that overlap partially are never legal.
//   - middle axis: the reductions view x as the row-major array [outer, r, inner] and reduce over r.
//   - portable: the plain Go loop. It is the specification; where a function of float32 is transcendental, it is the
//     float64 function of package math, rounded once.
//   - twin: the assembly version of a portable loop, chosen at run time by package cpu. A twin agrees bit for bit for
//     arithmetic, and within the bound stated at its function otherwise. An element's result depends on the element
//     alone: not on its position, the length of the slice, or its alignment.
//
// # Accuracy
//
// Where a function states the error of its twin, the first figure is for float32, the second for float64, in units of
// the last place, as the tests found it rounded up: for float32 over a dense sample of all bit patterns, for float64
// against sums of many bits. The tests hold the twins to a little more than that. The portable float32 loop is
// correctly rounded but for accidents of 1 in 2^28; the portable float64 loop is as good as package math, that is,
// about 1 ulp, but 7 ulp for sine and cosine next to a multiple of π and for the arccosine next to 1, and 23 ulp for the tangent of
// small arguments.
//
// NaN propagates through everything, Minimum, Maximum, Relu and Clamp included. Which NaN (its payload) is unspecified.
package vec
