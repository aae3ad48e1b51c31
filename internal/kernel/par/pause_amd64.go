//go:build !noasm

package par

// pause tells the processor n times that this is a spinning loop.
//
//go:noescape
func pause(n int)
