package exec

import (
	"unsafe"

	"chainrule/graph"
	"chainrule/internal/kernel/vec"
)

// expand fills a register with the elements of a broadcast operand that belong to a tile.
type expand struct {
	base, register int
	dst            unsafe.Pointer
	elem           int
	counts, steps  []int // axes of the group's shape, joined where the operand advances evenly; steps in elements
}

func newExpand(x *graph.Node, shape []int, base, register int) expand {
	counts, joined := collapse(shape, [][]int{graph.BroadcastStrides(x.Shape(), shape)})
	return expand{base: base, register: register, elem: x.DType().Size(), counts: counts, steps: joined[0]}
}

// fill writes elements lo … lo+n−1 of the broadcast operand at src.
func (e *expand) fill(src unsafe.Pointer, lo, n int) {
	switch e.elem {
	case 1:
		fillTile[uint8](e, src, lo, n)
	case 4:
		fillTile[uint32](e, src, lo, n)
	default:
		fillTile[uint64](e, src, lo, n)
	}
}

func fillTile[T any](e *expand, src unsafe.Pointer, lo, n int) {
	dst := unsafe.Slice((*T)(e.dst), n)
	last := len(e.counts) - 1
	cols, step := e.counts[last], e.steps[last]
	if last == 1 && e.steps[0] == 0 && step == 1 {
		fillRow(dst, unsafe.Slice((*T)(src), cols), lo%cols)
		return
	}
	var index [graph.MaxRank]int // of the row, along the axes before the last
	at, row, col := 0, lo/cols, lo%cols
	for axis := last - 1; axis >= 0; axis-- {
		index[axis] = row % e.counts[axis]
		at += index[axis] * e.steps[axis]
		row /= e.counts[axis]
	}
	for done := 0; ; col = 0 {
		run := dst[done:min(n, done+cols-col)]
		from := unsafe.Add(src, (at+col*step)*e.elem)
		switch step {
		case 0:
			vec.Fill(run, *(*T)(from))
		case 1:
			copy(run, unsafe.Slice((*T)(from), len(run)))
		default:
			for i := range run {
				run[i] = *(*T)(unsafe.Add(from, i*step*e.elem))
			}
		}
		if done += len(run); done == n {
			return
		}
		for axis := last - 1; ; axis-- { // the next row; there is one
			at += e.steps[axis]
			if index[axis]++; index[axis] < e.counts[axis] {
				break
			}
			at -= e.counts[axis] * e.steps[axis]
			index[axis] = 0
		}
	}
}

// fillRow repeats a row, from an element in it on.
func fillRow[T any](dst, row []T, from int) {
	n := copy(dst, row[from:])
	n += copy(dst[n:], row[:from])
	for n < len(dst) {
		n += copy(dst[n:], dst[:n])
	}
}

// fold is a reduction in a group. Each of its runs of elements is folded in pieces, and the pieces are then combined:
//
//	a run that a tile holds      one piece, the result itself
//	a row longer than a tile     one piece for each tile
//	columns longer than a tile   one piece, of a row, for each block of 16 rows
//
// These are the blocks of vec.Sum, so the bits are those of a sum that is computed apart.
type fold struct {
	graph.Partial
	out, partials int // bases
	elem          int
	runs          int
	pieces        int // of a run
	bands         bool
}

// newFold is the fold of a reduction n in a group that is cut so.
func newFold(c cut, n *graph.Node) fold {
	f := fold{Partial: n.Op().Partial(n), elem: n.DType().Size()}
	f.runs = c.size / f.Run()
	f.bands = f.Inner > 1 && f.Run() > c.tile
	if f.bands {
		f.pieces = (f.R + vec.SumRows - 1) / vec.SumRows
	} else {
		f.pieces = (f.R + c.tile - 1) / c.tile
	}
	return f
}

// add folds the tile that begins at element lo.
func (f *fold) add(in *frame, op *tileOp, lo int) {
	g, x := in.group, op.in[0]
	base := g.bases[f.partials].Ptr
	switch {
	case f.bands:
		f.addRows(in, base, x, lo)
		return
	case f.pieces > 1:
		op.out = f.piece(base, lo/f.R*f.pieces+lo%f.R/g.tile)
	default:
		op.out = graph.Buffer{Ptr: unsafe.Add(base, lo/f.R*f.elem), Len: x.Len / f.R}
	}
	f.Fold(g.work, op.out, op.in)
}

// piece is partial result i.
func (f *fold) piece(base unsafe.Pointer, i int) graph.Buffer {
	return graph.Buffer{Ptr: unsafe.Add(base, i*f.Inner*f.elem), Len: f.Inner}
}

// addRows adds the elements of x, from number lo on, row by row to the pieces of their blocks.
func (f *fold) addRows(in *frame, base unsafe.Pointer, x graph.Buffer, lo int) {
	row, column := lo/f.Inner, lo%f.Inner
	for x.Len > 0 {
		run, r := row/f.R, row%f.R
		n := min(f.Inner-column, x.Len)
		out := f.piece(base, run*f.pieces+r/vec.SumRows)
		out = graph.Buffer{Ptr: unsafe.Add(out.Ptr, column*f.elem), Len: n}
		part := graph.Buffer{Ptr: x.Ptr, Len: n}
		if r%vec.SumRows == 0 {
			in.pair[0] = part
			f.Fold(in.group.work, out, in.pair[:1])
		} else {
			in.pair[0], in.pair[1] = out, part
			f.Combine(in.group.work, out, in.pair)
		}
		x = graph.Buffer{Ptr: unsafe.Add(x.Ptr, n*f.elem), Len: x.Len - n}
		row, column = row+1, 0
	}
}

// finish combines the pieces of each run, neighbours first, in the order in which the reduction's own kernel adds its
// blocks.
func (f *fold) finish(g *group) {
	if f.pieces == 1 {
		return
	}
	pair := g.frames[0].pair
	for run := range f.runs {
		base := f.piece(g.bases[f.partials].Ptr, run*f.pieces).Ptr
		for step := 1; step < f.pieces; step *= 2 {
			for i := 0; i+step < f.pieces; i += 2 * step {
				pair[0], pair[1] = f.piece(base, i), f.piece(base, i+step)
				f.Combine(g.work, pair[0], pair)
			}
		}
		bytes := f.Inner * f.elem
		copy(bytesOf(f.piece(g.bases[f.out].Ptr, run).Ptr, bytes), bytesOf(base, bytes))
	}
}
