package gemm

import "unsafe"

// copyRows is how many rows are copied at a time, across all panels, as memory likes to be read.
const copyRows = 16

// packA packs tiles t0 to t1 of A, a panel each.
func (r *run[T]) packA(w *worker[T], t0, t1 int) {
	e, size := r.engine, unsafe.Sizeof(T(0))
	rows := r.depth
	if r.transA {
		rows = min(rows, copyRows)
	}
	p := &w.packing
	p.dstStride, p.stride = uintptr(e.panel)*size, uintptr(r.lda)*size
	for q := 0; q < r.depth; q += rows {
		for t := t0; t < t1; t++ {
			p.dst = r.packedA.at(((t-r.t0)*r.depth + q) * e.panel)
			p.src = r.elementA(r.plan.row(t), r.q0+q)
			p.k, p.width = min(rows, r.depth-q), r.plan.height(t)
			r.pack(p, !r.transA)
		}
	}
}

// packB packs columns j0 to j1 of B into panels.
func (r *run[T]) packB(w *worker[T], j0, j1 int) {
	size, width, rows := unsafe.Sizeof(T(0)), r.plan.width, r.depth
	if !r.transB {
		rows = min(rows, copyRows)
	}
	w.packedB.grow(ceil(j1-j0, width) * width * r.depth)
	p := &w.packing
	p.dstStride, p.stride = uintptr(width)*size, uintptr(r.ldb)*size
	for q := 0; q < r.depth; q += rows {
		for j := j0; j < j1; j += width {
			p.dst = w.packedB.at((j-j0)*r.depth + q*width)
			p.src = r.elementB(r.q0+q, j)
			p.k, p.width = min(rows, r.depth-q), min(width, j1-j)
			r.pack(p, r.transB)
		}
	}
}

// pack calls the pack kernel, for a vector's lanes of rows at a time if it has to transpose.
func (r *run[T]) pack(p *packing, transposed bool) { r.engine.pack(p, transposed) }

func (e *engine) pack(p *packing, transposed bool) {
	size, cols := uintptr(e.size), p.width
	lanes := 1 << e.laneShift
	if !transposed {
		p.mask = e.mask((cols-1)&(lanes-1) + 1)
		e.copy(p)
		return
	}
	p.lastMask = e.mask((p.k-1)&(lanes-1) + 1)
	for j := 0; j < cols; j += lanes {
		p.width = min(lanes, cols-j)
		e.transpose(p)
		if j+lanes < cols {
			p.dst, p.src = unsafe.Add(p.dst, uintptr(lanes)*size), unsafe.Add(p.src, uintptr(lanes)*p.stride)
		}
	}
}
