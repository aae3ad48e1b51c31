package data

import (
	"errors"
	"fmt"
	"math/rand/v2"
)

// Set is labelled samples. A Set is only read by its methods.
type Set struct {
	X       []float64 // features, row-major [Len, Dim]
	Dim     int       // features of one sample
	Labels  []int     // [Len], each in 0 … Classes−1
	Classes int
}

// Len is the number of samples.
func (s *Set) Len() int { return len(s.Labels) }

// Row is the features of sample i, [Dim], shared with the set.
func (s *Set) Row(i int) []float64 { return s.X[i*s.Dim : (i+1)*s.Dim : (i+1)*s.Dim] }

// OneHot returns the labels as rows of zeros with a single one, row-major [Len, Classes].
func (s *Set) OneHot() []float64 {
	y := make([]float64, s.Len()*s.Classes)
	for i, label := range s.Labels {
		y[i*s.Classes+label] = 1
	}
	return y
}

// Split shuffles the samples and returns copies of the first count of them and of the rest. The same
// seed gives the same split. Both parts must get a sample.
func (s *Set) Split(count int, seed uint64) (first, rest *Set, err error) {
	if count < 1 || count >= s.Len() {
		return nil, nil, fmt.Errorf("data: split %d samples at %d: %w", s.Len(), count, ErrShape)
	}
	order := rand.New(rand.NewPCG(seed, 0)).Perm(s.Len())
	return s.pick(order[:count]), s.pick(order[count:]), nil
}

// pick returns a copy of the samples with the given numbers.
func (s *Set) pick(rows []int) *Set {
	out := &Set{
		X:       make([]float64, 0, len(rows)*s.Dim),
		Dim:     s.Dim,
		Labels:  make([]int, 0, len(rows)),
		Classes: s.Classes,
	}
	for _, i := range rows {
		out.X = append(out.X, s.Row(i)...)
		out.Labels = append(out.Labels, s.Labels[i])
	}
	return out
}

// Fill copies the samples named by rows into buffers of the caller: features to x, row-major
// [len(rows), Dim], and one-hot labels to y, [len(rows), Classes]. A nil y is left out. It allocates nothing.
func Fill[T float32 | float64](x, y []T, s *Set, rows []int) error {
	if s == nil {
		return errors.New("data: the set is nil")
	}
	if len(x) != len(rows)*s.Dim || y != nil && len(y) != len(rows)*s.Classes {
		return fmt.Errorf("data: fill %d rows of %d features and %d classes into buffers of %d and %d: %w",
			len(rows), s.Dim, s.Classes, len(x), len(y), ErrShape)
	}
	if len(s.X) != s.Len()*s.Dim {
		return fmt.Errorf("data: a set of %d samples of %d features has %d numbers: %w", s.Len(), s.Dim, len(s.X), ErrShape)
	}
	clear(y)
	for at, i := range rows {
		if i < 0 || i >= s.Len() {
			return fmt.Errorf("data: row %d of a set of %d: %w", i, s.Len(), ErrShape)
		}
		if label := s.Labels[i]; y != nil && (label < 0 || label >= s.Classes) {
			return fmt.Errorf("data: row %d has label %d of %d classes: %w", i, label, s.Classes, ErrLabel)
		}
		out := x[at*s.Dim : (at+1)*s.Dim]
		for k, v := range s.Row(i) {
			out[k] = T(v)
		}
		if y != nil {
			y[at*s.Classes+s.Labels[i]] = 1
		}
	}
	return nil
}
