package control

import (
	"slices"

	"chainrule/graph"
	"chainrule/internal/sweep"
	"chainrule/ops"
)

// The gradient of a loop L is an op that makes L's steps, records what it needs of them, and then applies the chain
// rule to the steps from the last to the first. It is enough that its derivatives are gradients of loops again. With
// ȳ the cotangents, the gradient is the vector ∇⟨ȳ, L(x)⟩, so that
//
//	its tangent for ẋ and ȳ̇ is     ∇ₓ(⟨ȳ, L′(x)ẋ⟩ + ⟨ȳ̇, L(x)⟩),
//	its pullback of u is           ∇ₓ⟨ȳ, L′(x)u⟩ for x and L′(x)u for ȳ,
//
// where x ↦ (L(x), L′(x)ẋ) is a loop: L augmented.

// gradAttrs is the attribute of loop_grad. A node's inputs are the loop's, then the cotangents of the carries Live and
// of the results Ys, counted from the first y; its results are the cotangents of the loop's inputs Wrt. Behind each of
// these lists are masks over some of it.
type gradAttrs struct {
	Body, Cond          *graph.Func
	Carries, Xs, Consts int
	Steps               int
	Back, Taped         bool
	Every               int
	By                  string
	Live, Ys, Wrt       graph.Ints
	// LiveMasks, YMasks and WrtMasks list those that have masks.
	LiveMasks, YMasks, WrtMasks graph.Ints
}

func (a gradAttrs) loop() Loop {
	return Loop{Body: a.Body, Cond: a.Cond, Carries: a.Carries, Xs: a.Xs, Consts: a.Consts,
		Steps: a.Steps, Back: a.Back, Taped: a.Taped, Every: a.Every, By: a.By}
}

// Title is how errors call a loop's gradient.
func (a gradAttrs) Title() string { return a.By }

// loopInputs is the number of inputs that the loop takes.
func (a gradAttrs) loopInputs() int {
	n := a.Carries + a.Xs + a.Consts
	if a.Cond != nil {
		n += len(a.Cond.Inputs()) - a.Carries
	}
	return n
}

// gradOf is a loop_grad's loop, and its cotangents by result of the loop.
func gradOf(n *graph.Node) (l loopNode, cts sweep.Derivatives, a gradAttrs) {
	a = n.Attrs().(gradAttrs)
	l = loopNode{a.loop(), n.In()[:a.loopInputs()]}
	return l, a.byResult(n.In()[a.loopInputs():]), a
}

// byResult puts the cotangents that a node is given in the places of the loop's results.
func (a gradAttrs) byResult(given []*graph.Node) sweep.Derivatives {
	all := sweep.NewDerivatives(len(a.Body.Outputs()))
	for k, r := range a.given() {
		if r.mask {
			all.Masks[r.of] = given[k]
		} else {
			all.D[r.of] = given[k]
		}
	}
	return all
}

// pull returns the cotangents of the wanted inputs of l, given those of its results, and masks over those to be guarded.
// There need be no node for l.
func (l loopNode) pull(cts sweep.Derivatives, wanted, guard sweep.Selection) sweep.Derivatives {
	out := sweep.NewDerivatives(len(l.in))
	given := sweep.Which(cts.D)
	active := l.moved(wanted[:l.bodyInputs()], given)
	for i := range l.Carries {
		given[i] = given[i] && active[i]
	}
	if given.Count() == 0 {
		return out
	}
	none, noInput := make(sweep.Selection, len(given)), make(sweep.Selection, len(active))
	d := sweep.VJPOf(l.Body, given, none, active, noInput)
	for given.AddFirst(d.Has[:l.Carries]) {
		d = sweep.VJPOf(l.Body, given, none, active, noInput)
	}
	if l.Cond != nil && l.Steps == 0 && !l.Taped {
		graph.Fail("while", l.in, "reverse mode must record the steps, and there is no bound on their number: "+
			"give MaxSteps, or RecordAllSteps to let the record grow")
	}
	d, masked := l.maskedPull(d, given, active, cts, guard[:l.bodyInputs()])
	has := make(sweep.Selection, l.bodyInputs())
	live := make(sweep.Selection, l.bodyInputs())
	for i := range has {
		isCarry := i < l.Carries
		has[i] = wanted[i] && (d.Has[i] || isCarry && given[i])
		live[i] = has[i] && guard[i] && (d.Masked[i] || isCarry && masked[i])
	}
	if has.Count() == 0 {
		return out
	}
	a := gradAttrs{Body: l.Body, Cond: l.Cond, Carries: l.Carries, Xs: l.Xs, Consts: l.Consts,
		Steps: l.Steps, Back: l.Back, Taped: l.Taped, Every: l.Every, By: l.By}
	a.Live, a.LiveMasks = given[:l.Carries].Ints(), masked[:l.Carries].Ints()
	a.Ys, a.YMasks = given[l.Carries:].Ints(), masked[l.Carries:].Ints()
	a.Wrt, a.WrtMasks = has.Ints(), live.Ints()
	parts, n := a.apply(l, cts), has.Count()
	return sweep.Derivatives{D: sweep.Scatter(parts[:n], has.Widen(len(l.in))), Masks: sweep.Scatter(parts[n:], live.Widen(len(l.in)))}
}

