package main

import (
	"fmt"
	"math/bits"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// det is the determinant by expansion in minors.
var det = module{
	"primal":   planned(func(in detInput) (plan, error) { return in.plan(determinant, number) }),
	"gradient": planned(func(in detInput) (plan, error) { return in.plan(autodiff.Grad(determinant), flat) }),
}

type detInput struct {
	runs
	A   []float64 `json:"A"`
	Ell int       `json:"ell"`
}

// determinant expands the minors of the last r rows of a along the first of those rows, for r = 1, 2, …: with S a set
// of r columns, s₀ < s₁ < … its members, and i the row,
//
//	minor(S) = Σⱼ (−1)ʲ·a[i, sⱼ]·minor(S ∖ sⱼ)
//
// Each of the 2ˡ minors is computed once and kept in a table, all those of r rows together.
func determinant(a *graph.Node) *graph.Node {
	g, l := a.Graph(), a.Shape()[0]
	minors := ops.BroadcastTo(g.Scalar(graph.Float64, 1), 1) // of no rows
	for r := 1; r <= l; r++ {
		columns, smaller := expansion(l, r)
		count := len(columns) / r
		row := ops.Index(a, l-r)
		elements := ops.Take(row, graph.Const(g, columns, r, count), 0)
		terms := ops.Mul(elements, ops.Take(minors, graph.Const(g, smaller, r, count), 0))
		minors = ops.Sum(ops.Mul(alternating(g, r), terms), 0)
	}
	return ops.Reshape(minors)
}

// expansion lists, for every set of r of l columns, in increasing order of the sets as binary numbers, its members and
// the places of the sets without them among those of r−1 columns: as [r, sets], row j for member j.
func expansion(l, r int) (columns, smaller []int64) {
	var sets []uint
	place := make(map[uint]int64)
	for s := range uint(1) << l {
		switch bits.OnesCount(s) {
		case r:
			sets = append(sets, s)
		case r - 1:
			place[s] = int64(len(place))
		}
	}
	columns, smaller = make([]int64, r*len(sets)), make([]int64, r*len(sets))
	for i, s := range sets {
		for j, rest := 0, s; rest != 0; j++ {
			column := bits.TrailingZeros(rest)
			rest &= rest - 1
			columns[j*len(sets)+i] = int64(column)
			smaller[j*len(sets)+i] = place[s&^(1<<column)]
		}
	}
	return columns, smaller
}

// alternating is 1, −1, 1, … as a column.
func alternating(g *graph.Graph, r int) *graph.Node {
	signs := make([]float64, r)
	for j := range signs {
		signs[j] = 1 - 2*float64(j%2)
	}
	return graph.Const(g, signs, r, 1)
}

// mostRows bounds the matrices: there are 2ˡ minors.
const mostRows = 20

func (in detInput) plan(f any, output func([]result) any) (plan, error) {
	if in.Ell < 1 || in.Ell > mostRows || len(in.A) != in.Ell*in.Ell {
		return plan{}, fmt.Errorf("%d elements for a matrix of %d rows, of which there may be 1 to %d",
			len(in.A), in.Ell, mostRows)
	}
	return plan{f, []any{dense(in.A, in.Ell, in.Ell)}, output}, nil
}
