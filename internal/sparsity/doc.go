// Package sparsity finds which derivatives can differ from zero, and computes those alone.
//
// Vocabulary:
//
//   - The pattern of a matrix of derivatives says which entries there are. It is found by sending, from each element of
//     the sources to what is computed from it, the set of source elements that it depends on.
//   - Columns of one colour share no row, or are told apart otherwise: one derivative, along all of them at once, serves
//     them all. Rows likewise.
//   - A picked value is the last node on the way from the sources whose elements each depend on one source element. Rows
//     that share a source may differ in what they pick: see local.
//
// # Where things are
//
//	pattern, place, loop   sets through ops, views, and the bodies of loops and branches
//	compress, sums         a matrix from sums of columns or rows of one colour
//	local, picked          a matrix by the values that its rows pick
package sparsity
