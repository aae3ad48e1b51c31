package vec

// CumSumBack is CumSum from the last element to the first.
func CumSumBack[T Num](dst, x []T, outer, r, inner int) {
	checkSame(len(dst), len(x), outer, r, inner)
	for o := range outer {
		d, s := dst[o*r*inner:(o+1)*r*inner], x[o*r*inner:(o+1)*r*inner]
		copy(d[max(0, len(d)-inner):], s[max(0, len(s)-inner):])
		for k := len(s) - inner - 1; k >= 0; k-- {
			d[k] = d[k+inner] + s[k]
		}
	}
}

// Recurrence sets dst [outer, r, inner] along the middle axis to h₀ = b₀, hₖ = aₖ·hₖ₋₁ + bₖ; a₀ is not read. The
// product is rounded before the sum. dst may be a or b.
func Recurrence[T Float](dst, a, b []T, outer, r, inner int) {
	recurrence(dst, a, b, outer, r, inner, 0, 1)
}

// RecurrenceBack is Recurrence from the last element to the first: hₖ = aₖ·hₖ₊₁ + bₖ.
func RecurrenceBack[T Float](dst, a, b []T, outer, r, inner int) {
	recurrence(dst, a, b, outer, r, inner, r-1, -1)
}

// recurrence begins with the given element of the middle axis and goes on by step.
func recurrence[T Float](dst, a, b []T, outer, r, inner, first, step int) {
	checkSame(len(dst), len(a), outer, r, inner)
	checkSame(len(dst), len(b), outer, r, inner)
	for o := range outer {
		if r == 0 {
			return
		}
		at := (o*r + first) * inner
		copy(dst[at:at+inner], b[at:at+inner])
		for range r - 1 {
			h := dst[at : at+inner]
			at += step * inner
			next, factor, term := dst[at:at+inner], a[at:at+inner], b[at:at+inner]
			for i, v := range h {
				next[i] = T(factor[i]*v) + term[i]
			}
		}
	}
}
