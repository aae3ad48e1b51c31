//go:build gc && !noasm

package graph

// currentFrame returns the link of the function that calls it, in the base pointer. Go's compiler and assembler keep it
// there for every function that calls another.
func currentFrame() *frame
