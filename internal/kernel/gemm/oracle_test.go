package gemm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"
)

// A trial is a call of Batch on fenced matrices: whatever lies outside the matrices is NaN, and C starts as NaN unless
// it is accumulated to, so that a read out of bounds shows in the result and a write out of bounds in the fence.
type trial[T Float] struct {
	count          int
	transA, transB bool
	m, n, k        int
	padA, padB     int // of leading dimensions
	padC           int
	workers        int
	accumulate     bool
	bias, rowBias  bool
}

func (c trial[T]) String() string {
	form := [2]string{"n", "t"}
	index := map[bool]int{true: 1}
	return fmt.Sprintf("%T %s%s count=%d m=%d n=%d k=%d pads=%d,%d,%d workers=%d accumulate=%v bias=%v,%v",
		T(0), form[index[c.transA]], form[index[c.transB]], c.count, c.m, c.n, c.k, c.padA, c.padB, c.padC, c.workers,
		c.accumulate, c.bias, c.rowBias)
}

// A fenced is a stack of count matrices between walls of NaN.
type fenced[T Float] struct {
	all               []T
	count, rows, cols int
	ld, stride, wall  int
}

func newFenced[T Float](count, rows, cols, pad int, fill func() T) *fenced[T] {
	f := &fenced[T]{count: count, rows: rows, cols: cols, ld: max(1, cols+pad), wall: 67}
	f.stride = rows*f.ld + pad
	f.all = make([]T, 2*f.wall+count*f.stride)
	for i := range f.all {
		f.all[i] = T(math.NaN())
	}
	f.each(func(x *T) { *x = fill() })
	return f
}

func (f *fenced[T]) item(h, i, j int) *T { return &f.all[f.wall+h*f.stride+i*f.ld+j] }

// element is op(X)[i, j] of item h.
func (f *fenced[T]) element(h, i, j int, transposed bool) float64 {
	if transposed {
		i, j = j, i
	}
	return float64(*f.item(h, i, j))
}

func (f *fenced[T]) each(visit func(x *T)) {
	for h := range f.count {
		for i := range f.rows {
			for j := range f.cols {
				visit(f.item(h, i, j))
			}
		}
	}
}

// slice ends with the last matrix's last element, so that bounds checks are as strict as they can be.
func (f *fenced[T]) slice() []T {
	if f.count == 0 || f.rows == 0 || f.cols == 0 {
		return nil
	}
	end := f.wall + (f.count-1)*f.stride + (f.rows-1)*f.ld + f.cols
	return f.all[f.wall:end:end]
}

// intact reports whether everything outside the matrices is still NaN.
func (f *fenced[T]) intact() bool {
	outside := slices.Clone(f.all)
	for h := range f.count {
		for i := range f.rows {
			at := f.wall + h*f.stride + i*f.ld
			for j := range f.cols {
				outside[at+j] = T(math.NaN())
			}
		}
	}
	return !slices.ContainsFunc(outside, func(x T) bool { return x == x })
}

// An outcome is a trial's operands and result.
type outcome[T Float] struct {
	a, b, old, got *fenced[T]
	epilogue       *Epilogue[T]
}

// compute calls Batch on operands that follow from the seed.
func (c trial[T]) compute(seed uint64) outcome[T] { return c.computeBy(seed, nil) }

// computeBy is compute by a Product, if that is not nil, of which it sets the sizes.
func (c trial[T]) computeBy(seed uint64, p *Product[T]) outcome[T] {
	random := rand.New(rand.NewPCG(seed, 0))
	draw := func() T { return T(2*random.Float64() - 1) }
	drawn := func(n int) []T {
		list := make([]T, n)
		for i := range list {
			list[i] = draw()
		}
		return list
	}
	ra, ca, rb, cb := c.m, c.k, c.k, c.n
	if c.transA {
		ra, ca = ca, ra
	}
	if c.transB {
		rb, cb = cb, rb
	}
	a, b := newFenced(c.count, ra, ca, c.padA, draw), newFenced(c.count, rb, cb, c.padB, draw)
	old := newFenced(c.count, c.m, c.n, c.padC, func() T {
		if c.accumulate {
			return draw()
		}
		return T(math.NaN())
	})
	got := new(fenced[T])
	*got = *old
	got.all = slices.Clone(old.all)
	e := &Epilogue[T]{Accumulate: c.accumulate}
	if c.bias {
		e.Bias = drawn(c.n)
	}
	if c.rowBias {
		e.RowBias = drawn(c.m)
	}
	if p != nil {
		p.Count, p.StrideA, p.StrideB, p.StrideC = c.count, a.stride, b.stride, got.stride
		p.TransA, p.TransB, p.M, p.N, p.K, p.LDA, p.LDB, p.LDC = c.transA, c.transB, c.m, c.n, c.k, a.ld, b.ld, got.ld
		p.Run(a.slice(), b.slice(), got.slice(), e, c.workers)
	} else {
		Batch(c.count, a.stride, b.stride, got.stride, c.transA, c.transB, c.m, c.n, c.k,
			a.slice(), a.ld, b.slice(), b.ld, got.slice(), got.ld, e, c.workers)
	}
	return outcome[T]{a, b, old, got, e}
}

// run computes the trial's product by Batch and by a triple loop in double precision, and compares. A Product gives
// the same bits, whether it is run for the first time or again, on other operands.
func (c trial[T]) run(t *testing.T, seed uint64) {
	t.Helper()
	o := c.compute(seed)
	if !o.got.intact() {
		t.Fatalf("%v seed %d: wrote outside C", c, seed)
	}
	var p Product[T]
	for run, from := range []uint64{seed, seed + 1, seed} {
		if got := c.computeBy(from, &p).got; from == seed && !slices.EqualFunc(got.all, o.got.all, sameFloat[T]) {
			t.Fatalf("%v seed %d: other bits as a Product, in run %d", c, seed, run)
		}
	}
	// A sum of k products in any order is off by at most about k·eps times the sum of their sizes; the epilogue adds
	// a few roundings more.
	eps := 0x1p-52
	if unsafe.Sizeof(T(0)) == 4 {
		eps = 0x1p-23
	}
	sum, size := make([]float64, c.n), make([]float64, c.n)
	for h := range c.count {
		for i := range c.m {
			clear(sum)
			clear(size)
			for q := range c.k {
				x := o.a.element(h, i, q, c.transA)
				for j := range c.n {
					y := x * o.b.element(h, q, j, c.transB)
					sum[j] += y
					size[j] += math.Abs(y)
				}
			}
			for j := range c.n {
				add := func(x T) { sum[j] += float64(x); size[j] += math.Abs(float64(x)) }
				if c.accumulate {
					add(*o.old.item(h, i, j))
				}
				if c.bias {
					add(o.epilogue.Bias[j])
				}
				if c.rowBias {
					add(o.epilogue.RowBias[i])
				}
				x := float64(*o.got.item(h, i, j))
				if tolerance := float64(c.k+4) * eps * size[j]; !(math.Abs(x-sum[j]) <= tolerance) {
					t.Fatalf("%v seed %d: C[%d][%d,%d] = %v, want %v ± %.3g", c, seed, h, i, j, x, sum[j], tolerance)
				}
			}
		}
	}
}

// sameFloat reports whether x and y are one number, of one sign if it is 0, or both NaNs.
func sameFloat[T Float](x, y T) bool {
	return x == y && math.Signbit(float64(x)) == math.Signbit(float64(y)) || x != x && y != y
}
