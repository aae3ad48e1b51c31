package colour

import (
	"math"
	"math/bits"
)

// Coloring gives every column a colour from 0 to Colors−1, or −1 to those that need none.
type Coloring struct {
	Colors int
	Of     []int32
}

// Columns colours the columns of a matrix so that no two of a colour have entries in the same row: the sum of the
// columns of a colour then shows each of their entries alone (Curtis, Powell and Reid 1974). It colours greedily, in
// the columns' own order, by falling degree and smallest degree last, and returns what takes the fewest colours, but
// false if all take more than most. No colouring takes fewer than the longest row has entries. Smallest degree last is
// left out where finding the degrees would take long.
func (p *Pattern) Columns(most int) (Coloring, bool) {
	least := p.widest()
	if least > most {
		return Coloring{}, false
	}
	t := p.Transpose()
	var best Coloring
	found := false
	for k, order := range []func() []int32{
		func() []int32 { return naturalOrder(p.Cols) },
		func() []int32 { return largestFirst(p.sharing(t)) },
		func() []int32 { return p.smallestLast(t) },
	} {
		if k == 2 && p.pairs() > longSearch {
			break
		}
		if c, ok := p.greedy(t, order(), most); ok {
			best, found = c, true
			most = c.Colors - 1
		}
		if most < least {
			break
		}
	}
	return best, found
}

// greedy gives each column in turn the first colour that no column of a shared row has. Each row keeps, as bits, the
// colours that its columns have.
func (p *Pattern) greedy(t *Pattern, order []int32, most int) (Coloring, bool) {
	c := Coloring{Of: make([]int32, p.Cols)}
	for j := range c.Of {
		c.Of[j] = -1
	}
	words := p.widest()/64 + 1
	taken := make([]uint64, p.Rows*words)
	for _, j := range order {
		rows := t.Row(int(j))
		if len(rows) == 0 {
			continue
		}
		first := 64 * words
		for w := range words {
			var all uint64
			for _, i := range rows {
				all |= taken[i*words+w]
			}
			if all != math.MaxUint64 {
				first = 64*w + bits.TrailingZeros64(^all)
				break
			}
		}
		if first >= most {
			return c, false
		}
		if first == 64*words {
			taken, words = widen(taken, words), 2*words
		}
		c.Of[j] = int32(first)
		c.Colors = max(c.Colors, first+1)
		for _, i := range rows {
			taken[i*words+first/64] |= 1 << (first % 64)
		}
	}
	return c, true
}

// widen gives each row twice as many words.
func widen(taken []uint64, words int) []uint64 {
	wide := make([]uint64, 2*len(taken))
	for i := 0; i < len(taken); i += words {
		copy(wide[2*i:], taken[i:i+words])
	}
	return wide
}

// sharing counts, for every column, the entries of other columns in its rows.
func (p *Pattern) sharing(t *Pattern) []int {
	degree := make([]int, p.Cols)
	for j := range degree {
		for _, i := range t.Row(j) {
			degree[j] += len(p.Row(i)) - 1
		}
	}
	return degree
}

// smallestLast takes away, again and again, the column that shares rows with the fewest entries of those left, and
// returns the columns in the opposite order (Matula and Beck 1983).
func (p *Pattern) smallestLast(t *Pattern) []int32 {
	return smallestLast(p.sharing(t), func(j int32, visit func(k int32)) {
		for _, i := range t.Row(int(j)) {
			for _, k := range p.Row(i) {
				visit(int32(k))
			}
		}
	})
}

// longSearch is the number of pairs of entries beyond which smallestLast takes seconds.
const longSearch = 1 << 28

// pairs counts the pairs of entries that share a row.
func (p *Pattern) pairs() int {
	n := 0
	for i := range p.Rows {
		w := len(p.Row(i))
		n += w * w
	}
	return n
}
