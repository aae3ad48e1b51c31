package autodiff

import (
	"slices"

	"chainrule/graph"
	"chainrule/internal/sweep"
)

// throughFuncs sends the sets of y's inputs through the functions of a loop or a branch, and returns those of its
// results, nil for a result that does not depend on the sources. It returns nil for other ops, and if it gives up.
func (d *dependence) throughFuncs(y *graph.Node) [][]int32 {
	in := make([][]int32, len(y.In()))
	for i, x := range y.In() {
		if sweep.Passes(y, i) {
			in[i] = d.at(x)
		}
	}
	if h, _ := heldBy(y); h.follow != nil {
		return h.follow(d, in)
	}
	return nil
}

// follow sends the sets of a branch's inputs through both functions.
func (a condAttrs) follow(d *dependence, in [][]int32) [][]int32 {
	parts := d.call(a.Then, in[1:])
	for i, sets := range d.call(a.Else, in[1:]) {
		parts[i] = d.either(parts[i], sets)
	}
	return parts
}

// follow sends the sets of a loop's inputs through its steps.
func (a loopAttrs) follow(d *dependence, in [][]int32) [][]int32 {
	if a.Cond == nil && a.Steps <= fewSteps/(1+a.Body.Inputs()[0].Graph().Len()) {
		return d.stepByStep(a, in)
	}
	return d.anyStep(a, in)
}

// fewSteps is the number of nodes that the steps of a loop have at most that is followed step by step.
const fewSteps = 1 << 20

// manyRounds is how often a body is followed until a loop is taken to mix everything.
const manyRounds = 64

// call sends sets through a function.
func (d *dependence) call(f *graph.Func, in [][]int32) [][]int32 {
	out := make([][]int32, len(f.Outputs()))
	if len(out) == 0 {
		return out
	}
	inner := followFrom(d.sets, f.Outputs(), f.Inputs(), in[:len(f.Inputs())])
	for i, y := range f.Outputs() {
		out[i] = inner.at(y)
	}
	return out
}

// either is both, where nil depends on nothing.
func (d *dependence) either(a, b []int32) []int32 {
	if b == nil {
		return a
	}
	return d.both(a, b)
}

// stepByStep follows every step of a loop.
func (d *dependence) stepByStep(a loopAttrs, in [][]int32) [][]int32 {
	step := slices.Clone(in)
	out := in[:a.Carries:a.Carries]
	ys := make([][]int32, a.ys())
	for t := range a.Steps {
		at := t
		if a.Back {
			at = a.Steps - 1 - t
		}
		for i := a.Carries; i < a.Carries+a.Xs; i++ {
			if size := len(in[i]) / a.Steps; size > 0 && len(in[i]) > 1 {
				step[i] = in[i][at*size:][:size]
			}
		}
		results := d.call(a.Body, step)
		copy(step, results[:a.Carries])
		out = results[:a.Carries]
		for i, sets := range results[a.Carries:] {
			if sets == nil {
				continue
			}
			size := a.Body.Outputs()[a.Carries+i].Type().Size()
			if ys[i] == nil {
				ys[i] = make([]int32, a.Steps*size)
			}
			copy(ys[i][at*size:], stretched(sets, size))
		}
	}
	return slices.Concat(out, ys)
}

// anyStep sends, again and again, what the carries may depend on after any number of steps through the body, until
// there is nothing new, or gives up after many rounds. A slice of xs may be that of any step.
func (d *dependence) anyStep(a loopAttrs, in [][]int32) [][]int32 {
	step := slices.Clone(in)
	for i := a.Carries; i < a.Carries+a.Xs; i++ {
		step[i] = d.anySlice(in[i], a.Body.Inputs()[i].Type().Size())
	}
	for range manyRounds {
		results := d.call(a.Body, step)
		grew := false
		for i := range a.Carries {
			before := step[i]
			step[i] = d.either(before, results[i])
			grew = grew || !slices.Equal(stretched(before, len(step[i])), step[i])
		}
		if grew {
			continue
		}
		parts := slices.Clone(step[:a.Carries])
		for i, sets := range results[a.Carries:] {
			if sets != nil {
				sets = slices.Repeat(stretched(sets, a.Body.Outputs()[a.Carries+i].Type().Size()), a.Steps)
			}
			parts = append(parts, sets)
		}
		return parts
	}
	return nil
}

// anySlice is the union of the slices of x, each of the given size.
func (d *dependence) anySlice(sets []int32, size int) []int32 {
	if len(sets) <= 1 || size == 0 {
		return sets
	}
	all := make([]int32, size)
	column := make([]int32, len(sets)/size)
	for e := range all {
		for s := range column {
			column[s] = sets[s*size+e]
		}
		all[e] = d.sets.UnionAll(column)
	}
	return all
}
