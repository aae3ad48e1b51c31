// Package gonum makes functions on nodes what gonum's numerical methods take: compiled, with their derivatives, from
// and to slices and matrices of gonum's.
//
//   - An [Objective] is a function to a number, with its gradient and Hessian; [Problem] is one for package optimize.
//   - [Residuals] are what a method of least squares makes small, with their Jacobian.
//   - [AsMatrix] and [AsVector] see a tensor as a matrix.
package gonum
