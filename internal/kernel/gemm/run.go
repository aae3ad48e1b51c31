package gemm

import "chainrule/internal/kernel/par"

// A run is one product while it lasts. Runs are kept for reuse, so that calls do not allocate.
type run[T Float] struct {
	problem[T]
	plan    plan
	engine  *engine
	packedA buffer[T]
	own     worker[T]  // of the calling goroutine, if it works alone
	record  *script[T] // if not nil, what is written down

	// The step at hand, for Part.
	stage  stage
	item   int
	t0, t1 int // the chunk of tiles
	q0     int // first inner index
	depth  int // number of inner indices
}

// A stage is what the parts of a step do.
type stage int

const (
	packingA stage = iota
	multiplying
)

// A worker holds what one goroutine needs while it does a part.
type worker[T Float] struct {
	tile    tile
	packing packing
	packedB buffer[T]
	rowBias buffer[T] // of the rows of a part, each repeated over the width of a panel
}

// product computes one item of the batch, its parts in parallel.
func (r *run[T]) product(item, workers int) {
	r.item = item
	for r.t0 = 0; r.t0 < r.plan.tiles; r.t0 = r.t1 {
		r.t1 = min(r.t0+r.plan.chunkTiles, r.plan.tiles)
		r.chunk(workers)
	}
}

// chunk computes one chunk of tiles: panels of A for a step along k, then what they contribute to C, and so on.
func (r *run[T]) chunk(workers int) {
	tiles := r.t1 - r.t0
	parts := ceil(tiles, r.plan.tilesPerPart) * r.plan.colParts
	alone := parts == 1 || workers <= 1
	if !alone {
		r.record = nil // a script is of one worker
	}
	for r.q0 = 0; !r.epilogue.stopped(); {
		r.depth = min(r.plan.depth, r.k-r.q0)
		if r.plan.packA {
			r.packedA.grow(tiles * r.engine.panel * r.depth)
			if alone {
				r.packA(&r.own, r.t0, r.t1)
			} else {
				r.stage = packingA
				par.Do(ceil(tiles, blockTiles), workers, r)
			}
		}
		if alone {
			for j := 0; j < r.n && !r.epilogue.stopped(); j += r.plan.colsPerPart {
				r.multiply(&r.own, r.t0, r.t1, j, min(j+r.plan.colsPerPart, r.n))
			}
		} else {
			r.stage = multiplying
			par.Do(parts, workers, r)
		}
		if r.q0 += r.depth; r.q0 >= r.k {
			return
		}
	}
}

// Part does one part of the current stage.
func (r *run[T]) Part(i int) {
	if r.epilogue.stopped() {
		return
	}
	workers := &spaceOf[T]().workers
	w := workers.Get()
	if r.stage == packingA {
		t := r.t0 + i*blockTiles
		r.packA(w, t, min(t+blockTiles, r.t1))
	} else {
		t := r.t0 + i/r.plan.colParts*r.plan.tilesPerPart
		j := i % r.plan.colParts * r.plan.colsPerPart
		r.multiply(w, t, min(t+r.plan.tilesPerPart, r.t1), j, min(j+r.plan.colsPerPart, r.n))
	}
	workers.Put(w)
}

// A batch is a call of Batch for many items, whose parts are items. Each of them is done by one worker.
type batch[T Float] struct {
	problem[T]
	engine  *engine
	perPart int
}

// Part computes some of the items.
func (b *batch[T]) Part(i int) {
	if b.epilogue.stopped() {
		return
	}
	runs := &spaceOf[T]().runs
	r := runs.Get()
	r.problem, r.engine = b.problem, b.engine
	r.plan.set(r.engine, r.transA, r.transB, r.m, r.n, r.k, r.ldb, 1)
	r.items(i*b.perPart, min((i+1)*b.perPart, b.count), 1)
	r.forget()
	runs.Put(r)
}

// compute does all items: one after the other, each in parallel, if there are few; else many at a time.
func (r *run[T]) compute(e *engine, workers int) {
	if r.streams(e) {
		r.stream(e, workers)
		return
	}
	if flops := 2 * r.m * r.n * r.k; workers > 1 && r.count >= 2*workers && r.count*flops > parallelFlops {
		batches := &spaceOf[T]().batches
		b := batches.Get()
		b.problem, b.engine = r.problem, e
		b.perPart = max(1, min(parallelFlops/(4*max(1, flops)), r.count/(2*workers)))
		par.Do(ceil(r.count, b.perPart), workers, b)
		b.forget()
		batches.Put(b)
		return
	}
	r.engine = e
	r.plan.set(e, r.transA, r.transB, r.m, r.n, r.k, r.ldb, workers)
	if r.plan.packA || r.plan.packB {
		r.record = nil // a script is of operands where they are
	}
	r.items(0, r.count, workers)
}

// itemsUnstopped is how many items of one tile are computed before a look at Stop.
const itemsUnstopped = 1 << 12

// items computes some items of the batch: in one call of a micro-kernel if each of them is a tile, else one by one.
func (r *run[T]) items(from, to, workers int) {
	if to-from > 1 && r.eachIsTile() {
		for ; from < to && !r.epilogue.stopped(); from += itemsUnstopped {
			r.tilesOfItems(from, min(from+itemsUnstopped, to))
		}
		return
	}
	for item := from; item < to; item++ {
		r.product(item, workers)
	}
}
