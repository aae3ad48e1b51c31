package colour

import "slices"

// Star colours the columns of a symmetric pattern so that neighbours have different colours and every path of four
// vertices has three: columns of two colours then form stars, and every entry of the matrix shows alone in one of the
// sums, in its row or in its column (Coleman and Moré 1984). Columns i and j ≠ i are neighbours if there is an entry
// (i, j). Several orders are tried, and the fewest colours win.
func (p *Pattern) Star() Coloring {
	degree := func() []int {
		d := make([]int, p.Rows)
		for i := range d {
			for _, j := range p.Row(i) {
				if j != i {
					d[i]++
				}
			}
		}
		return d
	}
	edges := p.edges()
	var best Coloring
	for k, order := range [][]int32{
		naturalOrder(p.Rows),
		largestFirst(degree()),
		smallestLast(degree(), func(v int32, visit func(int32)) {
			for _, j := range p.Row(int(v)) {
				if j != int(v) {
					visit(int32(j))
				}
			}
		}),
	} {
		if c := p.star(edges, order); k == 0 || c.Colors < best.Colors {
			best = c
		}
	}
	return best
}

// edges numbers the edges: entries (i, j) and (j, i) have the same number.
func (p *Pattern) edges() []int32 {
	number := make([]int32, p.NNZ())
	next := slices.Clone(p.RowPtr[:p.Rows])
	count := int32(0)
	for i := range p.Rows {
		for k := p.RowPtr[i]; k < p.RowPtr[i+1]; k++ {
			if j := p.ColIdx[k]; j > i { // row j meets its columns i < j in this order too
				number[k] = count
				number[next[j]] = count
				next[j]++
				count++
			}
		}
	}
	return number
}

// starState is the colouring of Gebremedhin, Tarafdar, Manne and Pothen (2007), algorithm 4.1. Two colours induce
// stars; each edge between coloured vertices belongs to one, and a star of two edges or more has a hub.
type starState struct {
	p     *Pattern
	edges []int32
	color []int32

	star []int32 // of an edge
	hub  []int32 // of a star, −1 if it has one edge alone

	forbidden []int32 // forbidden[c] is 1 + the vertex that may not have colour c
	treated   []int32 // likewise 1 + the vertex for which a neighbour's neighbours were forbidden
	seen      []first // by colour
}

// first is the first neighbour of a colour that a vertex has met, and by which entry.
type first struct{ vertex, neighbour, entry int32 }

// star colours the vertices in the given order, each with the first colour that it may have.
func (p *Pattern) star(edges, order []int32) Coloring {
	n := p.Rows
	s := starState{p: p, edges: edges, color: make([]int32, n), star: make([]int32, p.NNZ()),
		forbidden: make([]int32, n+1), treated: make([]int32, n), seen: make([]first, n+1)}
	for v := range s.color {
		s.color[v] = -1
	}
	c := Coloring{Of: s.color}
	for _, v := range order {
		if len(p.Row(int(v))) == 0 {
			continue
		}
		s.forbid(v)
		pick := int32(0)
		for s.forbidden[pick] == v+1 {
			pick++
		}
		s.color[v] = pick
		c.Colors = max(c.Colors, int(pick)+1)
		s.update(v)
	}
	return c
}

// around calls f for every coloured neighbour w of v and the entry (v, w).
func (s *starState) around(v int32, f func(w int32, entry int)) {
	for k := s.p.RowPtr[v]; k < s.p.RowPtr[v+1]; k++ {
		if w := int32(s.p.ColIdx[k]); w != v && s.color[w] >= 0 {
			f(w, k)
		}
	}
}

// forbid marks the colours that v may not have.
func (s *starState) forbid(v int32) {
	s.around(v, func(w int32, entry int) {
		s.forbidden[s.color[w]] = v + 1
		met := &s.seen[s.color[w]]
		if met.vertex == v+1 { // two neighbours of one colour: v would be their hub, so it differs from theirs
			s.treat(v, met.neighbour)
			s.treat(v, w)
			return
		}
		*met = first{v + 1, w, int32(entry)}
		s.around(w, func(x int32, e int) { // v may join the star of wx as a spoke of the hub w, but not of x
			if x != v && s.hub[s.star[s.edges[e]]] == x {
				s.forbidden[s.color[x]] = v + 1
			}
		})
	})
}

func (s *starState) treat(v, w int32) {
	if s.treated[w] == v+1 {
		return
	}
	s.treated[w] = v + 1
	s.around(w, func(x int32, _ int) {
		if x != v {
			s.forbidden[s.color[x]] = v + 1
		}
	})
}

// update puts the edges of v, just coloured, into stars.
func (s *starState) update(v int32) {
	s.around(v, func(w int32, entry int) {
		joined := int32(-1)
		s.around(w, func(x int32, e int) {
			if x != v && s.color[x] == s.color[v] {
				joined = s.star[s.edges[e]]
			}
		})
		edge := s.edges[entry]
		met := s.seen[s.color[w]]
		switch {
		case joined >= 0: // w has a spoke of v's colour
			s.hub[joined] = w
			s.star[edge] = joined
		case met.vertex == v+1 && met.neighbour != w: // v has two neighbours of w's colour
			s.star[edge] = s.star[s.edges[met.entry]]
			s.hub[s.star[edge]] = v
		default:
			s.star[edge] = int32(len(s.hub))
			s.hub = append(s.hub, -1)
		}
	})
}

// Recovery says where the entries of a symmetric matrix show: entry k is the sum of the columns of colour Color[k],
// in row Row[k].
func (p *Pattern) Recovery(c Coloring) (color, row []int32) {
	color, row = make([]int32, p.NNZ()), make([]int32, p.NNZ())
	count := make([]int32, c.Colors)
	for i := range p.Rows {
		for _, j := range p.Row(i) {
			count[c.Of[j]]++
		}
		for k := p.RowPtr[i]; k < p.RowPtr[i+1]; k++ {
			j := p.ColIdx[k]
			color[k], row[k] = c.Of[j], int32(i)
			if count[c.Of[j]] > 1 { // i is a hub: its spoke j has no other neighbour of i's colour
				color[k], row[k] = c.Of[i], int32(j)
			}
		}
		for _, j := range p.Row(i) {
			count[c.Of[j]] = 0
		}
	}
	return color, row
}
