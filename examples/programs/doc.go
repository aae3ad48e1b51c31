// Package programs has whole programs of a page, as a new user would write them, that run as Examples: prices and their
// sensitivities by simulation, a loop of poses closed by least squares, a recurrent network trained through pieces of a sequence.
//
// The folders beside it have those that print and draw more.
package programs
