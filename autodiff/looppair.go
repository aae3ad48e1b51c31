package autodiff

import (
	"errors"
	"slices"

	"chainrule/graph"
	"chainrule/internal/compile"
)

// Where a program wants a loop's results and its gradient, it need not make the steps ahead twice: the loop writes the
// tape, and the gradient reads it. The compiler's pass "tape" puts such pairs in place of the two, when all derivatives
// have been taken; pairs have none.
//
//	%2 = loop(%0, %1)                  →    %2 = loop_taped(%0, %1)
//	%5 = loop_grad(%0, %1, %4)              %5 = loop_untaped(%0, %1, %4, part 1 of %2)

// tapePass is the pass.
var tapePass = compile.Pass{
	Name: "tape",
	Why:  "equal inputs of a loop and its gradient have met, and derivatives have all been taken",
	Run:  func(u compile.Unit, _ compile.Options) compile.Unit { return shareTapes(u) },
}

// extraPasses are what derivatives add to the compiler's.
var extraPasses = []compile.Pass{mergePass, tapePass}

func shareTapes(u compile.Unit) compile.Unit {
	pairs := map[*graph.Node]gradAttrs{} // loops, and gradients
	taken := map[*graph.Node]*graph.Node{}
	for _, n := range graph.Topo(u.Outputs...) {
		a, isGrad := n.Attrs().(gradAttrs)
		if !isGrad || !a.loop().tapeIsFixed() {
			continue
		}
		l := loopNode{a.loop(), n.In()[:a.loopInputs()]}
		if loop := l.existing(); loop != nil && taken[loop] == nil {
			taken[loop] = n
			pairs[n] = a
		}
	}
	if len(taken) == 0 {
		return u
	}
	used := map[*graph.Node]bool{}
	for _, n := range graph.Topo(u.Outputs...) {
		used[n] = true
	}
	for loop, grad := range taken {
		if used[loop] {
			pairs[loop] = pairs[grad]
		} else {
			delete(pairs, grad)
		}
	}
	if len(pairs) == 0 {
		return u
	}
	return u.Rewrite(func(g *graph.Graph, n *graph.Node, in []*graph.Node) *graph.Node {
		a, ok := pairs[n]
		if !ok {
			return nil
		}
		taped := g.Apply(&loopTapedOp, a, in[:a.loopInputs()]...)
		if n.Op() == &loopOp {
			return taped
		}
		tape := graph.Part(taped, len(a.loop().parts()))
		return g.Apply(&loopUntapedOp, a, append(slices.Clone(in), tape)...)
	})
}

// tapeIsFixed reports whether the length of the whole tape is known.
func (a loopAttrs) tapeIsFixed() bool { return a.Cond == nil && a.Every == 0 }

// existing returns the loop's node, nil if there is none.
func (l loopNode) existing() *graph.Node {
	return l.in[0].Graph().Find(&loopOp, l.loopAttrs, l.in...)
}

var loopTapedOp, loopUntapedOp graph.Op

const noPairRule = "the compiler makes it after all derivatives have been taken"

func init() {
	loopTapedOp = graph.Op{
		Name:  "loop_taped",
		Doc:   "a loop that gives its tape beside its results",
		Arity: graph.Variadic, Class: graph.Opaque, Attrs: gradAttrs{}, Fails: true,
		Infer: func(in []*graph.Node, attrs any) (graph.Type, error) {
			a := attrs.(gradAttrs)
			if err := a.loop().infer(in); err != nil {
				return graph.Type{}, err
			}
			return graph.Pack(a.tapedParts()), nil
		},
		Parts:      func(n *graph.Node) []graph.Type { return n.Attrs().(gradAttrs).tapedParts() },
		Workspace:  func(n *graph.Node) int { return tapedCodeOf(n).workspace() },
		Kernel:     func(n *graph.Node) graph.Kernel { return newTapedRun(n).kernel },
		Derivative: noPair{},
		Cases:      pairCases(),
		BadCases:   []graph.BadCase{{In: []graph.Type{graph.T(graph.Float64, 3)}, Attrs: gradAttrs{}, Want: "the body does not"}},
	}
	graph.Register(&loopTapedOp)
	loopUntapedOp = graph.Op{
		Name:  "loop_untaped",
		Doc:   "the cotangents of a loop's inputs, by its tape",
		Arity: graph.Variadic, Class: graph.Opaque, Attrs: gradAttrs{}, Fails: true,
		Infer: func(in []*graph.Node, attrs any) (graph.Type, error) {
			a := attrs.(gradAttrs)
			if a.Body == nil || len(in) < a.loopInputs() {
				return graph.Type{}, a.loop().infer(in)
			}
			if tape := a.tapeType(); !in[len(in)-1].Type().Equal(tape) {
				return graph.Type{}, errors.New("the last input is not the tape")
			}
			return graph.Pack(a.parts(in)), nil
		},
		Parts:      func(n *graph.Node) []graph.Type { return n.Attrs().(gradAttrs).parts(n.In()) },
		Workspace:  func(n *graph.Node) int { return untapedCodeOf(n).space.size() },
		Kernel:     func(n *graph.Node) graph.Kernel { return newUntapedRun(n).kernel },
		Derivative: noPair{},
		Cases:      pairCases()[:1],
		BadCases:   []graph.BadCase{{In: []graph.Type{graph.T(graph.Float64, 3)}, Attrs: gradAttrs{}, Want: "the body does not"}},
	}
	graph.Register(&loopUntapedOp)
}

