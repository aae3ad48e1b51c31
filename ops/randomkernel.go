package ops

import (
	"chainrule/graph"
	"chainrule/internal/kernel/par"
	"chainrule/internal/kernel/random"
)

// draw fills dst with the elements of a key's draw from position at on.
type draw[T graph.Element] = func(dst []T, key random.Key, at uint64)

// drawWork is one call of a kernel that draws size elements by each of many keys, in parts of drawPart elements.
type drawWork[T graph.Element] struct {
	draw draw[T]
	size int
	dst  []T
	keys []int64
	stop <-chan struct{}
}

// drawPart is the number of elements in a part, which is worth a worker and short enough to look for a stop behind it.
const drawPart = 1 << 14

// Part draws one part.
func (w *drawWork[T]) Part(i int) {
	if graph.IsClosed(w.stop) {
		return
	}
	from := i * drawPart
	dst := w.dst[from:min(from+drawPart, len(w.dst))]
	for len(dst) > 0 {
		key, at := from/w.size, from%w.size
		n := min(w.size-at, len(dst))
		w.draw(dst[:n], keyAt(w.keys, key), uint64(at))
		dst, from = dst[n:], from+n
	}
}

// bindDraw binds draws by the keys that are the node's first input.
func bindDraw[T graph.Element](n *graph.Node, f draw[T]) graph.Kernel {
	size := graph.Size(n.Shape()[n.In()[0].Rank()-1:])
	var spare par.Freelist[drawWork[T]]
	return func(work *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		call := spare.Get()
		call.draw, call.size = f, size
		call.dst, call.keys, call.stop = graph.Elements[T](out), graph.Elements[int64](in[0]), work.Stop
		par.Do((len(call.dst)+drawPart-1)/drawPart, work.Workers, call)
		call.dst, call.keys, call.stop = nil, nil, nil
		spare.Put(call)
		return work.Err()
	}
}
