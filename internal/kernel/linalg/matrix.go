package linalg

import (
	"chainrule/internal/kernel/gemm"
	"chainrule/internal/kernel/vec"
)

// Float is the element type of a matrix.
type Float interface{ float32 | float64 }

// A Matrix has rows of cols elements that begin ld apart.
type Matrix[T Float] struct {
	Data       []T
	Rows, Cols int
	LD         int
	// Stop, if not nil, makes functions of the matrix end early when it is closed, with results that mean nothing.
	Stop <-chan struct{}
}

// Until is m with Stop.
func (m Matrix[T]) Until(stop <-chan struct{}) Matrix[T] {
	m.Stop = stop
	return m
}

// stopped reports whether what is computed of m is to end.
func (m Matrix[T]) stopped() bool {
	select {
	case <-m.Stop:
		return true
	default:
		return false
	}
}

// Dense returns the rows × cols matrix over contiguous elements.
func Dense[T Float](data []T, rows, cols int) Matrix[T] {
	return Matrix[T]{Data: data[:rows*cols], Rows: rows, Cols: cols, LD: cols}
}

// block returns the block of the given size at row i and column j.
func (m Matrix[T]) block(i, j, rows, cols int) Matrix[T] {
	if rows == 0 || cols == 0 {
		return Matrix[T]{nil, rows, cols, max(1, cols), m.Stop}
	}
	from := i*m.LD + j
	return Matrix[T]{m.Data[from : from+(rows-1)*m.LD+cols], rows, cols, m.LD, m.Stop}
}

func (m Matrix[T]) row(i int) []T { return m.Data[i*m.LD:][:m.Cols] }

// swapRows exchanges two rows.
func (m Matrix[T]) swapRows(i, j int) {
	if i == j || m.Cols == 0 {
		return
	}
	a, b := m.row(i), m.row(j)
	for k, v := range a {
		a[k], b[k] = b[k], v
	}
}

// minusProduct sets c -= op(a)·b, op being the transpose if trans is set. scratch holds b's elements.
func minusProduct[T Float](c, a Matrix[T], trans bool, b Matrix[T], scratch []T, workers int) {
	if c.Rows == 0 || c.Cols == 0 || b.Rows == 0 {
		return
	}
	negative := scratch[:b.Rows*b.Cols]
	for i := range b.Rows {
		vec.Neg(negative[i*b.Cols:][:b.Cols], b.row(i))
	}
	gemm.Gemm(trans, false, c.Rows, c.Cols, b.Rows, a.Data, a.LD, negative, b.Cols, c.Data, c.LD,
		&gemm.Epilogue[T]{Accumulate: true, Stop: c.Stop}, workers)
}

// minusMultiple sets dst -= t·x.
func minusMultiple[T Float](dst []T, t T, x []T) {
	if len(dst) >= 32 {
		factor := [1]T{-t}
		vec.MulAdd(dst, factor[:], x, dst)
		return
	}
	x = x[:len(dst)]
	for i, v := range x {
		dst[i] -= T(t * v)
	}
}
