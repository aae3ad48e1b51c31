package gemm

// A plan is how one product is cut up. What affects rounding, which is only depth, follows from the sizes and the
// engine; the cut into parts also from the number of workers.
type plan struct {
	tiles, high, highTiles int // rows of C in tiles: the first highTiles have high rows, the rest one less

	packA, packB bool
	depth        int // inner indices summed before C is touched
	blockTiles   int // tiles of A that stay in the second-level cache while columns go by

	tilesPerPart, colsPerPart int
	rowParts, colParts        int
}

// row is the first row of tile t.
func (p *plan) row(t int) int { return t*p.high - max(0, t-p.highTiles) }

const (
	// cacheDepth is the depth of packed panels: with 128 bytes for each inner index, a panel of B takes 48 KiB.
	cacheDepth = 384
	// partPanels is how many panels of B a part packs: 384 KiB at full depth, a share of the second-level cache.
	partPanels = 8
	// blockTiles of A take as much again.
	blockTiles = 16
	// parallelFlops is how much work each worker must have to be worth waking.
	parallelFlops = 1 << 20
	// partsPerWorker evens out workers of different speed.
	partsPerWorker = 4
)

func (e *engine) plan(transA, transB bool, m, n, k, workers int) plan {
	p := plan{depth: max(1, k)}
	p.tiles = (m + e.rows - 1) / e.rows
	p.high = (m + p.tiles - 1) / p.tiles
	p.highTiles = m - p.tiles*(p.high-1)
	width := e.vecs * e.lanes
	panels := (n + width - 1) / width
	p.packA = k > 0 && panels > 2
	p.packB = k > 0 && (transB || p.tiles > 2)
	if k > cacheDepth {
		steps := (k + cacheDepth - 1) / cacheDepth
		p.depth = (k + steps - 1) / steps
	}
	p.blockTiles = blockTiles
	p.tilesPerPart, p.colsPerPart = p.tiles, panels*width
	if p.packB {
		parts := (panels + partPanels - 1) / partPanels
		p.colsPerPart = (panels + parts - 1) / parts * width
	}
	if useful := 2 * m * n * k / parallelFlops; workers > 1 && useful > 1 {
		want := min(workers, useful) * partsPerWorker
		p.colsPerPart = min(p.colsPerPart, (panels+want-1)/want*width)
		if colParts := (n + p.colsPerPart - 1) / p.colsPerPart; colParts < want {
			rowParts := (want + colParts - 1) / colParts
			p.tilesPerPart = (p.tiles + rowParts - 1) / rowParts
		}
	}
	p.rowParts = (p.tiles + p.tilesPerPart - 1) / p.tilesPerPart
	p.colParts = (n + p.colsPerPart - 1) / p.colsPerPart
	return p
}
