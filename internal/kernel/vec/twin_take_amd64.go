//go:build amd64 && !noasm

package vec

import (
	"unsafe"

	"chainrule/internal/kernel/cpu"
)

// fillTwin sets every element of dst to v, and reports whether there is a twin for it.
func fillTwin[T any](dst []T, v *T) bool {
	if cpu.Active() == cpu.Portable {
		return false
	}
	d, x, n, wide := unsafe.Pointer(&dst[0]), unsafe.Pointer(v), len(dst), cpu.HasAVX512()
	switch size := unsafe.Sizeof(*v); {
	case size == 4 && wide:
		fillF32AVX512((*float32)(d), (*float32)(x), n)
	case size == 4:
		fillF32AVX2((*float32)(d), (*float32)(x), n)
	case size == 8 && wide:
		fillF64AVX512((*float64)(d), (*float64)(x), n)
	case size == 8:
		fillF64AVX2((*float64)(d), (*float64)(x), n)
	default:
		return false
	}
	return true
}

// takeTwin copies rows idx[k] of src, of n elements each, to rows k of dst, and reports whether there is a twin for it.
// All indices are in range.
func takeTwin[T any](dst, src []T, idx []int64, n int) bool {
	if len(dst) == 0 || !cpu.HasAVX512() {
		return false
	}
	d, s, rows := unsafe.Pointer(&dst[0]), unsafe.Pointer(&src[0]), len(idx)
	switch unsafe.Sizeof(dst[0]) {
	case 4:
		if n == 1 {
			takeElementsF32AVX512((*float32)(d), (*float32)(s), &idx[0], rows, n)
		} else {
			takeRowsF32AVX512((*float32)(d), (*float32)(s), &idx[0], rows, n)
		}
	case 8:
		if n == 1 {
			takeElementsF64AVX512((*float64)(d), (*float64)(s), &idx[0], rows, n)
		} else {
			takeRowsF64AVX512((*float64)(d), (*float64)(s), &idx[0], rows, n)
		}
	default:
		return false
	}
	return true
}

// scatterTwin adds rows k of src, of n elements each, to rows idx[k] of dst, in order, and reports whether there is a
// twin for it. All indices are in range. Rows shorter than a register have none: one that is read soon after a masked
// store waits for it.
func scatterTwin[T Num](dst, src []T, idx []int64, n int) bool {
	if isInt[T]() || len(src) == 0 || n*int(unsafe.Sizeof(src[0])) < 64 || !cpu.HasAVX512() {
		return false
	}
	d, s, rows := unsafe.Pointer(&dst[0]), unsafe.Pointer(&src[0]), len(idx)
	if unsafe.Sizeof(dst[0]) == 4 {
		scatterRowsF32AVX512((*float32)(d), (*float32)(s), &idx[0], rows, n)
	} else {
		scatterRowsF64AVX512((*float64)(d), (*float64)(s), &idx[0], rows, n)
	}
	return true
}
