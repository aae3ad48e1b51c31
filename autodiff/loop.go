package autodiff

import (
	"fmt"
	"slices"

	"chainrule/graph"
	"chainrule/internal/sweep"
	"chainrule/ops"
)

// A loop is a node. Its steps share a body, a function
//
//	(c, xₜ, k) ↦ (c′, yₜ)
//
// of what is carried from step to step, of the t-th slices of the inputs xs along their first axis, and of constants k;
// the results are the last c and the yₜ stacked along a first axis. It makes a fixed number of steps, or as many as a
// condition on c asks for. While, Scan, For and Checkpoint are loops.

// loopAttrs is the attribute of a loop. A node's inputs are carries, xs, constants of the body, and those of the
// condition.
type loopAttrs struct {
	Body *graph.Func
	// Cond is the condition (c, k′) ↦ bool, nil for a fixed number of steps.
	Cond                *graph.Func
	Carries, Xs, Consts int
	// Steps is the number of steps; with a condition the most that it may ask for, or 0 for no limit.
	Steps int
	// Back takes the slices of xs and ys from the last to the first.
	Back bool
	// Taped lets reverse mode record an unlimited loop.
	Taped bool
	// Every is the number of steps between those whose carries reverse mode keeps, while it computes the rest again: 0
	// if it keeps all.
	Every int
	// By is what errors call the loop, if it is not the caller's own.
	By string
}

// Title is how errors call a loop.
func (a loopAttrs) Title() string { return a.By }

// loopNode is a loop that there need not be a node for: derivatives of a loop are derivatives of other loops.
type loopNode struct {
	loopAttrs
	in []*graph.Node
}

func loopOf(n *graph.Node) loopNode { return loopNode{n.Attrs().(loopAttrs), n.In()} }

// node returns the loop as a node.
func (l loopNode) node() *graph.Node {
	g := l.in[0].Graph()
	return g.Apply(&loopOp, l.loopAttrs.on(g), l.in...)
}

// on is a with the functions of g that equal its own.
func (a loopAttrs) on(g *graph.Graph) loopAttrs {
	a.Body = g.Intern(a.Body)
	if a.Cond != nil {
		a.Cond = g.Intern(a.Cond)
	}
	return a
}

// The lists that inputs and results consist of.

func (a loopAttrs) bodyInputs() int { return a.Carries + a.Xs + a.Consts }

// isX reports whether input i is one of the xs.
func (a loopAttrs) isX(i int) bool { return i >= a.Carries && i < a.Carries+a.Xs }

// stacked is the type of one y or x of every step.
func (a loopAttrs) stacked(n *graph.Node) graph.Type {
	return graph.T(n.DType(), append([]int{a.Steps}, n.Shape()...)...)
}

// parts lists the types of the results: carries, then ys.
func (a loopAttrs) parts() []graph.Type {
	var types []graph.Type
	for i, y := range a.Body.Outputs() {
		if i < a.Carries {
			types = append(types, y.Type())
		} else {
			types = append(types, a.stacked(y))
		}
	}
	return types
}

// infer checks that the inputs are those of the functions.
func (a loopAttrs) infer(in []*graph.Node) error {
	if a.Body == nil || len(a.Body.Inputs()) != a.bodyInputs() || len(a.Body.Outputs()) < a.Carries {
		return fmt.Errorf("the body does not have %d carries, %d slices and %d constants", a.Carries, a.Xs, a.Consts)
	}
	want := len(a.Body.Inputs())
	if a.Cond != nil {
		want += len(a.Cond.Inputs()) - a.Carries
	}
	if len(in) != want {
		return fmt.Errorf("%d inputs for a loop of %d", len(in), want)
	}
	for i, x := range a.Body.Inputs() {
		t := x.Type()
		if a.isX(i) {
			t = a.stacked(x)
		}
		if !in[i].Type().Equal(t) {
			return fmt.Errorf("input %d is %v, the body takes %v", i, in[i].Type(), t)
		}
	}
	for i := range a.Carries {
		if from, to := a.Body.Inputs()[i].Type(), a.Body.Outputs()[i].Type(); !from.Equal(to) {
			return fmt.Errorf("the body turns carry %d from %v to %v", i, from, to)
		}
	}
	return nil
}

