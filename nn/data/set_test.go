package data_test

import (
	"errors"
	"slices"
	"testing"

	"chainrule/nn/data"
)

func TestDigits(t *testing.T) {
	set := data.Digits()
	if set.Len() != 1797 || set.Dim != 64 || set.Classes != 10 || len(set.X) != 1797*64 {
		t.Fatalf("%d samples of %d, %d classes, %d pixels", set.Len(), set.Dim, set.Classes, len(set.X))
	}
	counts, sum := make([]int, 10), 0.0
	for i, label := range set.Labels {
		counts[label]++
		for _, pixel := range set.Row(i) {
			if pixel < 0 || pixel > 1 {
				t.Fatalf("sample %d: pixel %v", i, pixel)
			}
			sum += pixel * 16
		}
	}
	// The published class distribution of optdigits.tes, and the sum of the file's pixels.
	if want := []int{178, 182, 177, 183, 181, 182, 181, 179, 174, 180}; !slices.Equal(counts, want) {
		t.Errorf("classes %v, want %v", counts, want)
	}
	if sum != 561718 {
		t.Errorf("pixels sum to %v, want 561718", sum)
	}
	set.X[0] = 7
	if data.Digits().X[0] == 7 {
		t.Error("two calls share their pixels")
	}
}

// small has the features (10i, 10i+1) and the label i mod 3 in sample i.
func small(n int) *data.Set {
	s := &data.Set{Dim: 2, Classes: 3}
	for i := range n {
		s.X = append(s.X, float64(10*i), float64(10*i+1))
		s.Labels = append(s.Labels, i%3)
	}
	return s
}

func TestSplit(t *testing.T) {
	set := small(10)
	first, rest, err := set.Split(7, 1)
	if err != nil {
		t.Fatal(err)
	}
	if first.Len() != 7 || rest.Len() != 3 || first.Classes != 3 || rest.Dim != 2 {
		t.Errorf("first %+v, rest %+v", first, rest)
	}
	var seen []int
	for _, part := range []*data.Set{first, rest} {
		for i, label := range part.Labels {
			row := part.Row(i)
			sample := int(row[0]) / 10
			seen = append(seen, sample)
			if row[1] != row[0]+1 || label != sample%3 {
				t.Errorf("row %v came with label %d", row, label)
			}
		}
	}
	if slices.IsSorted(seen) {
		t.Error("not shuffled")
	}
	slices.Sort(seen)
	if !slices.Equal(seen, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}) {
		t.Errorf("samples %v", seen)
	}

	same, _, _ := set.Split(7, 1)
	other, _, _ := set.Split(7, 2)
	if !slices.Equal(first.X, same.X) || slices.Equal(first.X, other.X) {
		t.Error("the seed does not decide the split")
	}
	for _, count := range []int{-1, 0, 10, 11} {
		if _, _, err := set.Split(count, 1); !errors.Is(err, data.ErrShape) {
			t.Errorf("split 10 at %d: error %v", count, err)
		}
	}
}

func TestOneHotAndFill(t *testing.T) {
	set := small(4)
	if got, want := set.OneHot(), []float64{1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0}; !slices.Equal(got, want) {
		t.Errorf("one-hot %v, want %v", got, want)
	}
	x, y := make([]float32, 4), []float32{9, 9, 9, 9, 9, 9}
	rows := []int{2, 1}
	if err := data.Fill(x, y, set, rows); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(x, []float32{20, 21, 10, 11}) || !slices.Equal(y, []float32{0, 0, 1, 0, 1, 0}) {
		t.Errorf("rows %v: x %v, y %v", rows, x, y)
	}
	if err := data.Fill(x, nil, set, rows); err != nil {
		t.Errorf("without labels: %v", err)
	}
	if allocs := testing.AllocsPerRun(10, func() { _ = data.Fill(x, y, set, rows) }); allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
	for _, c := range []struct {
		x, y int
		rows []int
	}{{3, 6, rows}, {4, 5, rows}, {4, 6, []int{0, 4}}, {4, 6, []int{-1, 0}}, {4, 6, []int{0}}} {
		err := data.Fill(make([]float64, c.x), make([]float64, c.y), set, c.rows)
		if !errors.Is(err, data.ErrShape) {
			t.Errorf("buffers of %d and %d for rows %v: error %v", c.x, c.y, c.rows, err)
		}
	}
	for _, label := range []int{-1, 3} {
		set := small(4)
		set.Labels[2] = label
		if err := data.Fill(x, y, set, rows); !errors.Is(err, data.ErrLabel) {
			t.Errorf("label %d of 3 classes: error %v", label, err)
		}
	}
	set.X = set.X[:7]
	if err := data.Fill(x, y, set, rows); !errors.Is(err, data.ErrShape) {
		t.Errorf("7 numbers for 4 samples of 2 features: error %v", err)
	}
}
