package ops

import (
	"chainrule/graph"
	"chainrule/internal/kernel/par"
	"chainrule/internal/kernel/vec"
)

// Loops over the middle axis of [outer, r, inner] are cut for several workers along the other axes, so that each element
// of the result is computed by one of them as it would be by one alone.

// fold is the form of a loop over the middle axis of x [outer, r, inner].
type fold[D, S graph.Element] func(dst []D, x []S, outer, r, inner int)

// foldUntil is a fold that gives up, anywhere, when stop is closed.
type foldUntil[D, S graph.Element] func(stop <-chan struct{}, dst []D, x []S, outer, r, inner int)

// parallelFold is how many elements are worth waking another worker.
const parallelFold = 1 << 16

// foldUnstopped is about how many elements a worker goes through before it looks whether it is to stop.
const foldUnstopped = 1 << 18

// partsPerWorker evens out workers of different speed.
const partsPerWorker = 4

// foldWork is one call of a fold, cut into parts along the outer axis, or along the inner one if columns is set.
type foldWork[D, S graph.Element] struct {
	fold            fold[D, S]
	until           foldUntil[D, S] // in place of fold, if it looks itself
	columns         func(dst []D, x []S, r, stride int)
	dst             []D
	x               []S
	outer, r, inner int
	parts           int
	stop            <-chan struct{}
}

// Part does rows of the outer axis, or columns of the only one.
func (w *foldWork[D, S]) Part(i int) {
	if graph.IsClosed(w.stop) {
		return
	}
	if w.columns != nil {
		lo, hi := w.inner*i/w.parts, w.inner*(i+1)/w.parts
		w.columns(w.dst[lo:hi], w.x[lo:], w.r, w.inner)
		return
	}
	lo, hi := w.outer*i/w.parts, w.outer*(i+1)/w.parts
	to, from := len(w.dst)/w.outer, w.r*w.inner
	w.rows(w.stop, w.dst[lo*to:hi*to], w.x[lo*from:hi*from], hi-lo)
}

func (w *foldWork[D, S]) rows(stop <-chan struct{}, dst []D, x []S, outer int) {
	if w.until != nil {
		w.until(stop, dst, x, outer, w.r, w.inner)
		return
	}
	w.fold(dst, x, outer, w.r, w.inner)
}

// bindFold binds a fold whose result has a part of its own for each index of the outer axis.
func bindFold[D, S graph.Element](f fold[D, S], outer, r, inner int) graph.Kernel {
	return bindParts(foldWork[D, S]{fold: f, outer: outer, r: r, inner: inner}, outer)
}

// bindUntil is bindFold for a loop that looks itself whether it is to stop, since its rows may be long.
func bindUntil[D, S graph.Element](f foldUntil[D, S], outer, r, inner int) graph.Kernel {
	return bindParts(foldWork[D, S]{until: f, outer: outer, r: r, inner: inner}, outer)
}

// bindSum is bindFold for sums, which can be cut along the inner axis if there is no outer one.
func bindSum[T vec.Num](n *graph.Node) graph.Kernel {
	outer, r, inner := folds(n)
	w := foldWork[T, T]{fold: vec.Sum[T], outer: outer, r: r, inner: inner}
	if outer != 1 || inner < 2*columnsPerPart {
		return bindParts(w, outer)
	}
	w.columns = vec.SumColumns[T]
	return bindParts(w, inner/columnsPerPart)
}

// columnsPerPart is the least number of columns that are worth a part: some cache lines of each row.
const columnsPerPart = 64

// bindParts binds a fold that may be cut into so many parts at most, if it is large enough to be cut.
func bindParts[D, S graph.Element](w foldWork[D, S], most int) graph.Kernel {
	if most <= 1 || w.outer*w.r*w.inner < parallelFold {
		return func(work *graph.Work, out graph.Buffer, in []graph.Buffer) error {
			w.rows(work.Stop, graph.Elements[D](out), graph.Elements[S](in[0]), w.outer)
			return work.Err()
		}
	}
	var spare par.Freelist[foldWork[D, S]]
	return func(work *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		call := spare.Get()
		*call = w
		call.dst, call.x = graph.Elements[D](out), graph.Elements[S](in[0])
		call.parts, call.stop = min(most, max(partsPerWorker*work.Workers, w.outer*w.r*w.inner/foldUnstopped)), work.Stop
		par.Do(call.parts, work.Workers, call)
		call.dst, call.x, call.stop = nil, nil, nil
		spare.Put(call)
		return work.Err()
	}
}
