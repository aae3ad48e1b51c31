//go:build amd64 && !noasm

package vec

import (
	"unsafe"

	"chainrule/internal/kernel/cpu"
)

// transposeTwin does the blocks of transpose that fill registers, and returns the rows and columns of dst done.
func transposeTwin[T any](dst, src []T, m, n, dstStride, srcStride int) (rows, columns int) {
	if !cpu.HasAVX2() {
		return 0, 0
	}
	var zero T
	switch any(zero).(type) {
	case float32, float64, int64, uint32, uint64:
	default:
		return 0, 0
	}
	size := int(unsafe.Sizeof(zero))
	block := 32 / size
	rows, columns = m/block*block, n/block*block
	if rows == 0 || columns == 0 {
		return 0, 0
	}
	d, s := unsafe.Pointer(&dst[:(rows-1)*dstStride+columns][0]), unsafe.Pointer(&src[:(columns-1)*srcStride+rows][0])
	if size == 4 {
		transposeF32AVX2((*float32)(d), (*float32)(s), rows, columns, dstStride*size, srcStride*size)
	} else {
		transposeF64AVX2((*float64)(d), (*float64)(s), rows, columns, dstStride*size, srcStride*size)
	}
	return rows, columns
}
