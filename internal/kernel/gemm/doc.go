// Package gemm multiplies matrices: C = act(op(A)·op(B) + beta·C + bias), for float32 and float64, row-major.
//
// Vocabulary. op(X) is X or its transpose; the four forms are named by two letters, A's first: nn, tn, nt, tt.
// C is m×n and the inner dimension is k. The leading dimension (lda, ldb, ldc) of a matrix is the distance between
// the starts of two stored rows; elements of a row beyond the matrix' width are neither read nor written. The epilogue
// is what happens to C after the sum: beta (0 or 1), biases, and a function applied to finished rows.
//
// Every path gives the same bits for any number of workers: work is split over C only, never over k.
package gemm
