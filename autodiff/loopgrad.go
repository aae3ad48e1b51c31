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
// of the results Ys, counted from the first y; its results are the cotangents of the loop's inputs Wrt.
type gradAttrs struct {
	Body, Cond          *graph.Func
	Carries, Xs, Consts int
	Steps               int
	Back, Taped         bool
	Every               int
	Live, Ys, Wrt       graph.Ints
}

func (a gradAttrs) loop() loopAttrs {
	return loopAttrs{Body: a.Body, Cond: a.Cond, Carries: a.Carries, Xs: a.Xs, Consts: a.Consts,
		Steps: a.Steps, Back: a.Back, Taped: a.Taped, Every: a.Every}
}

// loopInputs is the number of inputs that the loop takes.
func (a gradAttrs) loopInputs() int {
	n := a.Carries + a.Xs + a.Consts
	if a.Cond != nil {
		n += len(a.Cond.Inputs()) - a.Carries
	}
	return n
}

// gradOf is a loop_grad's loop, and its cotangents by result of the loop.
func gradOf(n *graph.Node) (l loopNode, cts []*graph.Node, a gradAttrs) {
	a = n.Attrs().(gradAttrs)
	l = loopNode{a.loop(), n.In()[:a.loopInputs()]}
	return l, a.byResult(n.In()[a.loopInputs():]), a
}

// byResult puts what is given for the cotangents that a node has in the places of the loop's results.
func (a gradAttrs) byResult(given []*graph.Node) []*graph.Node {
	all := make([]*graph.Node, len(a.Body.Outputs()))
	for k, i := range a.results() {
		all[i] = given[k]
	}
	return all
}

// results lists the loop's results that have a cotangent.
func (a gradAttrs) results() []int {
	list := a.Live.Slice()
	for _, y := range a.Ys.Slice() {
		list = append(list, a.Carries+y)
	}
	return list
}

// pull returns the cotangents of the wanted inputs of l, given those of its results. There need be no node for l.
func (l loopNode) pull(cts []*graph.Node, wanted []bool) []*graph.Node {
	out := make([]*graph.Node, len(l.in))
	active := l.moved(mask(wanted[:l.bodyInputs()]))
	given := where(cts)
	for i := range l.Carries {
		given[i] = given[i] && active[i]
	}
	if given.count() == 0 {
		return out
	}
	d := pulled(l.Body, given, active)
	for again := true; again; {
		again = false
		for i := range l.Carries {
			if d.has[i] && !given[i] {
				given[i], again = true, true
			}
		}
		d = pulled(l.Body, given, active)
	}
	if l.Cond != nil && l.Steps == 0 && !l.Taped {
		graph.Fail("while", l.in, "reverse mode must record the steps, and there is no bound on their number: "+
			"give MaxSteps, or Recorded to let the record grow")
	}
	a := gradAttrs{Body: l.Body, Cond: l.Cond, Carries: l.Carries, Xs: l.Xs, Consts: l.Consts,
		Steps: l.Steps, Back: l.Back, Taped: l.Taped, Every: l.Every}
	in := slices.Clone(l.in)
	var live, ys, wrt []int
	for i, is := range given {
		switch {
		case is && i < l.Carries:
			live = append(live, i)
			in = append(in, orZeros(cts[i], l.in[i]))
		case is:
			ys = append(ys, i-l.Carries)
			in = append(in, cts[i])
		}
	}
	for i := range l.bodyInputs() {
		if wanted[i] && (d.has[i] || i < l.Carries && given[i]) {
			wrt = append(wrt, i)
		}
	}
	if len(wrt) == 0 {
		return out
	}
	a.Live, a.Ys, a.Wrt = graph.MakeInts(live...), graph.MakeInts(ys...), graph.MakeInts(wrt...)
	g := in[0].Graph()
	on := l.on(g)
	a.Body, a.Cond = on.Body, on.Cond
	node := g.Apply(&loopGradOp, a, in...)
	for k, i := range wrt {
		out[i] = graph.Part(node, k)
	}
	return out
}

// moved adds to inputs that move the carries that then move too.
func (l loopNode) moved(moves mask) mask {
	moves = slices.Clone(moves)
	for i, x := range l.Body.Inputs() {
		moves[i] = moves[i] && x.DType().IsFloat()
	}
	for again := true; again; {
		again = false
		has := pushed(l.Body, moves).has
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
		Workspace:  func(n *graph.Node) int { return gradCodeOf(n).workspace() },
		Kernel:     func(n *graph.Node) graph.Kernel { return newGradRun(n).kernel },
		Derivative: loopGradRule{},
		Cases:      loopGradCases(),
		BadCases:   []graph.BadCase{{In: []graph.Type{graph.T(graph.Float64, 3)}, Attrs: gradAttrs{}, Want: "the body does not"}},
	}
	graph.Register(&loopGradOp)
}