var loopOp graph.Op

func init() {
	loopOp = graph.Op{
		Name:  "loop",
		Doc:   "repeats a body for a number of steps, or while a condition holds",
		Arity: graph.Variadic, Class: graph.Opaque, Attrs: loopAttrs{}, Fails: true,
		Infer: func(in []*graph.Node, attrs any) (graph.Type, error) {
			a := attrs.(loopAttrs)
			if err := a.infer(in); err != nil {
				return graph.Type{}, err
			}
			return graph.Pack(a.parts()), nil
		},
		Parts:      func(n *graph.Node) []graph.Type { return n.Attrs().(loopAttrs).parts() },
		Program:    func(n *graph.Node, c graph.Compiler) (graph.Program, error) { return loopCodeOf(n, c) },
		Derivative: loopRule{},
		BadCases:   []graph.BadCase{{In: []graph.Type{graph.T(graph.Float64, 3)}, Attrs: loopAttrs{}, Want: "the body does not"}},
	}
	graph.Register(&loopOp)
}

// loopRule is the derivative of a loop. Its tangent is a loop that carries c and ċ. Its gradient is an op of its own,
// loop_grad, whose derivatives are again gradients of loops.
type loopRule struct{ sweep.PackedRule }

// Wrt implements graph.Derivative. Which inputs count is found from the body.
func (loopRule) Wrt(int) bool { return true }

func (loopRule) Push(n *graph.Node, tangents sweep.Derivatives, needed sweep.Selection, guard bool) sweep.Derivatives {
	l := loopOf(n)
	a, ok := l.augment(tangents, needed, guard)
	if !ok {
		return sweep.NewDerivatives(len(l.parts()))
	}
	return a.tangents()
}

func (loopRule) Pull(n *graph.Node, cts sweep.Derivatives, wanted, guard sweep.Selection) sweep.Derivatives {
	return loopOf(n).pull(cts, wanted, guard)
}

func (loopRule) Batch(
	n *graph.Node, in []*graph.Node, batched []bool, size int,
) ([]*graph.Node, sweep.Selection) {
	l := loopOf(n)
	s := l.spread(in, batched, make(sweep.Selection, l.Carries), size)
	out := partsOf(s.node())
	for i, has := range s.has {
		if has {
			out[i] = s.result(i, out[i])
		}
	}
	return out, s.has
}

// augmented is a loop that computes its tangent too.
type augmented struct {
	loopNode
	primal  []int // by input of the loop: which input it is now
	tangent []int // by result of the loop: which result its tangent is now, −1 if it is zero
	live    []int // by result of the loop: which result the mask over its tangent is now, −1 if that is live
	value   []int // by result of the loop: which result it is now
}

// tangents makes the loop and returns the tangents among its results.
func (a augmented) tangents() sweep.Derivatives {
	node, r := a.node(), sweep.NewDerivatives(len(a.tangent))
	for i, p := range a.tangent {
		if p >= 0 {
			r.D[i] = graph.Part(node, p)
		}
		if p := a.live[i]; p >= 0 {
			r.Masks[i] = graph.Part(node, p)
		}
	}
	return r
}

