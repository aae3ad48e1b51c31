package exec

import (
	"chainrule/graph"
	"chainrule/internal/kernel/vec"
)

// tileBytes is the size of a tile of the widest element type of a group, but for those with a fold of a narrower one,
// which wants as much: a block of vec.Sum, so that partial results are those of its tree.
const tileBytes = 4096

// aloneTiles is how many times as long tiles of one Map are: nothing has to stay in the first cache between its kernels.
const aloneTiles = 16

// cut says where the elements of a group are divided into tiles.
type cut struct {
	size, tile int
	// period is after how many elements tiles begin anew: a row that is folded, if it is longer than a tile.
	period int
	// unit is what a worker's share begins and ends at a multiple of.
	unit int
}

// newCut makes tiles of whole runs of what is folded together, or divides rows that are longer than a tile. Columns that
// are longer take any tiles.
//
//	rows of 100 f32           tiles of 10 rows
//	rows of 2500 f32          tiles of 1024, 1024 and 452 in every row
//	[50, 30, 10] to [50, 10]  tiles of 3 times 300
func newCut(nodes []*graph.Node) cut {
	folds, limit := partials(nodes), tileLimit(nodes)
	if len(nodes) == 1 && len(folds) == 0 {
		limit *= aloneTiles
	}
	c := cut{size: graph.Size(space(nodes[0])), tile: limit}
	c.period = c.size
	if run := longestRun(folds, limit); run > limit {
		c.period = run
	} else {
		c.tile = min(limit/run*run, c.size)
	}
	c.unit = c.tile
	if c.period < c.size && c.period%c.tile != 0 {
		c.unit = c.period
	}
	for _, p := range folds {
		switch {
		case !inBands(p, limit):
		case p.R%vec.SumRows == 0 || p.Run() == c.size:
			c.unit = leastMultiple(c.unit, p.Inner*vec.SumRows)
		default:
			c.unit = leastMultiple(c.unit, p.Run())
		}
	}
	return c
}

func (c cut) units() int { return (c.size + c.unit - 1) / c.unit }

// leastMultiple is the least common multiple of positive numbers.
func leastMultiple(a, b int) int {
	x, y := a, b
	for y > 0 {
		x, y = y, x%y
	}
	return a / x * b
}

// inBands reports whether columns are folded row by row, in blocks, since a tile does not hold them.
func inBands(p graph.Partial, limit int) bool { return p.Inner > 1 && p.Run() > limit }

// longestRun is the length of the longest runs that are not folded row by row, 1 if there are none. Of two of them, one
// divides the other: a run is all of a tensor from some axis on.
func longestRun(folds []graph.Partial, limit int) int {
	longest := 1
	for _, p := range folds {
		if !inBands(p, limit) {
			longest = max(longest, p.Run())
		}
	}
	return longest
}

// Columns are worth folding row by row if a row has bandColumns elements, and all have bandBytes: otherwise they are still
// in the second cache when a kernel comes that takes whole blocks of them. Measured on a Zen 5 with 1 MB there: 1.46
// times as long as apart for f32 [64, 512], 0.63 for f64 [1000, 1600].
const (
	bandColumns = 128
	bandBytes   = 2 << 20
)

// Misfits lists the reductions among the nodes of a group that should be computed apart: columns that are not worth it,
// and runs that neither divide a tile nor consist of tiles, if there are longer ones than tiles.
func Misfits(nodes []*graph.Node) (misfits []*graph.Node) {
	folds := partials(nodes)
	if len(folds) == 0 {
		return nil
	}
	limit := tileLimit(nodes)
	longest := longestRun(folds, limit)
	for _, n := range nodes {
		if n.Op().Class != graph.Reduce {
			continue
		}
		p := n.Op().Partial(n)
		run := p.Run()
		switch {
		case inBands(p, limit):
			if p.Inner < bandColumns || n.In()[0].Type().Bytes() < bandBytes {
				misfits = append(misfits, n)
			}
		case longest > limit && run < longest && limit%run != 0 && run%limit != 0:
			misfits = append(misfits, n)
		}
	}
	return misfits
}

// partials lists how the reductions among nodes are computed.
func partials(nodes []*graph.Node) (folds []graph.Partial) {
	for _, n := range nodes {
		if n.Op().Class == graph.Reduce {
			folds = append(folds, n.Op().Partial(n))
		}
	}
	return folds
}

// tileLimit is the greatest number of elements in a tile.
func tileLimit(nodes []*graph.Node) int {
	widest, folded := 1, 8 // the narrowest element that is folded
	for _, n := range nodes {
		widest = max(widest, n.DType().Size())
		for _, x := range n.In() {
			widest = max(widest, x.DType().Size())
		}
		if n.Op().Class == graph.Reduce {
			folded = min(folded, n.DType().Size())
		}
	}
	return tileBytes / min(widest, folded)
}
