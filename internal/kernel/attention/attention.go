// Package attention computes scaled-dot-product attention, softmax(scale·q·kᵀ + mask)·v, and its gradients.
//
// A tile is some queries with all the keys that they may attend to. Its weights are computed, used and forgotten, and
// computed again for the gradients, so that memory is linear in the number of queries and of keys (Rabe, Staats 2021,
// Self-attention does not need O(n²) memory). Since a tile has whole rows, softmax needs no correction from block to block.
package attention

import (
	"math"

	"chainrule/internal/kernel/gemm"
	"chainrule/internal/kernel/vec"
)

// Shape is that of one batch element: queries are [Groups, Queries, D], keys [Keys, D] and values [Keys, E], which all
// groups share. A causal query i attends to keys up to i + Keys − Queries.
type Shape struct {
	Groups, Queries, Keys, D, E int
	Scale                       float64
	Causal                      bool
	// GroupStride and RowStride are the distances of a mask's rows of Keys elements: 0 where it is broadcast.
	GroupStride, RowStride int
}

// tileElements is how many weights a tile has: with the gradients' as many again they fit the second-level cache.
const tileElements = 1 << 15

// rows is how many queries a tile has.
func (s *Shape) rows() int {
	return min(max(s.Queries, 1), max(tileElements/max(s.Keys, 1), 16))
}

// Scratch is how many elements Forward and Backward want.
func (s *Shape) Scratch() int {
	t := s.rows()
	return t*s.D + 2*t*s.Keys + s.Keys + 1
}

// Args are one batch element's operands. Mask is nil for none.
type Args[T gemm.Float] struct {
	Q, K, V, Mask []T
	Scratch       []T
	Stop          <-chan struct{}
	Workers       int
}

// tile is the work on some queries.
type tile[T gemm.Float] struct {
	Args[T]
	s             Shape
	t, width      int // queries; keys that one of them may attend to
	queries       []T // scaled
	weights, more []T // [t, width]
	row           []T
	e, add        gemm.Epilogue[T]
}

func begin[T gemm.Float](a Args[T], s Shape) tile[T] {
	t := s.rows()
	rest := a.Scratch
	part := func(n int) []T {
		p := rest[:n]
		rest = rest[n:]
		return p
	}
	return tile[T]{Args: a, s: s, queries: part(t * s.D), weights: part(t * s.Keys), more: part(t * s.Keys),
		row: part(s.Keys + 1), e: gemm.Epilogue[T]{Stop: a.Stop}, add: gemm.Epilogue[T]{Stop: a.Stop, Accumulate: true}}
}

// stopped reports whether work is to end.
func (w *tile[T]) stopped() bool {
	select {
	case <-w.Stop:
		return true
	default:
		return false
	}
}

// weigh computes the weights of queries from..from+t of a group.
func (w *tile[T]) weigh(group, from, t int) {
	s := &w.s
	last := s.Keys
	if s.Causal {
		last = min(max(from+t+s.Keys-s.Queries, 0), s.Keys)
	}
	w.t, w.width = t, last
	q := w.Q[(group*s.Queries+from)*s.D:][:t*s.D]
	scale := T(s.Scale)
	for i, x := range q {
		w.queries[i] = x * scale
	}
	if last == 0 {
		return
	}
	p := w.weights[:t*last]
	gemm.Gemm(false, true, t, last, s.D, w.queries, max(s.D, 1), w.K, max(s.D, 1), p, last, &w.e, w.Workers)
	for i := range t {
		row := p[i*last:][:last]
		if w.Mask != nil {
			vec.Add(row, row, w.Mask[group*s.GroupStride+(from+i)*s.RowStride:][:last])
		}
		open := last
		if s.Causal {
			open = min(max(from+i+1+s.Keys-s.Queries, 0), last)
			vec.Fill(row[open:], T(math.Inf(-1)))
		}
		if (w.Mask != nil || open == 0) && nothing(row[:open]) {
			vec.Fill(row, 0)
			continue
		}
		vec.Softmax(row, row, 1, last, 1)
	}
}

// nothing reports whether all elements are −Inf.
func nothing[T gemm.Float](row []T) bool {
	for _, x := range row {
		if !math.IsInf(float64(x), -1) {
			return false
		}
	}
	return true
}

// Forward computes y, [Groups, Queries, E], and reports whether it came to the end.
func Forward[T gemm.Float](y []T, a Args[T], s Shape) bool {
	w := begin(a, s)
	for group := range s.Groups {
		for from := 0; from < s.Queries; from += s.rows() {
			if w.stopped() {
				return false
			}
			w.weigh(group, from, min(s.rows(), s.Queries-from))
			out := y[(group*s.Queries+from)*s.E:][:w.t*s.E]
			gemm.Gemm(false, false, w.t, s.E, w.width, w.weights, max(w.width, 1), w.V, max(s.E, 1), out, max(s.E, 1), &w.e, w.Workers)
		}
	}
	return !w.stopped()
}

// Backward computes the gradients of Σ dy·y by q, k and v, and reports whether it came to the end.
//
//	dP = dy·vᵀ, dS = P ⊙ (dP − Σ P⊙dP), dq = scale·dS·k, dk = scale·dSᵀ·q, dv = Pᵀ·dy
func Backward[T gemm.Float](dq, dk, dv, dy []T, a Args[T], s Shape) bool {
	w := begin(a, s)
	clear(dk)
	clear(dv)
	for group := range s.Groups {
		for from := 0; from < s.Queries; from += s.rows() {
			if w.stopped() {
				return false
			}
			w.weigh(group, from, min(s.rows(), s.Queries-from))
			at := group*s.Queries + from
			w.back(dq[at*s.D:][:w.t*s.D], dk, dv, dy[at*s.E:][:w.t*s.E])
		}
	}
	return !w.stopped()
}

// back is Backward for a tile: dq is the tile's, and so is dy.
func (w *tile[T]) back(dq, dk, dv, dy []T) {
	s, t, n := &w.s, w.t, w.width
	if n == 0 {
		clear(dq)
		return
	}
	d, e := max(s.D, 1), max(s.E, 1)
	gemm.Gemm(true, false, n, s.E, t, w.weights, n, dy, e, dv, e, &w.add, w.Workers)
	gemm.Gemm(false, true, t, n, s.E, dy, e, w.V, e, w.more, n, &w.e, w.Workers)
	for i := range t {
		p, dp := w.weights[i*n:][:n], w.more[i*n:][:n]
		row := w.row[:n]
		vec.Mul(row, p, dp)
		vec.Sum(w.row[s.Keys:], row, 1, n, 1)
		vec.Fill(row, w.row[s.Keys])
		vec.Sub(dp, dp, row)
		vec.Mul(dp, dp, p)
	}
	gemm.Gemm(false, false, t, s.D, n, w.more, n, w.K, d, dq, d, &w.e, w.Workers)
	scale := T(s.Scale)
	for i := range dq {
		dq[i] *= scale
	}
	gemm.Gemm(true, false, n, s.D, t, w.more, n, w.queries, d, dk, d, &w.add, w.Workers)
}