// noPair is the rule of ops that no derivative is asked of.
type noPair struct{ packedRule }

func (noPair) Wrt(int) bool { return false }

func (noPair) pull(*graph.Node, rates, mask, mask) rates { panic("autodiff: " + noPairRule) }

func (noPair) push(*graph.Node, rates, bool) rates { panic("autodiff: " + noPairRule) }

func (noPair) spread(*graph.Node, []*graph.Node, []bool, int) ([]*graph.Node, mask) {
	panic("autodiff: " + noPairRule)
}

func (a gradAttrs) tapeType() graph.Type {
	return graph.T(graph.Packed, a.Steps*newRecord(a.split(true).record).size)
}

// tapedParts lists the loop's results, and the tape.
func (a gradAttrs) tapedParts() []graph.Type { return append(a.loop().parts(), a.tapeType()) }

// tapedCode is a loop_taped compiled: the loop, whose body gives a record too.
type tapedCode struct {
	loopCode
	record record
}

func tapedCodeOf(n *graph.Node) *tapedCode {
	type key struct{ gradAttrs }
	a := n.Attrs().(gradAttrs)
	return a.Body.Memo(key{a}, func() any {
		s := a.split(true)
		c := &tapedCode{loopCode: loopCode{loopAttrs: a.loop(), parts: newBlock(a.tapedParts()...)}}
		c.record = newRecord(s.record)
		c.body = planFunc(s.forward, inPlace(a.Carries, 0)...)
		c.space = spaceOf(c.body.Arena)
		return c
	}).(*tapedCode)
}

func newTapedRun(n *graph.Node) *loopRun {
	c := tapedCodeOf(n)
	return &loopRun{loopCode: &c.loopCode, steps: newSteps(c.loopAttrs, c.body, c.record, len(c.Body.Outputs())), record: c.record}
}

type untapedCode struct {
	unwinding
	space block
}

func untapedCodeOf(n *graph.Node) *untapedCode {
	type key struct{ gradAttrs }
	a := n.Attrs().(gradAttrs)
	return a.Body.Memo(key{a}, func() any {
		c := &untapedCode{unwinding: newUnwinding(a, a.split(true), n.In())}
		c.space = spaceOf(c.arena(), c.cts.size(), c.stacks.size())
		return c
	}).(*untapedCode)
}

type untapedRun struct {
	*untapedCode
	behind unwinder
}

func newUntapedRun(n *graph.Node) *untapedRun {
	c := untapedCodeOf(n)
	return &untapedRun{c, newUnwinder(c.unwinding, n.Attrs().(gradAttrs).loopInputs())}
}

// kernel is the graph.Kernel of loop_untaped. The last operands are the tape and scratch memory.
func (r *untapedRun) kernel(w *graph.Work, out graph.Buffer, in []graph.Buffer) error {
	tape, scratch := in[len(in)-2].Ptr, in[len(in)-1].Ptr
	r.behind.bind(w, r.space.at(scratch, 0), r.space.at(scratch, 2))
	defer r.behind.release()
	r.behind.begin(r.space.at(scratch, 1), out, in)
	if err := r.behind.goBack(w, r.Steps, r.Steps, tape, out, in); err != nil {
		return err
	}
	return r.behind.finish(out)
}