// apply makes the gradient of l, given the cotangents of its results, and returns the results of that.
func (a gradAttrs) apply(l loopNode, cts sweep.Derivatives) []*graph.Node {
	in := slices.Clone(l.in)
	for _, r := range a.given() {
		like := cts.D[r.of]
		if like == nil {
			like = l.in[r.of]
		}
		in = append(in, r.in(cts, like))
	}
	g := in[0].Graph()
	on := l.on(g)
	a.Body, a.Cond = on.Body, on.Cond
	return graph.PartsOf(g.Apply(&loopGradOp, a, in...))
}

// moved adds to inputs that move the carries that then move too, as far as the given results need them.
func (l loopNode) moved(moves, given sweep.Selection) sweep.Selection {
	moves, needed := slices.Clone(moves), l.needed(given)
	for i, x := range l.Body.Inputs() {
		moves[i] = moves[i] && x.DType().IsFloat()
	}
	none := make(sweep.Selection, len(moves))
	for moves.AddFirst(sweep.JVPOf(l.Body, moves, none, needed, false).Has[:l.Carries]) {
	}
	return moves
}

var loopGradOp graph.Op

func init() {
	loopGradOp = graph.Op{
		Name:  "loop_grad",
		Doc:   "the cotangents of a loop's inputs, given those of its results",
		Arity: graph.Variadic, Class: graph.Opaque, Attrs: gradAttrs{}, Fails: true,
		Infer: func(in []*graph.Node, attrs any) (graph.Type, error) {
			a := attrs.(gradAttrs)
			if a.Body == nil || len(in) < a.loopInputs() {
				return graph.Type{}, a.loop().infer(in)
			}
			if err := a.loop().infer(in[:a.loopInputs()]); err != nil {
				return graph.Type{}, err
			}
			return graph.Pack(a.parts(in)), nil
		},
		Parts:      func(n *graph.Node) []graph.Type { return n.Attrs().(gradAttrs).parts(n.In()) },
		Program:    func(n *graph.Node, c graph.Compiler) (graph.Program, error) { return gradCodeOf(n, c) },
		Derivative: loopGradRule{},
		BadCases:   []graph.BadCase{{In: []graph.Type{graph.T(graph.Float64, 3)}, Attrs: gradAttrs{}, Want: "the body does not"}},
	}
	graph.Register(&loopGradOp)
}

func (a gradAttrs) parts(in []*graph.Node) []graph.Type {
	var types []graph.Type
	for _, r := range a.wrt() {
		types = append(types, r.typeOf(in[r.of].Type()))
	}
	return types
}

type loopGradRule struct{ sweep.PackedRule }

// Wrt implements graph.Derivative. Which inputs count is found from the body.
func (loopGradRule) Wrt(int) bool { return true }

func (loopGradRule) Push(n *graph.Node, tangents sweep.Derivatives, needed sweep.Selection, guard bool) sweep.Derivatives {
	l, cts, a := gradOf(n)
	k := len(l.in)
	ctDots := a.byResult(tangents.D[k:])
	ctDots.Masks = cts.Masks // a cotangent that is not live stays zero
	wanted, guards := make(sweep.Selection, k), make(sweep.Selection, k)
	for result, i := range a.Wrt.Slice() {
		wanted[i], guards[i] = needed[result], needed[result] && guard
	}
	aug, moves := l.augment(sweep.Derivatives{D: tangents.D[:k], Masks: tangents.Masks[:k]}, sweep.Which(cts.D), true)
	if !moves {
		return a.byWrt(l.pull(ctDots, wanted, guards))
	}
	return a.byWrt(aug.pullPrimal(aug.results(ctDots, cts), wanted, guards))
}

