package gemm

import "unsafe"

// Products of small matrices take less time than finding out how to compute them. Where an item of a batch is a single
// tile, the items are to a micro-kernel what the tiles of a larger product are: the next one lies a step further on.

// packedBytes bounds the packed B of the items that are computed by one call.
const packedBytes = 64 << 10

// eachIsTile reports whether every item of the batch is one tile, computed and finished by one call of a micro-kernel.
func (r *run[T]) eachIsTile() bool {
	p, e := &r.plan, &r.epilogue
	return p.tiles == 1 && r.n <= p.width && r.k <= p.depth && !p.dots && !p.packA && (!p.packB || r.transB) &&
		e.RowBias == nil && (e.Bias == nil || !e.Accumulate)
}

// tilesOfItems computes some items of such a batch.
func (r *run[T]) tilesOfItems(from, to int) {
	w, size := &r.own, unsafe.Sizeof(T(0))
	r.q0, r.depth = 0, r.k
	count := to - from
	width := ceil(r.n, 1<<r.engine.laneShift) << r.engine.laneShift
	packed := 0 // items whose B is packed at a time, one if it is that of all
	switch {
	case r.plan.packB && r.strideB == 0:
		packed = 1
	case r.plan.packB:
		count = max(1, min(count, packedBytes/(r.k*width*r.engine.size)))
		packed = count
	}
	w.packedB.grow(packed * r.k * width)
	for r.item = from; r.item < to; r.item += count {
		compute, k := r.place(w, 0, 0, 0, 0, r.n, min(count, to-r.item)), &w.tile
		k.stepA, k.stepB, k.stepC = uintptr(r.strideA)*size, uintptr(r.strideB)*size, uintptr(r.strideC)*size
		k.stepAdd = 0
		if r.epilogue.Accumulate {
			k.stepAdd = k.stepC
		}
		if r.plan.packB {
			r.packItems(w, min(packed, k.count), width)
			k.rowB = uintptr(width) * size
			if r.strideB > 0 {
				k.stepB = uintptr(r.k*width) * size
			}
		}
		r.call(compute, k)
	}
}

// packItems packs the B of some items, from r.item on, one after the other, with rows of the given width.
func (r *run[T]) packItems(w *worker[T], count, width int) {
	size, p := unsafe.Sizeof(T(0)), &w.packing
	p.dstStride, p.stride = uintptr(width)*size, uintptr(r.ldb)*size
	for i := range count {
		p.dst = w.packedB.at(i * r.k * width)
		p.src = unsafe.Pointer(&r.b[(r.item+i)*r.strideB])
		p.k, p.width = r.k, r.n
		r.pack(p, true)
	}
}
