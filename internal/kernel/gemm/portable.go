package gemm

import "unsafe"

// portableEngine has kernels in plain Go, which say what those in assembly must do.
func portableEngine[T Float]() *engine {
	e := engine{
		laneShift: 2, size: int(unsafe.Sizeof(T(0))), rows: 4, panel: 4, mask: portableMask,
		transpose: transposePortable[T], copy: copyPortable[T],
	}
	for rows := 1; rows <= e.rows; rows++ {
		e.tiles[1][rows] = func(t *tile) { portableTiles[T](t, rows) }
	}
	return newEngine(e)
}

// portableMask is the number of lanes itself.
func portableMask(n int) uintptr { return uintptr(n) }

// portableTiles computes count tiles of rows by 4.
func portableTiles[T Float](t *tile, rows int) {
	size := unsafe.Sizeof(T(0))
	cols := int(t.mask)
	for n := range uintptr(t.count) {
		var sums [4][4]T
		for q := range uintptr(t.k) {
			b := unsafe.Slice((*T)(unsafe.Add(t.b, n*t.stepB+q*t.rowB)), cols)
			for i := range rows {
				x := *(*T)(unsafe.Add(t.a, n*t.stepA+uintptr(i)*t.rowA+q*t.colA))
				for j, y := range b {
					sums[i][j] += x * y
				}
			}
		}
		for i := range uintptr(rows) {
			c := unsafe.Add(t.c, n*t.stepC+i*t.rowC)
			for j := range uintptr(cols) {
				sum := sums[i][j]
				if t.add != nil {
					sum += *(*T)(unsafe.Add(t.add, n*t.stepAdd+i*t.rowAdd+j*size))
				}
				*(*T)(unsafe.Add(c, j*size)) = sum
			}
		}
	}
}

// transposePortable and copyPortable are the pack kernels that assembly must match.
func transposePortable[T Float](p *packing) {
	size := unsafe.Sizeof(T(0))
	for j := range uintptr(p.width) {
		for q := range uintptr(p.k) {
			*(*T)(unsafe.Add(p.dst, q*p.dstStride+j*size)) = *(*T)(unsafe.Add(p.src, j*p.stride+q*size))
		}
	}
}

func copyPortable[T Float](p *packing) {
	for q := range uintptr(p.k) {
		src := unsafe.Slice((*T)(unsafe.Add(p.src, q*p.stride)), p.width)
		dst := unsafe.Slice((*T)(unsafe.Add(p.dst, q*p.dstStride)), p.width)
		copy(dst, src)
	}
}
