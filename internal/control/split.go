package control

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
	back, onlyBackward := slices.Clone(j.back), slices.Clone(j.cts)
	for k, sum := range j.sums {
		soFar := j.g.Input("", sum.DType(), sum.Shape()...)
		onlyBackward, back = append(onlyBackward, soFar), append(back, j.consts[k].sum(soFar, sum))
	}
	r, kept := j.record(a, onlyBackward, back)
	s.record = typesOf(kept)
	s.forward = j.g.Func(j.primal, append(slices.Clone(j.ahead[:a.Carries]), kept...))
	taken := slices.Clone(kept)
	for i, x := range j.primal {
		if r.used[x] && r.available[x] {
			s.takes = append(s.takes, i)
			taken = append(taken, x)
		}
	}
	s.backward = j.g.Func(append(taken, onlyBackward...), back)
	return s
}

// record chooses what of a step goes on the tape, where onlyBackward are the inputs that the way back alone has.
func (j joint) record(a gradAttrs, onlyBackward, back []*graph.Node) (r *residuals, kept []*graph.Node) {
	r = newResiduals(onlyBackward, j.primal[a.Carries:])
	kept = r.choose(back)
	if size := newRecord(typesOf(kept)).size; float64(a.tapeSteps())*float64(size) > cacheBytes {
		inMemory := newResiduals(onlyBackward, j.primal[a.Carries:])
		inMemory.inMemory = true
		if fewer := inMemory.choose(back); 2*newRecord(typesOf(fewer)).size <= size {
			r, kept = inMemory, fewer
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
	var onlyBackward []*graph.Node
	for _, r := range a.given() {
		t := r.typeOf(s.Outputs[r.of].Type())
		onlyBackward = append(onlyBackward, s.G.Input("", t.DType, t.Shape...))
	}
	carried := append(a.carried(), a.wrt()...)
	wanted, guard := meant(carried, false, n), meant(carried, true, n)
	pulled := s.Pull(a.byResult(onlyBackward), meant(a.given(), false, len(s.Outputs)), wanted, guard)
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
