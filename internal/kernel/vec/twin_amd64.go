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

// guardLimit is the argument up to which guarded twins compute; beyond, it is the portable function's turn.
const guardLimit = 1 << 29

// guardedTwin is unaryTwin for functions whose twin stops at arguments too large for it. Only those elements are left
// to the portable function f, so that an element's result does not depend on its neighbours.
func guardedTwin[T Float](op unaryOp, dst, x []T, f func(float64) float64) bool {
	n := len(dst)
	if n == 0 || cpu.Active() == cpu.Portable {
		return false
	}
	if repeated(x, n) {
		guardedTwin(op, dst[:1], x, f)
		Fill(dst[1:], dst[0])
		return true
	}
	for {
		done := guarded(op, dst, x)
		if done == len(dst) {
			return true
		}
		dst, x = dst[done:], x[done:]
		// The next vector has a large argument; no vector is longer than this.
		const vector = 16
		for i := range min(vector, len(dst)) {
			if a := float64(x[i]); a > guardLimit || a < -guardLimit {
				dst[i] = T(f(a))
			} else {
				guarded(op, dst[i:i+1], x[i:i+1])
			}
		}
		if len(dst) <= vector {
			return true
		}
		dst, x = dst[vector:], x[vector:]
	}
}

// guarded returns how many elements the twin has done.
func guarded[T Float](op unaryOp, dst, x []T) int {
	d, p, n := unsafe.Pointer(&dst[0]), unsafe.Pointer(&x[0]), len(dst)
	switch wide := cpu.HasAVX512(); {
	case unsafe.Sizeof(dst[0]) == 4 && wide:
		return guardedF32AVX512(op, (*float32)(d), (*float32)(p), n)
	case unsafe.Sizeof(dst[0]) == 4:
		return guardedF32AVX2(op, (*float32)(d), (*float32)(p), n)
	case wide:
		return guardedF64AVX512(op, (*float64)(d), (*float64)(p), n)
	}
	return guardedF64AVX2(op, (*float64)(d), (*float64)(p), n)
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

// rowsTwin reduces rows of r elements, as many as dst is long, and reports whether there is a twin for it.
func rowsTwin[T Num](op rowOp, dst, x []T, r int) bool {
	if isInt[T]() || r == 0 || len(dst) == 0 || cpu.Active() == cpu.Portable {
		return false
	}
	x = x[:len(dst)*r]
	d, p, rows := unsafe.Pointer(&dst[0]), unsafe.Pointer(&x[0]), len(dst)
	switch wide := cpu.HasAVX512(); {
	case unsafe.Sizeof(dst[0]) == 4 && wide:
		rowsF32AVX512(op, (*float32)(d), (*float32)(p), r, rows)
	case unsafe.Sizeof(dst[0]) == 4:
		rowsF32AVX2(op, (*float32)(d), (*float32)(p), r, rows)
	case wide:
		rowsF64AVX512(op, (*float64)(d), (*float64)(p), r, rows)
	default:
		rowsF64AVX2(op, (*float64)(d), (*float64)(p), r, rows)
	}
	return true
}

// softTwin does softmax and its relatives on rows of r elements, if they are short enough to stay in registers.
func softTwin[T Float](op rowOp, dst, x []T, rows, r int) bool {
	if r == 0 || r > lanes[T]() || rows == 0 || !cpu.HasAVX512() {
		return false
	}
	d, p := unsafe.Pointer(&dst[0]), unsafe.Pointer(&x[:rows*r][0])
	if unsafe.Sizeof(dst[0]) == 4 {
		rowsF32AVX512(op, (*float32)(d), (*float32)(p), r, rows)
	} else {
		rowsF64AVX512(op, (*float64)(d), (*float64)(p), r, rows)
	}
	return true
}

// columnsTwin adds up r > 0 rows, stride apart, into dst, first to last, and reports whether there is a twin for it.
func columnsTwin[T Num](dst, x []T, r, stride int) bool {
	if isInt[T]() || r == 0 || len(dst) == 0 || cpu.Active() == cpu.Portable {
		return false
	}
	x = x[:(r-1)*stride+len(dst)]
	d, p, n, size := unsafe.Pointer(&dst[0]), unsafe.Pointer(&x[0]), len(dst), int(unsafe.Sizeof(dst[0]))
	switch wide := cpu.HasAVX512(); {
	case size == 4 && wide:
		sumColumnsF32AVX512((*float32)(d), (*float32)(p), n, r, stride*size)
	case size == 4:
		sumColumnsF32AVX2((*float32)(d), (*float32)(p), n, r, stride*size)
	case wide:
		sumColumnsF64AVX512((*float64)(d), (*float64)(p), n, r, stride*size)
	default:
		sumColumnsF64AVX2((*float64)(d), (*float64)(p), n, r, stride*size)
	}
	return true
}
