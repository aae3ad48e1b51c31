// Package gemm multiplies matrices: C = op(A)·op(B) + beta·C + bias, for float32 and float64, row-major.
//
// Vocabulary. op(X) is X or its transpose; the four forms are named by two letters, A's first: nn, tn, nt, tt.
// C is m×n and the inner dimension is k. The leading dimension (lda, ldb, ldc) of a matrix is the distance between
// the starts of two stored rows; elements of a row beyond the matrix' width are neither read nor written. The epilogue
// is what happens to C after the sum: beta (0 or 1) and biases.
//
// The product is computed in five loops around a micro-kernel (Van Zee and van de Geijn, "BLIS: A Framework for
// Rapidly Instantiating BLAS Functionality", 2015). A tile is the block of C that a micro-kernel keeps in registers
// while it sums along k. A panel is a copy of the rows of A, or columns of B, of one tile, in the order in which the
// micro-kernel reads them. B is packed a share of the second-level cache at a time, by the worker that uses it; A
// once, for all. Matrices that are small, or used by few tiles, are read where they are; transposition is absorbed by
// packing or by strides. Few rows against a transposed B, and vectors, are computed as dot products instead.
//
// Files: gemm.go (entry), product.go (products that are computed again and again), pair.go (two rows with one matrix),
// plan.go (choice of path and blocking), run.go (loops and parallelism), block.go (the calls of micro-kernels), batch.go
// (many small products), pack.go, portable.go (micro-kernels in Go, the specification), outer.go (outer products larger
// than the caches), tile.go (what assembly is told), engine*.go (which kernels a CPU has), space.go (memory kept between
// calls), micro.go (micro-kernels for convolutions). The assembly is written by internal/kernel/gen/gemm.
//
// Every path gives the same bits for any number of workers: work is split over C only, never over k.
package gemm

//go:generate go run -C ../gen ./gemm
