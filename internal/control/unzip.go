package control

import (
	"slices"

	"chainrule/graph"
	"chainrule/internal/rewrite"
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

// Unzip is the pass.
func Unzip(u rewrite.Unit, opts rewrite.Options) rewrite.Unit {
	c := opts.Bodies
	order := graph.Topo(u.Outputs...)
	grads := usedParts(order, &loopGradOp)
	if len(grads) == 0 {
		return u
	}
	loops := usedParts(order, &loopOp)
	var list []rewrite.Replacement
	for _, n := range order {
		if grads[n] == nil {
			continue
		}
		a := n.Attrs().(gradAttrs)
		if !a.loop().tapeIsFixed() || a.Steps == 0 {
			continue
		}
		loop := loopNode{a.loop(), n.In()[:a.loopInputs()]}.existing()
		h := a.halves(loops[loop] != nil, c)
		if of := loops[loop]; of != nil {
			list = append(list, h.replaceLoop(a, n, of))
			delete(loops, loop)
		}
		list = append(list, h.replaceGrad(a, n, grads[n]))
	}
	if len(list) == 0 {
		return u
	}
	next, ok := u.Replace(list)
	if !ok {
		panic("control: a loop's record depends on its gradient")
	}
	return next
}

// tapeIsFixed reports whether the length of the whole tape is known.
func (a Loop) tapeIsFixed() bool { return a.Cond == nil && a.Every == 0 }

// existing returns the loop's node, nil if there is none.
func (l loopNode) existing() *graph.Node {
	return l.in[0].Graph().Find(&loopOp, l.Loop, l.in...)
}

// replaceLoop puts the first loop in place of the results of the loop itself, of n's gradient.
func (h *halves) replaceLoop(a gradAttrs, n *graph.Node, of []*graph.Node) rewrite.Replacement {
	return rewrite.Replacement{Of: of, From: n.In()[:a.loopInputs()],
		Make: func(g *graph.Graph, from []*graph.Node) (made []*graph.Node) {
			g.With(n, func() {
				first := h.first(a, from).node()
				for _, p := range of {
					i, _ := p.PartIndex()
					made = append(made, graph.Part(first, i))
				}
			})
			return made
		}}
}

// replaceGrad puts the second loop in place of the results of the gradient n.
func (h *halves) replaceGrad(a gradAttrs, n *graph.Node, of []*graph.Node) rewrite.Replacement {
	wrt := a.wrt()
	return rewrite.Replacement{Of: of, From: n.In(), Make: func(g *graph.Graph, in []*graph.Node) (made []*graph.Node) {
		g.With(n, func() {
			last := h.second(a, in)
			for _, p := range of {
				k, _ := p.PartIndex()
				made = append(made, graph.Part(last, slices.Index(h.results, wrt[k])))
			}
		})
		return made
	}}
}

// first is the loop ahead, of the inputs of a gradient or the first of them.
func (h *halves) first(a gradAttrs, in []*graph.Node) loopNode {
	ahead := loopNode{a.loop(), in[:a.loopInputs()]}
	ahead.Body = h.ahead
	return ahead
}

// second makes the loop back, of the inputs of a gradient.
func (h *halves) second(a gradAttrs, in []*graph.Node) *graph.Node {
	g, ahead := in[0].Graph(), h.first(a, in)
	first := ahead.node()
	given, carried := in[a.loopInputs():], len(a.carried())
	back := loopNode{Loop: Loop{Body: h.back, Steps: a.Steps, Back: !a.Back}}
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
	return back.node()
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
	cts, onlyBackward := slices.Clone(j.cts[:live]), slices.Clone(j.cts)
	back := slices.Clone(j.back[:live])
	for k, sum := range j.sums {
		soFar := j.g.Input("", sum.DType(), sum.Shape()...)
		cts, onlyBackward = append(cts, soFar), append(onlyBackward, soFar)
		back = append(back, j.consts[k].sum(soFar, sum))
	}
	back = append(back, j.back[live:]...)
	r, kept := j.record(a, onlyBackward, back)
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
		if r.used[x] && r.available[x] {
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