// byWrt lists, by the node's results, what belongs to inputs of the loop. Masks have no derivative.
func (a gradAttrs) byWrt(r sweep.Derivatives) sweep.Derivatives {
	all := sweep.NewDerivatives(len(a.wrt()))
	for k, i := range a.Wrt.Slice() {
		all.D[k], all.Masks[k] = r.D[i], r.Mask(i)
	}
	return all
}

func (loopGradRule) Pull(n *graph.Node, us sweep.Derivatives, wanted, guard sweep.Selection) sweep.Derivatives {
	l, cts, a := gradOf(n)
	out, inputs := sweep.NewDerivatives(len(n.In())), len(l.in)
	tangents := sweep.NewDerivatives(inputs)
	for k, i := range a.Wrt.Slice() {
		tangents.D[i], tangents.Masks[i] = us.D[k], us.Mask(k)
	}
	aug, moves := l.augment(tangents, sweep.Which(cts.D), true)
	if !moves {
		return out
	}
	back := aug.pullPrimal(aug.results(sweep.NewDerivatives(len(cts.D)), cts), wanted[:inputs], guard[:inputs])
	copy(out.D, back.D)
	copy(out.Masks, back.Masks)
	pushed := aug.tangents()
	for k, r := range a.given() {
		if !r.mask && wanted[inputs+k] {
			out.D[inputs+k], out.Masks[inputs+k] = pushed.D[r.of], pushed.Masks[r.of]
		}
	}
	return out
}

// pullPrimal is pull for the inputs of the loop that was augmented.
func (a augmented) pullPrimal(cts sweep.Derivatives, wanted, guard sweep.Selection) sweep.Derivatives {
	all, guards := make(sweep.Selection, len(a.in)), make(sweep.Selection, len(a.in))
	for i, p := range a.primal {
		all[p], guards[p] = wanted[i], guard[i]
	}
	back, out := a.pull(cts, all, guards), sweep.NewDerivatives(len(a.primal))
	for i, p := range a.primal {
		out.D[i], out.Masks[i] = back.D[p], back.Mask(p)
	}
	return out
}

// results places, by result of the loop that was augmented, what belongs to its values and to their tangents.
func (a augmented) results(values, tangents sweep.Derivatives) sweep.Derivatives {
	all := sweep.NewDerivatives(len(a.Body.Outputs()))
	for i, p := range a.value {
		all.D[p], all.Masks[p] = values.D[i], values.Mask(i)
		if p := a.tangent[i]; p >= 0 {
			all.D[p], all.Masks[p] = tangents.D[i], tangents.Mask(i)
		}
	}
	return all
}

func (loopGradRule) Batch(
	n *graph.Node, in []*graph.Node, batched []bool, size int,
) ([]*graph.Node, sweep.Selection) {
	l, _, a := gradOf(n)
	inputs := len(l.in)
	in, batched = slices.Clone(in), slices.Clone(batched)
	for _, i := range a.Wrt.Slice() {
		if !batched[i] { // every example has a gradient of its own
			in[i], batched[i] = sweep.Repeated(in[i], size), true
		}
	}
	all := make(sweep.Selection, l.Carries)
	for k, r := range a.given() {
		ct := &in[inputs+k]
		if !batched[inputs+k] {
			*ct = sweep.Repeated(*ct, size)
		}
		if r.of >= l.Carries {
			*ct = behindSteps(*ct)
		} else {
			all[r.of] = true
		}
	}
	cts := a.byResult(in[inputs:])
	s := l.spread(in[:inputs], batched[:inputs], all, size)
	for i := range cts.D {
		if !s.has[i] { // a y that is the same for all examples passes nothing on
			cts.D[i], cts.Masks[i] = nil, nil
		}
	}
	wanted, guard := meant(a.wrt(), false, len(s.in)), meant(a.wrt(), true, len(s.in))
	back := s.pull(cts, wanted, guard)
	out := make([]*graph.Node, 0, len(a.wrt()))
	for _, r := range a.wrt() {
		v := r.in(back, s.in[r.of])
		if l.isX(r.of) {
			v = ops.MoveAxis(v, 1, 0)
		}
		out = append(out, v)
	}
	return sweep.AllDiffer(out)
}
