package autodiff

import (
	"slices"

	"chainrule/graph"
	"chainrule/internal/sweep"
	"chainrule/ops"
)

// A loop's gradient runs two functions made of its body. The first goes forward:
//
//	(c, x, k) ↦ (c′, r)
//
// where the record r is what the second, which goes backward, needs of the step:
//
//	(r, x, k, c̄′, ȳ, k̄) ↦ (c̄, x̄, k̄ + what the step adds)
//
// Records are kept on a tape, one for each step.
type split struct {
	forward, backward *graph.Func
	// record lists the types of r.
	record []graph.Type
	// takes lists the inputs of the body that backward takes after r, before the cotangents.
	takes []int
	// xs and consts list what backward has results for after those of the carries: cotangents of inputs of the body, and
	// masks over them. The sums of consts are its last inputs.
	xs, consts []rateOf
}

// split makes the functions.
func (a gradAttrs) split(by graph.Compiler) *split {
	j := a.bothWays(by)
	s := &split{xs: j.xs, consts: j.consts}
	back, late := slices.Clone(j.back), slices.Clone(j.cts)
	for k, sum := range j.sums {
		soFar := j.g.Input("", sum.DType(), sum.Shape()...)
		late, back = append(late, soFar), append(back, j.consts[k].sum(soFar, sum))
	}
	r, kept := j.record(a, late, back)
	s.record = typesOf(kept)
	s.forward = j.g.Func(j.primal, append(slices.Clone(j.ahead[:a.Carries]), kept...))
	taken := slices.Clone(kept)
	for i, x := range j.primal {
		if r.used[x] && r.free[x] {
			s.takes = append(s.takes, i)
			taken = append(taken, x)
		}
	}
	s.backward = j.g.Func(append(taken, late...), back)
	return s
}

// record chooses what of a step goes on the tape, where late are the inputs that the way back alone has.
func (j joint) record(a gradAttrs, late, back []*graph.Node) (r *recorder, kept []*graph.Node) {
	r = newRecorder(late, j.primal[a.Carries:])
	kept = r.choose(back)
	if size := newRecord(typesOf(kept)).size; float64(a.tapeSteps())*float64(size) > cacheBytes {
		far := newRecorder(late, j.primal[a.Carries:])
		far.far = true
		if fewer := far.choose(back); 2*newRecord(typesOf(fewer)).size <= size {
			r, kept = far, fewer
		}
	}
	return r, kept
}

// joint is both functions in one, on one graph.
type joint struct {
	g *graph.Graph
	// primal are the body's inputs, and cts what is given: cotangents of its results, and masks over them.
	primal, cts []*graph.Node
	// ahead are the body's results, back the cotangents of live carries and of xs, and sums what is added to those of
	// consts.
	ahead, back, sums []*graph.Node
	xs, consts        []rateOf
}

// sum adds what a step makes of a cotangent, or of the mask over it.
func (r rateOf) sum(soFar, step *graph.Node) *graph.Node {
	if r.mask {
		return ops.Or(soFar, step)
	}
	return ops.Add(soFar, step)
}

// bothWays makes them, simplified.
func (a gradAttrs) bothWays(by graph.Compiler) joint {
	s := sweep.Unfold(a.Body)
	n := len(s.Inputs)
	var late []*graph.Node
	for _, r := range a.given() {
		t := r.typeOf(s.Outputs[r.of].Type())
		late = append(late, s.G.Input("", t.DType, t.Shape...))
	}
	carried := append(a.carried(), a.wrt()...)
	wanted, guard := meant(carried, false, n), meant(carried, true, n)
	pulled := s.Pull(a.byResult(late), meant(a.given(), false, len(s.Outputs)), wanted, guard)
	var j joint
	var back, sums []*graph.Node
	for _, r := range a.carried() {
		back = append(back, r.in(pulled, s.Inputs[r.of]))
	}
	for _, r := range a.wrt() {
		switch {
		case a.loop().isX(r.of):
			j.xs = append(j.xs, r)
			back = append(back, r.in(pulled, s.Inputs[r.of]))
		case r.of >= a.Carries:
			j.consts = append(j.consts, r)
			sums = append(sums, r.in(pulled, s.Inputs[r.of]))
		}
	}
	all := sweep.Unfold(by.Simplified(s.G.Func(s.G.Inputs(), slices.Concat(s.Outputs, back, sums))))
	j.g, j.primal, j.cts = all.G, all.Inputs[:n], all.Inputs[n:]
	j.ahead, all.Outputs = all.Outputs[:len(s.Outputs)], all.Outputs[len(s.Outputs):]
	j.back, j.sums = all.Outputs[:len(back)], all.Outputs[len(back):]
	return j
}

// cacheBytes is the length from which on a tape is taken not to stay in a processor's caches.
const cacheBytes = 16 << 20

// tapeSteps is how many steps the tape has room for, 0 if it grows.
func (a gradAttrs) tapeSteps() int {
	if a.Every > 0 {
		return min(a.Every, a.Steps)
	}
	return a.Steps
}

// recorder chooses what goes on the tape: of the nodes that do not depend on cotangents those that backward uses, or
// fewer from which it computes them again.
type recorder struct {
	late map[*graph.Node]bool // depends on cotangents
	free map[*graph.Node]bool // is there in the backward step
	used map[*graph.Node]bool // by the backward step
	// far says that the tape lies in memory: a step of several stages on vectors takes about as much time to compute once
	// more as to write there and read back. Then anything made by arithmetic and copies is computed again.
	far bool
}

func newRecorder(late, free []*graph.Node) *recorder {
	r := &recorder{late: map[*graph.Node]bool{}, free: map[*graph.Node]bool{}}
	for _, x := range late {
		r.late[x] = true
	}
	for _, x := range free {
		r.free[x] = true
	}
	return r
}

func (r *recorder) choose(back []*graph.Node) (kept []*graph.Node) {
	r.used = map[*graph.Node]bool{}
	order := graph.Topo(back...)
	direct := map[*graph.Node]bool{}
	for _, n := range order {
		for _, x := range n.In() {
			r.late[n] = r.late[n] || r.late[x]
		}
	}
	for _, n := range order {
		if r.late[n] {
			for _, x := range n.In() {
				direct[x] = !r.late[x]
			}
		}
	}
	for _, n := range back {
		direct[n] = !r.late[n]
	}
	var early []*graph.Node
	for _, n := range order {
		if !r.late[n] {
			early = append(early, n)
		}
	}
	isCheap, price := cheap, nearPrice
	if r.far {
		isCheap, price = cheapOrCopy, farPrice
	}
	kept = leastRecord(early, direct, r.free, isCheap, price)
	keep := map[*graph.Node]bool{}
	for _, n := range kept {
		keep[n] = true
	}
	for k := len(order) - 1; k >= 0; k-- { // which recomputed nodes are used at all, and so which inputs
		n := order[k]
		if keep[n] || !direct[n] && !r.used[n] && !r.late[n] {
			continue
		}
		r.used[n] = true
		for _, x := range n.In() {
			r.used[x] = true
		}
	}
	return kept
}

// nearPrice and farPrice are how many bytes computed again are worth one that is kept.
const nearPrice, farPrice = 8, 1 << 16

// cheap reports whether n may be computed again, from what it is computed of.
func cheap(n *graph.Node) bool { return n.Op().Class == graph.View || n.Op().Cheap }

func cheapOrCopy(n *graph.Node) bool { return cheap(n) || n.Op().Copies }
