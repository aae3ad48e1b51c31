package main

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// generator draws inputs as the suite's evals do: from the same distributions, not the same numbers.
type generator struct{ *rand.Rand }

func newGenerator(seed uint64) generator { return generator{rand.New(rand.NewPCG(seed, 31337))} }

func (g generator) uniform(n int) []float64 { return g.list(n, g.Float64) }

func (g generator) normal(n int) []float64 { return g.list(n, g.NormFloat64) }

func (g generator) list(n int, draw func() float64) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = draw()
	}
	return x
}

func rowsBy(n int, row func() []float64) [][]float64 {
	rows := make([][]float64, n)
	for i := range rows {
		rows[i] = row()
	}
	return rows
}

func (g generator) llsq(n, m int) sample { return named(llsqCase(g.uniform(m), n), "n=%d m=%d", n, m) }

func (g generator) lse(n int) sample { return named(lseCase(g.uniform(n)), "n=%d", n) }

func (g generator) det(ell int) sample { return named(detCase(g.uniform(ell*ell), ell), "%d", ell) }

func (g generator) gmm(d, k, n int) sample {
	normal := func(n int) func() []float64 { return func() []float64 { return g.normal(n) } }
	return named(gmmCase(gmmInput{
		D: d, K: k, N: n, Gamma: 1, X: rowsBy(n, normal(d)), Alpha: g.normal(k),
		Mu: rowsBy(k, func() []float64 { return g.uniform(d) }),
		Q:  rowsBy(k, normal(d)), L: rowsBy(k, normal(d*(d-1)/2)),
	}), "d=%d k=%d n=%d", d, k, n)
}

func (g generator) ode(n, s int) sample {
	return named(odeCase(odeInput{X: g.uniform(n), S: s}), "n=%d s=%d", n, s)
}

// lstm has a text of c characters of 14 bits, as the suite's text needs for an apostrophe; most use 7 of them.
func (g generator) lstm(l, c int) sample {
	const bits = 14
	rows := func(n, columns int) [][]float64 { return rowsBy(n, func() []float64 { return g.uniform(columns) }) }
	text := rowsBy(c, func() []float64 { return g.character(bits) })
	in := lstmInput{Main: rows(2*l, 4*bits), Extra: rows(3, bits), State: rows(2*l, bits), Sequence: text}
	return named(lstmCase(in), "l=%d c=%d", l, c)
}

// character is bits, of which all but the last 7 are 0 for most characters.
func (g generator) character(bits int) []float64 {
	row := make([]float64, bits)
	used := 7
	if g.IntN(20) == 0 {
		used = bits
	}
	for i := range used {
		row[bits-1-i] = float64(g.IntN(2))
	}
	return row
}

// kmeans has some of the points as its centroids, so that none is without a point.
func (g generator) kmeans(k, n, d int) sample {
	points := rowsBy(n, func() []float64 { return g.uniform(d) })
	return named(kmeansCase(kmeansInput{Points: points, Centroids: points[n-k:]}), "k=%d n=%d d=%d", k, n, d)
}

// ba has a camera of the kind that the suite's files have.
func (g generator) ba(n, m, p int) sample {
	cam := g.normal(11)
	for i, size := range []float64{1, 1, 1, 40, 40, 40, 100, 10, 10, 0.1, 0.01} {
		cam[i] *= size
	}
	cam[6] += 500 // the focal length
	in := baInput{N: n, M: m, P: p, Cam: cam, X: g.normal(3), W: g.Float64(), Feat: g.uniform(2)}
	return named(baCase(in), "n=%d m=%d p=%d", n, m, p)
}

// ht makes a hand of a wrist, five fingers of four bones and a forearm, with v vertices that up to four bones move,
// and n points, on vertices or on triangles.
func (g generator) ht(v, n int, onTriangles bool) sample {
	var in htInput
	in.Theta = g.list(thetaSize, func() float64 { return 0.5 * g.NormFloat64() })
	m := &in.Data.Model
	for b := range fewest + 1 {
		parent := b - 1
		if b%4 == 1 { // a finger's first bone, or the forearm
			parent = min(b-1, 0)
		}
		m.Parents = append(m.Parents, parent)
		m.BaseRelatives = append(m.BaseRelatives, g.rigid())
		m.InverseBaseAbsolutes = append(m.InverseBaseAbsolutes, g.rigid())
	}
	for range v {
		m.BasePositions = append(m.BasePositions, append(g.list(3, func() float64 { return 0.1 * g.NormFloat64() }), 1))
		weights, left := make([]float64, len(m.Parents)), 1.0
		for range 3 {
			share := left * g.Float64()
			weights[g.IntN(len(weights))] += share
			left -= share
		}
		weights[g.IntN(len(weights))] += left
		m.Weights = append(m.Weights, weights)
	}
	targets := v
	if onTriangles {
		targets = max(1, v/9)
		for range targets {
			m.Triangles = append(m.Triangles, []int64{g.Int64N(int64(v)), g.Int64N(int64(v)), g.Int64N(int64(v))})
		}
		in.Us = rowsBy(n, func() []float64 { return g.uniform(2) })
	}
	for range n {
		in.Data.Correspondences = append(in.Data.Correspondences, g.Int64N(int64(targets)))
	}
	in.Data.Points = rowsBy(n, func() []float64 { return g.normal(3) })
	kind := map[bool]string{false: "simple", true: "complicated"}[onTriangles]
	return named(htCase(in), "%s v=%d n=%d", kind, v, n)
}

// rigid is a rotation, made of three random angles, with a small shift.
func (g generator) rigid() [][]float64 {
	m := [][]float64{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}}
	for axis := range 3 {
		i, j := (axis+1)%3, (axis+2)%3
		s, c := math.Sincos(2 * math.Pi * g.Float64())
		for row := range 3 {
			m[row][i], m[row][j] = c*m[row][i]+s*m[row][j], c*m[row][j]-s*m[row][i]
		}
		m[axis][3] = 0.1 * g.NormFloat64()
	}
	return m
}

func named(s sample, format string, args ...any) sample {
	s.name = fmt.Sprintf(format, args...)
	return s
}
