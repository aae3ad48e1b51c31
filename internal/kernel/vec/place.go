package vec

// PlaceStrided is the inverse of CopyStrided: it writes the row-major src of the given shape to the elements
// offset + Σ iₖ·strides[k] of dst, and leaves the others as they are.
func PlaceStrided[T any](dst []T, offset int, strides []int, src []T, shape []int) {
	if len(src) == 0 {
		return
	}
	if len(shape) == 0 {
		dst[offset] = src[0]
		return
	}
	last := len(shape) - 1
	inner, step := shape[last], strides[last]
	var index [16]int
	for {
		if step == 1 {
			copy(dst[offset:offset+inner], src)
		} else {
			for i, v := range src[:inner] {
				dst[offset+i*step] = v
			}
		}
		src = src[inner:]
		axis := last - 1
		for ; axis >= 0; axis-- {
			index[axis]++
			offset += strides[axis]
			if index[axis] < shape[axis] {
				break
			}
			offset -= strides[axis] * shape[axis]
			index[axis] = 0
		}
		if axis < 0 {
			return
		}
	}
}
