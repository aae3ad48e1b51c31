package exec

import (
	"unsafe"

	"chainrule/graph"
	"chainrule/internal/kernel/par"
)

// Member is one node of a group: Maps of one shape, and reductions of them to one element, that are computed tile by
// tile, so that what they leave for each other stays in the first cache.
type Member struct {
	Node *graph.Node
	// Out is where the value goes, for members that are used outside of the group.
	Out Slot
	// Kept says that Out is set; other members live in tiles alone.
	Kept bool
	// In has a slot for each operand from outside; those of operands that are members are not used.
	In []Slot
}

// space is the shape that a member's tiles divide: a Map's own, or that of what a reduction folds.
func (m Member) space() []int {
	if m.Node.Op().Class == graph.Reduce {
		return m.Node.In()[0].Shape()
	}
	return m.Node.Shape()
}

// tileBytes is the size of a tile of the widest element type of a group, but for those with a fold of a narrower one,
// which wants as much: a block of vec.Sum, so that partial results are those of its tree.
const tileBytes = 4096

// group is a bound group of members.
type group struct {
	size, tile int
	bases      []graph.Buffer // memory outside of the group: operands, results, partial results
	frames     []frame        // one for each worker
	folds      []fold
	work       *graph.Work
	nodes      []*graph.Node
	parts      int
	head       *head
}

// frame is the tiles of one worker and the operations on them.
type frame struct {
	group   *group
	ops     []tileOp
	moving  []moving
	tiled   []*graph.Buffer // whose length follows the tile's
	expands []expand
	length  int
	err     error
	failed  *graph.Node
}

type tileOp struct {
	kernel graph.Kernel
	out    graph.Buffer
	in     []graph.Buffer
	ahead  []ask
}

// moving is an operand that advances with the tiles: by elements, or by one element a tile.
type moving struct {
	buf     *graph.Buffer
	base    int
	elem    int
	perTile bool
}

// fold is a reduction to one element: a partial result for each tile, then a tree over them.
type fold struct {
	out, partials int // bases
	elem          int
	combine       graph.Kernel
	pair          []graph.Buffer // scratch
}

// value is where a node's elements are found in a frame: a register, or a base.
type value struct {
	register int // −1 if it is in memory
	base     int
	elem     int
	single   bool
}

// newGroup binds a step with members. place points a base at a slot.
func newGroup(s Step, work *graph.Work, place func(b *graph.Buffer, s Slot)) *group {
	g := &group{work: work}
	if s.Members[0].Node.Op().Class == graph.Contract {
		g.head = newHead(g, s.Members[0], place)
		s.Members = s.Members[1:]
	}
	widest, folded := 1, 8 // the narrowest element that is folded
	for _, m := range s.Members {
		g.nodes = append(g.nodes, m.Node)
		widest = max(widest, m.Node.DType().Size())
		for _, x := range m.Node.In() {
			widest = max(widest, x.DType().Size())
		}
		if m.Node.Op().Class == graph.Reduce {
			folded = min(folded, m.Node.DType().Size())
		}
	}
	g.size = graph.Size(s.Members[0].space())
	g.tile = min(tileBytes/min(widest, folded), g.size)
	tiles := (g.size + g.tile - 1) / g.tile
	g.parts = min(work.Workers, max(1, g.size*len(s.Members)/parallelWork), tiles)
	if g.head != nil {
		g.parts = work.Workers
	}
	b := binder{
		group: g, space: s.Members[0].space(),
		members: newNodeNumbers(s.Members), known: newNodeNumbers(s.Members),
		values: make([]value, 0, 2*len(s.Members)),
	}
	for range s.Members {
		g.bases = append(g.bases, graph.Buffer{}) // results come first
	}
	for i, n := range g.nodes {
		b.members.set(n, i)
	}
	b.plan(s, tiles)
	for i := range b.places {
		place(&g.bases[b.places[i].base], b.places[i].slot)
	}
	for range g.parts {
		g.frames = append(g.frames, b.frame(s))
	}
	return g
}

// parallelWork is how many element operations are worth waking another core.
const parallelWork = 1 << 15

// do runs the group.
func (g *group) do() (*graph.Node, error) {
	switch {
	case g.head != nil:
		if err := g.head.kernel(&g.head.work, g.head.out, g.head.in); err != nil {
			return g.head.node, err
		}
	case g.parts == 1:
		g.frames[0].run(0, g.size)
	default:
		par.Do(g.parts, g.parts, g)
	}
	if failed, err := g.failure(); err != nil {
		return failed, err
	}
	for _, f := range g.folds {
		p := g.bases[f.partials]
		f.tree(g.work, p)
		copy(bytesOf(g.bases[f.out].Ptr, f.elem), bytesOf(p.Ptr, f.elem))
	}
	return nil, nil
}

// failure returns the first tile's error, and forgets all for the next run.
func (g *group) failure() (failed *graph.Node, err error) {
	for i := range g.frames {
		f := &g.frames[i]
		if err == nil {
			failed, err = f.failed, f.err
		}
		f.failed, f.err = nil, nil
	}
	return failed, err
}

// Part runs the tiles of one worker.
func (g *group) Part(i int) {
	tiles := (g.size + g.tile - 1) / g.tile
	g.frames[i].run(tiles*i/g.parts*g.tile, min(g.size, tiles*(i+1)/g.parts*g.tile))
}

// tree combines partial results into the first: neighbours first, in the order that the reduction's own kernel adds
// its blocks in.
func (f fold) tree(w *graph.Work, p graph.Buffer) {
	for step := 1; step < p.Len; step *= 2 {
		for i := 0; i+step < p.Len; i += 2 * step {
			left := graph.Buffer{Ptr: unsafe.Add(p.Ptr, i*f.elem), Len: 1}
			right := graph.Buffer{Ptr: unsafe.Add(p.Ptr, (i+step)*f.elem), Len: 1}
			f.pair[0], f.pair[1] = left, right
			f.combine(w, left, f.pair)
		}
	}
}

// run computes the elements from lo to hi, tile by tile.
func (f *frame) run(lo, hi int) {
	g := f.group
	for ; lo < hi; lo += g.tile {
		n := min(g.tile, hi-lo)
		if n != f.length {
			f.length = n
			for _, b := range f.tiled {
				b.Len = n
			}
		}
		for i := range f.moving {
			m := &f.moving[i]
			at := lo * m.elem
			if m.perTile {
				at = lo / g.tile * m.elem
			}
			m.buf.Ptr = unsafe.Add(g.bases[m.base].Ptr, at)
		}
		for i := range f.expands {
			f.expands[i].fill(g.bases[f.expands[i].base].Ptr, lo, n)
		}
		for i := range f.ops {
			op := &f.ops[i]
			if op.ahead != nil && lo+g.tile < hi {
				f.ask(op, lo+g.tile)
			}
			if err := op.kernel(g.work, op.out, op.in); err != nil && f.err == nil {
				f.err, f.failed = err, g.nodes[i]
			}
		}
	}
}

func bytesOf(p unsafe.Pointer, n int) []byte { return unsafe.Slice((*byte)(p), n) }
