package exec

import (
	"sync/atomic"

	"chainrule/graph"
)

// head is a product whose finished runs a group takes up at once.
type head struct {
	kernel graph.Kernel
	work   graph.Work
	out    graph.Buffer
	in     []graph.Buffer
	node   *graph.Node
	busy   []atomic.Bool // by frame
}

func newHead(g *group, m Member, place func(b *graph.Buffer, s Slot)) *head {
	h := &head{kernel: m.Node.Op().Kernel(m.Node), node: m.Node, in: make([]graph.Buffer, len(m.In))}
	h.work = graph.Work{Workers: g.work.Workers, Done: g.finished}
	h.busy = make([]atomic.Bool, g.work.Workers)
	place(&h.out, m.Out)
	for i, s := range m.In {
		place(&h.in[i], s)
	}
	return h
}

// finished runs the group on n elements from number lo on, in a frame that no other worker is using. There are as
// many frames as workers.
func (g *group) finished(lo, n int) {
	for i := 0; ; i = (i + 1) % len(g.frames) {
		if g.head.busy[i].CompareAndSwap(false, true) {
			g.frames[i].run(lo, lo+n)
			g.head.busy[i].Store(false)
			return
		}
	}
}
