package exec

import (
	"unsafe"

	"chainrule/graph"
	"chainrule/internal/kernel/par"
)

// Member is one node of a group: Maps of one shape, and reductions of them, that are computed tile by tile, so that
// what they leave for each other stays in the first cache.
type Member struct {
	Node *graph.Node
	// Out is where the value goes, for members that are used outside of the group.
	Out Slot
	// Kept says that Out is set; other members live in tiles alone.
	Kept bool
	// In has a slot for each operand from outside; those of operands that are members are not used.
	In []Slot
}

// space is the shape that the tiles of a member divide: a Map's own, or that of what a reduction folds.
func space(n *graph.Node) []int {
	if n.Op().Class == graph.Reduce {
		return n.In()[0].Shape()
	}
	return n.Shape()
}

// group is a bound group of members.
type group struct {
	cut
	bases  []graph.Buffer // memory outside of the group: operands, results, partial results
	frames []frame        // one for each worker
	folds  []fold
	work   *graph.Work
	nodes  []*graph.Node
	parts  int
}

// frame is the tiles of one worker and the operations on them.
type frame struct {
	group   *group
	ops     []tileOp
	pair    []graph.Buffer // scratch of folds
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
	fold   *fold // instead of a kernel
}

// moving is an operand that advances with the tiles.
type moving struct {
	buf  *graph.Buffer
	base int
	elem int
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
	for _, m := range s.Members {
		g.nodes = append(g.nodes, m.Node)
	}
	g.cut = newCut(g.nodes)
	g.parts = min(work.Workers, max(1, g.size*len(s.Members)/parallelWork), g.units())
	b := binder{
		group: g, space: space(g.nodes[0]),
		members: newNodeNumbers(s.Members), known: newNodeNumbers(s.Members),
		values: make([]value, 0, 2*len(s.Members)),
	}
	for range s.Members {
		g.bases = append(g.bases, graph.Buffer{}) // results come first
	}
	for i, n := range g.nodes {
		b.members.set(n, i)
	}
	b.plan(s)
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
	if g.parts == 1 {
		g.frames[0].run(0, g.size)
	} else {
		par.Do(g.parts, g.parts, g)
	}
	if failed, err := g.failure(); err != nil {
		return failed, err
	}
	for i := range g.folds {
		g.folds[i].finish(g)
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
	units := g.units()
	g.frames[i].run(units*i/g.parts*g.unit, min(g.size, units*(i+1)/g.parts*g.unit))
}

// run computes the elements from lo to hi, tile by tile.
func (f *frame) run(lo, hi int) {
	g := f.group
	for n := 0; lo < hi; lo += n {
		if g.work.Stopped() {
			f.err = graph.ErrStopped
			return
		}
		n = min(g.tile, hi-lo)
		if g.period < g.size {
			n = min(n, g.period-lo%g.period)
		}
		if n != f.length {
			f.length = n
			for _, b := range f.tiled {
				b.Len = n
			}
		}
		for i := range f.moving {
			m := &f.moving[i]
			m.buf.Ptr = unsafe.Add(g.bases[m.base].Ptr, lo*m.elem)
		}
		for i := range f.expands {
			f.expands[i].fill(g.bases[f.expands[i].base].Ptr, lo, n)
		}
		for i := range f.ops {
			op := &f.ops[i]
			if op.ahead != nil && lo+n < hi {
				f.ask(op, lo+n)
			}
			if op.fold != nil {
				op.fold.add(f, op, lo)
				continue
			}
			if err := op.kernel(g.work, op.out, op.in); err != nil && f.err == nil {
				f.err, f.failed = err, g.nodes[i]
			}
		}
	}
}

func bytesOf(p unsafe.Pointer, n int) []byte { return unsafe.Slice((*byte)(p), n) }
