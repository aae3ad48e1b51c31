// Package special has the special functions that are no elementary ones, one number at a time, in float64.
//
// # Vocabulary
//
//   - order: of a Bessel function; the number of a derivative is called its slope.
//   - scaled: times an exponential that takes away the growth or decay at infinity, which a name shows by an e at its end.
//   - complement: 1 − P, accurate where it is small.
//
// Sums are arranged so that their terms are of one sign where a result may be small. Where a function states an error, it is
// what the tests found against tables of mpmath, rounded up.
//
// # Where things are
//
//	map          functions on slices
//	besseli      the modified Bessel functions I
//	besselk      the modified Bessel functions K
//	besselj      the Bessel functions J and Y
//	gammainc     the incomplete gamma function and its derivatives
//	zeta         Hurwitz' zeta function
package special
