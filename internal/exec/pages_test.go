package exec

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"chainrule/graph"
)

func TestWholePages(t *testing.T) {
	const base = 0xc0000000
	for _, c := range []struct {
		p            uintptr
		bytes        int
		skip, length int
	}{
		{base, hugePage, 0, hugePage},
		{base, hugePage - 1, 0, 0},
		{base, 3*hugePage + 64, 0, 3 * hugePage},
		{base + 64, hugePage, hugePage - 64, 0},
		{base + 64, 2*hugePage - 64, hugePage - 64, hugePage},
		{base + 64, 64, 0, 0},
		{base - 64, hugePage + 63, 64, 0},
		{base - 64, hugePage + 64, 64, hugePage},
	} {
		skip, length := wholePages(c.p, c.bytes)
		require.Equal(t, [2]int{c.skip, c.length}, [2]int{skip, length}, "%#x, %d bytes", c.p, c.bytes)
	}
}

// Memory is zeroed, aligned and all there, with huge pages below it or without.
func TestAllocate(t *testing.T) {
	for _, bytes := range []int{1, 8, 63, 64, 65, hugePage - 8, hugePage, 2*hugePage + 1, 5 * hugePage} {
		for range 3 { // the later ones may get what was freed
			p := allocate(bytes)
			require.Zero(t, uintptr(p)%graph.Alignment, "%d bytes", bytes)
			all := unsafe.Slice((*byte)(p), bytes)
			for i := range all {
				if all[i] != 0 {
					t.Fatalf("byte %d of %d is %d", i, bytes, all[i])
				}
				all[i] = 0xff
			}
		}
	}
	require.Nil(t, allocate(0))
}

// Warm stores to every page up to the last byte.
func TestWarm(t *testing.T) {
	for _, bytes := range []int{0, 1, 4095, 4096, 4097, 3*4096 + 1} {
		b := make([]byte, bytes+1)
		for i := range b {
			b[i] = 1
		}
		Warm(b[:bytes])
		for page := 0; page < bytes; page += 4096 {
			require.Contains(t, b[page:min(bytes, page+4096)], byte(0), "%d bytes, the page at %d", bytes, page)
		}
		require.Equal(t, byte(1), b[bytes], "%d bytes: no more", bytes)
	}
}

// BenchmarkAllocate is the first use of an arena: its pages are given at the first store to each.
func BenchmarkAllocate(b *testing.B) {
	const bytes = 64 << 20
	b.SetBytes(bytes)
	for b.Loop() {
		all := unsafe.Slice((*byte)(allocate(bytes)), bytes)
		for i := 0; i < bytes; i += 4096 {
			all[i] = 1
		}
	}
}
