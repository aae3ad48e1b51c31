package vec

// CumSum sets dst [outer, r, inner] to the running sums along the middle axis of x. They are added up in blocks of 16, and
// the sum of the blocks so far is kept as a pair of numbers, a rounded one and what rounding has lost, so that the error is
// at most 9 eps times the sum of the sizes; that of float32 is kept in float64. dst may be x.
func CumSum[T Num](dst, x []T, outer, r, inner int) { runningSum(dst, x, outer, r, inner, 0, 1) }

// CumSumBack is CumSum from the last element to the first.
func CumSumBack[T Num](dst, x []T, outer, r, inner int) { runningSum(dst, x, outer, r, inner, r-1, -1) }

// runBlock is the number of elements that are added up before they join the sum of those before them.
const runBlock = 16

func runningSum[T Num](dst, x []T, outer, r, inner, first, step int) {
	if d, ok := any(dst).([]float32); ok {
		cumSum[float32, float64](d, any(x).([]float32), outer, r, inner, first, step)
		return
	}
	cumSum[T, T](dst, x, outer, r, inner, first, step)
}

// cumSum begins with the given element of the middle axis and goes on by step. It adds up numbers of type A.
func cumSum[T, A Num](dst, x []T, outer, r, inner, first, step int) {
	checkSame(len(dst), len(x), outer, r, inner)
	if r == 0 || inner == 0 {
		return
	}
	for o := range outer {
		at := (o*r + first) * inner
		switch {
		case inner == 1:
			runRow[T, A](dst, x, at, step, r)
		case r <= runBlock:
			copy(dst[at:at+inner], x[at:at+inner])
			for range r - 1 {
				last := dst[at:][:inner]
				at += step * inner
				Add(dst[at:at+inner], last, x[at:at+inner])
			}
		default:
			for c := 0; c < inner; c += tileColumns {
				runColumns[T, A](dst, x, at+c, step*inner, r, min(tileColumns, inner-c))
			}
		}
	}
}

// runRow adds up r elements from the given one on.
func runRow[T, A Num](dst, x []T, at, step, r int) {
	var total, low A
	total, low = -total, -low // −0
	for r > 0 {
		run := A(x[at])
		dst[at] = T(total + (low + run))
		at += step
		n := min(r, runBlock)
		for range n - 1 {
			run += A(x[at])
			dst[at] = T(total + (low + run))
			at += step
		}
		total, low = addPair(total, low+run)
		r -= n
	}
}

// runColumns is runRow for w columns whose rows are stride apart.
func runColumns[T, A Num](dst, x []T, at, stride, r, w int) {
	var totals, lows, runs [tileColumns]A
	total, low, run := totals[:w], lows[:w], runs[:w]
	for j := range w {
		total[j], low[j] = -total[j], -low[j]
	}
	for k := range r {
		d, row := dst[at:at+w], x[at:at+w]
		if k%runBlock == 0 {
			for j, v := range row {
				if k > 0 {
					total[j], low[j] = addPair(total[j], low[j]+run[j])
				}
				run[j] = A(v)
			}
		} else {
			for j, v := range row {
				run[j] += A(v)
			}
		}
		for j, v := range run {
			d[j] = T(total[j] + (low[j] + v))
		}
		at += stride
	}
}

// addPair is a + b as a rounded sum and what that has lost (Knuth 1969): −0, which changes nothing that it is added to, if
// that is nothing or the sum is not finite.
func addPair[T Num](a, b T) (sum, lost T) {
	sum = a + b
	b2 := sum - a
	lost = (a - (sum - b2)) + (b - b2)
	if lost == 0 || sum-sum != 0 {
		var zero T
		lost = -zero
	}
	return sum, lost
}

// Recurrence sets dst [outer, r, inner] along the middle axis to h₀ = b₀, hₖ = aₖ·hₖ₋₁ + bₖ; a₀ is not read. h is kept
// in float64, and the product is rounded to that before the sum. dst may be a or b.
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
	if r == 0 {
		return
	}
	for o := range outer {
		start := (o*r + first) * inner
		for c := 0; c < inner; c += tileColumns {
			var state [tileColumns]float64
			at, w := start+c, min(tileColumns, inner-c)
			for j, v := range b[at : at+w] {
				state[j] = float64(v)
			}
			copy(dst[at:at+w], b[at:at+w])
			if w == 1 {
				recurrenceRow(dst, a, b, at, step*inner, r, state[0])
				continue
			}
			h := state[:w]
			for range r - 1 {
				at += step * inner
				next, factor, term := dst[at:at+w], a[at:at+w], b[at:at+w]
				for j, v := range h {
					v = float64(float64(factor[j])*v) + float64(term[j])
					h[j], next[j] = v, T(v)
				}
			}
		}
	}
}

// recurrenceRow goes on from h at the given element.
func recurrenceRow[T Float](dst, a, b []T, at, stride, r int, h float64) {
	for range r - 1 {
		at += stride
		h = float64(float64(a[at])*h) + float64(b[at])
		dst[at] = T(h)
	}
}
