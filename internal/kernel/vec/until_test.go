package vec

import "testing"

// TestRowsStop: a row that is told to stop is not gone through, from either end, nor are columns.
func TestRowsStop(t *testing.T) {
	stop := make(chan struct{})
	close(stop)
	const n = 4 * unstopped
	x := make([]float64, n)
	for _, inner := range []int{1, 4} {
		for name, f := range map[string]func(dst []float64){
			"sums":              func(dst []float64) { CumSumUntil(stop, dst, x, 1, n/inner, inner) },
			"sums, back":        func(dst []float64) { CumSumBackUntil(stop, dst, x, 1, n/inner, inner) },
			"recurrences":       func(dst []float64) { RecurrenceUntil(stop, dst, x, x, 1, n/inner, inner) },
			"recurrences, back": func(dst []float64) { RecurrenceBackUntil(stop, dst, x, x, 1, n/inner, inner) },
		} {
			dst := make([]float64, n)
			for i := range dst {
				dst[i] = 7
			}
			f(dst)
			if kept := dst[n/2]; kept != 7 {
				t.Errorf("%s of %d columns: half way it wrote %v", name, inner, kept)
			}
		}
	}
}
