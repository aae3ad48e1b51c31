//go:build !amd64 || noasm

package par

import "runtime"

// pause gives way to other goroutines, for want of an instruction that tells the processor of a spinning loop.
func pause(int) { runtime.Gosched() }
