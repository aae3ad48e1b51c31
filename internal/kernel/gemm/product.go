package gemm

import (
	"sync/atomic"
	"unsafe"
)

// A Product is what Batch computes, for programs that compute it again and again: sizes and strides, which stay the same
// from its first run on. To find out how to multiply small matrices takes longer than to multiply them, so that the
// first run writes down which calls of micro-kernels it makes, and later ones make the same on other operands.
type Product[T Float] struct {
	Count, StrideA, StrideB, StrideC int
	TransA, TransB                   bool
	M, N, K                          int
	LDA, LDB, LDC                    int

	script atomic.Pointer[script[T]]
}

// Run is Batch. Any number of goroutines may call it at the same time.
func (p *Product[T]) Run(a, b, c []T, e *Epilogue[T], workers int) {
	s := p.script.Load()
	if s != nil && s.run(a, b, c, e) {
		return
	}
	runs := &spaceOf[T]().runs
	r := runs.Get()
	r.count, r.strideA, r.strideB, r.strideC = p.Count, p.StrideA, p.StrideB, p.StrideC
	r.transA, r.transB, r.m, r.n, r.k = p.TransA, p.TransB, p.M, p.N, p.K
	r.a, r.lda, r.b, r.ldb, r.c, r.ldc = a, p.LDA, b, p.LDB, c, p.LDC
	if e != nil {
		r.epilogue = *e
	}
	if r.isShort() {
		r.epilogue.Stop = nil // a script is of all of a product
	}
	if s == nil && r.isShort() {
		r.record = &script[T]{accumulate: r.epilogue.Accumulate, bias: len(r.epilogue.Bias)}
		r.record.lenA, r.record.lenB, r.record.lenC = r.lengths()
	}
	r.start(workers)
	if s == nil {
		p.script.Store(r.record.finished())
	}
	r.record = nil
	runs.Put(r)
}

// isShort reports whether the problem is worth writing down: one worker computes it in a few calls of micro-kernels, and
// nothing is left to do after them.
func (p *problem[T]) isShort() bool {
	e := &p.epilogue
	return p.count > 0 && p.m > 0 && p.n > 0 && p.k > 0 && p.count*2*p.m*p.n*p.k <= parallelFlops &&
		e.RowBias == nil && (e.Bias == nil || !e.Accumulate)
}

// A script is what micro-kernels were told in a run of a short problem. Without an engine it is of no use.
type script[T Float] struct {
	engine           *engine
	calls            []call
	accumulate       bool // to C
	bias             int  // length of the bias, 0 for none
	lenA, lenB, lenC int  // of operands, at least
	swapped          bool // A is B
}

// A call is one of a micro-kernel, with a tile without addresses and what these are less those of the operands.
type call struct {
	kernel       func(*tile)
	tile         tile
	a, b, c, add uintptr
	adds         addend
}

// An addend is where what a micro-kernel adds lies: in the bias, in C as it was, or in C as the sum so far.
type addend uint8

const (
	addedNothing addend = iota
	addedBias
	addedC
	addedSum
)

// longScript is a number of calls that is too large to be kept.
const longScript = 32

// call calls a micro-kernel, and writes it down if the run is to be.
func (r *run[T]) call(kernel func(*tile), k *tile) {
	if s := r.record; s != nil {
		if len(s.calls) == longScript {
			r.record = nil
		} else {
			s.calls = append(s.calls, r.told(kernel, k))
			s.engine, s.swapped = r.engine, r.swapped
		}
	}
	kernel(k)
}

// told is a call that this run makes.
func (r *run[T]) told(kernel func(*tile), k *tile) call {
	from := func(x []T, at unsafe.Pointer) uintptr {
		return uintptr(at) - uintptr(unsafe.Pointer(unsafe.SliceData(x)))
	}
	told := call{kernel: kernel, tile: *k, a: from(r.a, k.a), b: from(r.b, k.b), c: from(r.c, k.c)}
	switch {
	case k.add == nil:
	case r.q0 > 0:
		told.adds, told.add = addedSum, from(r.c, k.add)
	case r.epilogue.Accumulate:
		told.adds, told.add = addedC, from(r.c, k.add)
	default:
		told.adds, told.add = addedBias, from(r.epilogue.Bias, k.add)
	}
	told.tile.a, told.tile.b, told.tile.c, told.tile.add = nil, nil, nil, nil
	return told
}

// finished is a script that says no more if it says nothing so far.
func (s *script[T]) finished() *script[T] {
	if s == nil {
		return &script[T]{}
	}
	return s
}

// run makes the calls on other operands. It is false if it made none, as these are not what the script is about.
func (s *script[T]) run(a, b, c []T, e *Epilogue[T]) bool {
	if s.engine == nil || s.engine != engineOf[T]() || len(a) < s.lenA || len(b) < s.lenB || len(c) < s.lenC {
		return false
	}
	var bias []T
	if e != nil {
		bias = e.Bias
	}
	if len(bias) != s.bias || e == nil && s.accumulate ||
		e != nil && (e.Accumulate != s.accumulate || e.RowBias != nil) {
		return false
	}
	start := func(x []T) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(x)) }
	at, bt, ct, biasAt := start(a), start(b), start(c), start(bias)
	if s.swapped {
		at, bt = bt, at
	}
	for i := range s.calls {
		told := &s.calls[i]
		k := told.tile
		k.a, k.b, k.c = unsafe.Add(at, told.a), unsafe.Add(bt, told.b), unsafe.Add(ct, told.c)
		switch told.adds {
		case addedC, addedSum:
			k.add = unsafe.Add(ct, told.add)
		case addedBias:
			k.add = unsafe.Add(biasAt, told.add)
		}
		told.kernel(onStack(&k))
	}
	return true
}

// onStack hides from the compiler that a micro-kernel, called through a table, is given k, so that k need not be
// allocated: micro-kernels do not keep it.
func onStack(k *tile) *tile {
	address := uintptr(unsafe.Pointer(k))
	return *(**tile)(unsafe.Pointer(&address))
}
