package compile_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/internal/compile"
)

func TestArenaByHand(t *testing.T) {
	var a compile.Arena
	require.Equal(t, 0, a.Alloc(1), "sizes are rounded up to 64")
	require.Equal(t, 64, a.Alloc(128))
	require.Equal(t, 192, a.Alloc(64))
	require.Equal(t, 0, a.Alloc(0), "nothing takes nothing")
	require.Equal(t, 256, a.Size())
	a.Release(64, 128)
	require.Equal(t, 64, a.Alloc(64), "a freed block is used again")
	require.Equal(t, 128, a.Alloc(64), "and so is its rest")
	a.Release(192, 64)
	require.Equal(t, 192, a.Alloc(128), "a block at the end grows")
	require.Equal(t, 320, a.Size())
	a.Release(0, 64)
	a.Release(128, 64)
	a.Release(64, 64) // joins both neighbours
	require.Equal(t, 0, a.Alloc(192))
	a.Release(0, 0)
	require.Equal(t, 320, a.Alloc(64))
}

// model is the allocator that obviously gives out the smallest block that fits, the lowest of them: a sorted list of
// free blocks.
type model struct {
	free [][2]int // offset, size
	size int
}

func (m *model) alloc(size int) int {
	best := -1
	for i, b := range m.free {
		if b[1] >= size && (best < 0 || b[1] < m.free[best][1]) {
			best = i
		}
	}
	last := len(m.free) - 1
	switch {
	case best >= 0:
		offset := m.free[best][0]
		m.free[best] = [2]int{offset + size, m.free[best][1] - size}
		m.free = slices.DeleteFunc(m.free, func(b [2]int) bool { return b[1] == 0 })
		return offset
	case last >= 0 && m.free[last][0]+m.free[last][1] == m.size:
		offset := m.free[last][0]
		m.free = m.free[:last]
		m.size = offset + size
		return offset
	}
	m.size += size
	return m.size - size
}

func (m *model) release(offset, size int) {
	m.free = append(m.free, [2]int{offset, size})
	slices.SortFunc(m.free, func(a, b [2]int) int { return a[0] - b[0] })
	var joined [][2]int
	for _, b := range m.free {
		if n := len(joined) - 1; n >= 0 && joined[n][0]+joined[n][1] == b[0] {
			joined[n][1] += b[1]
		} else {
			joined = append(joined, b)
		}
	}
	m.free = joined
}

func TestArenaAgainstModel(t *testing.T) {
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 0))
		var a compile.Arena
		var m model
		var live [][2]int
		for range 600 {
			if len(live) > 0 && rng.IntN(100) < 48 {
				i := rng.IntN(len(live))
				b := live[i]
				live = slices.Delete(live, i, i+1)
				a.Release(b[0], b[1])
				m.release(b[0], b[1])
			} else {
				size := 64 * (1 + rng.IntN(1+rng.IntN(12)))
				offset := a.Alloc(size - rng.IntN(64))
				require.Equal(t, m.alloc(size), offset, "seed %d", seed)
				for _, b := range live {
					require.False(t, offset < b[0]+b[1] && b[0] < offset+size, "seed %d: [%d, %d) is in use", seed, b[0], b[0]+b[1])
				}
				live = append(live, [2]int{offset, size})
				require.LessOrEqual(t, offset+size, a.Size())
			}
			tree, starts, ends := a.Blocks()
			require.Equal(t, []int{len(m.free), len(m.free), len(m.free), m.size}, []int{tree, starts, ends, a.Size()}, "seed %d", seed)
		}
		for _, b := range live {
			a.Release(b[0], b[1])
		}
		if tree, _, _ := a.Blocks(); a.Size() > 0 {
			require.Equal(t, 1, tree, "seed %d: what is free again is one block", seed)
			require.Equal(t, 0, a.Alloc(a.Size()))
		}
	}
}

// With many blocks free the tree stays balanced, so that no order of releases makes planning quadratic. A random
// binary tree of n nodes is about 3·ln n deep; 5·ln n + 10 leaves room.
func TestArenaStaysBalanced(t *testing.T) {
	const n = 100_000
	for _, sizes := range []int{1, 7, 1000} {
		var a compile.Arena
		var offsets []int
		for i := range 2 * n {
			offsets = append(offsets, a.Alloc(64*(1+i%sizes)))
		}
		for i := 0; i < len(offsets); i += 2 {
			a.Release(offsets[i], 64*(1+i%sizes))
		}
		tree, _, _ := a.Blocks()
		require.Equal(t, n, tree)
		require.LessOrEqual(t, float64(a.Depth()), 5*math.Log(n)+10, "%d sizes", sizes)
	}
}

func BenchmarkArena(b *testing.B) {
	for b.Loop() {
		var a compile.Arena
		var offsets []int
		for i := range 1000 {
			offsets = append(offsets, a.Alloc(64*(1+i%5)))
		}
		for i := range offsets {
			a.Release(offsets[i], 64*(1+i%5))
		}
	}
}
