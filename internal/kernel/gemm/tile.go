package gemm

import "unsafe"

// A tile tells a micro-kernel what to do: for each of count tiles of C, a block of a few rows and vectors,
//
//	C[i, j] = Σ_q A[i, q]·B[q, j] + add[i, j]
//
// with the sum taken in order of q, from zero. All strides and steps are in bytes. Kernels may leave b at the last
// tile. Assembly knows the offsets of the fields.
type tile struct {
	a, b, c    unsafe.Pointer
	add        unsafe.Pointer // nil: nothing is added
	rowA, colA uintptr        // strides of A
	rowB       uintptr        // stride of B, whose rows are contiguous
	rowC       uintptr
	rowAdd     uintptr

	stepA, stepB, stepC, stepAdd uintptr // from one tile to the next

	mask  uintptr // lanes of the last vector: bits (AVX-512), or the address of a vector, nil if full (AVX2)
	k     int
	count int
}

// A tileTable holds micro-kernels by their tile's vectors and rows.
type tileTable [maxTileVecs + 1][maxTileRows + 1]func(*tile)

const (
	maxTileRows = 14
	maxTileVecs = 8
)

// A dotTable holds micro-kernels for operands that are both contiguous along the inner dimension, by their block's
// columns, 1 or 4, and rows. In their tile, rowB is the stride from one column of op(B) to the next, mask is of the
// lanes beyond the last whole vector along k, and the sum is taken lane by lane.
type dotTable [5][maxDotRows + 1]func(*tile)

const maxDotRows = 4

// An engine is the set of kernels for one element type at one CPU level.
type engine struct {
	laneShift uint // a vector has 1<<laneShift elements
	size      int  // bytes of an element
	rows      int  // rows of the highest tile
	vecs      int  // vectors of the widest tile of that height

	widest [maxTileRows + 1]int // vectors of the widest tile by height
	tiles  tileTable            // by vectors and rows
	panel  int                  // rows of a packed panel of A, at least rows

	mask func(n int) uintptr // field mask of a tile whose last vector has n lanes

	dots    *dotTable // nil: none
	dotRows int

	// transpose packs up to lanes rows of a k-contiguous matrix; copy packs rows that are contiguous already.
	transpose, copy func(*packing)

	// outer writes rows of C = A·B past the caches: A is one element a row, stepA bytes apart, B and a row of C whole
	// vectors, C aligned to them. Nil: none.
	outer func(c, a, b unsafe.Pointer, stepA, rows, vecs int)
}

// newEngine fills in what follows from the tables.
func newEngine(e engine) *engine {
	for rows := 1; rows <= e.rows; rows++ {
		for vecs, byRows := range e.tiles {
			if byRows[rows] != nil {
				e.widest[rows] = vecs
			}
		}
	}
	e.vecs = e.widest[e.rows]
	return &e
}

// A packing tells a pack kernel what to do. Strides are in bytes. With dst[q] the row of the packed panel for the inner
// index q, copy sets dst[q][j] = src[q·stride + j] and transpose dst[q][j] = src[j·stride + q], for j < width.
// Further elements of a panel's row, up to a whole vector, may be set to anything.
type packing struct {
	dst, src          unsafe.Pointer
	dstStride, stride uintptr
	k, width          int
	mask              uintptr // as in tile, for a copied row's last vector
	lastMask          uintptr // of the last, partial step along k in transpose
}
