package control

import (
	"fmt"

	"chainrule/graph"
	"chainrule/internal/sweep"
)

// A loop is a node. Its steps share a body, a function
//
//	(c, xₜ, k) ↦ (c′, yₜ)
//
// of what is carried from step to step, of the t-th slices of the inputs xs along their first axis, and of constants k;
// the results are the last c and the yₜ stacked along a first axis. It makes a fixed number of steps, or as many as a
// condition on c asks for. While, Scan, For and Checkpoint are loops.

// Loop is the attribute of a loop. A node's inputs are carries, xs, constants of the body, and those of the
// condition.
type Loop struct {
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
func (a Loop) Title() string { return a.By }

// NewLoop makes a loop and returns its results.
func NewLoop(a Loop, in []*graph.Node) []*graph.Node {
	return graph.PartsOf(in[0].Graph().Apply(&loopOp, a, in...))
}

// loopNode is a loop that there need not be a node for: derivatives of a loop are derivatives of other loops.
type loopNode struct {
	Loop
	in []*graph.Node
}

func loopOf(n *graph.Node) loopNode { return loopNode{n.Attrs().(Loop), n.In()} }

// node returns the loop as a node.
func (l loopNode) node() *graph.Node {
	g := l.in[0].Graph()
	return g.Apply(&loopOp, l.Loop.on(g), l.in...)
}

// on is a with the functions of g that equal its own.
func (a Loop) on(g *graph.Graph) Loop {
	a.Body = g.Intern(a.Body)
	if a.Cond != nil {
		a.Cond = g.Intern(a.Cond)
	}
	return a
}

// The lists that inputs and results consist of.

func (a Loop) bodyInputs() int { return a.Carries + a.Xs + a.Consts }

// isX reports whether input i is one of the xs.
func (a Loop) isX(i int) bool { return i >= a.Carries && i < a.Carries+a.Xs }

// stacked is the type of one y or x of every step.
func (a Loop) stacked(n *graph.Node) graph.Type {
	return graph.T(n.DType(), append([]int{a.Steps}, n.Shape()...)...)
}

// parts lists the types of the results: carries, then ys.
func (a Loop) parts() []graph.Type {
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
func (a Loop) infer(in []*graph.Node) error {
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
		Arity: graph.Variadic, Class: graph.Opaque, Attrs: Loop{}, Fails: true,
		Infer: func(in []*graph.Node, attrs any) (graph.Type, error) {
			a := attrs.(Loop)
			if err := a.infer(in); err != nil {
				return graph.Type{}, err
			}
			return graph.Pack(a.parts()), nil
		},
		Parts:      func(n *graph.Node) []graph.Type { return n.Attrs().(Loop).parts() },
		Program:    func(n *graph.Node, c graph.Compiler) (graph.Program, error) { return loopCodeOf(n, c) },
		Derivative: loopRule{},
		BadCases:   []graph.BadCase{{In: []graph.Type{graph.T(graph.Float64, 3)}, Attrs: Loop{}, Want: "the body does not"}},
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
	out := graph.PartsOf(s.node())
	for i, has := range s.has {
		if has {
			out[i] = s.result(i, out[i])
		}
	}
	return out, s.has
}
