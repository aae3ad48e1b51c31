package vec

// CumSum sets dst [outer, r, inner] to the running sums along the middle axis of x. They are added up in blocks of 16, and
// the sum of the blocks so far is kept as a pair of numbers, a rounded one and what rounding has lost, so that the error is
// at most 9 eps times the sum of the sizes; that of float32 is kept in float64. dst may be x.
func CumSum[T Num](dst, x []T, outer, r, inner int) { CumSumUntil(nil, dst, x, outer, r, inner) }

// CumSumBack is CumSum from the last element to the first.
func CumSumBack[T Num](dst, x []T, outer, r, inner int) {
	CumSumBackUntil(nil, dst, x, outer, r, inner)
}

// CumSumUntil is CumSum that gives up, anywhere, when stop is closed.
func CumSumUntil[T Num](stop <-chan struct{}, dst, x []T, outer, r, inner int) {
	runningSum(stop, dst, x, outer, r, inner, 0, 1)
}

// CumSumBackUntil is CumSumBack that gives up, anywhere, when stop is closed.
func CumSumBackUntil[T Num](stop <-chan struct{}, dst, x []T, outer, r, inner int) {
	runningSum(stop, dst, x, outer, r, inner, r-1, -1)
}

// unstopped is after about how many elements a run of them looks whether it is to stop, in whole blocks.
const unstopped = 1 << 16

// closed reports whether stop, which may be nil, is closed.
func closed(stop <-chan struct{}) bool {
	select {
	case <-stop:
		return true
	default:
		return false
	}
}

// runBlock is the number of elements that are added up before they join the sum of those before them.
const runBlock = 16

func runningSum[T Num](stop <-chan struct{}, dst, x []T, outer, r, inner, first, step int) {
	if d, ok := any(dst).([]float32); ok {
		cumSum[float32, float64](stop, d, any(x).([]float32), outer, r, inner, first, step)
		return
	}
	cumSum[T, T](stop, dst, x, outer, r, inner, first, step)
}

// cumSum begins with the given element of the middle axis and goes on by step. It adds up numbers of type A.
func cumSum[T, A Num](stop <-chan struct{}, dst, x []T, outer, r, inner, first, step int) {
	checkSame(len(dst), len(x), outer, r, inner)
	if r == 0 || inner == 0 {
		return
	}
	for o := range outer {
		at := (o*r + first) * inner
		switch {
		case inner == 1:
			runRow[T, A](stop, dst, x, at, step, r)
		case r <= runBlock:
			copy(dst[at:at+inner], x[at:at+inner])
			for range r - 1 {
				last := dst[at:][:inner]
				at += step * inner
				Add(dst[at:at+inner], last, x[at:at+inner])
			}
		default:
			for c := 0; c < inner; c += tileColumns {
				runColumns[T, A](stop, dst, x, at+c, step*inner, r, min(tileColumns, inner-c))
			}
		}
	}
}

// runRow adds up r elements from the given one on.
func runRow[T, A Num](stop <-chan struct{}, dst, x []T, at, step, r int) {
	var total, low A
	total, low = -total, -low // −0
	for r > unstopped {
		if closed(stop) {
			return
		}
		total, low = runBlocks(dst, x, at, step, unstopped, total, low)
		at, r = at+unstopped*step, r-unstopped
	}
	runBlocks(dst, x, at, step, r, total, low)
}

// runBlocks goes on from a sum so far, and returns the next one.
func runBlocks[T, A Num](dst, x []T, at, step, r int, total, low A) (A, A) {
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
	return total, low
}

