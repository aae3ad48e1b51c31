package gemm

import "unsafe"

// A Micro lets a package that places operands itself, as convolutions do, call the micro-kernels and the packing of its CPU.
// It holds what they are told, so that calls do not allocate. The zero Micro is ready.
type Micro[T Float] struct {
	tile    tile
	packing packing
}

// Extent is how many rows the highest tile has, and how many columns the widest of that height.
func (m *Micro[T]) Extent() (rows, cols int) {
	e := engineOf[T]()
	return e.rows, e.vecs << e.laneShift
}

// Widest is how many columns a tile of so many rows has at most.
func (m *Micro[T]) Widest(rows int) int {
	e := engineOf[T]()
	return e.widest[rows] << e.laneShift
}

// Blocks are count blocks of C, of rows by cols, for which there is a tile: each A·B, or what is added to C. Strides and steps
// from one block to the next are in elements, and a row of B and of C is contiguous.
type Blocks struct {
	A, B, C              unsafe.Pointer
	RowA, ColA           int
	RowB, RowC           int
	StepA, StepB, StepC  int
	K, Rows, Cols, Count int
	Add                  bool
}

// Multiply computes blocks. Nothing is checked.
func (m *Micro[T]) Multiply(b *Blocks) {
	e, size, k := engineOf[T](), unsafe.Sizeof(T(0)), &m.tile
	vecs := (b.Cols-1)>>e.laneShift + 1
	*k = tile{
		a: b.A, b: b.B, c: b.C, rowA: uintptr(b.RowA) * size, colA: uintptr(b.ColA) * size, rowB: uintptr(b.RowB) * size,
		rowC: uintptr(b.RowC) * size, stepA: uintptr(b.StepA) * size, stepB: uintptr(b.StepB) * size, stepC: uintptr(b.StepC) * size,
		mask: e.mask(b.Cols - (vecs-1)<<e.laneShift), k: b.K, count: b.Count,
	}
	if b.Add {
		k.add, k.rowAdd, k.stepAdd = k.c, k.rowC, k.stepC
	}
	e.tiles[vecs][b.Rows](k)
}

// DotRows is how many rows blocks of dot products have at most, 0 if there are none.
func (m *Micro[T]) DotRows() int {
	if e := engineOf[T](); e.dots != nil {
		return e.dotRows
	}
	return 0
}

// Dots computes blocks as Multiply does, of one column or four, from columns of B that are contiguous along the inner
// dimension, as rows of A are: RowB is from one of these to the next.
func (m *Micro[T]) Dots(b *Blocks) {
	e, size, k := engineOf[T](), unsafe.Sizeof(T(0)), &m.tile
	*k = tile{
		a: b.A, b: b.B, c: b.C, rowA: uintptr(b.RowA) * size, rowB: uintptr(b.RowB) * size, rowC: uintptr(b.RowC) * size,
		stepB: uintptr(b.StepB) * size, stepC: uintptr(b.StepC) * size, k: b.K, count: b.Count,
	}
	if rest := b.K & (1<<e.laneShift - 1); rest > 0 {
		k.mask = e.mask(rest)
	}
	if b.Add {
		k.add, k.rowAdd, k.stepAdd = k.c, k.rowC, k.stepC
	}
	e.dots[b.Cols][b.Rows](k)
}

// Copy copies k rows of width elements, at most the columns of Extent. What is behind them, up to a whole vector, may be
// overwritten.
func (m *Micro[T]) Copy(dst, src unsafe.Pointer, dstStride, stride, k, width int) {
	m.pack(dst, src, dstStride, stride, k, width, false)
}

// Transpose copies width columns of k elements, stride apart, to k rows, as Copy does.
func (m *Micro[T]) Transpose(dst, src unsafe.Pointer, dstStride, stride, k, width int) {
	m.pack(dst, src, dstStride, stride, k, width, true)
}

func (m *Micro[T]) pack(dst, src unsafe.Pointer, dstStride, stride, k, width int, transposed bool) {
	size := unsafe.Sizeof(T(0))
	m.packing = packing{dst: dst, src: src, dstStride: uintptr(dstStride) * size, stride: uintptr(stride) * size, k: k, width: width}
	engineOf[T]().pack(&m.packing, transposed)
}
