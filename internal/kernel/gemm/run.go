package gemm

import (
	"unsafe"

	"chainrule/internal/kernel/par"
)

// A run is one call of Batch while it lasts. Runs are kept for reuse, so that calls do not allocate.
type run[T Float] struct {
	problem[T]
	plan    plan
	engine  *engine
	packedA buffer[T]

	// The step at hand, for Part.
	stage   stage
	item    int
	q0      int // first inner index
	depth   int // number of inner indices
	aInPack bool
}

// A stage is what the parts of a step do.
type stage int

const (
	packing1 stage = iota
	multiplying
)

// A worker holds what one goroutine needs while it runs a part.
type worker[T Float] struct {
	tile    tile
	packing packing
	packedB buffer[T]
}

func (p *problem[T]) run(e *engine, workers int) {
	s := spaceOf[T]()
	r := s.runs.get()
	r.problem, r.engine = *p, e
	r.plan = e.plan(p.transA, p.transB, p.m, p.n, p.k, workers)
	for item := range p.count {
		r.item = item
		r.product(workers)
	}
	r.problem = problem[T]{}
	s.runs.put(r)
}

// product computes one item of the batch, its parts in parallel.
func (r *run[T]) product(workers int) {
	parts := r.plan.rowParts * r.plan.colParts
	for r.q0 = 0; r.q0 == 0 || r.q0 < r.k; r.q0 += r.plan.depth {
		r.depth = min(r.plan.depth, r.k-r.q0)
		if r.plan.packA {
			r.packedA.grow(r.plan.tiles * r.engine.panel * r.depth)
			r.stage = packing1
			if parts == 1 {
				r.Part(0)
			} else {
				par.Do(r.packParts(), workers, r)
			}
		}
		r.stage = multiplying
		if parts == 1 {
			r.Part(0)
		} else {
			par.Do(parts, workers, r)
		}
	}
}

func (r *run[T]) packParts() int {
	if r.plan.rowParts*r.plan.colParts == 1 {
		return 1
	}
	return (r.plan.tiles + blockTiles - 1) / blockTiles
}

// Part does one part of the current stage.
func (r *run[T]) Part(i int) {
	s := spaceOf[T]()
	w := s.workers.get()
	if r.stage == packing1 {
		per := (r.plan.tiles + r.packParts() - 1) / r.packParts()
		r.packA(w, i*per, min((i+1)*per, r.plan.tiles))
	} else {
		t := i % r.plan.rowParts * r.plan.tilesPerPart
		j := i / r.plan.rowParts * r.plan.colsPerPart
		r.multiply(w, t, min(t+r.plan.tilesPerPart, r.plan.tiles), j, min(j+r.plan.colsPerPart, r.n))
	}
	s.workers.put(w)
}

// multiply adds the products of the step's inner indices to tiles t0 to t1 and columns j0 to j1 of C.
func (r *run[T]) multiply(w *worker[T], t0, t1, j0, j1 int) {
	e := r.engine
	width := e.vecs * e.lanes
	if r.plan.packB {
		w.packedB.grow((j1 - j0 + width - 1) / width * width * r.depth)
		r.packB(w, j0, j1)
	}
	for t := t0; t < t1; t += r.plan.blockTiles {
		end := min(t+r.plan.blockTiles, t1)
		for j := j0; j < j1; j += width {
			r.column(w, t, end, j0, j, min(width, j1-j))
		}
		if r.q0+r.depth == r.k {
			r.finishRows(r.plan.row(t), r.plan.row(end), j0, j1)
		}
	}
}

