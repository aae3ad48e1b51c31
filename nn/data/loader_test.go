package data_test

import (
	"errors"
	"iter"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"chainrule/nn/data"
)

// sample is a tree of a regression: two tensors and a plain vector.
type sample struct {
	In   struct{ X *tensor.Dense }
	Y    []float64
	Note string
}

// numbered is n samples: sample i has the features 10·i and 10·i + 1 and the target i.
func numbered(n int) sample {
	s := sample{Note: "kept"}
	x := make([]float32, 2*n)
	for i := range n {
		x[2*i], x[2*i+1] = float32(10*i), float32(10*i+1)
		s.Y = append(s.Y, float64(i))
	}
	s.In.X = tensor.New(tensor.WithShape(n, 2), tensor.WithBacking(x))
	return s
}

// targets are the targets of batches, after each batch was held to belong together.
func targets(t *testing.T, batches iter.Seq2[sample, error]) (all [][]float64) {
	for b, err := range batches {
		require.NoError(t, err)
		require.Equal(t, "kept", b.Note)
		require.Equal(t, tensor.Shape{len(b.Y), 2}, b.In.X.Shape())
		for i, y := range b.Y {
			require.Equal(t, []float32{float32(10 * y), float32(10*y + 1)}, b.In.X.Float32s()[2*i:2*i+2])
		}
		all = append(all, b.Y)
	}
	return all
}

func TestLoader(t *testing.T) {
	source, err := data.Memory(numbered(10))
	require.NoError(t, err)
	l := &data.Loader[sample]{Source: source, Size: 3, Seed: 7}
	first := targets(t, l.Epoch(1))
	require.Len(t, first, l.Iterations())
	require.Equal(t, []int{3, 3, 3, 1}, []int{len(first[0]), len(first[1]), len(first[2]), len(first[3])})
	everything := slices.Sorted(slices.Values(slices.Concat(first...)))
	require.Equal(t, []float64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, everything)
	require.NotEqual(t, first, targets(t, l.Epoch(2)))
	require.Equal(t, first, targets(t, l.Epoch(1)))

	// Stopped after two batches, the rest is that of the unbroken epoch (row D1).
	require.Equal(t, first[2:], targets(t, l.From(1, 2)))
	for _, workers := range []int{1, 4} {
		l.Workers = workers
		require.Equal(t, first, targets(t, l.Epoch(1)))
		require.Equal(t, first[2:], targets(t, l.From(1, 2)))
	}
	l.DropLast = true
	require.Equal(t, first[:3], targets(t, l.Epoch(1)))
	l.InOrder = true
	require.Equal(t, [][]float64{{0, 1, 2}, {3, 4, 5}, {6, 7, 8}}, targets(t, l.Epoch(5)))

	part := &data.Loader[sample]{Source: data.Subset(source, []int{4, 2}), Size: 2, InOrder: true}
	require.Equal(t, [][]float64{{4, 2}}, targets(t, part.Epoch(0)))
}

// The order of a Loader is that of Batches.
func TestLoaderOrder(t *testing.T) {
	source, err := data.Memory(numbered(20))
	require.NoError(t, err)
	l := &data.Loader[sample]{Source: source, Size: 6, Seed: 3}
	batches, err := data.NewBatches(20, 6, 3)
	require.NoError(t, err)
	var want [][]float64
	for rows := range batches.Epoch(4) {
		var one []float64
		for _, i := range rows {
			one = append(one, float64(i))
		}
		want = append(want, one)
	}
	require.Equal(t, want, targets(t, l.Epoch(4)))
}

// Noise is that of the sample and the epoch, however many workers read and wherever an epoch begins (row D2).
func TestLoaderChange(t *testing.T) {
	source, err := data.Memory(numbered(10))
	require.NoError(t, err)
	noise := func(l *data.Loader[sample], epoch, from int) map[float64]float64 {
		drawn := map[float64]float64{}
		l.Change = func(b sample, random func(int) *rand.Rand) (sample, error) {
			time.Sleep(time.Duration(rand.IntN(300)) * time.Microsecond)
			for i := range b.Y {
				b.In.X.Float32s()[2*i] = float32(random(i).Float64())
			}
			return b, nil
		}
		for b, err := range l.From(epoch, from) {
			require.NoError(t, err)
			for i, y := range b.Y {
				drawn[y] = float64(b.In.X.Float32s()[2*i])
			}
		}
		return drawn
	}
	alone := noise(&data.Loader[sample]{Source: source, Size: 3, Seed: 1}, 2, 0)
	require.Len(t, alone, 10)
	require.Equal(t, alone, noise(&data.Loader[sample]{Source: source, Size: 3, Seed: 1, Workers: 4}, 2, 0))
	for y, v := range noise(&data.Loader[sample]{Source: source, Size: 3, Seed: 1, Workers: 2}, 2, 3) {
		require.Equal(t, alone[y], v)
	}
	require.NotEqual(t, alone, noise(&data.Loader[sample]{Source: source, Size: 3, Seed: 1}, 3, 0))
}

