package conv

import "unsafe"

// A correlation is a product of a matrix with the windows of an image: the inner index runs over the places of the kernel but
// for its last axis, the channels, and the places along the last axis, in this order. One block of the first is a piece.
type correlation struct {
	expansion
	rows, channels int
	pieces         []int // where each piece begins in an expanded image
	slabs, results int   // the result has so many slabs of so many places that lie side by side
}

// depth is the length of the sums, pieceDepth the part of a piece.
func (c *correlation) depth() int      { return len(c.pieces) * c.pieceDepth() }
func (c *correlation) pieceDepth() int { return c.channels * len(c.first) }

// slabStep is how far slabs are apart in an expanded image.
func (c *correlation) slabStep() int { return len(c.heights) * c.width }

const (
	// panelDepth is the depth of packed panels, partPanels how many are packed at a time: half of a second-level cache.
	panelDepth = 640
	partPanels = 4
)

// correlate computes out = a·windows(x): a is rows by depth, x expanded, and rows of out are stride apart.
func correlate[T Float](w *worker[T], c *correlation, a, x, out []T, stride int) {
	high, _ := w.micro.Extent()
	for s := range c.slabs {
		switch {
		case c.depth() == 0:
			for m := range c.rows {
				clear(out[m*stride+s*c.results:][:c.results])
			}
		case c.rows <= high:
			w.unpacked(c, a, x[s*c.slabStep():], out[s*c.results:], stride)
		default:
			w.packed(c, a, x[s*c.slabStep():], out[s*c.results:], stride)
		}
	}
}

// unpacked reads windows where they are: few rows use each of them.
func (w *worker[T]) unpacked(c *correlation, a, x, out []T, stride int) {
	b, cols := &w.blocks, w.micro.Widest(c.rows)
	b.RowA, b.ColA, b.RowB, b.RowC = c.depth(), 1, c.copySize(), stride
	b.K, b.Rows = c.pieceDepth(), c.rows
	b.StepA, b.StepB, b.StepC = 0, cols, cols
	for i, at := range c.pieces {
		b.A, b.Add = unsafe.Pointer(&a[i*b.K]), i > 0
		x := x[at:]
		if full := c.results / cols; full > 0 {
			b.B, b.C, b.Cols, b.Count = unsafe.Pointer(&x[0]), unsafe.Pointer(&out[0]), cols, full
			w.micro.Multiply(b)
		}
		if rest := c.results % cols; rest > 0 {
			b.B, b.C = unsafe.Pointer(&x[c.results-rest]), unsafe.Pointer(&out[c.results-rest])
			b.Cols, b.Count = rest, 1
			w.micro.Multiply(b)
		}
	}
}

// packed copies windows to panels first, some at a time.
func (w *worker[T]) packed(c *correlation, a, x, out []T, stride int) {
	_, cols := w.micro.Extent()
	depth := c.depth()
	steps := (depth + panelDepth - 1) / panelDepth
	step := (depth + steps - 1) / steps
	part := partPanels * max(1, min(mostPanels, panelDepth/step)) * cols
	w.panels.grow(part*step + cols)
	for p := 0; p < c.results; p += part {
		end := min(p+part, c.results)
		for q := 0; q < depth; q += step {
			k := min(step, depth-q)
			for j := p; j < end; j += cols {
				w.pack(c, x[j:], (j-p)*step, q, k, min(cols, end-j))
			}
			full := (end - p) / cols
			if depth > shallow {
				for j := range full {
					w.tiles(c, a[q:], out[p+j*cols:], stride, k)
					w.down(j*cols*step, cols, q > 0)
				}
			} else if full > 0 {
				w.tiles(c, a[q:], out[p:], stride, k)
				w.across(full, cols*step, q > 0)
			}
			if rest := (end - p) % cols; rest > 0 {
				w.tiles(c, a[q:], out[end-rest:], stride, k)
				w.down(full*cols*step, rest, q > 0)
			}
		}
	}
}

const (
	// shallow is a depth at which calls of micro-kernels are few if tiles follow one another along a row.
	shallow = 128
	// mostPanels bounds how many times partPanels are packed.
	mostPanels = 8
)

// pack copies the windows of width results from x on, and of the inner indices q to q + k, to a panel.
func (w *worker[T]) pack(c *correlation, x []T, panel, q, k, width int) {
	_, cols := w.micro.Extent()
	of, row := c.pieceDepth(), c.copySize()
	for k > 0 {
		piece, rest := q/of, q%of
		n := min(k, of-rest)
		w.micro.Copy(w.panels.at(panel), unsafe.Pointer(&x[c.pieces[piece]+rest*row]), cols, row, n, width)
		panel, q, k = panel+n*cols, q+n, k-n
	}
}

// tiles says which rows, results and inner indices the next product is about.
func (w *worker[T]) tiles(c *correlation, a, out []T, stride, k int) {
	b := &w.blocks
	_, b.RowB = w.micro.Extent()
	b.A, b.C, b.K, b.RowA, b.ColA, b.RowC, b.Rows = unsafe.Pointer(&a[0]), unsafe.Pointer(&out[0]), k, c.depth(), 1, stride, c.rows
}

// down multiplies all rows with one panel, tile by tile of a column.
func (w *worker[T]) down(panel, cols int, add bool) {
	b := w.blocks
	most, _ := w.micro.Extent()
	k := &w.blocks
	k.B, k.StepB, k.Cols, k.Add = w.panels.at(panel), 0, cols, add
	eachHeight(b.Rows, most, func(first, rows, count int) {
		k.A, k.C = element[T](b.A, first*b.RowA), element[T](b.C, first*b.RowC)
		k.Rows, k.Count, k.StepA, k.StepC = rows, count, rows*b.RowA, rows*b.RowC
		w.micro.Multiply(k)
	})
}

// across multiplies all rows with panels, tile by tile of a row.
func (w *worker[T]) across(panels, step int, add bool) {
	b := w.blocks
	most, width := w.micro.Extent()
	k := &w.blocks
	k.B, k.StepA, k.StepB, k.StepC, k.Cols, k.Count, k.Add = w.panels.at(0), 0, step, width, width, panels, add
	eachHeight(b.Rows, most, func(first, rows, count int) {
		for i := range count {
			k.A, k.C, k.Rows = element[T](b.A, (first+i*rows)*b.RowA), element[T](b.C, (first+i*rows)*b.RowC), rows
			w.micro.Multiply(k)
		}
	})
}

// element is the address of the i-th from one on.
func element[T Float](from unsafe.Pointer, i int) unsafe.Pointer {
	return unsafe.Add(from, i*int(unsafe.Sizeof(T(0))))
}

// eachHeight cuts rows into tiles of at most most rows, of one height or two that differ by one, and calls visit for those of
// each.
func eachHeight(rows, most int, visit func(first, rows, count int)) {
	tiles := (rows + most - 1) / most
	high := (rows + tiles - 1) / tiles
	full := rows - tiles*(high-1)
	visit(0, high, full)
	if full < tiles {
		visit(full*high, high-1, tiles-full)
	}
}
