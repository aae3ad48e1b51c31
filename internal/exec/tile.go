package exec

import (
	"chainrule/graph"
	"chainrule/internal/kernel/cpu"
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

// aheadBytes is how much memory a group passes through at least if it asks for that of the next tile while it computes
// one, a part before each kernel. Otherwise the first kernel that reads an operand waits for all of it: its run is too
// short for the processor to see the next one coming. Less than this is in caches that are near enough: on a Zen 5 with
// 32 MB in the last one, asking costs 3 % at 3 and 6 MB, and saves 4 % at 10, 20 % at 16, a third at 160.
const aheadBytes = 8 << 20

// ask is a run of bytes of the next tile.
type ask struct {
	base        int
	elem        int // bytes of an element, by which the tiles advance
	from, bytes int // from the start of the tile
	write       bool
}

// askUnit is what a part of the asking is a multiple of, in bytes.
const askUnit = 256

// askAhead divides the memory of a tile evenly among the operations.
func (f *frame) askAhead() {
	var streams []ask
	known, perElement := make([]bool, len(f.group.bases)), 0
	for _, m := range f.moving {
		if m.elem == 0 || known[m.base] {
			continue
		}
		known[m.base] = true
		perElement += m.elem
		streams = append(streams, ask{
			base: m.base, elem: m.elem, bytes: f.group.tile * m.elem, write: m.base < len(f.ops), // results come first
		})
	}
	if len(f.ops) == 1 || // its tiles are long enough for the processor
		f.group.size*perElement < aheadBytes {
		return
	}
	share := (f.group.tile*perElement/len(f.ops)/askUnit + 1) * askUnit
	op, left := 0, share
	for _, s := range streams {
		for end := s.bytes; s.from < end; s.from += s.bytes {
			s.bytes = min(left, end-s.from)
			f.ops[op].ahead = append(f.ops[op].ahead, s)
			if left -= s.bytes; left == 0 {
				op, left = op+1, share
			}
		}
	}
}

// ask asks for the part of the tile at element next that falls to an operation.
func (f *frame) ask(op *tileOp, next int) {
	for i := range op.ahead {
		a := &op.ahead[i]
		at := uintptr(f.group.bases[a.base].Ptr) + uintptr(next*a.elem+a.from)
		if a.write {
			cpu.PrefetchWrite(at, a.bytes)
		} else {
			cpu.Prefetch(at, a.bytes)
		}
	}
}
