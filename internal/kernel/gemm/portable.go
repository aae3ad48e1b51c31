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

// portableTiles computes count tiles of rows by up to 4.
func portableTiles[T Float](t *tile, rows int) {
	size, cols := unsafe.Sizeof(T(0)), uintptr(t.mask)
	for n := range uintptr(t.count) {
		var sums [4][4]T
		switch {
		case t.k == 0: // a and b point nowhere
		case rows == 4 && cols == 4:
			portablePair(t, n, 0, &sums)
			portablePair(t, n, 2, &sums)
		default:
			for q := range uintptr(t.k) {
				b := unsafe.Slice((*T)(unsafe.Add(t.b, n*t.stepB+q*t.rowB)), cols)
				for i := range rows {
					x := *(*T)(unsafe.Add(t.a, n*t.stepA+uintptr(i)*t.rowA+q*t.colA))
					for j, y := range b {
						sums[i][j] += x * y
					}
				}
			}
		}
		for i := range uintptr(rows) {
			c := unsafe.Add(t.c, n*t.stepC+i*t.rowC)
			for j := range cols {
				sum := sums[i][j]
				if t.add != nil {
					sum += *(*T)(unsafe.Add(t.add, n*t.stepAdd+i*t.rowAdd+j*size))
				}
				*(*T)(unsafe.Add(c, j*size)) = sum
			}
		}
	}
}

// portablePair sums the products of rows i and i+1 of tile n, 4 wide, in variables that compilers keep in registers.
func portablePair[T Float](t *tile, n, i uintptr, sums *[4][4]T) {
	var s0, s1, s2, s3, r0, r1, r2, r3 T
	a, b := unsafe.Add(t.a, n*t.stepA+i*t.rowA), unsafe.Add(t.b, n*t.stepB)
	rowA, colA, rowB := t.rowA, t.colA, t.rowB
	for q := range uintptr(t.k) {
		y := (*[4]T)(unsafe.Add(b, q*rowB))
		s, r := *(*T)(unsafe.Add(a, q*colA)), *(*T)(unsafe.Add(a, q*colA+rowA))
		s0 += s * y[0]
		r0 += r * y[0]
		s1 += s * y[1]
		r1 += r * y[1]
		s2 += s * y[2]
		r2 += r * y[2]
		s3 += s * y[3]
		r3 += r * y[3]
	}
	sums[i], sums[i+1] = [4]T{s0, s1, s2, s3}, [4]T{r0, r1, r2, r3}
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
