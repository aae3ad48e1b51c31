package autodiff

import (
	"slices"

	"chainrule/graph"
	"chainrule/internal/compile"
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
	// xs and consts tell which inputs of the body, by number, backward takes after r, followed by the cotangents.
	takes []int
	// ys says that forward gives the ys too, between c′ and r.
	ys bool
	// pulls lists the wanted xs and consts, in the order of backward's results and, for consts, last inputs.
	xs, consts []int
}

// splitBody makes the two functions.
func (a gradAttrs) split(withYs bool) *split {
	type key struct {
		attrs  gradAttrs
		withYs bool
	}
	return a.Body.Memo(key{a, withYs}, func() any { return a.newSplit(withYs) }).(*split)
}

func (a gradAttrs) newSplit(withYs bool) *split {
	j := a.joint()
	u := compile.Simplified(compile.Unit{Inputs: j.g.Inputs(), Outputs: append(slices.Clone(j.ahead), j.back...)})
	n := len(a.Body.Inputs())
	primal, late := u.Inputs[:n], u.Inputs[n:]
	ahead, back := u.Outputs[:len(j.ahead)], u.Outputs[len(j.ahead):]
	r := recorder{late: map[*graph.Node]bool{}, free: map[*graph.Node]bool{}}
	for _, x := range late {
		r.late[x] = true
	}
	for i, x := range primal {
		r.free[x] = i >= a.Carries
	}
	kept := r.choose(back)
	s := &split{record: typesOf(kept), ys: withYs, xs: j.xs, consts: j.consts}
	if !withYs {
		ahead = ahead[:a.Carries]
	}
	g := u.Outputs[0].Graph()
	s.forward = g.Func(primal, append(slices.Clone(ahead), kept...))
	taken := slices.Clone(kept)
	for i, x := range primal {
		if r.used[x] && r.free[x] {
			s.takes = append(s.takes, i)
			taken = append(taken, x)
		}
	}
	s.backward = g.Func(append(taken, late...), back)
	return s
}

// joint is both functions in one, on one graph.
type joint struct {
	scratch
	ahead, back []*graph.Node
	xs, consts  []int
}

func (a gradAttrs) joint() joint {
	j := joint{scratch: unfold(a.Body)}
	given := make(mask, len(j.outputs))
	for _, i := range a.results() {
		given[i] = true
	}
	cts := j.twins(j.outputs, given)
	wrt := make(mask, len(j.inputs))
	for _, i := range a.Live.Slice() {
		wrt[i] = true
	}
	for _, i := range a.Wrt.Slice() {
		wrt[i] = true
	}
	pulls := scatter(reverseTo(choose(j.outputs, given), some(cts), choose(j.inputs, wrt)), wrt)
	j.ahead = j.outputs
	for _, i := range a.Live.Slice() {
		j.back = append(j.back, orZeros(pulls[i], j.inputs[i]))
	}
	for _, i := range a.Wrt.Slice() {
		switch {
		case a.loop().isX(i):
			j.xs = append(j.xs, i)
			j.back = append(j.back, orZeros(pulls[i], j.inputs[i]))
		case i >= a.Carries:
			j.consts = append(j.consts, i)
		}
	}
	for _, i := range j.consts {
		j.back = append(j.back, sumOf(j.input(j.inputs[i]), pulls[i]))
	}
	return j
}

// recorder chooses what goes on the tape: of the nodes that do not depend on cotangents those that backward uses, but
// for what it computes again since that is cheaper than to keep it.
type recorder struct {
	late map[*graph.Node]bool // depends on cotangents
	free map[*graph.Node]bool // is there in the backward step
	used map[*graph.Node]bool // by the backward step
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
	again := map[*graph.Node]bool{} // is recomputed, or is there
	keep := map[*graph.Node]bool{}
	for _, n := range order {
		again[n] = !r.late[n] && (r.free[n] || r.cheap(n, again))
		if direct[n] && !again[n] {
			keep[n], again[n] = true, true
			kept = append(kept, n)
		}
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

// cheap reports whether n is computed again from nodes that are there.
func (r *recorder) cheap(n *graph.Node, there map[*graph.Node]bool) bool {
	if len(n.In()) == 0 {
		return !n.IsInput()
	}
	for _, x := range n.In() {
		if !there[x] {
			return false
		}
	}
	return n.Op().Class == graph.View || n.Op().Class == graph.Map && isArithmetic[n.Op().Name]
}

// isArithmetic lists the elementwise ops that take no more time than reading their result.
var isArithmetic = map[string]bool{
	"add": true, "sub": true, "mul": true, "neg": true, "square": true, "mul_add": true, "where": true, "positive": true,
	"eq": true, "ne": true, "lt": true, "le": true, "gt": true, "ge": true, "and": true, "or": true, "not": true,
	"maximum": true, "minimum": true, "abs": true, "relu": true, "cast": true,
}
