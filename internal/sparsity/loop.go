package sparsity

import (
	"slices"

	"chainrule/graph"
	"chainrule/internal/control"
	"chainrule/internal/sweep"
)

// throughFuncs sends the sets of y's inputs through the functions of a loop or a branch, and returns those of its
// results, nil for a result that does not depend on the sources. It returns nil for other ops, and if it gives up.
func (d *Dependence) throughFuncs(y *graph.Node) [][]int32 {
	in := make([][]int32, len(y.In()))
	for i, x := range y.In() {
		if sweep.Passes(y, i) {
			in[i] = d.at(x)
		}
	}
	if f, ok := y.Attrs().(control.Follower); ok {
		return f.Follow(d, in)
	}
	return nil
}

// Loop sends the sets of a loop's inputs through its steps: each step, or, if there may be more or fewer than n or they
// are many, any number of them.
func (d *Dependence) Loop(l control.Loop, in [][]int32) [][]int32 {
	if l.Cond == nil && l.Steps <= fewSteps/(1+l.Body.Inputs()[0].Graph().Len()) {
		return d.stepByStep(l, in)
	}
	return d.anyStep(l, in)
}

// fewSteps is the number of nodes that the steps of a loop have at most that is followed step by step.
const fewSteps = 1 << 20

// manyRounds is how often a body is followed until a loop is taken to mix everything.
const manyRounds = 64

// Call sends sets through a function.
func (d *Dependence) Call(f *graph.Func, in [][]int32) [][]int32 {
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

// Either is both, where nil depends on nothing.
func (d *Dependence) Either(a, b []int32) []int32 {
	if b == nil {
		return a
	}
	return d.both(a, b)
}

// stepByStep follows every step of a loop.
func (d *Dependence) stepByStep(a control.Loop, in [][]int32) [][]int32 {
	step := slices.Clone(in)
	out := in[:a.Carries:a.Carries]
	ys := make([][]int32, len(a.Body.Outputs())-a.Carries)
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
		results := d.Call(a.Body, step)
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
func (d *Dependence) anyStep(a control.Loop, in [][]int32) [][]int32 {
	step := slices.Clone(in)
	for i := a.Carries; i < a.Carries+a.Xs; i++ {
		step[i] = d.anySlice(in[i], a.Body.Inputs()[i].Type().Size())
	}
	for range manyRounds {
		results := d.Call(a.Body, step)
		grew := false
		for i := range a.Carries {
			before := step[i]
			step[i] = d.Either(before, results[i])
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
func (d *Dependence) anySlice(sets []int32, size int) []int32 {
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
