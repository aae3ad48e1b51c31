package control

import "chainrule/graph"

// Sources sends, for package sparsity, sets of sources through functions: those that the elements of inputs depend on,
// each element's by number, to those that the elements of results do.
type Sources interface {
	Call(f *graph.Func, in [][]int32) [][]int32
	Either(a, b []int32) []int32
	Loop(l Loop, in [][]int32) [][]int32
}

// Follower is the attribute of an op that holds functions and says which sources the elements of its results depend on, of
// those of its inputs.
type Follower interface {
	Follow(d Sources, in [][]int32) [][]int32
}

// Follow sends the sets of a branch's inputs through both functions.
func (a condAttrs) Follow(d Sources, in [][]int32) [][]int32 {
	parts := d.Call(a.Then, in[1:])
	for i, sets := range d.Call(a.Else, in[1:]) {
		parts[i] = d.Either(parts[i], sets)
	}
	return parts
}

// Follow sends the sets of a loop's inputs through its steps.
func (a Loop) Follow(d Sources, in [][]int32) [][]int32 { return d.Loop(a, in) }
