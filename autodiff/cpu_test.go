package autodiff_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/internal/kernel/cpu"
	"chainrule/ops"
)

// TestEveryCPULevel computes the gradient of a network on every level of the processor, without AVX-512 and without
// AVX2 too: the same numbers but for rounding.
func TestEveryCPULevel(t *testing.T) {
	const batch, in, hidden, out = 37, 65, 33, 10
	rng := rand.New(rand.NewPCG(11, 0))
	value := func(shape ...int) *tensor.Dense {
		data := make([]float64, graph.Size(shape))
		for i := range data {
			data[i] = rng.NormFloat64() / 4
		}
		return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))
	}
	feeds := []any{value(in, hidden), value(hidden), value(hidden, out), value(batch, in), value(batch, out)}
	gradient := func(w1, b1, w2, x, y *graph.Node) (*graph.Node, []*graph.Node) {
		return autodiff.ValueAndGrad(func(p []*graph.Node) *graph.Node {
			h := ops.Tanh(ops.Add(ops.MatMul(x, p[0]), p[1]))
			a := ops.LogSoftmax(ops.Mul(ops.MatMul(h, p[2]), ops.Sigmoid(ops.Exp(y))), -1)
			return ops.Mean(ops.Mul(a, ops.Sin(y)))
		})([]*graph.Node{w1, b1, w2})
	}
	var want []*tensor.Dense
	levels := cpu.Levels()
	require.Equal(t, cpu.Portable, levels[0])
	for _, level := range levels {
		restore := cpu.Force(level)
		got, err := autodiff.Compile(gradient).Run(context.Background(), feeds...)
		restore()
		require.NoError(t, err)
		if want == nil {
			want = got
		}
		for i, d := range got {
			largest := 0.0
			for _, w := range want[i].Float64s() {
				largest = max(largest, math.Abs(w))
			}
			for j, v := range d.Float64s() {
				// Sums of up to in·batch terms, and functions with an error of a few ulp.
				require.InDelta(t, want[i].Float64s()[j], v, largest*in*batch*0x1p-52, "%v, result %d, element %d", level, i, j)
			}
		}
	}
}