// runColumns is runRow for w columns whose rows are stride apart.
func runColumns[T, A Num](stop <-chan struct{}, dst, x []T, at, stride, r, w int) {
	var totals, lows, runs [tileColumns]A
	total, low, run := totals[:w], lows[:w], runs[:w]
	for j := range w {
		total[j], low[j] = -total[j], -low[j]
	}
	for k := range r {
		d, row := dst[at:at+w], x[at:at+w]
		if k%runBlock == 0 {
			if k%(unstopped/tileColumns) == 0 && closed(stop) {
				return
			}
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
	RecurrenceUntil(nil, dst, a, b, outer, r, inner)
}

// RecurrenceBack is Recurrence from the last element to the first: hₖ = aₖ·hₖ₊₁ + bₖ.
func RecurrenceBack[T Float](dst, a, b []T, outer, r, inner int) {
	RecurrenceBackUntil(nil, dst, a, b, outer, r, inner)
}

// RecurrenceUntil is Recurrence that gives up, anywhere, when stop is closed.
func RecurrenceUntil[T Float](stop <-chan struct{}, dst, a, b []T, outer, r, inner int) {
	recurrence(stop, dst, a, b, outer, r, inner, 0, 1)
}

// RecurrenceBackUntil is RecurrenceBack that gives up, anywhere, when stop is closed.
func RecurrenceBackUntil[T Float](stop <-chan struct{}, dst, a, b []T, outer, r, inner int) {
	recurrence(stop, dst, a, b, outer, r, inner, r-1, -1)
}

// SlopeRecurrenceUntil is RecurrenceUntil, but that aₖ·hₖ₋₁ is 0 where hₖ₋₁ is, though aₖ be infinite.
func SlopeRecurrenceUntil[T Float](stop <-chan struct{}, dst, a, b []T, outer, r, inner int) {
	if anyInfinite(a) {
		slopeRecurrence(stop, dst, a, b, outer, r, inner, 0, 1)
		return
	}
	recurrence(stop, dst, a, b, outer, r, inner, 0, 1)
}

// SlopeRecurrenceBackUntil is SlopeRecurrenceUntil from the last element to the first.
func SlopeRecurrenceBackUntil[T Float](stop <-chan struct{}, dst, a, b []T, outer, r, inner int) {
	if anyInfinite(a) {
		slopeRecurrence(stop, dst, a, b, outer, r, inner, r-1, -1)
		return
	}
	recurrence(stop, dst, a, b, outer, r, inner, r-1, -1)
}

// anyInfinite reports whether an element is ±Inf or NaN.
func anyInfinite[T Float](x []T) bool {
	for _, v := range x {
		if v-v != 0 {
			return true
		}
	}
	return false
}

// slopeRecurrence is recurrence column by column.
func slopeRecurrence[T Float](stop <-chan struct{}, dst, a, b []T, outer, r, inner, first, step int) {
	checkSame(len(dst), len(a), outer, r, inner)
	checkSame(len(dst), len(b), outer, r, inner)
	for o := range outer {
		for j := range inner {
			h, at := 0.0, (o*r+first)*inner+j
			for k := range r {
				if k%unstopped == 0 && closed(stop) {
					return
				}
				if k > 0 && h != 0 {
					h *= float64(a[at])
				}
				h += float64(b[at])
				dst[at] = T(h)
				at += step * inner
			}
		}
	}
}

// recurrence begins with the given element of the middle axis and goes on by step.
func recurrence[T Float](stop <-chan struct{}, dst, a, b []T, outer, r, inner, first, step int) {
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
				recurrenceRow(stop, dst, a, b, at, step*inner, r, state[0])
				continue
			}
			h := state[:w]
			for k := range r - 1 {
				if k%(unstopped/tileColumns) == 0 && closed(stop) {
					return
				}
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
func recurrenceRow[T Float](stop <-chan struct{}, dst, a, b []T, at, stride, r int, h float64) {
	for ; r > unstopped; r -= unstopped {
		if closed(stop) {
			return
		}
		h = recurrenceRun(dst, a, b, at, stride, unstopped, h)
		at += unstopped * stride
	}
	recurrenceRun(dst, a, b, at, stride, r-1, h)
}

// recurrenceRun makes so many steps, and returns the last value.
func recurrenceRun[T Float](dst, a, b []T, at, stride, steps int, h float64) float64 {
	for range steps {
		at += stride
		h = float64(float64(a[at])*h) + float64(b[at])
		dst[at] = T(h)
	}
	return h
}
