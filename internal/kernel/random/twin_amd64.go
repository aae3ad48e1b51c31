//go:build amd64 && !noasm

package random

import (
	"math"
	"sync"

	"chainrule/internal/kernel/cpu"
)

// schedule is what the twins read: both words of the first counter, keyed, and what Threefry adds after each four rounds.
type schedule [12]uint32

// schedules are kept from call to call: what is given to a function that is chosen at run time lies on the heap.
var schedules = sync.Pool{New: func() any { return new(schedule) }}

// twin draws numbers, a multiple of turn.
type twin[T any] struct {
	f    func(dst *T, s *uint32, n int)
	turn int
}

// twinOf is that of the CPU's level; its turn is 0 if there is none.
func twinOf[T any](avx2, avx512 func(dst *T, s *uint32, n int)) twin[T] {
	switch cpu.Active() {
	case cpu.AVX2:
		return twin[T]{avx2, 8}
	case cpu.AVX512:
		return twin[T]{avx512, 16}
	}
	return twin[T]{}
}

// draw draws as many numbers as it can, up to where the low word of the counter overflows, and returns how many.
func (t twin[T]) draw(dst []T, key Key, at uint64) int {
	n := int(min(uint64(len(dst)), math.MaxUint32+1-at&math.MaxUint32))
	if t.turn == 0 || n < t.turn {
		return 0
	}
	n -= n % t.turn
	k0, k1, k2 := key[0], key[1], key[0]^key[1]^parity
	s := schedules.Get().(*schedule)
	*s = schedule{uint32(at>>32) + k0, uint32(at) + k1, k1, k2 + 1, k2, k0 + 2, k0, k1 + 3, k1, k2 + 4, k2, k0 + 5}
	t.f(&dst[0], &s[0], n)
	schedules.Put(s)
	return n
}

// drawTwin is draw by the twins of an element type.
func drawTwin[T Float](
	dst []T, key Key, at uint64, f32 func() twin[float32], f64 func() twin[float64],
) int {
	switch dst := any(dst).(type) {
	case []float32:
		return f32().draw(dst, key, at)
	case []float64:
		return f64().draw(dst, key, at)
	}
	return 0
}

func bitsTwin(dst []int64, key Key, at uint64) int {
	return twinOf(bitsF64AVX2, bitsF64AVX512).draw(dst, key, at)
}

func uniformTwin[T Float](dst []T, key Key, at uint64) int {
	return drawTwin(dst, key, at, func() twin[float32] { return twinOf(uniformF32AVX2, uniformF32AVX512) },
		func() twin[float64] { return twinOf(uniformF64AVX2, uniformF64AVX512) })
}

func normalTwin[T Float](dst []T, key Key, at uint64) int {
	return drawTwin(dst, key, at, func() twin[float32] { return twinOf(normalF32AVX2, normalF32AVX512) },
		func() twin[float64] { return twinOf(normalF64AVX2, normalF64AVX512) })
}

func exponentialTwin[T Float](dst []T, key Key, at uint64) int {
	return drawTwin(dst, key, at, func() twin[float32] { return twinOf(exponentialF32AVX2, exponentialF32AVX512) },
		func() twin[float64] { return twinOf(exponentialF64AVX2, exponentialF64AVX512) })
}

func gumbelTwin[T Float](dst []T, key Key, at uint64) int {
	return drawTwin(dst, key, at, func() twin[float32] { return twinOf(gumbelF32AVX2, gumbelF32AVX512) },
		func() twin[float64] { return twinOf(gumbelF64AVX2, gumbelF64AVX512) })
}

func laplaceTwin[T Float](dst []T, key Key, at uint64) int {
	return drawTwin(dst, key, at, func() twin[float32] { return twinOf(laplaceF32AVX2, laplaceF32AVX512) },
		func() twin[float64] { return twinOf(laplaceF64AVX2, laplaceF64AVX512) })
}
