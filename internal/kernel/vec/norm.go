package vec

import "math"

// Norm sets dst [outer, inner] to √Σx² along the middle axis of x [outer, r, inner], added up in the tree of Sum, without
// overflow or underflow on the way: where the sum of squares is out of range, it is added up again with all elements scaled
// by a power of two.
func Norm[T Float](dst, x []T, outer, r, inner int) {
	checkReduce(len(dst), len(x), outer, r, inner)
	var buf [blockLanes * laneBytes / 4]T
	for o := range outer {
		part := x[o*r*inner : (o+1)*r*inner]
		if inner == 1 {
			dst[o] = normOf(sumOfRow(part, nil, buf[:SumBlock[T]()]), part, r, 1)
			continue
		}
		for c := 0; c < inner; c += tileColumns {
			d, tile := dst[o*inner+c:][:min(tileColumns, inner-c)], part[min(c, len(part)):]
			sumOfTile(d, tile, nil, buf[:], r, inner)
			for j, s := range d {
				d[j] = normOf(s, tile[min(j, len(tile)):], r, inner)
			}
		}
	}
}

// normOf is the norm of r elements of x that are stride apart, given the sum of their squares.
func normOf[T Float](squares T, x []T, r, stride int) T {
	least := T(0x1p-100) // what squares have lost by underflow is no rounding of their sum
	if lowest := 0x1p-900; T(lowest) != 0 {
		least = T(lowest)
	}
	if squares != squares || squares >= least && squares-squares == 0 {
		return T(math.Sqrt(float64(squares)))
	}
	top := 0.0
	for k := range r {
		top = max(top, math.Abs(float64(x[k*stride])))
	}
	if top == 0 || math.IsInf(top, 1) {
		return T(top)
	}
	_, e := math.Frexp(top)
	sum, low := 0.0, 0.0
	for k := range r {
		v := math.Ldexp(float64(x[k*stride]), -e)
		var lost float64
		sum, lost = addPair(sum, v*v)
		low += lost
	}
	return T(math.Ldexp(math.Sqrt(sum+low), e))
}
