package autodiff

import (
	"slices"

	"chainrule/graph"
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

func (a gradAttrs) loop() loopAttrs {
	return loopAttrs{Body: a.Body, Cond: a.Cond, Carries: a.Carries, Xs: a.Xs, Consts: a.Consts,
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
func gradOf(n *graph.Node) (l loopNode, cts rates, a gradAttrs) {
	a = n.Attrs().(gradAttrs)
	l = loopNode{a.loop(), n.In()[:a.loopInputs()]}
	return l, a.byResult(n.In()[a.loopInputs():]), a
}

// byResult puts the cotangents that a node is given in the places of the loop's results.
func (a gradAttrs) byResult(given []*graph.Node) rates {
	all := newRates(len(a.Body.Outputs()))
	for k, r := range a.given() {
		if r.mask {
			all.live[r.of] = given[k]
		} else {
			all.d[r.of] = given[k]
		}
	}
	return all
}

// pull returns the cotangents of the wanted inputs of l, given those of its results, and masks over those to be guarded.
// There need be no node for l.
func (l loopNode) pull(cts rates, wanted, guard mask) rates {
	out := newRates(len(l.in))
	given := where(cts.d)
	active := l.moved(wanted[:l.bodyInputs()], given)
	for i := range l.Carries {
		given[i] = given[i] && active[i]
	}
	if given.count() == 0 {
		return out
	}
	none, noInput := make(mask, len(given)), make(mask, len(active))
	d := pulled(l.Body, given, none, active, noInput)
	for again := true; again; {
		again = false
		for i := range l.Carries {
			if d.has[i] && !given[i] {
				given[i], again = true, true
			}
		}
		d = pulled(l.Body, given, none, active, noInput)
	}
	if l.Cond != nil && l.Steps == 0 && !l.Taped {
		graph.Fail("while", l.in, "reverse mode must record the steps, and there is no bound on their number: "+
			"give MaxSteps, or Recorded to let the record grow")
	}
	a := gradAttrs{Body: l.Body, Cond: l.Cond, Carries: l.Carries, Xs: l.Xs, Consts: l.Consts,
		Steps: l.Steps, Back: l.Back, Taped: l.Taped, Every: l.Every, By: l.By}
	d, masked := l.maskedPull(d, given, active, cts, guard[:l.bodyInputs()])
	has := make(mask, l.bodyInputs())
	live := make(mask, l.bodyInputs())
	for i := range has {
		isCarry := i < l.Carries
		has[i] = wanted[i] && (d.has[i] || isCarry && given[i])
		live[i] = has[i] && guard[i] && (d.live[i] || isCarry && masked[i])
	}
	if has.count() == 0 {
		return out
	}
	a.Live, a.LiveMasks = given[:l.Carries].ints(), masked[:l.Carries].ints()
	a.Ys, a.YMasks = given[l.Carries:].ints(), masked[l.Carries:].ints()
	a.Wrt, a.WrtMasks = has.ints(), live.ints()
	in := slices.Clone(l.in)
	for _, r := range a.given() {
		like := cts.d[r.of]
		if like == nil {
			like = l.in[r.of]
		}
		in = append(in, cts.at(r, like))
	}
	g := in[0].Graph()
	on := l.on(g)
	a.Body, a.Cond = on.Body, on.Cond
	parts := partsOf(g.Apply(&loopGradOp, a, in...))
	n := has.count()
	return rates{scatter(parts[:n], has.widen(len(l.in))), scatter(parts[n:], live.widen(len(l.in)))}
}

// widen is m for a list that is longer.
func (m mask) widen(n int) mask { return append(slices.Clone(m), make(mask, n-len(m))...) }

// ints lists the numbers of those meant.
func (m mask) ints() graph.Ints {
	var list []int
	for i, is := range m {
		if is {
			list = append(list, i)
		}
	}
	return graph.MakeInts(list...)
}

// moved adds to inputs that move the carries that then move too, as far as the given results need them.
func (l loopNode) moved(moves, given mask) mask {
	moves, needed := slices.Clone(moves), l.needed(given)
	for i, x := range l.Body.Inputs() {
		moves[i] = moves[i] && x.DType().IsFloat()
	}
	for again := true; again; {
		again = false
		has := pushed(l.Body, moves, make(mask, len(moves)), needed, false).has
		for i := range l.Carries {
			if has[i] && !moves[i] {
				moves[i], again = true, true
			}
		}
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
		Cases:      loopGradCases(),
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

type loopGradRule struct{ packedRule }

// Wrt implements graph.Derivative. Which inputs count is found from the body.
func (loopGradRule) Wrt(int) bool { return true }

func (loopGradRule) push(n *graph.Node, tangents rates, needed mask, guard bool) rates {
	l, cts, a := gradOf(n)
	k := len(l.in)
	ctDots := a.byResult(tangents.d[k:])
	ctDots.live = cts.live // a cotangent that is not live stays zero
	wanted, guards := make(mask, k), make(mask, k)
	for result, i := range a.Wrt.Slice() {
		wanted[i], guards[i] = needed[result], needed[result] && guard
	}
	aug, moves := l.augment(rates{tangents.d[:k], tangents.live[:k]}, where(cts.d), true)
	if !moves {
		return a.byWrt(l.pull(ctDots, wanted, guards))
	}
	return a.byWrt(aug.pullPrimal(aug.results(ctDots, cts), wanted, guards))
}

// byWrt lists, by the node's results, what belongs to inputs of the loop. Masks have no derivative.
func (a gradAttrs) byWrt(r rates) rates {
	all := newRates(len(a.wrt()))
	for k, i := range a.Wrt.Slice() {
		all.d[k], all.live[k] = r.d[i], r.mask(i)
	}
	return all
}

func (loopGradRule) pull(n *graph.Node, us rates, wanted, guard mask) rates {
	l, cts, a := gradOf(n)
	out, inputs := newRates(len(n.In())), len(l.in)
	tangents := newRates(inputs)
	for k, i := range a.Wrt.Slice() {
		tangents.d[i], tangents.live[i] = us.d[k], us.mask(k)
	}
	aug, moves := l.augment(tangents, where(cts.d), true)
	if !moves {
		return out
	}
	back := aug.pullPrimal(aug.results(newRates(len(cts.d)), cts), wanted[:inputs], guard[:inputs])
	copy(out.d, back.d)
	copy(out.live, back.live)
	pushed := aug.tangents()
	for k, r := range a.given() {
		if !r.mask && wanted[inputs+k] {
			out.d[inputs+k], out.live[inputs+k] = pushed.d[r.of], pushed.live[r.of]
		}
	}
	return out
}

// pullPrimal is pull for the inputs of the loop that was augmented.
func (a augmented) pullPrimal(cts rates, wanted, guard mask) rates {
	all, guards := make(mask, len(a.in)), make(mask, len(a.in))
	for i, p := range a.primal {
		all[p], guards[p] = wanted[i], guard[i]
	}
	back, out := a.pull(cts, all, guards), newRates(len(a.primal))
	for i, p := range a.primal {
		out.d[i], out.live[i] = back.d[p], back.mask(p)
	}
	return out
}

// results places, by result of the loop that was augmented, what belongs to its values and to their tangents.
func (a augmented) results(values, tangents rates) rates {
	all := newRates(len(a.Body.Outputs()))
	for i, p := range a.value {
		all.d[p], all.live[p] = values.d[i], values.mask(i)
		if p := a.tangent[i]; p >= 0 {
			all.d[p], all.live[p] = tangents.d[i], tangents.mask(i)
		}
	}
	return all
}

func (loopGradRule) spread(
	n *graph.Node, in []*graph.Node, batched []bool, size int,
) ([]*graph.Node, mask) {
	l, _, a := gradOf(n)
	inputs := len(l.in)
	in, batched = slices.Clone(in), slices.Clone(batched)
	for _, i := range a.Wrt.Slice() {
		if !batched[i] { // every example has a gradient of its own
			in[i], batched[i] = repeated(in[i], size), true
		}
	}
	all := make(mask, l.Carries)
	for k, r := range a.given() {
		ct := &in[inputs+k]
		if !batched[inputs+k] {
			*ct = repeated(*ct, size)
		}
		if r.of >= l.Carries {
			*ct = behindSteps(*ct)
		} else {
			all[r.of] = true
		}
	}
	cts := a.byResult(in[inputs:])
	s := l.spread(in[:inputs], batched[:inputs], all, size)
	for i := range cts.d {
		if !s.has[i] { // a y that is the same for all examples passes nothing on
			cts.d[i], cts.live[i] = nil, nil
		}
	}
	wanted, guard := meant(a.wrt(), false, len(s.in)), meant(a.wrt(), true, len(s.in))
	back := s.pull(cts, wanted, guard)
	out := make([]*graph.Node, 0, len(a.wrt()))
	for _, r := range a.wrt() {
		v := back.at(r, s.in[r.of])
		if l.isX(r.of) {
			v = ops.MoveAxis(v, 1, 0)
		}
		out = append(out, v)
	}
	return allDiffer(out)
}
