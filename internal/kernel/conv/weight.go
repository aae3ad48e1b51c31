package conv

import (
	"unsafe"

	"chainrule/internal/kernel/par"
)

// Weight sums over images and their places: for each piece of the kernel it is the product of the windows' rows, one for each
// channel and place along the last axis, with the transpose of y. Images follow one another, and each is shared by all
// workers, so that sums are taken in one order.

// A WeightPlan is what does not change from run to run.
type WeightPlan struct {
	shape Shape
	correlation
	places, columns int // of y: places, and channels of a group
}

// PlanWeight says how the kernel is computed from x and y.
func PlanWeight(shape *Shape) *WeightPlan {
	s := shape.flat()
	p := &WeightPlan{shape: s, places: size(s.Y), columns: s.Out}
	p.expansion, p.pieces = s.windows()
	p.channels, p.slabs, p.results = s.In, s.Y[0], s.Y[1]*s.Y[2]
	return p
}

// expandedSize is that of a group of channels, panelSize that of its transposed y, sumSize that of its kernel.
func (p *WeightPlan) expandedSize() int { return p.pieceDepth() * p.copySize() }
func (p *WeightPlan) sumSize() int      { return p.depth() * p.columns }

// weights is one run of a plan.
type weights[T Float] struct {
	plan                     *WeightPlan
	x, y                     []T
	expanded, panels, sums   buffer[T]
	panelSize, width         int
	stop                     <-chan struct{}
	image                    int
	multiplying              bool
	dots                     bool // y has too few channels for rows of vectors
	groupParts, rows, blocks int  // of multiplication: parts of a group, by pieces and blocks of so many rows
}

// RunWeight computes the kernel w.
func RunWeight[T Float](p *WeightPlan, w, x, y []T, workers int, stop <-chan struct{}) {
	s := &p.shape
	if s.Batch == 0 || len(w) == 0 {
		clear(w)
		return
	}
	list := &spaceOf[T]().weights
	r := list.Get()
	r.plan, r.x, r.y, r.stop = p, x, y, stop
	r.set()
	for r.image = 0; r.image < s.Batch && !stopped(stop); r.image++ {
		r.multiplying = false
		par.Do(s.Groups, workers, r)
		r.multiplying = true
		par.Do(s.Groups*r.groupParts, workers, r)
	}
	for g := range s.Groups {
		r.arrange(w[g*p.sumSize():][:p.sumSize()], r.sums.elements[g*p.sumSize():])
	}
	r.plan, r.x, r.y, r.stop = nil, nil, nil, nil
	list.Put(r)
}

// set makes room and cuts the work into parts.
func (r *weights[T]) set() {
	p, s, high := r.plan, &r.plan.shape, 0
	workers := &spaceOf[T]().workers
	w := workers.Get()
	high, r.width = w.micro.Extent()
	r.dots = w.micro.DotRows() > 0 && p.columns < fewColumns
	workers.Put(w)
	r.panelSize = (p.columns + r.width - 1) / r.width * r.width * p.places
	r.expanded.grow(s.Groups * p.expandedSize())
	r.panels.grow(s.Groups * r.panelSize)
	r.sums.grow(s.Groups * p.sumSize())
	r.rows = 8 * high
	r.blocks = (p.pieceDepth() + r.rows - 1) / r.rows
	r.groupParts = len(p.pieces) * r.blocks
}

// Part expands one group of the image and transposes its y, or multiplies some rows of one piece.
func (r *weights[T]) Part(i int) {
	if stopped(r.stop) {
		return
	}
	workers := &spaceOf[T]().workers
	w := workers.Get()
	if r.multiplying {
		g, part := i/r.groupParts, i%r.groupParts
		first := part % r.blocks * r.rows
		rows := min(r.rows, r.plan.pieceDepth()-first)
		if r.dots {
			r.multiplyDots(w, g, part/r.blocks, first, rows)
		} else {
			r.multiply(w, g, part/r.blocks, first, rows)
		}
	} else {
		r.prepare(w, i)
	}
	workers.Put(w)
}

