package gemm

// Float is an element type of a matrix.
type Float interface{ float32 | float64 }

// An Epilogue says what is added to the product. Nil stands for the zero Epilogue:
// C = op(A)·op(B), where the former content of C is never read.
type Epilogue[T Float] struct {
	Accumulate bool // add the former content of C: beta = 1
	Bias       []T  // if not nil, Bias[j] is added to column j; length n; it may lie where C does if m is 1
	RowBias    []T  // if not nil, RowBias[i] is added to row i; length m

	// Stop, if not nil, makes a product end early, and leave C half done, when it is closed. Short products do not look
	// at it.
	Stop <-chan struct{}
}

// stopped reports whether the product is to end.
func (e *Epilogue[T]) stopped() bool {
	if e.Stop == nil {
		return false
	}
	select {
	case <-e.Stop:
		return true
	default:
		return false
	}
}

// Gemm computes C = op(A)·op(B) + beta·C + bias, where op(A) is m×k, op(B) is k×n and C is m×n. A is stored as
// m×k, or as k×m if transA is set; B as k×n, or as n×k if transB is set. C must not overlap A or B. At most workers
// goroutines take part. With k = 0 the product is zero. It panics on sizes and slices that do not fit together.
func Gemm[T Float](
	transA, transB bool, m, n, k int, a []T, lda int, b []T, ldb int, c []T, ldc int, e *Epilogue[T], workers int,
) {
	Batch(1, 0, 0, 0, transA, transB, m, n, k, a, lda, b, ldb, c, ldc, e, workers)
}

// Batch computes count products as Gemm does, item h with a[h·strideA:], b[h·strideB:] and c[h·strideC:]. A stride of
// zero uses one A or one B for all items. Items of C must not overlap. The biases are the same for every item.
func Batch[T Float](
	count, strideA, strideB, strideC int,
	transA, transB bool, m, n, k int, a []T, lda int, b []T, ldb int, c []T, ldc int, e *Epilogue[T], workers int,
) {
	runs := &spaceOf[T]().runs
	r := runs.Get()
	p := &r.problem
	p.count, p.strideA, p.strideB, p.strideC = count, strideA, strideB, strideC
	p.transA, p.transB, p.m, p.n, p.k = transA, transB, m, n, k
	p.a, p.lda, p.b, p.ldb, p.c, p.ldc = a, lda, b, ldb, c, ldc
	if e != nil {
		p.epilogue = *e
	}
	r.start(workers)
	runs.Put(r)
}

// start computes the problem that r is about.
func (r *run[T]) start(workers int) {
	p := &r.problem
	p.check()
	if p.count > 0 && p.m > 0 && p.n > 0 {
		p.normalize()
		if p.epilogue.RowBias != nil {
			r.record = nil // it is added from memory of the run's own
		}
		r.compute(engineOf[T](), workers)
	}
	p.forget()
}

// A problem is one call of Batch.
type problem[T Float] struct {
	count, strideA, strideB, strideC int
	transA, transB                   bool
	m, n, k                          int
	a, b, c                          []T
	lda, ldb, ldc                    int
	epilogue                         Epilogue[T]
	swapped                          bool // A and B have changed places
}

// forget drops all references to the caller's memory.
func (p *problem[T]) forget() {
	p.a, p.b, p.c = nil, nil, nil
	p.epilogue = Epilogue[T]{}
	p.swapped = false
}

// normalize restates products with a vector, so that one along the inner dimension counts as contiguous, and a column
// of C as a row.
func (p *problem[T]) normalize() {
	if p.m == 1 && p.transA && p.lda == 1 {
		p.transA, p.lda = false, max(1, p.k)
	}
	if p.n != 1 {
		return
	}
	if !p.transB && p.ldb == 1 {
		p.transB, p.ldb = true, max(1, p.k)
	}
	if e := &p.epilogue; p.ldc == 1 && p.m > 1 { // Cᵀ = op(B)ᵀ·op(A)ᵀ
		p.swapped = true
		p.ldc = p.m
		p.m, p.n = 1, p.m
		p.transA, p.transB = !p.transB, !p.transA
		p.a, p.lda, p.strideA, p.b, p.ldb, p.strideB = p.b, p.ldb, p.strideB, p.a, p.lda, p.strideA
		e.Bias, e.RowBias = e.RowBias, e.Bias
	}
}

// check panics unless all that the problem reads and writes lies within its slices.
func (p *problem[T]) check() {
	if p.count < 0 || p.m < 0 || p.n < 0 || p.k < 0 {
		panic("gemm: negative size")
	}
	if p.strideA < 0 || p.strideB < 0 || p.strideC < 0 {
		panic("gemm: negative stride")
	}
	if p.count == 0 {
		return
	}
	colsA, colsB := p.k, p.n
	if p.transA {
		colsA = p.m
	}
	if p.transB {
		colsB = p.k
	}
	lenA, lenB, lenC := p.lengths()
	checkMatrix("gemm: A", colsA, p.lda, lenA, len(p.a))
	checkMatrix("gemm: B", colsB, p.ldb, lenB, len(p.b))
	checkMatrix("gemm: C", p.n, p.ldc, lenC, len(p.c))
	if p.count > 1 && p.m > 0 && p.n > 0 && p.strideC == 0 {
		panic("gemm: items of C overlap")
	}
	if e := &p.epilogue; e.Bias != nil && len(e.Bias) != p.n || e.RowBias != nil && len(e.RowBias) != p.m {
		panic("gemm: wrong length of bias")
	}
}

func checkMatrix(name string, cols, ld, least, length int) {
	if ld < max(1, cols) {
		panic(name + ": leading dimension smaller than row")
	}
	if least > length {
		panic(name + ": slice too short")
	}
}

// lengths are those that the slices must have at least.
func (p *problem[T]) lengths() (a, b, c int) {
	of := func(trans bool, rows, cols, ld, stride int) int {
		if trans {
			rows, cols = cols, rows
		}
		if rows == 0 || cols == 0 {
			return 0
		}
		return (p.count-1)*stride + (rows-1)*ld + cols
	}
	return of(p.transA, p.m, p.k, p.lda, p.strideA), of(p.transB, p.k, p.n, p.ldb, p.strideB),
		of(false, p.m, p.n, p.ldc, p.strideC)
}
