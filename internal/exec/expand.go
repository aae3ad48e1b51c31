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
