package memory

import (
	"math"
	"runtime/debug"
	"testing"
)

// GOMEMLIMIT is respected, and what the int has no room for does not fit.
func TestLimit(t *testing.T) {
	whole := Limit()
	if whole <= 1<<20 {
		t.Fatalf("the machine has %d bytes", whole)
	}
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(1 << 20))
	if got := Limit(); got != 1<<20 {
		t.Errorf("with a limit of 1 MiB: %d", got)
	}
	for _, c := range []struct {
		count, size int
		want        bool
	}{{1 << 17, 8, true}, {1<<17 + 1, 8, false}, {math.MaxInt, 8, false}, {0, 8, true}, {5, 0, true}} {
		if got := Fits(c.count, c.size); got != c.want {
			t.Errorf("%d elements of %d bytes: %v", c.count, c.size, got)
		}
	}
}
