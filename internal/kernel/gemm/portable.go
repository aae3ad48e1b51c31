package gemm

import "unsafe"

// portableEngine has kernels in plain Go, which say what those in assembly must do.
func portableEngine[T Float]() *engine {
	e := &engine{
		lanes: 4, rows: 4, vecs: 1, panel: 4, mask: portableMask,
		transpose: transposePortable[T], copy: copyPortable[T],
	}
	for rows := 1; rows <= e.rows; rows++ {
		e.tiles[1][rows] = func(t *tile) { portableTiles[T](t, rows) }
	}
	return e
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
			b := unsafe.Slice((*T)(unsafe.Add(t.b, q*t.rowB)), cols)
			for i := range rows {
				x := *(*T)(unsafe.Add(t.a, n*t.stepA+uintptr(i)*t.rowA+q*t.colA))
				for j, y := range b {
					sums[i][j] += x * y
				}
			}
		}
		for i := range uintptr(rows) {
			row := n*uintptr(rows) + i
			c := unsafe.Add(t.c, row*t.rowC)
			for j := range uintptr(cols) {
				sum := sums[i][j]
				if t.add != nil {
					sum += *(*T)(unsafe.Add(t.add, row*t.rowAdd+j*size))
				}
				*(*T)(unsafe.Add(c, j*size)) = sum
			}
		}
	}
}