// column computes tiles t0 to t1 of one panel of columns.
func (r *run[T]) column(w *worker[T], t0, t1, j0, j, cols int) {
	e, size := r.engine, unsafe.Sizeof(T(0))
	vecs := (cols + e.lanes - 1) / e.lanes
	t := &w.tile
	t.k = r.depth
	t.mask = e.mask(cols - (vecs-1)*e.lanes)
	if r.plan.packB {
		t.b = w.packedB.at((j - j0) * r.depth)
		t.rowB = uintptr(e.vecs*e.lanes) * size
	} else {
		t.b = r.elementB(r.q0, j)
		t.rowB = uintptr(r.ldb) * size
	}
	t.rowC = uintptr(r.ldc) * size
	for t0 < t1 {
		rows, end := r.plan.high, min(t1, r.plan.highTiles)
		if t0 >= r.plan.highTiles {
			rows, end = rows-1, t1
		}
		i := r.plan.row(t0)
		t.count = end - t0
		switch {
		case r.plan.packA:
			t.a = r.packedA.at(t0 * e.panel * r.depth)
			t.rowA, t.colA = size, uintptr(e.panel)*size
			t.stepA = uintptr(e.panel*r.depth) * size
		case r.transA:
			t.a = r.elementA(i, r.q0)
			t.rowA, t.colA = size, uintptr(r.lda)*size
			t.stepA = uintptr(rows) * size
		default:
			t.a = r.elementA(i, r.q0)
			t.rowA, t.colA = uintptr(r.lda)*size, size
			t.stepA = uintptr(rows*r.lda) * size
		}
		t.c = unsafe.Pointer(&r.c[r.item*r.strideC+i*r.ldc+j])
		switch {
		case r.q0 > 0 || r.epilogue.Accumulate:
			t.add, t.rowAdd = t.c, t.rowC
		case r.epilogue.Bias != nil:
			t.add, t.rowAdd = unsafe.Pointer(&r.epilogue.Bias[j]), 0
		default:
			t.add = nil
		}
		e.tiles[vecs][rows](t)
		t0 = end
	}
}

// finishRows does what is left of the epilogue once the sums are complete.
func (r *run[T]) finishRows(i0, i1, j0, j1 int) {
	e := &r.epilogue
	bias := e.Bias != nil && e.Accumulate
	if !bias && e.RowBias == nil && e.Apply == nil {
		return
	}
	for i := i0; i < i1; i++ {
		segment := r.c[r.item*r.strideC+i*r.ldc+j0:][:j1-j0]
		if bias {
			for j, x := range e.Bias[j0:j1] {
				segment[j] += x
			}
		}
		if e.RowBias != nil {
			x := e.RowBias[i]
			for j := range segment {
				segment[j] += x
			}
		}
		if e.Apply != nil {
			e.Apply(segment, r.item*r.m+i, j0)
		}
	}
}

// elementA is the address of op(A)[i, q].
func (r *run[T]) elementA(i, q int) unsafe.Pointer {
	if r.k == 0 {
		return nil
	}
	if r.transA {
		i, q = q, i
	}
	return unsafe.Pointer(&r.a[r.item*r.strideA+i*r.lda+q])
}

// elementB is the address of op(B)[q, j].
func (r *run[T]) elementB(q, j int) unsafe.Pointer {
	if r.k == 0 {
		return nil
	}
	if r.transB {
		q, j = j, q
	}
	return unsafe.Pointer(&r.b[r.item*r.strideB+q*r.ldb+j])
}

// copyRows is how many rows are copied at a time.
const copyRows = 16

// packA packs tiles t0 to t1 of A, a panel each, or, like packB, a few rows of all panels at a time.
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
			i := r.plan.row(t)
			p.dst = r.packedA.at((t*r.depth + q) * e.panel)
			p.src = r.elementA(i, r.q0+q)
			p.k, p.width = min(rows, r.depth-q), r.plan.row(t+1)-i
			r.pack(p, !r.transA)
		}
	}
}

// packB packs columns j0 to j1 of B into panels. Of untransposed rows it takes a few at a time across all panels, as
// memory likes to be read.
func (r *run[T]) packB(w *worker[T], j0, j1 int) {
	e, size := r.engine, unsafe.Sizeof(T(0))
	width := e.vecs * e.lanes
	rows := r.depth
	if !r.transB {
		rows = min(rows, copyRows)
	}
	w.packedB.grow((j1 - j0 + width - 1) / width * width * r.depth)
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
func (r *run[T]) pack(p *packing, transposed bool) {
	e, size, cols := r.engine, unsafe.Sizeof(T(0)), p.width
	if !transposed {
		p.mask = e.mask((cols-1)%e.lanes + 1)
		e.copy(p)
		return
	}
	p.lastMask = e.mask((p.k-1)%e.lanes + 1)
	for j := 0; j < cols; j += e.lanes {
		p.width = min(e.lanes, cols-j)
		e.transpose(p)
		if j+e.lanes < cols {
			p.dst, p.src = unsafe.Add(p.dst, uintptr(e.lanes)*size), unsafe.Add(p.src, uintptr(e.lanes)*p.stride)
		}
	}
}
