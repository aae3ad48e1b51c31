//go:build !amd64 || noasm

package cpu

// Prefetch does nothing, for want of an instruction that asks for memory.
func Prefetch(uintptr, int) {}

// PrefetchWrite does nothing either.
func PrefetchWrite(uintptr, int) {}
