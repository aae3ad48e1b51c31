//go:build amd64 && !noasm

package vec

import (
	"unsafe"

	"chainrule/internal/kernel/cpu"
)

// unaryTwin runs the assembly twin of op and reports whether there is one. A repeated operand is computed once, by the
// twin too, so that an element's result does not depend on how it came to be there.
func unaryTwin[T Num](op unaryOp, dst, x []T) bool {
	n := len(dst)
	if isInt[T]() || n == 0 || cpu.Active() == cpu.Portable {
		return false
	}
	if repeated(x, n) {
		if !unaryTwin(op, dst[:1], x) {
			return false
		}
		Fill(dst[1:], dst[0])
		return true
	}
	d, s := unsafe.Pointer(&dst[0]), unsafe.Pointer(&x[0])
	if unsafe.Sizeof(dst[0]) == 4 {
		if cpu.HasAVX512() {
			return unaryF32AVX512(op, (*float32)(d), (*float32)(s), n)
		}
		return unaryF32AVX2(op, (*float32)(d), (*float32)(s), n)
	}
	if cpu.HasAVX512() {
		return unaryF64AVX512(op, (*float64)(d), (*float64)(s), n)
	}
	return unaryF64AVX2(op, (*float64)(d), (*float64)(s), n)
}

// binaryTwin runs the assembly twin of op and reports whether there is one.
func binaryTwin[T Num](op binaryOp, dst, x, y []T) bool {
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
	d, p, q := unsafe.Pointer(&dst[0]), unsafe.Pointer(&x[0]), unsafe.Pointer(&y[0])
	if unsafe.Sizeof(dst[0]) == 4 {
		if cpu.HasAVX512() {
			return binaryF32AVX512(op, (*float32)(d), (*float32)(p), (*float32)(q), n, mode)
		}
		return binaryF32AVX2(op, (*float32)(d), (*float32)(p), (*float32)(q), n, mode)
	}
	if cpu.HasAVX512() {
		return binaryF64AVX512(op, (*float64)(d), (*float64)(p), (*float64)(q), n, mode)
	}
	return binaryF64AVX2(op, (*float64)(d), (*float64)(p), (*float64)(q), n, mode)
}
