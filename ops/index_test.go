package ops_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// TestIndexOutOfRange: a bad index or label fails the run with ops.ErrIndex and its position; donated tensors keep
// their values, and the function runs again.
func TestIndexOutOfRange(t *testing.T) {
	ctx := context.Background()
	for name, c := range map[string]struct {
		f         func(x, index *graph.Node) *graph.Node
		good, bad []int64
		want      string
	}{
		"take over":          {takeRows, []int64{0, 2, 1}, []int64{0, 3, 1}, "index 3, at position 1, for an axis"},
		"take negative":      {takeRows, []int64{2, 2, 2}, []int64{0, 1, -4}, "index -4, at position 2, for an axis"},
		"scatter_add over":   {scatterRows, []int64{0, 2, 1}, []int64{0, 1, 7}, "index 7, at position 2, for an axis"},
		"one_hot over":       {oneHotRows, []int64{0, 2, 1}, []int64{5, 1, 2}, "label 5, at position 0, for 3 classes"},
		"one_hot negative":   {oneHotRows, []int64{0, 2, 1}, []int64{1, -2, 2}, "label -2, at position 1, for 3 classes"},
		"gradient of a take": {takeGrad, []int64{0, 2, 1}, []int64{0, 9, 1}, "index 9, at position 1, for an axis"},
	} {
		t.Run(name, func(t *testing.T) {
			fn := autodiff.Compile(func(x, index *graph.Node) (*graph.Node, *graph.Node) {
				return ops.Mul(x, 2), c.f(x, index)
			}, autodiff.Donate(0, 0))
			x := tensor.New(tensor.WithShape(3, 3), tensor.WithBacking([]float64{1, 2, 3, 4, 5, 6, 7, 8, 9}))
			before := elements(x)
			if _, err := fn.Run(ctx, x, c.bad); !errors.Is(err, ops.ErrIndex) || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("%v, want ErrIndex with %q", err, c.want)
			}
			if got := elements(x); !slices.Equal(got, before) {
				t.Errorf("the failed run left the donated tensor at %v", got)
			}
			out, err := fn.Run(ctx, x, c.good)
			if err != nil {
				t.Fatalf("after a failed run: %v", err)
			}
			g := graph.New()
			want := eval(t, c.f(graph.Const(g, before, 3, 3), graph.Const(g, c.good, 3)))[0]
			if got := elements(out[1]); !slices.Equal(got, want) {
				t.Errorf("after a failed run: %v, want %v", got, want)
			}
			if got := elements(x); got[8] != 18 {
				t.Errorf("after a failed run: the donated tensor is %v", got)
			}
		})
	}
}

func takeRows(x, index *graph.Node) *graph.Node    { return ops.Take(x, index, 0) }
func scatterRows(x, index *graph.Node) *graph.Node { return ops.ScatterAdd(x, index, 3, 0) }
func oneHotRows(x, index *graph.Node) *graph.Node {
	return ops.Add(x, ops.OneHot(index, 3, graph.Float64))
}
func takeGrad(x, index *graph.Node) *graph.Node {
	return autodiff.Grad(func(x *graph.Node) *graph.Node {
		return ops.Sum(ops.Square(ops.Take(x, index, -2)))
	})(x)
}

// TestRepeatedIndices: what is picked twice gets both derivatives.
func TestRepeatedIndices(t *testing.T) {
	g := graph.New()
	x, index := graph.Const(g, []float64{1, 2, 3}, 3), graph.Const(g, []int64{2, 2, 0}, 3)
	expect(t, ops.Take(x, index, -1), []int{3}, []float64{3, 3, 1})
	pick := func(x []*graph.Node) *graph.Node { return ops.Take(x[0], index, 0) }
	expect(t, grad(pick, x)[0], []int{3}, []float64{1, 0, 2})
	expect(t, ops.ScatterAdd(x, index, 4, 0), []int{4}, []float64{3, 0, 3, 0})
	refused(t, "axis 1 is out of range", func() { ops.Take(x, index, 1) })
	refused(t, "wants i64", func() { ops.Take(x, x, 0) })
}

// TestManyInOnePlace: sums in f32 of 2²⁰ numbers in one place keep their digits, by whichever way they get there and
// however many places there are.
func TestManyInOnePlace(t *testing.T) {
	const n = 1 << 20
	data := slices.Repeat([]float32{0.1}, n)
	want := float64(float32(0.1)) * n
	rows := func(size int) func(x, index *graph.Node) *graph.Node {
		return func(x, index *graph.Node) *graph.Node { return ops.ScatterAdd(x, index, size, 0) }
	}
	ofTake := func(x, index *graph.Node) *graph.Node {
		return autodiff.Grad(func(w *graph.Node) *graph.Node {
			return ops.Sum(ops.Mul(x, ops.Take(w, index, 0)))
		})(ops.Ones(x.Graph(), graph.Float32, 5000))
	}
	ofTakeAlong := func(x, index *graph.Node) *graph.Node {
		return autodiff.Grad(func(w *graph.Node) *graph.Node {
			return ops.Sum(ops.Mul(x, ops.TakeAlong(w, index, 0)))
		})(ops.Ones(x.Graph(), graph.Float32, 3))
	}
	last := func(x, _ *graph.Node) *graph.Node { return ops.Slice(ops.CumSum(x, false, 0), ops.At(-1)) }
	for name, f := range map[string]func(x, index *graph.Node) *graph.Node{
		"one place": rows(1), "few places": rows(3), "many places": rows(n), "gradient of take": ofTake,
		"gradient of take_along": ofTakeAlong, "cumsum": last,
	} {
		g := graph.New()
		got := eval(t, f(graph.Const(g, data, n), ops.Zeros(g, graph.Int64, n)))[0][0]
		if math.Abs(got-want) > 1e-6*want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

// TestScatterAddSums holds places with few and with many entries, in rows of several lengths, against sums in f64.
func TestScatterAddSums(t *testing.T) {
	for _, inner := range []int{1, 3, 16, 40} {
		const entries, length = 4000, 7
		data, index, want := make([]float32, entries*inner), make([]int64, entries), make([]float64, length*inner)
		for k := range entries {
			index[k] = int64((k * k) % 11 % length)
			if k%1000 == 0 {
				index[k] = -1 // a place with few entries, from the end
			} else if index[k] == length-1 {
				index[k] = 0
			}
			at := (int(index[k]) + length) % length
			for i := range inner {
				data[k*inner+i] = float32(math.Sin(float64(k*inner + i)))
				want[at*inner+i] += float64(data[k*inner+i])
			}
		}
		g := graph.New()
		got := eval(t, ops.ScatterAdd(graph.Const(g, data, entries, inner), graph.Const(g, index, entries), length, 0))[0]
		for i := range want {
			if math.Abs(got[i]-want[i]) > 1e-4 { // 4000 numbers of 1: runs of 32 have 32²/2·2⁻²⁴ each at most
				t.Errorf("rows of %d, element %d: %v, want %v", inner, i, got[i], want[i])
			}
		}
	}
}
