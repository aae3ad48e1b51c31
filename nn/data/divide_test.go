package data_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"chainrule/nn/data"
)

func TestDivide(t *testing.T) {
	parts, err := data.Divide(10, 1, 5, 3)
	require.NoError(t, err)
	require.Equal(t, []int{5, 3, 2}, []int{len(parts[0]), len(parts[1]), len(parts[2])})
	require.Equal(t, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, slices.Sorted(slices.Values(slices.Concat(parts...))))
	again, err := data.Divide(10, 1, 5, 3)
	require.NoError(t, err)
	require.Equal(t, parts, again)
	_, err = data.Divide(10, 1, 8, 3)
	require.ErrorIs(t, err, data.ErrShape)
}

func TestFolds(t *testing.T) {
	labels := []int{0, 0, 0, 0, 0, 0, 1, 1, 1, 2}
	plain, err := data.Folds(10, 3, 1)
	require.NoError(t, err)
	fair, err := data.StratifiedFolds(labels, 3, 1)
	require.NoError(t, err)
	for _, folds := range [][]data.Fold{plain, fair} {
		var tested []int
		for _, f := range folds {
			require.InDelta(t, 10.0/3, len(f.Test), 1)
			both := slices.Sorted(slices.Values(append(slices.Clone(f.Train), f.Test...)))
			require.Equal(t, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, both)
			tested = append(tested, f.Test...)
		}
		require.Len(t, tested, 10)
	}
	for _, f := range fair {
		var count [3]int
		for _, i := range f.Test {
			count[labels[i]]++
		}
		require.Equal(t, [2]int{2, 1}, [2]int{count[0], count[1]})
	}
	_, err = data.Folds(3, 4, 1)
	require.ErrorIs(t, err, data.ErrShape)
}

// The mean and the deviation of the training part alone; digits survive a large mean; holes stay.
func TestNormal(t *testing.T) {
	nan := math.NaN()
	x := tensor.New(tensor.WithShape(4, 3), tensor.WithBacking([]float64{
		1e9 + 1, 5, nan, 1e9 + 2, 5, 2, 1e9 + 3, 5, 4, 1e9 + 4, 5, nan,
	}))
	n, err := data.FitNormal(x)
	require.NoError(t, err)
	require.Equal(t, []float64{1e9 + 2.5, 5, 3}, n.Mean)
	require.InDeltaSlice(t, []float64{math.Sqrt(1.25), 1, 1}, n.Deviation, 1e-12)
	y, err := n.Apply(x)
	require.NoError(t, err)
	require.InDelta(t, -1.5/math.Sqrt(1.25), y.Float64s()[0], 1e-12)
	require.Equal(t, 0.0, y.Float64s()[1])
	require.True(t, math.IsNaN(y.Float64s()[2]))
	back, err := n.Undo(y)
	require.NoError(t, err)
	require.InDelta(t, 1e9+1, back.Float64s()[0], 1e-6)

	images := tensor.New(tensor.WithShape(1, 1, 3), tensor.WithBacking([]float32{1, 2, 3}))
	turned, err := (&data.Normal{Mean: []float64{1, 1, 1}, Deviation: []float64{2, 2, 2}}).Apply(images)
	require.NoError(t, err)
	require.Equal(t, []float32{0, 0.5, 1}, turned.Float32s())
	require.Equal(t, tensor.Shape{1, 1, 3}, turned.Shape())
	_, err = n.Apply(tensor.New(tensor.WithShape(1, 2), tensor.WithBacking([]float64{1, 2})))
	require.ErrorIs(t, err, data.ErrShape)
	x.Float64s()[0] = math.Inf(1)
	_, err = data.FitNormal(x)
	require.ErrorIs(t, err, data.ErrNotFinite)
}

// Every pixel of a warped image comes from the place that the drawn numbers say, in all channels.
func TestAugment(t *testing.T) {
	const n, channels, h, w = 30, 2, 3, 4
	pixels := make([]float32, n*channels*h*w)
	for i := range pixels {
		pixels[i] = float32(i + 1)
	}
	images := tensor.New(tensor.WithShape(n, channels, h, w), tensor.WithBacking(pixels))
	random := func(i int) *rand.Rand { return rand.New(rand.NewPCG(uint64(i), 1)) }
	at := func(i, c, y, x int) float32 {
		if y < 0 || y >= h || x < 0 || x >= w {
			return 0
		}
		return pixels[((i*channels+c)*h+y)*w+x]
	}
	got, err := data.Augment(images, random, data.Flip(0.5), data.Shift(1))
	require.NoError(t, err)
	require.Equal(t, images.Shape(), got.Shape())
	flips := 0
	for i := range n {
		r := random(i)
		flip := r.Float64() < 0.5
		if flip {
			flips++
		}
		dy, dx := r.IntN(3)-1, r.IntN(3)-1
		for k := range channels * h * w {
			c, y, x := k/(h*w), k/w%h+dy, k%w+dx
			if flip && x >= 0 && x < w {
				x = w - 1 - x
			}
			require.Equal(t, at(i, c, y, x), got.Float32s()[i*channels*h*w+k])
		}
	}
	require.True(t, flips > 0 && flips < n)

	cut, err := data.Crop(images, 2, 3, random)
	require.NoError(t, err)
	require.Equal(t, tensor.Shape{n, channels, 2, 3}, cut.Shape())
	for i := range n {
		r := random(i)
		top, left := r.IntN(2), r.IntN(2)
		require.Equal(t, at(i, 1, top+1, left+2), cut.Float32s()[(i+1)*channels*6-1])
	}
	_, err = data.Crop(images, 4, 1, random)
	require.ErrorIs(t, err, data.ErrShape)
	_, err = data.Augment(tensor.New(tensor.WithShape(4), tensor.WithBacking(pixels[:4])), random)
	require.ErrorIs(t, err, data.ErrShape)
}
