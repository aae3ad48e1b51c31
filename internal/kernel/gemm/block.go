package gemm

import "unsafe"

// multiply adds the products of the step's inner indices to tiles t0 to t1 and columns j0 to j1 of C, and finishes the
// rows if these were the last.
func (r *run[T]) multiply(w *worker[T], t0, t1, j0, j1 int) {
	if r.spreadsRowBias() && r.q0 == 0 {
		r.spreadRowBias(w, t0, t1)
	}
	if r.plan.dots {
		r.multiplyDots(w, t0, t1, j0, j1)
		return
	}
	if r.plan.packB {
		r.packB(w, j0, j1)
	}
	width := r.plan.width
	for t := t0; t < t1; t += r.plan.blockTiles {
		end := min(t+r.plan.blockTiles, t1)
		if r.plan.across {
			full := (j1 - j0) / width
			if full > 0 {
				r.kernel(w, t0, t, j0, j0, width, full)
			}
			if j := j0 + full*width; j < j1 {
				r.kernel(w, t0, t, j0, j, j1-j, 1)
			}
		} else {
			for j := j0; j < j1; j += width {
				cols, high := min(width, j1-j), min(end, r.plan.highTiles)
				if t < high {
					r.kernel(w, t0, t, j0, j, cols, high-t)
				}
				if low := max(t, high); low < end {
					r.kernel(w, t0, low, j0, j, cols, end-low)
				}
			}
		}
		if r.q0+r.depth == r.k {
			r.finish(r.plan.row(t), r.plan.row(end), j0, j1)
		}
	}
}

// kernel computes count tiles of equal shape, the first of them tile t at column j, cols wide. The part starts at tile
// t0 and column j0.
func (r *run[T]) kernel(w *worker[T], t0, t, j0, j, cols, count int) {
	r.call(r.place(w, t0, t, j0, j, cols, count), &w.tile)
}

// place writes into w.tile where these tiles are, and returns the micro-kernel for them.
func (r *run[T]) place(w *worker[T], t0, t, j0, j, cols, count int) func(*tile) {
	e, size := r.engine, unsafe.Sizeof(T(0))
	k := &w.tile
	i, rows := r.plan.row(t), r.plan.height(t)
	vecs := (cols-1)>>e.laneShift + 1
	k.k, k.count = r.depth, count
	k.mask = e.mask(cols - (vecs-1)<<e.laneShift)
	switch {
	case r.k == 0:
		k.a = nil
	case r.plan.packA:
		k.a = r.packedA.at((t - r.t0) * e.panel * r.depth)
		k.rowA, k.colA = size, uintptr(e.panel)*size
		k.stepA = k.colA * uintptr(r.depth)
	case r.transA:
		k.a = r.elementA(i, r.q0)
		k.rowA, k.colA = size, uintptr(r.lda)*size
		k.stepA = uintptr(rows) * size
	default:
		k.a = r.elementA(i, r.q0)
		k.rowA, k.colA = uintptr(r.lda)*size, size
		k.stepA = uintptr(rows) * k.rowA
	}
	switch {
	case r.k == 0:
		k.b = nil
	case r.plan.packB:
		k.b = w.packedB.at((j - j0) * r.depth)
		k.rowB = uintptr(r.plan.width) * size
		k.stepB = k.rowB * uintptr(r.depth)
	default:
		k.b = r.elementB(r.q0, j)
		k.rowB = uintptr(r.ldb) * size
		k.stepB = uintptr(r.plan.width) * size
	}
	k.c = unsafe.Pointer(&r.c[r.item*r.strideC+i*r.ldc+j])
	k.rowC = uintptr(r.ldc) * size
	if r.plan.across {
		k.stepA, k.stepC = 0, uintptr(r.plan.width)*size
	} else {
		k.stepB, k.stepC = 0, uintptr(rows)*k.rowC
	}
	r.addend(w, t0, t, j)
	return e.tiles[vecs][rows]
}