// augment adds the tangents of l that the needed results have to it, and masks over them, given those of its inputs. It is
// false if they all are zero.
func (l loopNode) augment(tangents sweep.Derivatives, needed sweep.Selection, guard bool) (augmented, bool) {
	needed = l.needed(needed)
	tangents = sweep.Derivatives{D: slices.Clone(tangents.D), Masks: tangents.Masks}
	for i, is := range needed[:l.Carries] {
		if !is {
			tangents.D[i] = nil
		}
	}
	moves := sweep.Which(tangents.D[:l.bodyInputs()])
	if moves.Count() == 0 {
		return augmented{}, false
	}
	none := make(sweep.Selection, len(moves))
	d := sweep.JVPOf(l.Body, moves, none, needed, false)
	for moves.AddFirst(d.Has[:l.Carries]) {
		d = sweep.JVPOf(l.Body, moves, none, needed, false)
	}
	d, masked := l.maskedPush(d, moves, needed, tangents, guard)
	a := augmented{loopNode: l}
	a.Body = l.augmentedBody(d, moves, masked)
	a.Cond = l.augmentedCond(moves, masked)
	a.in = nil
	counts := [3]*int{&a.Carries, &a.Xs, &a.Consts}
	from := 0
	for _, count := range counts {
		to := from + *count
		for i := from; i < to; i++ {
			a.primal = append(a.primal, len(a.in)+i-from)
		}
		a.in = append(a.in, l.in[from:to]...)
		for i := from; i < to; i++ {
			if moves[i] {
				a.in = append(a.in, orZeros(tangents.D[i], l.in[i]))
				*count++
			}
		}
		for i := from; i < to; i++ {
			if masked[i] {
				a.in = append(a.in, tangents.MaskOver(i, l.in[i]))
				*count++
			}
		}
		from = to
	}
	for i := range l.in[from:] {
		a.primal = append(a.primal, len(a.in)+i)
	}
	a.in = append(a.in, l.in[from:]...)
	a.place(l, slices.Concat(moves[:l.Carries], d.Has[l.Carries:]), slices.Concat(masked[:l.Carries], d.Masked[l.Carries:]))
	a.remember(l.loopAttrs)
	return a, true
}

// needed adds to the results that are needed the carries that lead to them in later steps.
func (l loopNode) needed(results sweep.Selection) sweep.Selection {
	results = slices.Clone(results)
	for results.AddFirst(sweep.Senders(l.Body, results)[:l.Carries]) {
	}
	return results
}

// place numbers the results: carries, their tangents and masks over these, then ys and theirs.
func (a *augmented) place(l loopNode, moves, masked sweep.Selection) {
	next := 0
	number := func(meant bool) int {
		if !meant {
			return -1
		}
		next++
		return next - 1
	}
	n := len(moves)
	a.value, a.tangent, a.live = make([]int, n), make([]int, n), make([]int, n)
	for _, group := range [][2]int{{0, l.Carries}, {l.Carries, n}} {
		for i := group[0]; i < group[1]; i++ {
			a.value[i] = number(true)
		}
		for i := group[0]; i < group[1]; i++ {
			a.tangent[i] = number(moves[i])
		}
		for i := group[0]; i < group[1]; i++ {
			a.live[i] = number(masked[i])
		}
	}
}

// augmentedBody puts the inputs and results of a body and its tangent in the order of a loop's.
func (l loopNode) augmentedBody(d sweep.Derived, moves, masked sweep.Selection) *graph.Func {
	return d.F.Memo(fmt.Sprint("augment", l.Carries, l.Xs, l.Consts), func() any {
		s := sweep.Unfold(l.Body)
		ts, masks := s.Twins(s.Inputs, moves), s.Masks(s.Inputs, masked)
		pushes := d.Results(d.F.Inline(s.G, slices.Concat(s.Inputs, sweep.NotNil(ts), sweep.NotNil(masks))))
		for i := range l.Carries {
			if masked[i] && pushes.Masks[i] == nil {
				pushes.Masks[i] = pushes.MaskOver(i, s.Outputs[i])
			}
			if moves[i] {
				pushes.D[i] = orZeros(pushes.D[i], s.Outputs[i])
			}
		}
		var in, out []*graph.Node
		from := 0
		for _, count := range []int{l.Carries, l.Xs, l.Consts} {
			to := from + count
			in = slices.Concat(in, s.Inputs[from:to], sweep.NotNil(ts[from:to]), sweep.NotNil(masks[from:to]))
			from = to
		}
		for _, group := range [][2]int{{0, l.Carries}, {l.Carries, len(s.Outputs)}} {
			from, to := group[0], group[1]
			out = slices.Concat(out, s.Outputs[from:to], sweep.NotNil(pushes.D[from:to]), sweep.NotNil(pushes.Masks[from:to]))
		}
		return s.G.Func(in, out)
	}).(*graph.Func)
}

// augmentedCond is the condition with tangents beside the carries, which it does not look at.
func (l loopNode) augmentedCond(moves, masked sweep.Selection) *graph.Func {
	if l.Cond == nil {
		return nil
	}
	s := sweep.Unfold(l.Cond)
	carries := s.Inputs[:l.Carries]
	ts, masks := s.Twins(carries, moves[:l.Carries]), s.Masks(carries, masked[:l.Carries])
	return s.G.Func(slices.Concat(carries, sweep.NotNil(ts), sweep.NotNil(masks), s.Inputs[l.Carries:]), s.Outputs)
}