func (r *weights[T]) prepare(w *worker[T], g int) {
	p, s := r.plan, &r.plan.shape
	channels := r.x[(r.image*s.Groups+g)*s.In*size(s.X):][:s.In*size(s.X)]
	w.expand(&p.expansion, r.expanded.elements[g*p.expandedSize():], channels, s.In)
	if r.dots {
		return
	}
	y := r.y[(r.image*s.Groups+g)*s.Out*p.places:][:s.Out*p.places]
	for o := 0; o < p.columns; o += r.width {
		w.micro.Transpose(r.panels.at(g*r.panelSize+o*p.places), unsafe.Pointer(&y[o*p.places]), r.width, p.places, p.places,
			min(r.width, p.columns-o))
	}
}

// fewColumns are so few that products along places take less time than tiles of them.
const fewColumns = 5

// multiplyDots is multiply where both factors are read along places: one column after the other.
func (r *weights[T]) multiplyDots(w *worker[T], g, piece, first, rows int) {
	p, b, s := r.plan, &w.blocks, &r.plan.shape
	y := r.y[(r.image*s.Groups+g)*s.Out*p.places:][:s.Out*p.places]
	a := r.expanded.elements[g*p.expandedSize()+p.pieces[piece]+first*p.copySize():]
	c := r.sums.elements[g*p.sumSize()+(piece*p.pieceDepth()+first)*p.columns:]
	b.RowA, b.RowB, b.RowC, b.StepB, b.StepC, b.K = p.copySize(), p.places, p.columns, p.places, 1, p.results
	b.Cols, b.Count = 1, p.columns
	high := w.micro.DotRows()
	for slab := range p.slabs {
		b.B, b.Add = unsafe.Pointer(&y[slab*p.results]), r.image > 0 || slab > 0
		for row := 0; row < rows; row += high {
			b.A, b.C = unsafe.Pointer(&a[row*b.RowA+slab*p.slabStep()]), unsafe.Pointer(&c[row*p.columns])
			b.Rows = min(high, rows-row)
			w.micro.Dots(b)
		}
	}
}

// sumPlaces is about how many places are summed before the sums so far are stored.
const sumPlaces = 512

// multiply adds what the image contributes to rows of a piece.
func (r *weights[T]) multiply(w *worker[T], g, piece, first, rows int) {
	p, b := r.plan, &w.blocks
	most, _ := w.micro.Extent()
	steps := (p.results + sumPlaces - 1) / sumPlaces
	step := (p.results + steps - 1) / steps
	b.RowA, b.ColA, b.RowB, b.RowC, b.StepB = p.copySize(), 1, r.width, p.columns, 0
	a := r.expanded.elements[g*p.expandedSize()+p.pieces[piece]+first*b.RowA:]
	c := r.sums.elements[g*p.sumSize()+(piece*p.pieceDepth()+first)*p.columns:]
	for o := 0; o < p.columns; o += r.width {
		b.Cols = min(r.width, p.columns-o)
		panel := r.panels.elements[g*r.panelSize+o*p.places:]
		for slab := range p.slabs {
			for q := 0; q < p.results; q += step {
				b.K, b.Add = min(step, p.results-q), r.image > 0 || slab > 0 || q > 0
				b.B = unsafe.Pointer(&panel[(slab*p.results+q)*r.width])
				eachHeight(rows, most, func(row, high, count int) {
					b.A, b.C = unsafe.Pointer(&a[row*b.RowA+slab*p.slabStep()+q]), unsafe.Pointer(&c[row*p.columns+o])
					b.Rows, b.Count, b.StepA, b.StepC = high, count, high*b.RowA, high*p.columns
					w.micro.Multiply(b)
				})
			}
		}
	}
}

// arrange writes the kernel [columns, channels, places] from sums [pieces, channels, places along the last axis, columns].
func (r *weights[T]) arrange(w, sums []T) {
	p := r.plan
	along, pieces := len(p.first), len(p.pieces)
	for i := range w {
		k := i % along
		piece := i / along % pieces
		c := i / along / pieces % p.channels
		o := i / along / pieces / p.channels
		w[i] = sums[((piece*p.channels+c)*along+k)*p.columns+o]
	}
}
