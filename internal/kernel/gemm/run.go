package gemm

import "chainrule/internal/kernel/par"

// A run is one product while it lasts. Runs are kept for reuse, so that calls do not allocate.
type run[T Float] struct {
	problem[T]
	plan    plan
	engine  *engine
	packedA buffer[T]
	own     worker[T] // of the calling goroutine, if it works alone

	// The step at hand, for Part.
	stage stage
	item  int
	q0    int // first inner index
	depth int // number of inner indices
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
}

// product computes one item of the batch, its parts in parallel.
func (r *run[T]) product(item, workers int) {
	r.item = item
	alone := r.plan.rowParts*r.plan.colParts == 1 || workers == 1
	for r.q0 = 0; ; {
		r.depth = min(r.plan.depth, r.k-r.q0)
		if r.plan.packA {
			r.packedA.grow(r.plan.tiles * r.engine.panel * r.depth)
			if alone {
				r.packA(&r.own, 0, r.plan.tiles)
			} else {
				r.stage = packingA
				par.Do(ceil(r.plan.tiles, blockTiles), workers, r)
			}
		}
		if alone {
			for j := 0; j < r.n; j += r.plan.colsPerPart {
				r.multiply(&r.own, 0, r.plan.tiles, j, min(j+r.plan.colsPerPart, r.n))
			}
		} else {
			r.stage = multiplying
			par.Do(r.plan.rowParts*r.plan.colParts, workers, r)
		}
		if r.q0 += r.depth; r.q0 >= r.k {
			return
		}
	}
}

// Part does one part of the current stage.
func (r *run[T]) Part(i int) {
	s := spaceOf[T]()
	w := s.workers.get()
	if r.stage == packingA {
		r.packA(w, i*blockTiles, min((i+1)*blockTiles, r.plan.tiles))
	} else {
		t := i % r.plan.rowParts * r.plan.tilesPerPart
		j := i / r.plan.rowParts * r.plan.colsPerPart
		r.multiply(w, t, min(t+r.plan.tilesPerPart, r.plan.tiles), j, min(j+r.plan.colsPerPart, r.n))
	}
	s.workers.put(w)
}

// A batch is a call of Batch for many items, whose parts are items. Each of them is done by one worker.
type batch[T Float] struct {
	problem[T]
	engine  *engine
	perPart int
}

// Part computes some of the items.
func (b *batch[T]) Part(i int) {
	runs := &spaceOf[T]().runs
	r := runs.get()
	r.problem, r.engine = b.problem, b.engine
	r.plan.set(r.engine, r.transA, r.transB, r.m, r.n, r.k, r.ldb, 1)
	for item := i * b.perPart; item < min((i+1)*b.perPart, b.count); item++ {
		r.product(item, 1)
	}
	r.forget()
	runs.put(r)
}

// compute does all items: one after the other, each in parallel, if there are few; else many at a time.
func (r *run[T]) compute(e *engine, workers int) {
	if flops := 2 * r.m * r.n * r.k; workers > 1 && r.count >= 2*workers && r.count*flops > parallelFlops {
		batches := &spaceOf[T]().batches
		b := batches.get()
		b.problem, b.engine = r.problem, e
		b.perPart = max(1, min(parallelFlops/(4*max(1, flops)), r.count/(2*workers)))
		par.Do(ceil(r.count, b.perPart), workers, b)
		b.forget()
		batches.put(b)
		return
	}
	r.engine = e
	r.plan.set(e, r.transA, r.transB, r.m, r.n, r.k, r.ldb, workers)
	for item := range r.count {
		r.product(item, workers)
	}
}