// orZeros is t, or zeros of n's type if it is nil.
func orZeros(t, n *graph.Node) *graph.Node {
	if t == nil {
		return sweep.Zeros(n)
	}
	return t
}

// steps puts the axis of examples, the first, behind that of steps.
func behindSteps(n *graph.Node) *graph.Node { return ops.MoveAxis(n, 0, 1) }

// spreadLoop is a loop over many examples at once.
type spreadLoop struct {
	loopNode
	has sweep.Selection // by result: whether it differs between examples
}

// result gives a result the axis of examples first.
func (s spreadLoop) result(i int, part *graph.Node) *graph.Node {
	if i < s.Carries {
		return part
	}
	return ops.MoveAxis(part, 1, 0)
}

// spread makes l a loop for size examples. The carries that all says differ between them in any case.
func (l loopNode) spread(in []*graph.Node, batched []bool, all sweep.Selection, size int) spreadLoop {
	differ := append(sweep.Selection(nil), batched[:l.bodyInputs()]...)
	for i := range l.Carries {
		differ[i] = differ[i] || all[i]
	}
	free := batched[l.bodyInputs():] // constants of the condition
	condDiffers := false
	outAll := make(sweep.Selection, len(l.Body.Outputs()))
	for again := true; again; {
		again = false
		if l.Cond != nil {
			condDiffers = sweep.BatchOf(l.Cond, append(append(sweep.Selection(nil), differ[:l.Carries]...), free...), sweep.Selection{false}, size).Has[0]
		}
		copy(outAll, differ[:l.Carries])
		d := sweep.BatchOf(l.Body, differ, outAll, size)
		for i := range l.Carries {
			if !differ[i] && (d.Has[i] || condDiffers) {
				differ[i], again = true, true
			}
		}
	}
	s := spreadLoop{loopNode: l, has: sweep.BatchOf(l.Body, differ, outAll, size).Has}
	s.Body = sweep.BatchOf(l.Body, differ, outAll, size).F
	s.in = append([]*graph.Node(nil), in...)
	for i := range l.Carries {
		if differ[i] && !batched[i] {
			s.in[i] = sweep.Repeated(in[i], size)
		}
	}
	for i := range s.in {
		if l.isX(i) && batched[i] {
			s.in[i] = behindSteps(in[i])
		}
	}
	if l.Cond != nil {
		s.Cond = sweep.BatchOf(l.Cond, append(append(sweep.Selection(nil), differ[:l.Carries]...), free...), sweep.Selection{false}, size).F
		if condDiffers {
			s.loopNode = s.loopNode.untilAllEnd(differ)
		}
	}
	return s
}

// untilAllEnd takes a condition on examples, which all of the carries differ between, and goes on while it holds for
// any: examples for which it does not keep their carries. Differ says
// which inputs of the body are different for each of them.
func (l loopNode) untilAllEnd(differ sweep.Selection) loopNode {
	cond, body := l.Cond, l.Body
	c := sweep.Unfold(cond)
	l.Cond = c.G.Func(c.Inputs, []*graph.Node{ops.Any(c.Outputs[0])})
	b := sweep.Unfold(body)
	extra := make([]*graph.Node, len(cond.Inputs())-l.Carries)
	for i := range extra {
		extra[i] = b.Input(cond.Inputs()[l.Carries+i])
	}
	goesOn := cond.Inline(b.G, append(append([]*graph.Node(nil), b.Inputs[:l.Carries]...), extra...))[0]
	out := append([]*graph.Node(nil), b.Outputs...)
	if mayFail(body) {
		out = body.Inline(b.G, guarded(goesOn, b.Inputs, differ))
	}
	for i := range l.Carries {
		out[i] = ops.Where(alongFirst(goesOn, out[i].Rank()), out[i], b.Inputs[i])
	}
	l.Body = b.G.Func(append(b.Inputs, extra...), out)
	given := l.in[l.bodyInputs():]
	l.in = append(append([]*graph.Node(nil), l.in...), given...)
	l.Consts += len(extra)
	return l
}
