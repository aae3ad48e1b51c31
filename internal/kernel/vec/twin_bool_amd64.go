//go:build amd64 && !noasm

package vec

import (
	"unsafe"

	"chainrule/internal/kernel/cpu"
)

// compareTwin runs the assembly twin of op and reports whether there is one.
func compareTwin[T Num](op compareOp, dst []bool, x, y []T) bool {
	n := len(dst)
	if isInt[T]() || n == 0 || cpu.Active() == cpu.Portable {
		return false
	}
	mode := 0
	if repeated(x, n) {
		mode = 1
	}
	if repeated(y, n) {
		mode |= 2
	}
	d, p, q := &dst[0], unsafe.Pointer(&x[0]), unsafe.Pointer(&y[0])
	switch wide := cpu.HasAVX512(); {
	case unsafe.Sizeof(x[0]) == 4 && wide:
		compareF32AVX512(op, d, (*float32)(p), (*float32)(q), n, mode)
	case unsafe.Sizeof(x[0]) == 4:
		compareF32AVX2(op, d, (*float32)(p), (*float32)(q), n, mode)
	case wide:
		compareF64AVX512(op, d, (*float64)(p), (*float64)(q), n, mode)
	default:
		compareF64AVX2(op, d, (*float64)(p), (*float64)(q), n, mode)
	}
	return true
}

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
	mode := 0
	if repeated(x, n) {
		mode = 1
	}
	if repeated(y, n) {
		mode |= 2
	}
	d, p, q := unsafe.Pointer(&dst[0]), unsafe.Pointer(&x[0]), unsafe.Pointer(&y[0])
	switch wide := cpu.HasAVX512(); {
	case unsafe.Sizeof(x[0]) == 4 && wide:
		whereF32AVX512((*float32)(d), &c[0], (*float32)(p), (*float32)(q), n, mode)
	case unsafe.Sizeof(x[0]) == 4:
		whereF32AVX2((*float32)(d), &c[0], (*float32)(p), (*float32)(q), n, mode)
	case wide:
		whereF64AVX512((*float64)(d), &c[0], (*float64)(p), (*float64)(q), n, mode)
	default:
		whereF64AVX2((*float64)(d), &c[0], (*float64)(p), (*float64)(q), n, mode)
	}
	return true
}
