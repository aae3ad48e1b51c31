//go:build amd64 && !noasm

package vec

import (
	"unsafe"

	"chainrule/internal/kernel/cpu"
)

// whereTwin runs the assembly twin of Where, if the type is one that it can move without asking the garbage collector.
func whereTwin[T any](dst []T, c []bool, x, y []T) bool {
	n := len(dst)
	if n == 0 || cpu.Active() == cpu.Portable {
		return false
	}
	switch any(dst[0]).(type) {
	case float32, float64, int64:
	default:
		return false
	}
	if repeated(c, n) {
		chosen := y
		if c[0] {
			chosen = x
		}
		if repeated(chosen, n) {
			Fill(dst, chosen[0])
		} else {
			copy(dst, chosen)
		}
		return true
	}
	bits := repeats(x, y, n)
	d, p, q := unsafe.Pointer(&dst[0]), unsafe.Pointer(&x[0]), unsafe.Pointer(&y[0])
	switch wide := cpu.HasAVX512(); {
	case unsafe.Sizeof(x[0]) == 4 && wide:
		whereF32AVX512((*float32)(d), &c[0], (*float32)(p), (*float32)(q), n, bits)
	case unsafe.Sizeof(x[0]) == 4:
		whereF32AVX2((*float32)(d), &c[0], (*float32)(p), (*float32)(q), n, bits)
	case wide:
		whereF64AVX512((*float64)(d), &c[0], (*float64)(p), (*float64)(q), n, bits)
	default:
		whereF64AVX2((*float64)(d), &c[0], (*float64)(p), (*float64)(q), n, bits)
	}
	return true
}
