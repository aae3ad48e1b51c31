package colour

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Pattern says where the entries of a sparse matrix are: row i has entries in the columns
// ColIdx[RowPtr[i]:RowPtr[i+1]], in increasing order. Its slices must not be modified.
type Pattern struct {
	Rows, Cols     int
	RowPtr, ColIdx []int
}

// NNZ returns the number of entries.
func (p *Pattern) NNZ() int { return len(p.ColIdx) }

// Row returns the columns of the entries of row i.
func (p *Pattern) Row(i int) []int { return p.ColIdx[p.RowPtr[i]:p.RowPtr[i+1]] }

// ErrTooLarge is returned for a pattern with more entries than there may be.
var ErrTooLarge = errors.New("too many entries")

const mostEntries = 1 << 27

// NewPattern is the pattern with the given set of columns for each row.
func NewPattern(sets *Sets, rows []int32) (*Pattern, error) {
	p := &Pattern{Rows: len(rows), Cols: sets.n, RowPtr: make([]int, len(rows)+1)}
	for i, set := range rows {
		p.RowPtr[i+1] = p.RowPtr[i] + len(sets.Of(set))
	}
	n := p.RowPtr[len(rows)]
	if n > mostEntries {
		return nil, fmt.Errorf("%w: %d in a matrix of %d × %d", ErrTooLarge, n, p.Rows, p.Cols)
	}
	p.ColIdx = make([]int, n)
	for i, set := range rows {
		row := p.Row(i)
		for k, v := range sets.Of(set) {
			row[k] = int(v)
		}
	}
	return p, nil
}

// Find returns the number of entry (i, j) among all entries, or −1 if there is none.
func (p *Pattern) Find(i, j int) int {
	if k, ok := slices.BinarySearch(p.Row(i), j); ok {
		return p.RowPtr[i] + k
	}
	return -1
}

// Transpose returns the pattern of the transpose.
func (p *Pattern) Transpose() *Pattern {
	t := &Pattern{Rows: p.Cols, Cols: p.Rows, RowPtr: make([]int, p.Cols+1), ColIdx: make([]int, p.NNZ())}
	for _, j := range p.ColIdx {
		t.RowPtr[j+1]++
	}
	for j := range t.Rows {
		t.RowPtr[j+1] += t.RowPtr[j]
	}
	next := slices.Clone(t.RowPtr[:t.Rows])
	for i := range p.Rows {
		for _, j := range p.Row(i) {
			t.ColIdx[next[j]] = i
			next[j]++
		}
	}
	return t
}

// Symmetrized returns the smallest symmetric pattern that covers p, which is square.
func (p *Pattern) Symmetrized() *Pattern {
	t := p.Transpose()
	s := &Pattern{Rows: p.Rows, Cols: p.Cols, RowPtr: make([]int, p.Rows+1)}
	for i := range p.Rows {
		x, y := p.Row(i), t.Row(i)
		for len(x) > 0 || len(y) > 0 {
			v := math.MaxInt
			if len(x) > 0 {
				v = x[0]
			}
			if len(y) > 0 {
				v = min(v, y[0])
			}
			if len(x) > 0 && x[0] == v {
				x = x[1:]
			}
			if len(y) > 0 && y[0] == v {
				y = y[1:]
			}
			s.ColIdx = append(s.ColIdx, v)
		}
		s.RowPtr[i+1] = len(s.ColIdx)
	}
	return s
}

// widest is the largest number of entries in a row.
func (p *Pattern) widest() int {
	w := 0
	for i := range p.Rows {
		w = max(w, p.RowPtr[i+1]-p.RowPtr[i])
	}
	return w
}
