//go:build amd64 && !noasm

package vec

import (
	"unsafe"

	"chainrule/internal/kernel/cpu"
)

// castFloatTwin converts between float32 and float64 and reports whether there is a twin for it.
func castFloatTwin[D, S Float](dst []D, x []S) bool {
	n := len(dst)
	if n == 0 || unsafe.Sizeof(dst[0]) == unsafe.Sizeof(x[0]) || cpu.Active() == cpu.Portable {
		return false
	}
	d, p := unsafe.Pointer(&dst[0]), unsafe.Pointer(&x[:n][0])
	switch wide := cpu.HasAVX512(); {
	case unsafe.Sizeof(x[0]) == 4 && wide:
		castToF64FromF32AVX512((*float64)(d), (*float32)(p), n)
	case unsafe.Sizeof(x[0]) == 4:
		castToF64FromF32AVX2((*float64)(d), (*float32)(p), n)
	case wide:
		castToF32FromF64AVX512((*float32)(d), (*float64)(p), n)
	default:
		castToF32FromF64AVX2((*float32)(d), (*float64)(p), n)
	}
	return true
}

// castFromIntTwin converts int64 to floats and reports whether there is a twin for it.
func castFromIntTwin[D Float](dst []D, x []int64) bool {
	n := len(dst)
	if n == 0 || !cpu.HasAVX512() {
		return false
	}
	d, p := unsafe.Pointer(&dst[0]), &x[:n][0]
	if unsafe.Sizeof(dst[0]) == 4 {
		castToF32FromInt64AVX512((*float32)(d), p, n)
	} else {
		castToF64FromInt64AVX512((*float64)(d), p, n)
	}
	return true
}

// castToIntTwin converts floats to int64 and reports whether there is a twin for it.
func castToIntTwin[S Float](dst []int64, x []S) bool {
	n := len(dst)
	if n == 0 || !cpu.HasAVX512() {
		return false
	}
	p := unsafe.Pointer(&x[:n][0])
	if unsafe.Sizeof(x[0]) == 4 {
		castToInt64FromF32AVX512(&dst[0], (*float32)(p), n)
	} else {
		castToInt64FromF64AVX512(&dst[0], (*float64)(p), n)
	}
	return true
}
