package data

import (
	"fmt"
	"math"

	"gorgonia.org/tensor"

	"chainrule/internal/raw"
)

// Normal brings features to mean 0 and variance 1, those of the samples that it was fitted to: the ones to train with, since
// those to test with are not known yet.
type Normal struct {
	Mean, Deviation []float64 // of each feature, over the samples; a feature that never varies has the deviation 1
}

// FitNormal returns the means and deviations (over n, not n−1) of features x of shape [samples, …], f32 or f64. Missing values, NaN, do not
// count; a feature without any value has mean 0. The sums are compensated for the mean: no digits are lost to a large one.
func FitNormal(x *tensor.Dense) (*Normal, error) {
	rows, dim, at, err := features(x)
	if err != nil {
		return nil, err
	}
	n := &Normal{make([]float64, dim), make([]float64, dim)}
	for k := range dim {
		count, mean, squares := 0.0, 0.0, 0.0 // B. P. Welford, Technometrics 4 (1962)
		for i := range rows {
			v := at(i*dim + k)
			switch {
			case math.IsNaN(v):
				continue
			case math.IsInf(v, 0):
				return nil, fmt.Errorf("data: feature %d of sample %d is %v: %w", k, i, v, ErrNotFinite)
			}
			count++
			d := v - mean
			mean += d / count
			squares += d * (v - mean)
		}
		n.Mean[k], n.Deviation[k] = mean, 1
		if count > 0 && squares > 0 {
			n.Deviation[k] = math.Sqrt(squares / count)
		}
	}
	return n, nil
}

// features is a tensor of samples: how many, of how many features, and its elements in row-major order.
func features(x *tensor.Dense) (rows, dim int, at func(int) float64, err error) {
	slice, err := raw.RowMajor(x)
	if err != nil {
		return 0, 0, nil, fmt.Errorf("data: features: %w", err)
	}
	shape := x.Shape()
	if len(shape) == 0 || shape[0] == 0 {
		return 0, 0, nil, fmt.Errorf("data: features of shape %v: %w", shape, ErrEmpty)
	}
	dim = 1
	for _, n := range shape[1:] {
		dim *= n
	}
	switch s := slice.(type) {
	case []float32:
		return shape[0], dim, func(i int) float64 { return float64(s[i]) }, nil
	case []float64:
		return shape[0], dim, func(i int) float64 { return s[i] }, nil
	}
	return 0, 0, nil, fmt.Errorf("data: features are %v, want float32 or float64: %w", x.Dtype(), ErrShape)
}

// Apply returns (x − Mean)/Deviation for features x of the same number, in a new tensor of x's type and shape.
func (n *Normal) Apply(x *tensor.Dense) (*tensor.Dense, error) {
	return n.each(x, func(v, mean, deviation float64) float64 { return (v - mean) / deviation })
}

// Undo returns x·Deviation + Mean.
func (n *Normal) Undo(x *tensor.Dense) (*tensor.Dense, error) {
	return n.each(x, func(v, mean, deviation float64) float64 { return float64(v*deviation) + mean })
}

func (n *Normal) each(x *tensor.Dense, f func(v, mean, deviation float64) float64) (*tensor.Dense, error) {
	rows, dim, at, err := features(x)
	if err != nil {
		return nil, err
	}
	if dim != len(n.Mean) || dim != len(n.Deviation) {
		return nil, fmt.Errorf("data: %d features, and there were %d: %w", dim, len(n.Mean), ErrShape)
	}
	shape := append([]int(nil), x.Shape()...)
	if x.Dtype() == tensor.Float32 {
		out := make([]float32, rows*dim)
		for i := range out {
			out[i] = float32(f(at(i), n.Mean[i%dim], n.Deviation[i%dim]))
		}
		return raw.Dense(out, shape), nil
	}
	out := make([]float64, rows*dim)
	for i := range out {
		out[i] = f(at(i), n.Mean[i%dim], n.Deviation[i%dim])
	}
	return raw.Dense(out, shape), nil
}
