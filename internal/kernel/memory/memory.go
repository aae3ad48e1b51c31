// Package memory knows how much memory a program may take.
//
// Vocabulary: the limit is the least of what the machine has, what the address space of its ints can name, and what
// GOMEMLIMIT allows. What is larger than the limit is refused before anything asks the system for it: Go ends the
// process where memory runs out.
package memory

import (
	"math"
	"runtime/debug"
	"sync"
)

// unknown is the limit where the system does not say what it has: less than a slice can have, on any system.
const unknown = math.MaxInt >> 16 << 9

// Limit is the limit in bytes.
func Limit() int {
	limit := min(debug.SetMemoryLimit(-1), math.MaxInt) // −1 changes nothing
	return int(min(limit, machine()))
}

// machine is what the machine has.
var machine = sync.OnceValue(func() int64 {
	if bytes := installed(); bytes > 0 {
		return bytes
	}
	return unknown
})

// Fits reports whether count elements of size bytes are within the limit.
func Fits(count, size int) bool { return count <= Limit()/max(1, size) }
