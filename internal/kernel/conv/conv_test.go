package conv

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
)

// drawShape is a small convolution of 1 to 3 dimensions.
func drawShape(rng *rand.Rand) *Shape {
	s := &Shape{Batch: 1 + rng.IntN(3), Groups: 1 + rng.IntN(2), In: 1 + rng.IntN(4), Out: 1 + rng.IntN(20)}
	dims := 1 + rng.IntN(3)
	for i := range 3 {
		s.X[i], s.K[i], s.Y[i], s.Stride[i], s.Dilation[i] = 1, 1, 1, 1, 1
		if i < 3-dims {
			continue
		}
		s.K[i], s.Stride[i], s.Dilation[i] = 1+rng.IntN(3), 1+rng.IntN(3), 1+rng.IntN(3)
		s.Lo[i] = rng.IntN(4)
		reach := (s.K[i]-1)*s.Dilation[i] + 1
		s.X[i] = max(1, reach-s.Lo[i]) + rng.IntN(9)
		s.Y[i] = (s.X[i]+s.Lo[i]+rng.IntN(3)-reach)/s.Stride[i] + 1
	}
	return s
}

func draw[T Float](rng *rand.Rand, n int) []T {
	list := make([]T, n)
	for i := range list {
		list[i] = T(rng.NormFloat64())
	}
	return list
}

// TestAgainstLoops holds all three convolutions to the plain loops, and their bits to those of one worker.
func TestAgainstLoops(t *testing.T) {
	t.Run("f32", againstLoops[float32])
	t.Run("f64", againstLoops[float64])
}

func againstLoops[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	eps := math.Nextafter(1, 2) - 1
	if _, ok := any(T(0)).(float32); ok {
		eps = 0x1p-23
	}
	shapes := []*Shape{
		{Batch: 1, Groups: 1, In: 30, Out: 33, X: [3]int{1, 9, 40}, K: [3]int{1, 5, 5}, Y: [3]int{1, 9, 40},
			Stride: [3]int{1, 1, 1}, Lo: [3]int{0, 2, 2}, Dilation: [3]int{1, 1, 1}}, // deeper than a panel
		{Batch: 2, Groups: 1, In: 3, Out: 20, X: [3]int{1, 1, 700}, K: [3]int{1, 1, 3}, Y: [3]int{1, 1, 700},
			Stride: [3]int{1, 1, 1}, Lo: [3]int{0, 0, 1}, Dilation: [3]int{1, 1, 1}}, // more places than are summed at once
	}
	wide := &Shape{Batch: 2, Groups: 2, In: 3, Out: 15, X: [3]int{1, 12, 61}, K: [3]int{1, 3, 3}, Y: [3]int{1, 6, 31},
		Stride: [3]int{1, 2, 2}, Lo: [3]int{0, 1, 1}, Dilation: [3]int{1, 1, 1}} // rows of more than a few steps
	shapes = append(shapes, wide)
	for range 150 {
		shapes = append(shapes, drawShape(rng))
	}
	for i, s := range shapes {
		x := draw[T](rng, s.Batch*s.Groups*s.In*size(s.X))
		w := draw[T](rng, s.Groups*s.Out*s.In*size(s.K))
		y := draw[T](rng, s.Batch*s.Groups*s.Out*size(s.Y))
		check := func(what string, n, terms int, loops func(r []T), fast func(r []T, workers int)) {
			want, got, again := make([]T, n), make([]T, n), make([]T, n)
			for k := range got {
				got[k], again[k] = T(math.NaN()), T(math.NaN())
			}
			loops(want)
			fast(got, 1)
			fast(again, 3)
			assert.Equal(t, got, again, "%s of %d: %+v by one worker and by three", what, i, s)
			limit := 2 * eps * float64(terms) * 9 // sums of terms products, of factors below about 3, in any order
			for k := range want {
				if d := math.Abs(float64(got[k] - want[k])); !(d <= limit) {
					t.Fatalf("%s of %d: %+v: element %d is %v, want %v", what, i, s, k, got[k], want[k])
				}
			}
		}
		check("forward", len(y), s.In*size(s.K), func(r []T) { forward(s, r, x, w) },
			func(r []T, workers int) { Run(PlanForward(s), r, x, w, workers, nil) })
		check("input", len(x), s.Out*size(s.K), func(r []T) { input(s, r, y, w) },
			func(r []T, workers int) { Run(PlanInput(s), r, y, w, workers, nil) })
		check("weight", len(w), s.Batch*size(s.Y), func(r []T) { weight(s, r, x, y) },
			func(r []T, workers int) { RunWeight(PlanWeight(s), r, x, y, workers, nil) })
	}
}

