package machine

import (
	"math"
	"sync"
	"time"
	"unsafe"

	"chainrule/internal/kernel/cpu"
)

// chains is the number of multiply-adds in an iteration of a peak loop.
const chains = 12

// loops are the loops of one level of the CPU.
type loops struct {
	exact              bool
	f32, f64           func(n int)
	f32Lanes, f64Lanes int
	triad, stream      func(a, b, c *float32, n int)
}

var portable = loops{
	f32: plainPeak[float32], f64: plainPeak[float64], f32Lanes: 1, f64Lanes: 1, triad: plainTriad, stream: plainTriad,
}

// Exact reports whether the loops reach the machine's limits.
func Exact() bool { return loopsFor(cpu.Active()).exact }

// iterations make a burst of about half a millisecond at six cycles each. Several goroutines get longer ones, so
// that starting them does not count.
const (
	iterations = 1 << 18
	longer     = 4
)

// PeakBurst does multiply-adds on that many goroutines at once, and returns the number of operations.
// The dtype is f32 or f64.
func PeakBurst(dtype string, workers int) (flops float64) {
	l := loopsFor(cpu.Active())
	loop, lanes, n := l.f32, l.f32Lanes, iterations
	if dtype == "f64" {
		loop, lanes = l.f64, l.f64Lanes
	}
	if !l.exact {
		n /= 8
	}
	if workers > 1 {
		n *= longer
	}
	together(workers, func(int) { loop(n) })
	return 2 * chains * float64(lanes) * float64(n) * float64(workers)
}

// Peak is the best rate of many bursts, in operations a second.
func Peak(dtype string, workers int, d time.Duration) float64 {
	best := 0.0
	for end := time.Now().Add(d); time.Now().Before(end); {
		start := time.Now()
		flops := PeakBurst(dtype, workers)
		best = max(best, flops/time.Since(start).Seconds())
	}
	return best
}

// A Level is a level of the memory, and the bytes that the three arrays of a triad have in it.
type Level struct {
	Name  string
	Bytes int
}

// Levels are sizes well inside each level of the memory of current processors, and well outside the last cache.
func Levels() []Level {
	return []Level{{"L1", 24 << 10}, {"L2", 384 << 10}, {"L3", 12 << 20}, {"DRAM", 192 << 20}}
}

// Bandwidth is the best rate of many triads over three arrays of that many bytes together, in bytes a second, each
// of the goroutines with its share of them. Where stores past the caches are faster, they count.
func Bandwidth(size, workers int, d time.Duration) float64 {
	l := loopsFor(cpu.Active())
	const step = 64                          // elements in an iteration of a loop
	n := max(1, size/12/workers/step) * step // elements of one goroutine's array
	repeat := max(1, (1<<20)/(12*n))         // a burst moves a megabyte at least
	a := make([][3][]float32, workers)
	for w := range a {
		for i := range a[w] {
			a[w][i] = aligned(n)
		}
	}
	best := 0.0
	for end, i := time.Now().Add(d), 0; i < 2 || time.Now().Before(end); i++ {
		loop := l.triad
		if i%2 == 1 {
			loop = l.stream
		}
		start := time.Now()
		together(workers, func(w int) {
			for range repeat {
				loop(&a[w][0][0], &a[w][1][0], &a[w][2][0], n)
			}
		})
		best = max(best, 12*float64(n)*float64(repeat)*float64(workers)/time.Since(start).Seconds())
	}
	return best
}

// together runs f on that many goroutines and waits for all.
func together(workers int, f func(w int)) {
	var all sync.WaitGroup
	for w := 1; w < workers; w++ {
		all.Go(func() { f(w) })
	}
	f(0)
	all.Wait()
}

// aligned returns ones on a boundary of 64 bytes, in memory that has been touched.
func aligned(n int) []float32 {
	v := make([]float32, n+16)
	off := 0
	for uintptr(unsafe.Pointer(&v[off]))%64 != 0 {
		off++
	}
	v = v[off:][:n]
	for i := range v {
		v[i] = 1
	}
	return v
}

func plainPeak[T float32 | float64](n int) {
	var a, b, c, d T
	s := T(0.5)
	for range n * chains / 4 {
		a, b, c, d = a*s+1, b*s+1, c*s+1, d*s+1
	}
	if sum := float64(a + b + c + d); math.IsNaN(sum) {
		panic(sum) // the compiler cannot know that it is not
	}
}

func plainTriad(a, b, c *float32, n int) {
	x, y, z := unsafe.Slice(a, n), unsafe.Slice(b, n), unsafe.Slice(c, n)
	for i := range x {
		x[i] = y[i] + 3*z[i]
	}
}
