package vec

// Take gathers along the middle axis: with src [outer, axisLen, inner] and dst [outer, len(idx), inner], it sets
// dst[o, k, :] = src[o, idx[k], :]. It reports false, and writes nothing, if an index is negative or not below axisLen.
func Take[T any](dst, src []T, idx []int64, outer, axisLen, inner int) (ok bool) {
	k := len(idx)
	checkTake(len(dst), len(src), k, outer, axisLen, inner)
	if !inRange(idx, axisLen) {
		return false
	}
	for o := range outer {
		d, s := dst[o*k*inner:(o+1)*k*inner], src[o*axisLen*inner:(o+1)*axisLen*inner]
		if takeTwin(d, s, idx, inner) {
			continue
		}
		if inner == 1 {
			for i, at := range idx {
				d[i] = s[at]
			}
			continue
		}
		for i, at := range idx {
			row, from := d[i*inner:(i+1)*inner], s[int(at)*inner:][:inner]
			if inner > shortRow {
				copy(row, from)
				continue
			}
			for j := range row { // a loop, not copy: see shortRow
				row[j] = from[j]
			}
		}
	}
	return true
}

// shortRow is the number of elements up to which a plain loop is faster than a call.
const shortRow = 8

// inRange reports whether no index is negative or beyond the axis: either gives a negative number, without a branch.
func inRange(idx []int64, axisLen int) bool {
	var a, b int64
	last := int64(axisLen) - 1
	for ; len(idx) >= 4; idx = idx[4:] {
		a |= idx[0] | (last - idx[0]) | idx[1] | (last - idx[1])
		b |= idx[2] | (last - idx[2]) | idx[3] | (last - idx[3])
	}
	for _, at := range idx {
		a |= at | (last - at)
	}
	return a|b >= 0
}

// checkTake refuses lengths that do not match: taken is the side with the indices, whole the other.
func checkTake(taken, whole, indices, outer, axisLen, inner int) {
	if taken != outer*indices*inner || whole != outer*axisLen*inner {
		panic("vec: lengths do not match [outer, indices, inner] and [outer, axisLen, inner]")
	}
}
