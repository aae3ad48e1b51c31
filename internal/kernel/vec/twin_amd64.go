//go:build amd64 && !noasm

package vec

import (
	"unsafe"

	"chainrule/internal/kernel/cpu"
)

// noTwin is the index of an operation that has to be done by the portable loop.
const noTwin = -1

// twinIndex is the index into the table of twins of an operation on n elements of type T.
func twinIndex[T Num](o op, n int) int {
	level := int(cpu.Active())
	if level == int(cpu.Portable) || n == 0 || isInt[T]() {
		return noTwin
	}
	var zero T
	return ((level-int(cpu.AVX2))*2+int(unsafe.Sizeof(zero)/8))*int(opCount) + int(o)
}

// repeats is the argument of binary twins: a bit for each operand that is a single, repeated element.
func repeats[T any](x, y []T, n int) (bits int) {
	if repeated(x, n) {
		bits = 1
	}
	if repeated(y, n) {
		bits |= 2
	}
	return bits
}

// unaryTwin runs the assembly twin of o and reports whether it may. A repeated operand is computed once, by the
// twin too, so that an element's result does not depend on how it came to be there.
func unaryTwin[T Num](o op, dst, x []T) bool {
	n := len(dst)
	index := twinIndex[T](o, n)
	if index == noTwin {
		return false
	}
	if repeated(x, n) {
		callUnary(unsafe.Pointer(&dst[0]), unsafe.Pointer(&x[0]), 1, index)
		Fill(dst[1:], dst[0])
		return true
	}
	callUnary(unsafe.Pointer(&dst[0]), unsafe.Pointer(&x[0]), n, index)
	return true
}

// binaryTwin runs the assembly twin of o and reports whether it may.
func binaryTwin[T Num](o op, dst, x, y []T) bool {
	n := len(dst)
	index := twinIndex[T](o, n)
	if index == noTwin {
		return false
	}
	bits := repeats(x, y, n)
	callBinary(unsafe.Pointer(&dst[0]), unsafe.Pointer(&x[0]), unsafe.Pointer(&y[0]), n, bits, index)
	return true
}

// ternaryTwin runs the assembly twin of o and reports whether it may.
func ternaryTwin[T Num](o op, dst, x, y, z []T) bool {
	n := len(dst)
	index := twinIndex[T](o, n)
	if index == noTwin {
		return false
	}
	bits := repeats(x, y, n)
	if repeated(z, n) {
		bits |= 4
	}
	d, a, b, c := unsafe.Pointer(&dst[0]), unsafe.Pointer(&x[0]), unsafe.Pointer(&y[0]), unsafe.Pointer(&z[0])
	callTernary(d, a, b, c, n, bits, index)
	return true
}

// compareTwin runs the assembly twin of o and reports whether it may.
func compareTwin[T Num](o op, dst []bool, x, y []T) bool {
	n := len(dst)
	index := twinIndex[T](o, n)
	if index == noTwin {
		return false
	}
	bits := repeats(x, y, n)
	callBinary(unsafe.Pointer(&dst[0]), unsafe.Pointer(&x[0]), unsafe.Pointer(&y[0]), n, bits, index)
	return true
}

// rowsTwin reduces rows of r elements, as many as dst is long, and reports whether it may.
func rowsTwin[T Num](o op, dst, x []T, r int) bool {
	index := twinIndex[T](o, len(dst))
	if index == noTwin || r == 0 {
		return false
	}
	callRows(unsafe.Pointer(&dst[0]), unsafe.Pointer(&x[:len(dst)*r][0]), r, len(dst), index)
	return true
}

// softTwin does softmax and its relatives on rows of r elements, if they are short enough to stay in registers.
func softTwin[T Float](o op, dst, x []T, rows, r int) bool {
	index := twinIndex[T](o, rows)
	if index == noTwin || r == 0 || r > lanes[T]() || !cpu.HasAVX512() {
		return false
	}
	callRows(unsafe.Pointer(&dst[0]), unsafe.Pointer(&x[:rows*r][0]), r, rows, index)
	return true
}

// guardLimit is the argument up to which guarded twins compute; beyond, it is the portable function's turn.
const guardLimit = 1 << 29

// guardedTwin is unaryTwin for functions whose twin stops at arguments too large for it. Only those elements are left
// to the portable function f, so that an element's result does not depend on its neighbours.
func guardedTwin[T Float](o op, dst, x []T, f func(float64) float64) bool {
	n := len(dst)
	if n == 0 || cpu.Active() == cpu.Portable {
		return false
	}
	if repeated(x, n) {
		guardedTwin(o, dst[:1], x, f)
		Fill(dst[1:], dst[0])
		return true
	}
	for {
		done := guarded(o, dst, x)
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
				guarded(o, dst[i:i+1], x[i:i+1])
			}
		}
		if len(dst) <= vector {
			return true
		}
		dst, x = dst[vector:], x[vector:]
	}
}

// guarded returns how many elements the twin has done.
func guarded[T Float](o op, dst, x []T) int {
	d, p, n := unsafe.Pointer(&dst[0]), unsafe.Pointer(&x[0]), len(dst)
	switch wide := cpu.HasAVX512(); {
	case unsafe.Sizeof(dst[0]) == 4 && wide:
		return guardedF32AVX512(o, (*float32)(d), (*float32)(p), n)
	case unsafe.Sizeof(dst[0]) == 4:
		return guardedF32AVX2(o, (*float32)(d), (*float32)(p), n)
	case wide:
		return guardedF64AVX512(o, (*float64)(d), (*float64)(p), n)
	}
	return guardedF64AVX2(o, (*float64)(d), (*float64)(p), n)
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
