package gemm

// A plan is how one product is cut up. What affects rounding, which is only depth, follows from the sizes and the
// engine; the rest may also depend on the number of workers.
type plan struct {
	tiles, high, highTiles int // rows of C in tiles: the first highTiles have high rows, the rest one less
	vecs, width            int // columns in panels of so many vectors, or elements

	dots         bool // by dot products: tiles are blocks of these
	packA, packB bool
	depth        int  // inner indices summed before C is touched
	across       bool // tiles follow one another along a row of C, not down a column
	blockCols    int  // columns of B that stay there while rows of dot products go by
	blockTiles   int  // tiles of A that stay in the second-level cache while columns go by

	chunkTiles                int // tiles of A that are packed before they are used
	tilesPerPart, colsPerPart int // the cut of a chunk
	colParts                  int
}

// row is the first row of tile t.
func (p *plan) row(t int) int { return t*p.high - max(0, t-p.highTiles) }

// height is the number of rows of tile t.
func (p *plan) height(t int) int {
	if t < p.highTiles {
		return p.high
	}
	return p.high - 1
}

const (
	// cacheDepth is the depth of packed panels. With 128 bytes for each inner index, a panel of B takes 64 KiB: more
	// than the first-level cache, but the second level keeps up with the micro-kernel, and C is touched less often.
	cacheDepth = 512
	// partPanels is how many panels of B a part packs: 512 KiB at full depth, half of a second-level cache.
	partPanels = 8
	// blockTiles of A take most of the other half, 384 KiB.
	blockTiles = 12
	// A matrix A is packed if it has more bytes than smallA, the size of a common second-level cache.
	smallA = 1 << 20
	// chunkBytes bounds the memory for packed panels of A.
	chunkBytes = 8 << 20
	// An untransposed B is packed if the rows to be read for one panel span more bytes than smallB and there are more
	// than fewTiles tiles to share the cost; more than two if those rows are farRows bytes apart, when they evict one
	// another from the first-level cache.
	smallB   = 64 << 10
	fewTiles = 10
	farRows  = 8 << 10
	// shortSum is a depth at which writing C takes longer than computing it.
	shortSum = 48
	// Dot products are the way of few rows, for which it does not pay to transpose B while packing, if they are at
	// least longDot vectors long for every 16 rows. B is taken dotBytes at a time.
	fewRows  = 16 // for each row of a block of dot products
	longDot  = 4
	dotDepth = 2048
	dotBytes = 256 << 10
	// parallelFlops is how much work each worker must have to be worth waking.
	parallelFlops = 1 << 20
	// partsPerWorker evens out workers of different speed.
	partsPerWorker = 4
)

// set makes the plan of an m×n×k product. Of the strides, only that of B matters.
func (p *plan) set(e *engine, transA, transB bool, m, n, k, ldb, workers int) {
	p.dots = transB && !transA && e.dots != nil && m <= fewRows*e.dotRows && k >= ceil(m, 16)*longDot<<e.laneShift
	rows, depth := e.rows, cacheDepth
	if p.dots {
		rows, depth = e.dotRows, dotDepth
	}
	p.depth = k
	if k > depth {
		p.depth = ceil(k, ceil(k, depth))
	}
	p.tiles = ceil(m, rows)
	p.high = ceil(m, p.tiles)
	p.highTiles = m - p.tiles*(p.high-1)
	if p.dots {
		p.packA, p.packB, p.across, p.width = false, false, false, dotCols
		p.blockCols = max(dotCols, dotBytes/(p.depth*e.size)) &^ (dotCols - 1)
		p.split(e, m, n, k, workers)
		return
	}
	shared := p.tiles > fewTiles || p.tiles > 2 && ldb*e.size >= farRows
	p.packB = k > 0 && (transB || shared && k*ldb*e.size > smallB)
	p.vecs = e.vecs
	if p.tiles == 1 && !p.packB {
		p.vecs = e.widest[p.high]
	}
	p.width = p.vecs << e.laneShift
	panels := ceil(n, p.width)
	p.packA = k > 0 && panels > 2 && p.tiles > 1 && m*k*e.size > smallA
	p.across = p.tiles == 1 || p.depth <= shortSum && panels > 1
	p.blockTiles = blockTiles
	if p.across {
		p.blockTiles = 1
	}

	p.split(e, m, n, k, workers)
}

// split cuts C into parts: as many as there are shares of a packed B that fit the cache, or more, to employ all
// workers.
func (p *plan) split(e *engine, m, n, k, workers int) {
	panels := ceil(n, p.width)
	p.chunkTiles, p.colsPerPart = p.tiles, panels*p.width
	if p.packA {
		p.chunkTiles = min(p.tiles, max(1, chunkBytes/(e.panel*p.depth*e.size)))
	}
	p.tilesPerPart = p.chunkTiles
	if p.packB && panels > partPanels {
		p.colsPerPart = ceil(panels, ceil(panels, partPanels)) * p.width
	}
	if useful := 2 * m * n * k / parallelFlops; workers > 1 && useful > 1 {
		want := min(workers, useful) * partsPerWorker
		if p.packB || p.chunkTiles < 2*want { // rows are cut if it is free, for the sake of longer ones
			p.colsPerPart = min(p.colsPerPart, ceil(panels, want)*p.width)
		}
		if have := ceil(n, p.colsPerPart); have < want {
			p.tilesPerPart = ceil(p.chunkTiles, ceil(want, have))
		}
	}
	p.colParts = ceil(n, p.colsPerPart)
}

// dotCols is the number of columns of a block of dot products.
const dotCols = 4

// ceil is x/y rounded up.
func ceil(x, y int) int { return int((uint(x) + uint(y) - 1) / uint(y)) }
