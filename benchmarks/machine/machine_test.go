package machine

import (
	"testing"
	"time"

	"chainrule/internal/kernel/cpu"
)

// TestTriad: both loops of every level compute the triad, so that what is timed is the work that is counted.
func TestTriad(t *testing.T) {
	const n = 256
	for _, level := range cpu.Levels() {
		l := loopsFor(level)
		for name, loop := range map[string]func(a, b, c *float32, n int){"triad": l.triad, "stream": l.stream} {
			a, b, c := aligned(n), aligned(n), aligned(n)
			for i := range n {
				b[i], c[i] = float32(i), float32(2*i)
			}
			loop(&a[0], &b[0], &c[0], n)
			for i, got := range a {
				if want := float32(7 * i); got != want {
					t.Fatalf("%v, %s: a[%d] = %v, want %v", level, name, i, got, want)
				}
			}
		}
	}
}

// TestLimits: each level of the CPU gives a rate, and the longer bursts of two goroutines count the work of both.
func TestLimits(t *testing.T) {
	for _, level := range cpu.Levels() {
		restore := cpu.Force(level)
		if Exact() != (level > cpu.Portable) {
			t.Errorf("%v: Exact() = %v", level, Exact())
		}
		for _, dtype := range []string{"f32", "f64"} {
			if one, two := PeakBurst(dtype, 1), PeakBurst(dtype, 2); two != 2*longer*one || one <= 0 {
				t.Errorf("%v %s: bursts of %v and %v operations", level, dtype, one, two)
			}
			if r := Peak(dtype, 1, time.Millisecond); r <= 0 {
				t.Errorf("%v %s: peak %v", level, dtype, r)
			}
		}
		if r := Bandwidth(1<<16, 2, time.Millisecond); r <= 0 {
			t.Errorf("%v: bandwidth %v", level, r)
		}
		restore()
	}
}

func BenchmarkPeak(b *testing.B) {
	for _, dtype := range []string{"f32", "f64"} {
		b.Run("dtype="+dtype, func(b *testing.B) {
			flops := 0.0
			for b.Loop() {
				flops += PeakBurst(dtype, 1)
			}
			b.ReportMetric(flops/b.Elapsed().Seconds()/1e9, "GFLOP/s")
		})
	}
}

func BenchmarkTriad(b *testing.B) {
	for _, l := range Levels() {
		b.Run("level="+l.Name, func(b *testing.B) {
			best := 0.0
			for b.Loop() {
				best = max(best, Bandwidth(l.Bytes, 1, 0))
			}
			b.ReportMetric(best/1e9, "GB/s")
		})
	}
}
