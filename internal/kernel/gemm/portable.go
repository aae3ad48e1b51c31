package gemm

// portable is the specification that assembly must match, up to the order of rounding: each element of C is the sum
// of its products in order of the inner dimension, then what the epilogue adds.
func (p *problem[T]) portable() {
	for item := range p.count {
		p.portableRows(item, 0, p.m)
	}
}

// portableRows computes rows lo to hi of C in one item of the batch.
func (p *problem[T]) portableRows(item, lo, hi int) {
	b := p.b[min(item*p.strideB, len(p.b)):]
	for i := lo; i < hi; i++ {
		row := p.c[item*p.strideC+i*p.ldc:][:p.n]
		if !p.epilogue.Accumulate {
			clear(row)
		}
		for q := 0; q < p.k; q++ {
			x := p.at(item, i, q)
			if p.transB {
				for j := range row {
					row[j] += x * b[j*p.ldb+q]
				}
			} else {
				for j, y := range b[q*p.ldb:][:p.n] {
					row[j] += x * y
				}
			}
		}
		p.finish(item, i, 0, row)
	}
}

// at is op(A)[i, q].
func (p *problem[T]) at(item, i, q int) T {
	if p.transA {
		return p.a[item*p.strideA+q*p.lda+i]
	}
	return p.a[item*p.strideA+i*p.lda+q]
}

// finish adds the biases to a segment of row i that starts at column col, and applies the epilogue's function.
func (p *problem[T]) finish(item, i, col int, segment []T) {
	e := &p.epilogue
	if e.Bias != nil {
		for j, x := range e.Bias[col:][:len(segment)] {
			segment[j] += x
		}
	}
	if e.RowBias != nil {
		x := e.RowBias[i]
		for j := range segment {
			segment[j] += x
		}
	}
	if e.Apply != nil {
		e.Apply(segment, item*p.m+i, col)
	}
}
