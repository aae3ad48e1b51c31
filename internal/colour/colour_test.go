package colour

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// from makes a pattern of the entries for which has holds.
func from(rows, cols int, has func(i, j int) bool) *Pattern {
	p := &Pattern{Rows: rows, Cols: cols, RowPtr: make([]int, rows+1)}
	for i := range rows {
		for j := range cols {
			if has(i, j) {
				p.ColIdx = append(p.ColIdx, j)
			}
		}
		p.RowPtr[i+1] = len(p.ColIdx)
	}
	return p
}

func random(r *rand.Rand, rows, cols int, density float64) *Pattern {
	return from(rows, cols, func(i, j int) bool { return r.Float64() < density })
}

// No two columns of a colour may have entries in one row, checked pair by pair.
func TestColumnsByDefinition(t *testing.T) {
	const seed = 1
	t.Log("seed", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 300 {
		p := random(r, 1+r.IntN(20), 1+r.IntN(20), r.Float64()*0.5)
		c, ok := p.Columns(p.Cols)
		require.True(t, ok)
		require.GreaterOrEqual(t, c.Colors, p.widest())
		for a := range p.Cols {
			for b := range a {
				for i := range p.Rows {
					row := p.Row(i)
					shared := slices.Contains(row, a) && slices.Contains(row, b)
					require.False(t, shared && c.Of[a] == c.Of[b], "columns %d and %d of %+v", a, b, p)
				}
			}
		}
		if c.Colors > 1 {
			few, ok := p.Columns(c.Colors - 1)
			require.False(t, ok, "%+v", few)
		}
	}
}

// Neighbours differ, and each path of four vertices has three colours or more, checked path by path.
func TestStarByDefinition(t *testing.T) {
	const seed = 2
	t.Log("seed", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 300 {
		n := 1 + r.IntN(16)
		p := random(r, n, n, r.Float64()*0.3).Symmetrized()
		c := p.Star()
		for b := range n {
			for _, a := range p.Row(b) {
				require.False(t, a != b && c.Of[a] == c.Of[b], "neighbours %d and %d of %+v", a, b, p)
				for _, x := range p.Row(b) {
					for _, y := range p.Row(x) {
						if a == b || x == a || x == b || y == a || y == b || y == x {
							continue
						}
						require.False(t, c.Of[a] == c.Of[x] && c.Of[b] == c.Of[y], "path %d %d %d %d of %+v", a, b, x, y, p)
					}
				}
			}
		}
	}
}

// Random symmetric matrices come back from their sums, entry by entry.
func TestStarRecovers(t *testing.T) {
	const seed = 3
	t.Log("seed", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 300 {
		n := 1 + r.IntN(30)
		p := random(r, n, n, r.Float64()*0.3).Symmetrized()
		value := func(i, j int) int { return 1 + min(i, j)*n + max(i, j) }
		c := p.Star()
		sums := make([][]int, c.Colors)
		for k := range sums {
			sums[k] = make([]int, n)
		}
		for i := range n {
			for _, j := range p.Row(i) {
				sums[c.Of[j]][i] += value(i, j)
			}
		}
		color, row := p.Recovery(c)
		for i := range n {
			for k := p.RowPtr[i]; k < p.RowPtr[i+1]; k++ {
				require.Equal(t, value(i, p.ColIdx[k]), sums[color[k]][row[k]], "entry (%d, %d)", i, p.ColIdx[k])
			}
		}
	}
}

// What is known of common matrices.
func TestKnownColors(t *testing.T) {
	const n = 100
	band := func(w int) func(i, j int) bool { return func(i, j int) bool { return max(i-j, j-i) <= w } }
	arrow := func(i, j int) bool { return i == j || i == 0 || j == 0 }
	block := func(i, j int) bool { return i/5 == j/5 }
	for _, c := range []struct {
		name          string
		has           func(i, j int) bool
		columns, star int
	}{
		{"diagonal", band(0), 1, 1}, {"tridiagonal", band(1), 3, 3}, {"band of 5", band(2), 5, 5},
		{"arrow", arrow, n, 2}, {"blocks of 5", block, 5, 5},
	} {
		p := from(n, n, c.has)
		columns, ok := p.Columns(n)
		require.True(t, ok)
		require.Equal(t, c.columns, columns.Colors, c.name)
		require.Equal(t, c.star, p.Star().Colors, c.name)
	}
}

func TestEmptyPatterns(t *testing.T) {
	for _, p := range []*Pattern{from(0, 0, nil), from(0, 3, nil), from(3, 0, nil),
		from(3, 3, func(i, j int) bool { return false })} {
		c, ok := p.Columns(p.Cols)
		require.True(t, ok)
		require.Zero(t, c.Colors)
		if p.Rows == p.Cols {
			require.Zero(t, p.Star().Colors)
		}
	}
}

// Unions against maps.
func TestSets(t *testing.T) {
	const n, seed = 40, 4
	t.Log("seed", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	s := NewSets(n)
	known := []int32{0}
	for i := range n {
		known = append(known, Single(i))
	}
	for range 5000 {
		parts := make([]int32, r.IntN(6))
		want := map[int32]bool{}
		for k := range parts {
			parts[k] = known[r.IntN(len(known))]
			for _, v := range s.Of(parts[k]) {
				want[v] = true
			}
		}
		got := s.UnionAll(parts)
		if len(parts) == 2 {
			require.Equal(t, got, s.Union(parts[1], parts[0]))
		}
		require.Len(t, s.Of(got), len(want))
		require.True(t, slices.IsSorted(s.Of(got)))
		for _, v := range s.Of(got) {
			require.True(t, want[v])
		}
		known = append(known, got)
	}
	byContent := map[string]int32{}
	for _, set := range known {
		key := fmt.Sprint(s.Of(set))
		if first, ok := byContent[key]; ok {
			require.Equal(t, first, set, "equal sets have equal numbers")
		}
		byContent[key] = set
	}
}

func BenchmarkColors(b *testing.B) {
	const n = 100_000
	p := &Pattern{Rows: n, Cols: n, RowPtr: make([]int, n+1)}
	for i := range n {
		for j := max(0, i-1); j <= min(n-1, i+1); j++ {
			p.ColIdx = append(p.ColIdx, j)
		}
		p.RowPtr[i+1] = len(p.ColIdx)
	}
	b.Run("colors=columns/matrix=tridiagonal/n=1e5", func(b *testing.B) {
		for b.Loop() {
			p.Columns(n)
		}
	})
	b.Run("colors=star/matrix=tridiagonal/n=1e5", func(b *testing.B) {
		for b.Loop() {
			p.Star()
		}
	})
}
