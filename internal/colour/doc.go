// Package colour knows where the non-zeros of a matrix may be, and which of its columns can be computed together.
//
// Vocabulary: a set is a set of columns, such as those that one row has; Sets keeps each distinct one once and calls it
// by a number. A [Pattern] is a matrix's set for every row. A colouring gives columns numbers, colours, so that columns
// of one colour can be added up and every entry can still be read off the sums.
//
// Sources: A. Curtis, M. Powell and J. Reid, On the estimation of sparse Jacobian matrices (1974); T. Coleman and
// J. Moré, Estimation of sparse Jacobian matrices and graph coloring problems (1983) and Estimation of sparse Hessian
// matrices and graph coloring problems (1984); A. Gebremedhin, F. Manne and A. Pothen, What color is your Jacobian?
// (2005); A. Gebremedhin, A. Tarafdar, F. Manne and A. Pothen, New acyclic and star coloring algorithms (2007).
package colour
