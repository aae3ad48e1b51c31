package gemm

import (
	"unsafe"

	"chainrule/internal/kernel/par"
)

// A product with k = 1 does one multiplication for every element that it writes. If C is larger than the last cache,
// ordinary stores read it from memory before they write it, so that stores past the caches are twice as fast, or more.

// streamBytes is the size of all of C from which it is written past the caches, most of a last-level cache: below it,
// what is written is still there when it is read.
const streamBytes = 24 << 20

// streams reports whether the problem is one of outer products that are written past the caches: B and C contiguous,
// rows of whole vectors, and nothing but the products wanted.
func (p *problem[T]) streams(e *engine) bool {
	if e.outer == nil || p.k != 1 || p.epilogue.Accumulate || p.epilogue.Bias != nil || p.epilogue.RowBias != nil ||
		p.count*p.m*p.n*e.size < streamBytes {
		return false
	}
	vector := e.size << e.laneShift
	return p.n*e.size%vector == 0 && p.ldc == p.n && (p.count == 1 || p.strideC == p.m*p.n) &&
		(!p.transB || p.ldb == 1) && uintptr(unsafe.Pointer(unsafe.SliceData(p.c)))%uintptr(vector) == 0
}

// Outers are such a problem, whose parts are runs of rows of C, counted through all items.
type outers[T Float] struct {
	problem[T]
	engine  *engine
	perPart int
}

// Part computes some of the rows.
func (o *outers[T]) Part(i int) {
	from, to := i*o.perPart, min((i+1)*o.perPart, o.count*o.m)
	stepA := 1
	if !o.transA {
		stepA = o.lda
	}
	at := func(x []T, i int) unsafe.Pointer { return unsafe.Pointer(&x[i]) }
	for from < to {
		h, row := from/o.m, from%o.m
		rows := min(to-from, o.m-row)
		o.engine.outer(at(o.c, from*o.n), at(o.a, h*o.strideA+row*stepA), at(o.b, h*o.strideB),
			stepA*o.engine.size, rows, o.n>>o.engine.laneShift)
		from += rows
	}
}

// stream computes the problem.
func (r *run[T]) stream(e *engine, workers int) {
	free := &spaceOf[T]().outers
	o := free.Get()
	o.problem, o.engine = r.problem, e
	o.perPart = ceil(r.count*r.m, max(1, workers)*partsPerWorker)
	if workers <= 1 {
		o.perPart = r.count * r.m
	}
	par.Do(ceil(r.count*r.m, o.perPart), workers, o)
	o.forget()
	free.Put(o)
}
