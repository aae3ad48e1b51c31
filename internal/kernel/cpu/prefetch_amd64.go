//go:build !noasm

package cpu

// Prefetch asks for n bytes from address p on, rounded up to 256, to be brought to the first cache. The address may be
// anything: what is not there is not fetched.
//
//go:noescape
func Prefetch(p uintptr, n int)

// PrefetchWrite is Prefetch for memory that will be written.
//
//go:noescape
func PrefetchWrite(p uintptr, n int)