// addend sets what is added to the tiles from tile t and column j on, in a part that starts at tile t0.
func (r *run[T]) addend(w *worker[T], t0, t, j int) {
	k := &w.tile
	switch {
	case r.q0 > 0 || r.epilogue.Accumulate:
		k.add, k.rowAdd, k.stepAdd = k.c, k.rowC, k.stepC
	case r.epilogue.Bias != nil:
		k.add, k.rowAdd, k.stepAdd = unsafe.Pointer(&r.epilogue.Bias[j]), 0, 0
		if r.plan.across || r.plan.dots {
			k.stepAdd = k.stepC
		}
	case r.epilogue.RowBias != nil:
		width := r.plan.width
		k.add = w.rowBias.at((r.plan.row(t) - r.plan.row(t0)) * width)
		k.rowAdd, k.stepAdd = uintptr(width)*unsafe.Sizeof(T(0)), 0
		if !r.plan.across && !r.plan.dots {
			k.stepAdd = uintptr(r.plan.height(t)) * k.rowAdd
		}
	default:
		k.add, k.rowAdd, k.stepAdd = nil, 0, 0
	}
}

// spreadsRowBias reports whether micro-kernels add the biases of rows, rather than finish.
func (r *run[T]) spreadsRowBias() bool {
	e := &r.epilogue
	return e.RowBias != nil && e.Bias == nil && !e.Accumulate
}

// spreadRowBias repeats the biases of tiles t0 to t1 over the width of a panel.
func (r *run[T]) spreadRowBias(w *worker[T], t0, t1 int) {
	width := r.plan.width
	biases := r.epilogue.RowBias[r.plan.row(t0):r.plan.row(t1)]
	w.rowBias.grow(len(biases) * width)
	for i, x := range biases {
		row := w.rowBias.elements[i*width:][:width]
		for j := range row {
			row[j] = x
		}
	}
}

// multiplyDots is multiply for dot products.
func (r *run[T]) multiplyDots(w *worker[T], t0, t1, j0, j1 int) {
	for j := j0; j < j1; j += r.plan.blockCols {
		end := min(j+r.plan.blockCols, j1)
		for t := t0; t < t1; t++ {
			full := (end - j) / dotCols
			if full > 0 {
				r.dotKernel(w, t0, t, j, dotCols, full)
			}
			if rest := (end - j) % dotCols; rest > 0 {
				r.dotKernel(w, t0, t, end-rest, 1, rest)
			}
		}
	}
	if r.q0+r.depth == r.k {
		r.finish(r.plan.row(t0), r.plan.row(t1), j0, j1)
	}
}

// dotKernel computes count blocks of dot products, cols wide, of the rows of tile t and the columns from j on.
func (r *run[T]) dotKernel(w *worker[T], t0, t, j, cols, count int) {
	e, size := r.engine, unsafe.Sizeof(T(0))
	k := &w.tile
	i, rows := r.plan.row(t), r.plan.height(t)
	k.k, k.count = r.depth, count
	if rest := r.depth & (1<<e.laneShift - 1); rest > 0 {
		k.mask = e.mask(rest)
	}
	k.a, k.rowA = r.elementA(i, r.q0), uintptr(r.lda)*size
	k.b, k.rowB = r.elementB(r.q0, j), uintptr(r.ldb)*size
	k.c, k.rowC = unsafe.Pointer(&r.c[r.item*r.strideC+i*r.ldc+j]), uintptr(r.ldc)*size
	k.stepB, k.stepC = uintptr(cols)*k.rowB, uintptr(cols)*size
	r.addend(w, t0, t, j)
	r.call(e.dots[cols][rows], k)
}

// elementA is the address of op(A)[i, q].
func (r *run[T]) elementA(i, q int) unsafe.Pointer {
	if r.transA {
		i, q = q, i
	}
	return unsafe.Pointer(&r.a[r.item*r.strideA+i*r.lda+q])
}

// elementB is the address of op(B)[q, j].
func (r *run[T]) elementB(q, j int) unsafe.Pointer {
	if r.transB {
		q, j = j, q
	}
	return unsafe.Pointer(&r.b[r.item*r.strideB+q*r.ldb+j])
}

// finish does what is left of the epilogue once the sums are complete.
func (r *run[T]) finish(i0, i1, j0, j1 int) {
	e := &r.epilogue
	bias := e.Bias != nil && e.Accumulate
	rowBias := e.RowBias != nil && !r.spreadsRowBias()
	if !bias && !rowBias {
		return
	}
	for i := i0; i < i1; i++ {
		segment := r.c[r.item*r.strideC+i*r.ldc+j0:][:j1-j0]
		if bias {
			for j, x := range e.Bias[j0:j1] {
				segment[j] += x
			}
		}
		if rowBias {
			x := e.RowBias[i]
			for j := range segment {
				segment[j] += x
			}
		}
	}
}
