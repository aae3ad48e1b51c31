package linalg

import (
	"math"

	"chainrule/internal/kernel/gemm"
)

// Products of reflections I − τ·v·vᵀ in compact form (Schreiber and Van Loan, SIAM J. Sci. Stat. Comput. 10-1, 1989):
// H₀·…·H_b₋₁ = I − Vᵀ·T·V, where the rows of V are the vectors, and T is upper triangular.

// blocked is how many reflections are applied together.
const blocked = 32

// width is how many reflections of a matrix of n rows are applied together: of few rows, panels are much of the work.
func width(n int) int {
	switch {
	case n <= 128:
		return blocked / 4
	case n <= 320:
		return blocked / 2
	}
	return blocked
}

// compact sets t to T, in rows of b elements, for the b rows of v. gram has room for b² elements.
func compact[T Float](v Matrix[T], tau, t, gram []T) {
	b := v.Rows
	clear(t[:b*b])
	gemm.Gemm(false, true, b, b, v.Cols, v.Data, v.LD, v.Data, v.LD, gram, b, &gemm.Epilogue[T]{Stop: v.Stop}, 1)
	for j := range b { // column j of T is −τ·T·V·vⱼ
		for i := range j {
			sum := T(0)
			for k := i; k < j; k++ {
				sum += T(t[i*b+k] * gram[k*b+j])
			}
			t[i*b+j] = -tau[j] * sum
		}
		t[j*b+j] = tau[j]
	}
}

// A wing is which side of a matrix reflections are on, and whether their product is transposed.
type wing struct{ right, trans bool }

// applyCompact multiplies c by I − Vᵀ·T·V, or its transpose. scratch holds 2·b·rows elements, the rows being c's columns if
// the product is on the left. t is −T.
func applyCompact[T Float](c, v Matrix[T], t []T, w wing, scratch []T, workers int) {
	b := v.Rows
	if c.Rows == 0 || c.Cols == 0 || b == 0 {
		return
	}
	stop := &gemm.Epilogue[T]{Stop: c.Stop}
	add := &gemm.Epilogue[T]{Stop: c.Stop, Accumulate: true}
	if w.right { // c − (c·Vᵀ)·op(T)·V
		n := c.Rows
		first, second := scratch[:n*b], scratch[n*b:2*n*b]
		gemm.Gemm(false, true, n, b, c.Cols, c.Data, c.LD, v.Data, v.LD, first, b, stop, workers)
		gemm.Gemm(false, w.trans, n, b, b, first, b, t, b, second, b, stop, workers)
		gemm.Gemm(false, false, n, c.Cols, b, second, b, v.Data, v.LD, c.Data, c.LD, add, workers)
		return
	}
	n := c.Cols
	first, second := scratch[:n*b], scratch[n*b:2*n*b]
	gemm.Gemm(false, false, b, n, c.Rows, v.Data, v.LD, c.Data, c.LD, first, n, stop, workers)
	gemm.Gemm(w.trans, false, b, n, b, t, b, first, n, second, n, stop, workers)
	gemm.Gemm(true, false, c.Rows, n, b, v.Data, v.LD, second, n, c.Data, c.LD, add, workers)
}

// house turns x into the vector v, which begins with 1, of the reflection H = I − τ·v·vᵀ that takes x to beta times the first
// axis. If x has but one element that is not 0, and that is the first, H is I (LAPACK's Dlarfg).
func house[T Float](x []T) (tau, beta T) {
	largest := T(0)
	for _, v := range x[1:] {
		largest = max(largest, v, -v)
	}
	if largest == 0 {
		beta, x[0] = x[0], 1
		return 0, beta
	}
	largest = max(largest, x[0], -x[0])
	if largest > 0x1p-60 && largest < 0x1p60 {
		largest = 1
	} else {
		for i := range x { // so that squares neither overflow nor vanish
			x[i] /= largest
		}
	}
	sum, more, i := 0.0, 0.0, 0
	for ; i+2 <= len(x); i += 2 {
		s, t := float64(x[i]), float64(x[i+1])
		sum += float64(s * s)
		more += float64(t * t)
	}
	if i < len(x) {
		s := float64(x[i])
		sum += float64(s * s)
	}
	sum += more
	norm, head := T(math.Sqrt(sum)), x[0]
	if head > 0 {
		norm = -norm // so that nothing cancels
	}
	scale := 1 / (head - norm)
	for i := range x {
		x[i] *= scale
	}
	x[0] = 1
	return (norm - head) / norm, norm * largest
}
