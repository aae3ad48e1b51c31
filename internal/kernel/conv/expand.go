package conv

import (
	"slices"
	"unsafe"
)

// Expanded images. For each place j of the kernel along the last axis there is a copy of the image, shifted so that what
// that place meets begins at 0, with the elements that a row of the result meets side by side:
//
//	expanded[c][j][d][h][w] = image[c][depths[d]][heights[h]][first[j] + w·step]
//
// and zero beyond the edges. All places of the kernel along the last axis, of all channels, are then one run of rows that are
// evenly apart, and a run of results is a run of elements, whatever the stride, dilation and padding.
type expansion struct {
	depths, heights []int // image indices of rows; those beyond the image are zeros
	first           []int
	step, width     int
	image           [3]int
}

// copySize is the number of elements of one shifted copy.
func (e *expansion) copySize() int { return len(e.depths) * len(e.heights) * e.width }

// isImage reports whether the expanded image is the image itself.
func (e *expansion) isImage() bool {
	natural := func(rows []int, n int) bool {
		for i, r := range rows {
			if r != i {
				return false
			}
		}
		return len(rows) == n
	}
	return len(e.first) == 1 && e.first[0] == 0 && e.step == 1 && e.width == e.image[2] &&
		natural(e.depths, e.image[0]) && natural(e.heights, e.image[1])
}

// inside are the places of a row from lo to hi that lie on the image, for the shift first.
func (e *expansion) inside(first int) (lo, hi int) {
	if first < 0 {
		lo = min(e.width, (-first+e.step-1)/e.step)
	}
	return lo, max(lo, min(e.width, (e.image[2]-first+e.step-1)/e.step))
}

// expand writes the expansion of channels of x.
func (w *worker[T]) expand(e *expansion, dst, x []T, channels int) {
	plane, slab := size(e.image), len(e.heights)*e.width
	_, cols := w.micro.Extent()
	from, to := e.run()
	for c := range channels {
		src := x[c*plane:][:plane]
		for _, first := range e.first {
			lo, hi := e.inside(first)
			for _, d := range e.depths {
				rows := dst[:slab]
				switch {
				case d < 0 || d >= e.image[0] || lo == hi || from == to:
					clear(rows)
				case e.width == 1 && e.image[2] == 1:
					column(rows, src, d, e)
				case e.step == 1 && e.width <= cols && e.heights[to-1]-e.heights[from] == to-1-from:
					at := (d*e.image[1]+e.heights[from])*e.image[2] + first + lo
					w.micro.Copy(unsafe.Pointer(&rows[from*e.width+lo]), unsafe.Pointer(&src[at]), e.width, e.image[2], to-from, hi-lo)
					border(rows, from, to, lo, hi, e.width)
				case e.step == 1:
					shifted(e, shift{first, lo, hi}, rows, src[d*e.image[1]*e.image[2]:])
				default:
					apart(e, shift{first, lo, hi}, rows, src[d*e.image[1]*e.image[2]:])
				}
				dst = dst[slab:]
			}
		}
	}
}

// run is the first and the last run of rows, together, that begin and end with one on the image, if rows between do not.
func (e *expansion) run() (from, to int) {
	to = len(e.heights)
	for from < to && (e.heights[from] < 0 || e.heights[from] >= e.image[1]) {
		from++
	}
	for to > from && (e.heights[to-1] < 0 || e.heights[to-1] >= e.image[1]) {
		to--
	}
	return from, to
}

// border clears rows but for those from from to to, and of these what is not between lo and hi. What copying a row left
// behind it is cleared, or was written over by the next.
func border[T Float](rows []T, from, to, lo, hi, width int) {
	clear(rows[:from*width])
	for i := from; i < to; i++ {
		row := rows[i*width:][:width]
		for k := range row[:lo] {
			row[k] = 0
		}
		for k := hi; k < len(row); k++ {
			row[k] = 0
		}
	}
	clear(rows[to*width:])
}

// A shift is of the image against the kernel, with the places of a row that lie on the image.
type shift struct{ first, lo, hi int }

// shifted writes rows of a shifted copy.
func shifted[T Float](e *expansion, s shift, rows, src []T) {
	for _, h := range e.heights {
		row := rows[:e.width]
		rows = rows[e.width:]
		if h < 0 || h >= e.image[1] {
			clear(row)
			continue
		}
		clear(row[:s.lo])
		copy(row[s.lo:s.hi], src[h*e.image[2]+s.first+s.lo:])
		clear(row[s.hi:])
	}
}

// apart is shifted where elements of a row are a stride apart. Rows are short: no call for one.
func apart[T Float](e *expansion, s shift, rows, src []T) {
	for _, h := range e.heights {
		row := rows[:e.width]
		rows = rows[e.width:]
		if h < 0 || h >= e.image[1] {
			clear(row)
			continue
		}
		at, i := h*e.image[2]+s.first+s.lo*e.step, s.lo
		for k := range row[:s.lo] {
			row[k] = 0
		}
		for ; e.step == 2 && i+8 <= s.hi && at+16 <= len(src); i += 8 {
			to, from := (*[8]T)(row[i:]), (*[16]T)(src[at:])
			to[0], to[1], to[2], to[3] = from[0], from[2], from[4], from[6]
			to[4], to[5], to[6], to[7] = from[8], from[10], from[12], from[14]
			at += 16
		}
		for ; i < s.hi; i++ {
			row[i] = src[at]
			at += e.step
		}
		for ; i < len(row); i++ {
			row[i] = 0
		}
	}
}

// column copies rows of a single element.
func column[T Float](dst, src []T, d int, e *expansion) {
	src = src[d*e.image[1]:][:e.image[1]]
	for i, h := range e.heights {
		dst[i] = 0
		if h >= 0 && h < len(src) {
			dst[i] = src[h]
		}
	}
}

// rows lists, for an axis of the image that the kernel goes over, the rows that each of its places meets: those of the places
// that leave the same remainder by the stride follow one another. at[k] is the first row of place k of the kernel.
func (s *Shape) rows(i int) (rows, at []int) {
	stride, dilation := s.Stride[i], s.Dilation[i]
	at = make([]int, s.K[i])
	for phase := range min(stride, (s.K[i]-1)*dilation+1) {
		last := -1
		for k := range s.K[i] {
			if k*dilation%stride == phase {
				at[k] = len(rows) + k*dilation/stride
				last = k * dilation / stride
			}
		}
		for q := range last + s.Y[i] {
			if last >= 0 {
				rows = append(rows, q*stride+phase-s.Lo[i])
			}
		}
	}
	return slices.Clip(rows), at
}