// halting gives an error for the batch with sample 5.
type halting struct{ data.Source[sample] }

var errBroken = errors.New("the disk is broken")

func (f halting) Rows(rows []int) (sample, error) {
	if slices.Contains(rows, 5) {
		return sample{}, errBroken
	}
	return f.Source.Rows(rows)
}

// An error ends an epoch in its place; a loop that is left, or failed, leaves no goroutine behind.
func TestLoaderEnds(t *testing.T) {
	source, err := data.Memory(numbered(30))
	require.NoError(t, err)
	before := runtime.NumGoroutine()
	for _, workers := range []int{0, 1, 3} {
		l := &data.Loader[sample]{Source: halting{source}, Size: 2, InOrder: true, Workers: workers}
		n := 0
		for _, err := range l.Epoch(0) {
			if n++; n == 3 {
				require.ErrorIs(t, err, errBroken)
			} else {
				require.NoError(t, err)
			}
		}
		require.Equal(t, 3, n)
		for range l.Epoch(0) {
			break
		}
	}
	require.Equal(t, before, runtime.NumGoroutine())
	for _, bad := range []*data.Loader[sample]{{Source: source}, {Size: 2}, {Source: data.Subset(source, nil), Size: 2}} {
		n := 0
		for _, err := range bad.Epoch(0) {
			n++
			require.Error(t, err)
		}
		require.Equal(t, 1, n)
	}
}

func TestTrees(t *testing.T) {
	matrix := tensor.New(tensor.WithShape(2, 3), tensor.WithBacking([]int64{1, 2, 3, 4, 5, 6}))
	turned := matrix.Clone().(*tensor.Dense)
	require.NoError(t, turned.T())
	taken, err := data.Take(map[string]any{"a": []any{turned, []bool{true, false, true}}, "n": 7}, []int{2, 0})
	require.NoError(t, err)
	list := taken["a"].([]any)
	require.Equal(t, []int64{3, 6, 1, 4}, list[0].(*tensor.Dense).Int64s())
	require.Equal(t, []bool{true, true}, list[1])
	require.Equal(t, 7, taken["n"])

	_, err = data.Len(map[string][]int{"a": {1, 2}, "b": {1}})
	require.ErrorIs(t, err, data.ErrCount)
	_, err = data.Len(3)
	require.ErrorIs(t, err, data.ErrEmpty)
	_, err = data.Take([]int{1, 2}, []int{2})
	require.ErrorIs(t, err, data.ErrShape)

	stacked, err := data.Stack([]*tensor.Dense{matrix, matrix})
	require.NoError(t, err)
	require.Equal(t, tensor.Shape{2, 2, 3}, stacked.Shape())
	require.Equal(t, []int64{1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6}, stacked.Int64s())
	_, err = data.Stack([]*tensor.Dense{matrix, turned})
	require.ErrorIs(t, err, data.ErrShape)
}

// scalars yields n samples, and counts those that it made.
func scalars(n int, made *atomic.Int64) func(int) iter.Seq2[*tensor.Dense, error] {
	return func(int) iter.Seq2[*tensor.Dense, error] {
		return func(yield func(*tensor.Dense, error) bool) {
			for i := range n {
				made.Add(1)
				if !yield(tensor.New(tensor.FromScalar(float64(i))), nil) {
					return
				}
			}
			yield(nil, errBroken)
		}
	}
}

func TestStream(t *testing.T) {
	var made atomic.Int64
	s := &data.Stream[*tensor.Dense]{Samples: scalars(10, &made), Size: 4}
	read := func(s *data.Stream[*tensor.Dense], epoch int) (all []float64) {
		for b, err := range data.Prefetch(s.Epoch(epoch), 2) {
			if err != nil {
				require.ErrorIs(t, err, errBroken)
				break
			}
			all = append(all, b.Float64s()...)
		}
		return all
	}
	require.Equal(t, []float64{0, 1, 2, 3, 4, 5, 6, 7}, read(s, 0))
	s.Buffer = 5
	s.Samples = func(epoch int) iter.Seq2[*tensor.Dense, error] {
		return func(yield func(*tensor.Dense, error) bool) {
			for v, err := range scalars(10, &made)(epoch) {
				if err != nil || !yield(v, nil) {
					return
				}
			}
		}
	}
	first := read(s, 0)
	require.Equal(t, first, read(s, 0))
	require.NotEqual(t, first, read(s, 1))
	require.Equal(t, []float64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, slices.Sorted(slices.Values(first)))
	for at, v := range first {
		require.Less(t, v, float64(at+5+1)) // what is not read yet cannot be there
	}
	made.Store(0)
	s.Buffer = 0
	for range data.Prefetch(s.Epoch(0), 1) {
		break
	}
	require.LessOrEqual(t, made.Load(), int64(12))
}
