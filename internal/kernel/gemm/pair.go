package gemm

import (
	"math"
	"runtime"
	"unsafe"
)

// A Pair is two products of a row with one matrix, computed together so that the matrix, which is much larger than the
// rows, is read once:
//
//	C[i] = A[i]·op(B) + Add[i], i = 0, 1
//
// op(B) is k×n. Each of them has the bits that it has alone. A micro-kernel takes rows at any distance from each other,
// so that they may lie anywhere.
type Pair[T Float] struct {
	rows    Product[T] // with the two rows as a matrix
	nothing []T        // what is added where nothing is: −0, to which every number keeps its bits
}

// NewPair returns a Pair of the given sizes, with B stored as n×k if transB is set.
func NewPair[T Float](transB bool, n, k, ldb int) *Pair[T] {
	p := &Pair[T]{nothing: make([]T, n)}
	p.rows.Count, p.rows.TransB, p.rows.M, p.rows.N, p.rows.K = 1, transB, 2, n, k
	p.rows.LDA, p.rows.LDB, p.rows.LDC = max(1, k), ldb, max(1, n)
	for j := range p.nothing {
		p.nothing[j] = T(math.Copysign(0, -1))
	}
	return p
}

// Rows are the operands of a Pair: rows of A, of C, and what is added, nil if it is nothing.
type Rows[T Float] struct{ A, C, Add [2][]T }

// Run computes the products. Add[i] may be C[i]; otherwise C overlaps neither the operands nor itself. Any number of
// goroutines may call it at the same time.
func (p *Pair[T]) Run(r *Rows[T], b []T, workers int) {
	n, k := p.rows.N, p.rows.K
	adds := r.Add[0] != nil || r.Add[1] != nil
	if adds && r.Add[0] == nil {
		r.Add[0] = p.nothing
	}
	if adds && r.Add[1] == nil {
		r.Add[1] = p.nothing
	}
	if len(r.A[0]) < k || len(r.A[1]) < k || len(r.C[0]) < n || len(r.C[1]) < n ||
		adds && (len(r.Add[0]) < n || len(r.Add[1]) < n) {
		panic("gemm: slice of a pair too short")
	}
	if s := p.rows.script.Load(); s != nil && s.runPair(r, b, adds) {
		return
	}
	pairs := &spaceOf[T]().pairs
	w := pairs.Get()
	w.operands = *r
	w.a.grow(2 * k)
	w.c.grow(2 * n)
	for i := range 2 {
		copy(w.a.elements[i*k:][:k], r.A[i])
		if adds {
			copy(w.c.elements[i*n:][:n], r.Add[i])
		}
	}
	p.rows.Run(w.a.elements[:2*k], b, w.c.elements[:2*n], &Epilogue[T]{Accumulate: adds}, workers)
	for i := range 2 {
		copy(r.C[i][:n], w.c.elements[i*n:])
	}
	w.operands = Rows[T]{}
	pairs.Put(w)
}

// A pairSpace is where a Pair that is not short, or runs for the first time, puts its rows below each other. Operands
// are kept here so that the compiler does not put them on a stack, which may move while their distance is in use.
type pairSpace[T Float] struct {
	a, c     buffer[T]
	operands Rows[T]
}

// runPair makes the calls of a script about two rows, which lie where they like. It is false if it made none.
func (s *script[T]) runPair(r *Rows[T], b []T, adds bool) bool {
	if s.engine == nil || s.engine != engineOf[T]() || s.swapped || s.accumulate != adds || len(b) < s.lenB {
		return false
	}
	at, a1 := unsafe.Pointer(unsafe.SliceData(r.A[0])), unsafe.Pointer(unsafe.SliceData(r.A[1]))
	ct, c1 := unsafe.Pointer(unsafe.SliceData(r.C[0])), unsafe.Pointer(unsafe.SliceData(r.C[1]))
	addAt, add1 := unsafe.Pointer(unsafe.SliceData(r.Add[0])), unsafe.Pointer(unsafe.SliceData(r.Add[1]))
	bt := unsafe.Pointer(unsafe.SliceData(b))
	for i := range s.calls {
		told := &s.calls[i]
		k := told.tile
		k.a, k.b, k.c = unsafe.Add(at, told.a), unsafe.Add(bt, told.b), unsafe.Add(ct, told.c)
		k.rowA, k.rowC = uintptr(a1)-uintptr(at), uintptr(c1)-uintptr(ct)
		switch told.adds {
		case addedC:
			k.add, k.rowAdd = unsafe.Add(addAt, told.add), uintptr(add1)-uintptr(addAt)
		case addedSum:
			k.add, k.rowAdd = k.c, k.rowC
		}
		told.kernel(onStack(&k))
	}
	runtime.KeepAlive(r.A[1])
	runtime.KeepAlive(r.C[1])
	runtime.KeepAlive(r.Add[1])
	return true
}
