package vec

import "unsafe"

// The tree of a sum is fixed by its length alone, so neither threads nor the instruction set change the result:
//
//	sum(x) of more than one block = sum(left) + sum(right), where left is the largest power of two of blocks that
//	                                leaves something to the right;
//	sum of a block                = 256 bytes of lanes, lane j adding x[j], x[j+lanes], x[j+2·lanes], … to 0, then
//	                                folded by halves: lane j + lane j+lanes/2, … until one is left.
//
// A block is 4 KiB, 16 stripes of lanes, so the error of a sum of n numbers is at most (22 + log2(n/1024)) eps Σ|x|.
// Down a column (inner > 1) a block is 16 rows added in order to 0, and the tree over the blocks is the same.
const (
	laneBytes   = 256
	blockLanes  = SumRows       // stripes in a block of a row, rows in a block of a column
	tileColumns = laneBytes / 4 // columns that are reduced together
)

// lanes is the number of accumulators of a row sum.
func lanes[T any]() int {
	var zero T
	return laneBytes / int(unsafe.Sizeof(zero))
}

// SumRows is the number of rows in a block of columns.
const SumRows = 16

// SumBlock is the number of elements of type T in a block of Sum. Sums of pieces that begin at multiples of a power of
// two of blocks, of that length or shorter for the last, combine into the sum of the whole by adding neighbours.
func SumBlock[T Num]() int { return blockLanes * lanes[T]() }

// Sum adds up the middle axis of x [outer, r, inner] into dst [outer, inner]; an empty sum is 0.
func Sum[T Num](dst, x []T, outer, r, inner int) {
	checkReduce(len(dst), len(x), outer, r, inner)
	if inner == 1 {
		if r <= SumBlock[T]() && rowsTwin(opSumRows, dst, x, r) {
			return
		}
		for o := range dst {
			dst[o] = sumRow(x[o*r : (o+1)*r])
		}
		return
	}
	for o := range outer {
		SumColumns(dst[o*inner:(o+1)*inner], x[o*r*inner:(o+1)*r*inner], r, inner)
	}
}

// sumRow is the tree over the blocks of one row.
func sumRow[T Num](x []T) T {
	block := SumBlock[T]()
	if len(x) <= block {
		return sumBlock(x)
	}
	left := block
	for 2*left < len(x) {
		left *= 2
	}
	return sumRow(x[:left]) + sumRow(x[left:])
}

// sumBlock is the sum of one block.
func sumBlock[T Num](x []T) T {
	var total [1]T
	if rowsTwin(opSumRows, total[:], x, len(x)) {
		return total[0]
	}
	var acc [laneBytes / 4]T
	w := lanes[T]()
	for ; len(x) >= w; x = x[w:] {
		for j, a := range x[:w] {
			acc[j] += a
		}
	}
	for j, a := range x {
		acc[j] += a
	}
	for w /= 2; w > 0; w /= 2 {
		for j := range w {
			acc[j] += acc[j+w]
		}
	}
	return acc[0]
}

// SumColumns adds up columns of r rows that are stride apart, as many as dst has, as Sum does: x begins with the first of
// them in the first row.
func SumColumns[T Num](dst, x []T, r, stride int) {
	if r <= blockLanes {
		sumTile(dst, x, r, stride)
		return
	}
	for c := 0; c < len(dst); c += tileColumns {
		end := min(c+tileColumns, len(dst))
		sumTile(dst[c:end], x[c:], r, stride)
	}
}

// sumTile is the tree over the blocks of rows of one tile of columns: x starts at the tile's first element.
func sumTile[T Num](dst, x []T, r, stride int) {
	if r <= blockLanes {
		if columnsTwin(dst, x, r, stride) {
			return
		}
		Fill(dst, 0)
		for ; r > 0; r-- {
			for j, a := range x[:len(dst)] {
				dst[j] += a
			}
			x = x[min(stride, len(x)):]
		}
		return
	}
	left := blockLanes
	for 2*left < r {
		left *= 2
	}
	var right [tileColumns]T
	sumTile(dst, x, left, stride)
	sumTile(right[:len(dst)], x[left*stride:], r-left, stride)
	Add(dst, dst, right[:len(dst)])
}

// checkReduce refuses lengths that do not match the view.
func checkReduce(dst, x, outer, r, inner int) {
	if dst != outer*inner || x != outer*r*inner {
		panic("vec: lengths do not match [outer, r, inner]")
	}
}

// checkSame refuses lengths that do not match the view, for kernels that keep the shape.
func checkSame(dst, x, outer, r, inner int) {
	if dst != outer*r*inner || x != dst {
		panic("vec: lengths do not match [outer, r, inner]")
	}
}
