package autodiff

import "chainrule/internal/sparsity"

// Follow sends the sets of a branch's inputs through both functions.
func (a condAttrs) Follow(d *sparsity.Dependence, in [][]int32) [][]int32 {
	parts := d.Call(a.Then, in[1:])
	for i, sets := range d.Call(a.Else, in[1:]) {
		parts[i] = d.Either(parts[i], sets)
	}
	return parts
}

// Follow sends the sets of a loop's inputs through its steps.
func (a loopAttrs) Follow(d *sparsity.Dependence, in [][]int32) [][]int32 {
	return d.Loop(sparsity.Loop{
		Body: a.Body, Carries: a.Carries, Xs: a.Xs, N: a.Steps, Exact: a.Cond == nil, Back: a.Back,
	}, in)
}
