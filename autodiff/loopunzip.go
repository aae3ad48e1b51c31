package autodiff

import (
	"slices"

	"chainrule/graph"
	"chainrule/internal/compile"
	"chainrule/ops"
)

// A gradient of a known number of steps is two loops. One makes the steps ahead and stacks what is recorded of them;
// the other takes the stacks from the last slice to the first. If the program has the loop itself, the first is that
// loop, with some results more.
//
//	%2 = loop(%0, %1)                  →    %2 = loop(%0, %1), with records
//	%4 = loop_grad(%0, %1, %3)              %4 = loop(%3, records of %2), backward
//
// What can be done with loops can then be done with their gradients, too.

// unzipPass is the pass.
var unzipPass = compile.Pass{
	Name: "unzip", OfFuncs: true,
	Why: "equal inputs of a loop and its gradient have met, and derivatives have all been taken",
	Run: func(u compile.Unit, opts compile.Options) compile.Unit { return unzip(u, opts.Compiler()) },
}

func init() { compile.Extend(mergePass, unzipPass, stackPass) }

func unzip(u compile.Unit, c graph.Compiler) compile.Unit {
	order := graph.Topo(u.Outputs...)
	used := map[*graph.Node]bool{}
	for _, n := range order {
		used[n] = true
	}
	by := map[*graph.Node]*graph.Node{}
	for _, n := range order {
		a, ok := n.Attrs().(gradAttrs)
		if !ok || n.Op() != &loopGradOp || !a.loop().tapeIsFixed() || a.Steps == 0 {
			continue
		}
		loop := loopNode{a.loop(), n.In()[:a.loopInputs()]}.existing()
		if !used[loop] || by[graph.Part(loop, 0)] != nil {
			loop = nil
		}
		n.Graph().With(n, func() { a.unzip(n, loop, by, c) })
	}
	if len(by) == 0 {
		return u
	}
	next, ok := u.Substitute(by)
	if !ok {
		panic("autodiff: a loop's record depends on its gradient")
	}
	return next
}

// tapeIsFixed reports whether the length of the whole tape is known.
func (a loopAttrs) tapeIsFixed() bool { return a.Cond == nil && a.Every == 0 }

// existing returns the loop's node, nil if there is none.
func (l loopNode) existing() *graph.Node {
	return l.in[0].Graph().Find(&loopOp, l.loopAttrs, l.in...)
}

// unzip says what comes in place of the results of a gradient n, and of those of the loop itself, if it is not nil.
func (a gradAttrs) unzip(n, loop *graph.Node, by map[*graph.Node]*graph.Node, c graph.Compiler) {
	h, in, g := a.halves(loop != nil, c), n.In(), n.Graph()
	ahead := loopNode{a.loop(), in[:a.loopInputs()]}
	ahead.Body = h.ahead
	first := ahead.node()
	if loop != nil {
		for i := range a.Body.Outputs() {
			by[graph.Part(loop, i)] = graph.Part(first, i)
		}
	}
	given, carried := in[a.loopInputs():], len(a.carried())
	back := loopNode{loopAttrs: loopAttrs{Body: h.back, Steps: a.Steps, Back: !a.Back}}
	back.in = append(back.in, given[:carried]...)
	for _, r := range h.results[carried : carried+h.sums] {
		t := r.typeOf(in[r.of].Type())
		back.in = append(back.in, ops.BroadcastTo(g.Scalar(t.DType, 0), t.Shape...))
	}
	back.Carries = len(back.in)
	for _, y := range h.records {
		back.in = append(back.in, graph.Part(first, y))
	}
	for _, i := range h.takes {
		if ahead.isX(i) {
			back.in = append(back.in, in[i])
		}
	}
	back.in = append(back.in, given[carried:]...)
	back.Xs = len(back.in) - back.Carries
	for _, i := range h.takes {
		if !ahead.isX(i) {
			back.in = append(back.in, in[i])
		}
	}
	back.Consts = len(back.in) - back.Carries - back.Xs
	back.loopAttrs = back.on(g)
	last := back.node()
	for k, r := range a.wrt() {
		by[graph.Part(n, k)] = graph.Part(last, slices.Index(h.results, r))
	}
}

// halves are the bodies of the two loops.
//
//	ahead: (c, x, k) ↦ (c′, y and r)
//	back:  (c̄′, k̄; r, x, ȳ; k) ↦ (c̄, k̄ + what the step adds; x̄)
type halves struct {
	ahead, back *graph.Func
	// records lists the results of ahead that make up the record r, and takes the inputs of the body that back takes.
	records, takes []int
	// results lists what the results of back are, by input of the body: carries, then sums, then xs.
	results []rateOf
	sums    int
}

// halves makes them; ahead gives the ys too if it is asked to, before what else is recorded.
func (a gradAttrs) halves(withYs bool, c graph.Compiler) *halves {
	type key struct {
		attrs  gradAttrs
		withYs bool
	}
	return c.Memo(a.Body, key{a, withYs}, func() any { return a.newHalves(withYs, c) }).(*halves)
}

func (a gradAttrs) newHalves(withYs bool, c graph.Compiler) *halves {
	j := a.bothWays(c)
	live := len(a.carried())
	h := &halves{results: slices.Concat(a.carried(), j.consts, j.xs), sums: len(j.consts)}
	cts, late := slices.Clone(j.cts[:live]), slices.Clone(j.cts)
	back := slices.Clone(j.back[:live])
	for k, sum := range j.sums {
		soFar := j.g.Input("", sum.DType(), sum.Shape()...)
		cts, late = append(cts, soFar), append(late, soFar)
		back = append(back, j.consts[k].sum(soFar, sum))
	}
	back = append(back, j.back[live:]...)
	r, kept := j.record(a, late, back)
	ahead := slices.Clone(j.ahead)
	if !withYs {
		ahead = ahead[:a.Carries]
	}
	for _, n := range kept {
		at := slices.Index(ahead[a.Carries:], n)
		if at < 0 {
			at = len(ahead) - a.Carries
			ahead = append(ahead, n)
		}
		h.records = append(h.records, a.Carries+at)
	}
	h.ahead = j.g.Func(j.primal, ahead)
	in := append(cts, kept...)
	var consts []*graph.Node
	for i, x := range j.primal {
		if r.used[x] && r.free[x] {
			h.takes = append(h.takes, i)
			if a.loop().isX(i) {
				in = append(in, x)
			} else {
				consts = append(consts, x)
			}
		}
	}
	in = append(append(in, j.cts[live:]...), consts...)
	h.back = j.g.Func(in, back)
	return h
}
