// Package linalg factors and solves: Cholesky and LU factorizations, triangular systems, determinants, eigenvalues.
//
// # Vocabulary
//
//   - matrix: a row-major block of elements, whose rows begin ld elements apart; blocks of a matrix are matrices.
//   - leaf: a problem small enough for plain loops. A larger one is halved, after Gustavson (IBM J. Res. Dev.
//     41-6, 1997) and Toledo (SIAM J. Matrix Anal. Appl. 18-4, 1997), so that nearly all of its work is products, which
//     package gemm does.
//   - scratch: memory that the caller lends; functions named …Scratch say how many elements. Nothing is allocated.
//
// NaN in an operand goes on into the results. Results do not depend on the number of workers.
package linalg
