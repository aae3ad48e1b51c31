package vec

// maxRank is the greatest rank that CopyStrided handles without allocating.
const maxRank = 8

// CopyStrided writes dst, contiguous and row-major of the given shape, from the source whose element [i, j, …] is
// src[offset + i·strides[0] + j·strides[1] + …]. Strides may be zero or negative; dst and src must not overlap.
// It allocates nothing up to rank 8.
func CopyStrided[T any](dst []T, shape []int, src []T, offset int, strides []int) {
	if len(shape) != len(strides) {
		panic("vec: shape and strides differ in rank")
	}
	size := 1
	for _, n := range shape {
		size *= n
	}
	if len(dst) != size {
		panic("vec: dst does not have the size of shape")
	}
	if size == 0 {
		return
	}
	var dims, steps [maxRank]int
	d, s := simplify(dims[:0], steps[:0], shape, strides)
	copyStrided(dst, d, src, offset, s)
}

// simplify drops axes of length 1 and merges neighbours that one stride can walk.
func simplify(dims, steps, shape, strides []int) ([]int, []int) {
	for i, n := range shape {
		if n == 1 {
			continue
		}
		if k := len(dims) - 1; k >= 0 && steps[k] == n*strides[i] {
			dims[k] *= n
			steps[k] = strides[i]
			continue
		}
		dims = append(dims, n)
		steps = append(steps, strides[i])
	}
	return dims, steps
}

// copyStrided recurses over the outer axes down to the planes and rows that have a loop of their own.
func copyStrided[T any](dst []T, shape []int, src []T, offset int, strides []int) {
	switch rank := len(shape); {
	case rank == 0:
		dst[0] = src[offset]
	case rank == 1:
		copyRow(dst, src, offset, strides[0])
	case rank == 2 && strides[0] == 1 && strides[1] > 1:
		transpose(dst, src[offset:], shape[0], shape[1], shape[1], strides[1])
	case rank == 3 && strides[0] == 1 && strides[2] > 1:
		for j := range shape[1] {
			from := offset + j*strides[1]
			transpose(dst[j*shape[2]:], src[from:], shape[0], shape[2], shape[1]*shape[2], strides[2])
		}
	case rank == 2 && strides[1] == 1 && shape[1] <= shortRow:
		copyShortRows(dst, src, offset, shape[1], strides[0])
	default:
		step := len(dst) / shape[0]
		for i := range shape[0] {
			copyStrided(dst[i*step:(i+1)*step], shape[1:], src, offset+i*strides[0], strides[1:])
		}
	}
}

// copyShortRows copies rows of n neighbours that start stride apart.
func copyShortRows[T any](dst, src []T, offset, n, stride int) {
	for ; len(dst) > 0; dst = dst[n:] {
		row, from := dst[:n], src[offset:][:n]
		for j := range row { // a loop, not copy: see shortRow
			row[j] = from[j]
		}
		offset += stride
	}
}

// copyRow copies len(dst) elements that lie stride apart.
func copyRow[T any](dst, src []T, offset, stride int) {
	switch stride {
	case 1:
		copy(dst, src[offset:offset+len(dst)])
	case 0:
		Fill(dst, src[offset])
	default:
		for i := range dst {
			dst[i] = src[offset]
			offset += stride
		}
	}
}

// transpose sets dst[i·dstStride+j] = src[i+j·srcStride] for i < m, j < n, in tiles that stay in cache on both sides.
func transpose[T any](dst, src []T, m, n, dstStride, srcStride int) {
	const tile = 64
	for i := 0; i < m; i += tile {
		for j := 0; j < n; j += tile {
			to, from := dst[i*dstStride+j:], src[i+j*srcStride:]
			transposeTile(to, from, min(tile, m-i), min(tile, n-j), dstStride, srcStride)
		}
	}
}

// transposeTile is transpose of one tile; the twin leaves two strips at the edges.
func transposeTile[T any](dst, src []T, m, n, dstStride, srcStride int) {
	rows, columns := transposeTwin(dst, src, m, n, dstStride, srcStride)
	for i := range m {
		from := 0
		if i < rows {
			from = columns
		}
		k, row := i+from*srcStride, dst[i*dstStride+from:i*dstStride+n]
		for j := range row {
			row[j] = src[k]
			k += srcStride
		}
	}
}