func (a gradAttrs) parts(in []*graph.Node) []graph.Type {
	var types []graph.Type
	for _, i := range a.Wrt.Slice() {
		types = append(types, in[i].Type())
	}
	return types
}

type loopGradRule struct{ packedRule }

// Wrt implements graph.Derivative. Which inputs count is found from the body.
func (loopGradRule) Wrt(int) bool { return true }

func (loopGradRule) push(n *graph.Node, tangents []*graph.Node) []*graph.Node {
	l, cts, a := gradOf(n)
	ctDots := a.byResult(tangents[len(l.in):])
	wanted := make([]bool, len(l.in))
	for _, i := range a.Wrt.Slice() {
		wanted[i] = true
	}
	aug, moves := l.augment(tangents[:len(l.in)])
	if !moves {
		return pickInts(l.pull(ctDots, wanted), a.Wrt)
	}
	return pickInts(aug.pullPrimal(aug.results(ctDots, cts), wanted), a.Wrt)
}

func (loopGradRule) pull(n *graph.Node, us []*graph.Node, wanted []bool) []*graph.Node {
	l, cts, a := gradOf(n)
	out := make([]*graph.Node, len(n.In()))
	tangents := make([]*graph.Node, len(l.in))
	for k, i := range a.Wrt.Slice() {
		tangents[i] = us[k]
	}
	aug, moves := l.augment(tangents)
	if !moves {
		return out
	}
	none := make([]*graph.Node, len(cts))
	copy(out, aug.pullPrimal(aug.results(none, cts), wanted[:len(l.in)]))
	node := aug.node()
	for k, i := range a.results() {
		if p := aug.tangent[i]; p >= 0 && wanted[len(l.in)+k] {
			out[len(l.in)+k] = graph.Part(node, p)
		}
	}
	return out
}

// pullPrimal is pull for the inputs of the loop that was augmented.
func (a augmented) pullPrimal(cts []*graph.Node, wanted []bool) []*graph.Node {
	all := make([]bool, len(a.in))
	for i, p := range a.primal {
		all[p] = wanted[i]
	}
	back := a.pull(cts, all)
	out := make([]*graph.Node, len(a.primal))
	for i, p := range a.primal {
		out[i] = back[p]
	}
	return out
}

// results places, by result of the loop that was augmented, what belongs to its values and to their tangents.
func (a augmented) results(values, tangents []*graph.Node) []*graph.Node {
	all := make([]*graph.Node, len(a.Body.Outputs()))
	for i := range values {
		all[a.value[i]] = values[i]
		if p := a.tangent[i]; p >= 0 {
			all[p] = tangents[i]
		}
	}
	return all
}

func pickInts(all []*graph.Node, list graph.Ints) []*graph.Node {
	var picked []*graph.Node
	for _, i := range list.Slice() {
		picked = append(picked, all[i])
	}
	return picked
}

func (loopGradRule) spread(
	n *graph.Node, in []*graph.Node, batched []bool, size int,
) ([]*graph.Node, mask) {
	l, _, a := gradOf(n)
	in, batched = slices.Clone(in), slices.Clone(batched)
	wanted := make([]bool, len(l.in))
	for _, i := range a.Wrt.Slice() {
		wanted[i] = true
		if !batched[i] { // every example has a gradient of its own
			in[i], batched[i] = repeated(in[i], size), true
		}
	}
	cts := a.byResult(in[len(l.in):])
	all := make(mask, l.Carries)
	for k, i := range a.results() {
		if !batched[len(l.in)+k] {
			cts[i] = repeated(cts[i], size)
		}
		if i >= l.Carries {
			cts[i] = behindSteps(cts[i])
		} else {
			all[i] = true
		}
	}
	s := l.spread(in[:len(l.in)], batched[:len(l.in)], all, size)
	for i := range cts {
		if cts[i] != nil && !s.has[i] { // a y that is the same for all examples passes nothing on
			cts[i] = nil
		}
	}
	back := s.pull(cts, append(wanted, make([]bool, len(s.in)-len(wanted))...))
	out := pickInts(back, a.Wrt)
	for k, i := range a.Wrt.Slice() {
		switch {
		case out[k] == nil:
			out[k] = zeros(in[i])
		case l.isX(i):
			out[k] = ops.MoveAxis(out[k], 1, 0)
		}
	}
	return allDiffer(out)
}
