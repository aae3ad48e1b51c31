package sparsity

import (
	"math"

	"chainrule/graph"
	"chainrule/internal/colour"
	"chainrule/internal/sweep"
	"chainrule/ops"
)

// Matrix is a sparse matrix of derivatives as an expression.
type Matrix struct {
	// Pattern says where the entries are.
	Pattern *colour.Pattern
	// Colors is the number of directions along which derivatives are taken: as many as a dense matrix would have
	// columns, or rows.
	Colors int
	// Values are the entries, of shape [Pattern.NNZ()], row after row.
	Values *graph.Node
}

// Reaches reports whether there are entries in the columns of source i.
func (c Matrix) Reaches(sources []*graph.Node, i int) bool {
	begin := begins(sources)
	for _, j := range c.Pattern.ColIdx {
		if j >= begin[i] && j < begin[i+1] {
			return true
		}
	}
	return begin[i] == begin[i+1]
}

// manySeeds is the number of elements of all directions together beyond which they are refused.
const manySeeds = 1 << 28

// Jacobian finds the pattern, then takes the cheapest of three ways to the entries: sums of columns by forward
// mode, sums of rows by reverse mode, or a local Jacobian. op names the transformation in messages.
func Jacobian(op string, outputs, sources []*graph.Node, m sweep.Mode) Matrix {
	d := follow(outputs, sources)
	p := patternOf(op, d, outputs)
	if p.NNZ() == 0 {
		return Matrix{p, 0, nothing(outputs[0])}
	}
	forward, c, ok := chooseColors(p, m)
	if m != sweep.ForwardMode && (!ok || c.Colors >= worthPicking) {
		if l := localize(d, outputs, sources); l != nil {
			most := math.MaxInt
			if ok {
				most = costOf(c.Colors, outputs, sources) / 2
			}
			if picked, cheaper := l.compress(op, p, most); cheaper {
				return picked
			}
		}
	}
	if !ok {
		graph.Fail(op, nil, "the %d × %d matrix with %d entries takes too many colours: use a dense one",
			p.Rows, p.Cols, p.NNZ())
	}
	sums, at := columnSums, begins(outputs)
	if !forward {
		sums, at = rowSums, begins(sources)
	}
	index := make([]int64, 0, p.NNZ())
	for i := range p.Rows {
		for _, j := range p.Row(i) {
			if forward {
				index = append(index, at.place(i, int(c.Of[j]), c.Colors))
			} else {
				index = append(index, at.place(j, int(c.Of[i]), c.Colors))
			}
		}
	}
	return Matrix{p, c.Colors, pick(sums(outputs, sources, c), index)}
}

// worthPicking is the number of colours from which on a local Jacobian is tried.
const worthPicking = 4

// chooseColors colours columns for forward mode or rows for reverse mode, and returns false where only the other mode,
// or neither, takes few enough.
func chooseColors(p *colour.Pattern, m sweep.Mode) (forward bool, c colour.Coloring, ok bool) {
	most := func(n int) int { return min(max(n, 1), manySeeds/max(n, 1)) }
	if m != sweep.ReverseMode {
		c, ok = p.Columns(most(p.Cols))
	}
	if m == sweep.ForwardMode || ok && c.Colors <= 1 {
		return true, c, ok
	}
	limit := most(p.Rows)
	if ok {
		limit = min(limit, c.Colors-1)
	}
	if rows, fewer := p.Transpose().Columns(limit); fewer {
		return false, rows, true
	}
	return true, c, ok
}

// Hessian takes sums of columns of the gradient's Jacobian, or of rows, which are the same, by reverse mode, and
// each entry from the one in which it is alone.
func Hessian(op string, gradient, sources []*graph.Node, m sweep.Mode) Matrix {
	p := OfHessian(op, gradient, sources)
	c := p.Star()
	if c.Colors > 0 && p.Cols > manySeeds/c.Colors {
		graph.Fail(op, nil, "the Hessian with %d rows and %d entries takes %d colours: use a dense one",
			p.Rows, p.NNZ(), c.Colors)
	}
	color, row := p.Recovery(c)
	at := begins(gradient)
	index := make([]int64, p.NNZ())
	for k := range index {
		index[k] = at.place(int(row[k]), int(color[k]), c.Colors)
	}
	if len(index) == 0 {
		return Matrix{p, 0, nothing(gradient[0])}
	}
	sums := columnSums
	if m == sweep.ReverseMode {
		sums = rowSums
	}
	return Matrix{p, c.Colors, pick(sums(gradient, sources, c), index)}
}

// pick takes the entries out of sums of rows or columns.
func pick(sums *graph.Node, index []int64) *graph.Node {
	return ops.Take(sums, graph.Const(sums.Graph(), index, len(index)), 0)
}

// nothing is a vector of length 0 of x's element type.
func nothing(x *graph.Node) *graph.Node { return ops.BroadcastTo(x.Graph().Scalar(x.DType(), 0), 0) }
