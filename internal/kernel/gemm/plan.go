package gemm

// A plan is how one product is cut up. What affects rounding, which is only depth, follows from the sizes and the
// engine; the rest may also depend on the number of workers.
type plan struct {
	tiles, high, highTiles int // rows of C in tiles: the first highTiles have high rows, the rest one less
	vecs, width            int // columns in panels of so many vectors, or elements

	packA, packB bool
	depth        int  // inner indices summed before C is touched
	across       bool // tiles follow one another along a row of C, not down a column
	blockTiles   int  // tiles of A that stay in the second-level cache while columns go by

	tilesPerPart, colsPerPart int
	rowParts, colParts        int
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

var (
	// cacheDepth is the depth of packed panels: with 128 bytes for each inner index, a panel of B takes 48 KiB.
	cacheDepth = 384
	// partPanels is how many panels of B a part packs: 384 KiB at full depth, a share of the second-level cache.
	partPanels = 8
	// blockTiles of A take as much again.
	blockTiles = 16
	// A matrix A is packed if it has more bytes than smallA, half of a second-level cache.
	smallA = 1 << 20
	// An untransposed B is packed if the rows to be read for one panel span more bytes than smallB and there are more
	// than fewTiles tiles to share the cost; more than two if those rows are so far apart, nearPages, that they evict
	// one another from the first-level cache.
	smallB    = 64 << 10
	fewTiles  = 10
	nearPages = 8 << 10
	// shortSum is a depth at which writing C takes longer than computing it.
	shortSum = 48
	// parallelFlops is how much work each worker must have to be worth waking.
	parallelFlops = 1 << 20
	// partsPerWorker evens out workers of different speed.
	partsPerWorker = 4
)

func (p *plan) set(e *engine, transA, transB bool, m, n, k, ldb, workers int) {
	p.depth = k
	if k > cacheDepth {
		steps := ceil(k, cacheDepth)
		p.depth = ceil(k, steps)
	}
	p.tiles = ceil(m, e.rows)
	p.high = ceil(m, p.tiles)
	p.highTiles = m - p.tiles*(p.high-1)
	p.packB = k > 0 && (transB || k*ldb*e.size > smallB && (p.tiles > fewTiles || p.tiles > 2 && ldb*e.size >= nearPages))
	p.vecs = e.vecs
	if p.tiles == 1 && !p.packB {
		p.vecs = e.widest(p.high)
	}
	p.width = p.vecs << e.laneShift
	panels := ceil(n, p.width)
	p.packA = k > 0 && panels > 2 && p.tiles > 1 && m*k*e.size > smallA
	p.across = p.tiles == 1 || p.depth <= shortSum && panels > 1
	p.blockTiles = blockTiles
	if p.across {
		p.blockTiles = 1
	}

	p.tilesPerPart, p.colsPerPart = p.tiles, panels*p.width
	p.rowParts, p.colParts = 1, 1
	if p.packB && panels > partPanels {
		p.colParts = ceil(panels, partPanels)
		p.colsPerPart = ceil(panels, p.colParts) * p.width
	}
	if useful := 2 * m * n * k / parallelFlops; workers > 1 && useful > 1 {
		want := min(workers, useful) * partsPerWorker
		p.colsPerPart = min(p.colsPerPart, ceil(panels, want)*p.width)
		if p.colParts = ceil(n, p.colsPerPart); p.colParts < want {
			p.tilesPerPart = ceil(p.tiles, ceil(want, p.colParts))
		}
		p.rowParts = ceil(p.tiles, p.tilesPerPart)
	}
	if p.colParts > 1 {
		p.colParts = ceil(n, p.colsPerPart)
	}
}

// ceil is x/y rounded up.
func ceil(x, y int) int { return int((uint(x) + uint(y) - 1) / uint(y)) }
