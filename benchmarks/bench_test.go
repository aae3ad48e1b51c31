package benchmarks

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"chainrule/benchmarks/machine"
	"chainrule/benchmarks/ours"
	"chainrule/benchmarks/workload"
)

func BenchmarkGemm(b *testing.B) {
	for _, name := range workload.Names() {
		if c := parse(b, name); c.Kind == workload.Gemm {
			bench(b, c, "form=%s/dtype=%s/size=%dx%dx%d", c.Form, c.DType, c.M, c.K, c.N)
		}
	}
}

func BenchmarkMLP(b *testing.B) {
	for _, batch := range []int{32, 64, 128, 512} {
		bench(b, parse(b, fmt.Sprintf("mlp_f32_b%d", batch)), "batch=%d/dtype=f32", batch)
	}
}

func BenchmarkNielsen(b *testing.B) {
	for _, dtype := range []string{"f32", "f64"} {
		bench(b, parse(b, fmt.Sprintf("nielsen_%s_b10", dtype)), "batch=10/dtype=%s", dtype)
	}
}

func BenchmarkChain(b *testing.B) {
	for _, dtype := range []string{"f32", "f64"} {
		for _, n := range []int{10_000, 1_000_000} {
			bench(b, parse(b, fmt.Sprintf("chain_%s_n%d", dtype, n)), "n=%d/dtype=%s", n, dtype)
		}
	}
}

func BenchmarkScalar(b *testing.B) {
	bench(b, parse(b, "scalar1000"), "ops=1000")
}

func BenchmarkCompile(b *testing.B) {
	bench(b, parse(b, "compile_mlp"), "graph=mlp")
	for _, ops := range []int{1000, 1_000_000} {
		bench(b, parse(b, fmt.Sprintf("compile_n%d", ops)), "graph=scalar/ops=%d", ops)
	}
}

func parse(b *testing.B, name string) workload.Case {
	b.Helper()
	c, err := workload.Parse(name)
	if err != nil {
		b.Fatal(err)
	}
	return c
}

// bench runs a case under a name, after its answer has been checked.
func bench(b *testing.B, c workload.Case, format string, args ...any) {
	b.Run(fmt.Sprintf(format, args...), func(b *testing.B) {
		threads := runtime.GOMAXPROCS(0)
		s, err := ours.New(c, threads)
		if err != nil {
			b.Fatal(err)
		}
		answer, err := s.Answer()
		if err != nil {
			b.Fatal(err)
		}
		if err := c.Agree(answer, referenceOf(c)); err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			if err := s.Step(); err != nil {
				b.Fatal(err)
			}
		}
		perSecond := float64(b.N) / b.Elapsed().Seconds()
		if flops := c.FLOPs(); flops > 0 {
			b.ReportMetric(flops*perSecond/1e9, "GFLOP/s")
			if machine.Exact() {
				b.ReportMetric(100*flops*perSecond/peak(c.DType, threads), "%peak")
			}
		}
		if bytes := c.Bytes(); bytes > 0 {
			b.ReportMetric(bytes*perSecond/1e9, "GB/s")
			if machine.Exact() {
				b.ReportMetric(100*bytes*perSecond/bandwidth(bytes, threads), "%triad")
			}
		}
	})
}

// references are those of the cases, computed once: testing calls a benchmark several times.
var references = map[string][]workload.Expected{}

func referenceOf(c workload.Case) []workload.Expected {
	if references[c.Name] == nil {
		references[c.Name] = c.Reference()
	}
	return references[c.Name]
}

// limits are measured once in a process, when a benchmark first asks.
var limits = map[string]float64{}

func once(key string, measure func() float64) float64 {
	if limits[key] == 0 {
		limits[key] = measure()
	}
	return limits[key]
}

const limitTime = 100 * time.Millisecond

// peak is the machine's best rate of multiply-adds.
func peak(dtype string, threads int) float64 {
	return once(fmt.Sprint(dtype, threads), func() float64 { return machine.Peak(dtype, threads, limitTime) })
}

// bandwidth is that of the first level of the memory which holds so many bytes, as a triad reaches it.
func bandwidth(bytes float64, threads int) float64 {
	levels := machine.Levels()
	level := levels[len(levels)-1]
	for _, l := range levels {
		// A level's arrays are well inside it: twice as much still fits.
		if bytes <= 2*float64(l.Bytes) {
			level = l
			break
		}
	}
	return once(fmt.Sprint(level.Name, threads), func() float64 {
		return machine.Bandwidth(level.Bytes, threads, limitTime)
	})
}