// TestNoNaNFromAfar holds a NaN of an image to the results whose windows it lies in.
func TestNoNaNFromAfar(t *testing.T) {
	s := &Shape{Batch: 1, Groups: 1, In: 1, Out: 1, X: [3]int{1, 6, 7}, K: [3]int{1, 3, 3}, Y: [3]int{1, 6, 7},
		Stride: [3]int{1, 1, 1}, Lo: [3]int{0, 1, 1}, Dilation: [3]int{1, 1, 1}}
	x, w, y := make([]float64, 42), []float64{1, 1, 1, 1, 1, 1, 1, 1, 1}, make([]float64, 42)
	x[3*7+6] = math.NaN()
	Run(PlanForward(s), y, x, w, 1, nil)
	for i, v := range y {
		assert.Equal(t, i/7 >= 2 && i/7 <= 4 && i%7 >= 5, math.IsNaN(v), "place %d", i)
	}
	sums := make([]float64, 9)
	clear(y)
	y[0] = 1
	RunWeight(PlanWeight(s), sums, make([]float64, 42), y, 1, nil)
	assert.Equal(t, make([]float64, 9), sums)
}

// BenchmarkConv has the cases of the goals; a benchmark of one core.
func BenchmarkConv(b *testing.B) {
	shape := func(n, i, o, k, hw, stride, pad, groups int) *Shape {
		y := (hw+2*pad-k)/stride + 1
		return &Shape{Batch: n, Groups: groups, In: i / groups, Out: o / groups, X: [3]int{1, hw, hw}, K: [3]int{1, k, k},
			Y: [3]int{1, y, y}, Stride: [3]int{1, stride, stride}, Lo: [3]int{0, pad, pad}, Dilation: [3]int{1, 1, 1}}
	}
	rng := rand.New(rand.NewPCG(3, 4))
	for _, c := range []struct {
		name  string
		shape *Shape
	}{
		{"3x3", shape(32, 64, 64, 3, 32, 1, 1, 1)}, {"5x5", shape(64, 1, 32, 5, 28, 1, 2, 1)},
		{"3x3s2", shape(32, 64, 128, 3, 32, 2, 1, 1)}, {"1x1", shape(32, 256, 64, 1, 14, 1, 0, 1)},
		{"depthwise", shape(32, 64, 64, 3, 32, 1, 1, 64)},
	} {
		s := c.shape
		x := draw[float32](rng, s.Batch*s.Groups*s.In*size(s.X))
		w := draw[float32](rng, s.Groups*s.Out*s.In*size(s.K))
		y := draw[float32](rng, s.Batch*s.Groups*s.Out*size(s.Y))
		f, in, wp := PlanForward(s), PlanInput(s), PlanWeight(s)
		for what, run := range map[string]func(){
			"forward": func() { Run(f, y, x, w, 1, nil) }, "input": func() { Run(in, x, y, w, 1, nil) },
			"weight": func() { RunWeight(wp, w, x, y, 1, nil) },
		} {
			b.Run(fmt.Sprintf("case=%s/of=%s", c.name, what), func(b *testing.B) {
				for b.Loop() {
					run()
				}
				b.ReportMetric(s.Flops()*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
			})
		}
	}
}
