package autodiff

import (
	"slices"

	"chainrule/graph"
	"chainrule/internal/control"
	"chainrule/internal/tree"
	"chainrule/ops"
)

// loopBuilder makes a loop of functions on trees.
type loopBuilder struct {
	op      string
	graph   *graph.Graph
	attrs   control.Loop
	carried []tree.Leaf
	hidden  int // how many of them, the first, are not the caller's
	xs      []tree.Leaf
	given   []tree.Leaf // constants that the body takes as arguments
	bodyIn  []*graph.Node
	condIn  []*graph.Node
}

func newLoopBuilder(op string, carried []tree.Leaf, opts []LoopOption) *loopBuilder {
	b := &loopBuilder{op: op, carried: carried}
	for _, o := range opts {
		needOption(o == nil)
		o(&b.attrs)
	}
	b.checkOptions()
	b.attrs.Carries = len(carried)
	if len(carried) > 0 {
		b.graph = carried[0].Node.Graph()
	}
	return b
}

// checkOptions refuses options that another kind of loop takes.
func (b *loopBuilder) checkOptions() {
	a, isWhile := b.attrs, b.op == "while"
	switch {
	case a.Back && b.op != "scan":
		graph.Fail(b.op, nil, "Reversed is for Scan, which takes slices")
	case a.Steps > 0 && !isWhile:
		graph.Fail(b.op, nil, "MaxSteps is for While: the number of steps is known")
	case a.Taped && !isWhile:
		graph.Fail(b.op, nil, "RecordAllSteps is for While: the number of steps is known")
	case a.Every > 0 && a.Steps == 0 && isWhile:
		graph.Fail(b.op, nil, "CheckpointEvery needs MaxSteps beside it")
	}
}

// slices adds the inputs that every step takes a slice of.
func (b *loopBuilder) slices(xs []tree.Leaf) {
	if len(xs) == 0 {
		graph.Fail(b.op, nil, "there is nothing to take slices of: use For")
	}
	b.xs, b.graph = xs, xs[0].Node.Graph()
	for _, l := range xs {
		switch {
		case l.Node.Rank() == 0:
			graph.Fail(b.op, nil, "%s has no axis to take slices along", l)
		case l.Node.Shape()[0] != xs[0].Node.Shape()[0]:
			graph.Fail(b.op, nil, "%s has %d slices, %s has %d", xs[0], xs[0].Node.Shape()[0], l, l.Node.Shape()[0])
		}
	}
	b.attrs.Xs, b.attrs.Steps = len(xs), xs[0].Node.Shape()[0]
}

func checkSteps(op string, n int) int {
	if n < 0 {
		graph.Fail(op, nil, "%d steps", n)
	}
	return n
}

// capture makes a function of the carries.
func (b *loopBuilder) capture(build func(params []*graph.Node) []*graph.Node) (*graph.Func, []*graph.Node) {
	if b.graph == nil {
		graph.Fail(b.op, nil, "nothing is carried")
	}
	return b.graph.Capture(tree.Types(b.carried), false, build)
}

// body makes the body, a function of carries, slices and what is given.
func (b *loopBuilder) body(build func(params []*graph.Node) []*graph.Node) {
	types := tree.Types(b.carried)
	for _, l := range b.xs {
		types = append(types, graph.T(l.Node.DType(), l.Node.Shape()[1:]...))
	}
	types = append(types, tree.Types(b.given)...)
	b.attrs.Body, b.bodyIn = b.graph.Capture(types, false, build)
}

// dropCount ends carrying the number of the step, the first carry, if the body does not use it.
func (b *loopBuilder) dropCount() {
	f := b.attrs.Body
	next := f.Outputs()[1:]
	if slices.Contains(graph.Topo(next...), f.Inputs()[0]) {
		return
	}
	b.attrs.Body = b.graph.Func(f.Inputs()[1:], next)
	b.carried, b.hidden, b.attrs.Carries = b.carried[1:], 0, b.attrs.Carries-1
}

// matched returns what the body carries on, which must be of the types of what it carried.
func (b *loopBuilder) matched(next []tree.Leaf) []*graph.Node {
	if len(next) != len(b.carried) {
		graph.Fail(b.op, nil, "the body carries %d nodes on, not %d", len(next)-b.hidden, len(b.carried)-b.hidden)
	}
	out := make([]*graph.Node, len(next))
	for i, l := range next {
		if from := b.carried[i]; l.Path != from.Path || !l.Node.Type().Equal(from.Node.Type()) {
			graph.Fail(b.op, nil, "the body turns the carry %s into %s", from, l)
		}
		out[i] = l.Node
	}
	return out
}

// finish adds the loop to the graph and returns its results.
func (b *loopBuilder) finish() []*graph.Node {
	b.attrs.Consts = len(b.given) + len(b.bodyIn)
	var in []*graph.Node
	for _, list := range [][]tree.Leaf{b.carried, b.xs, b.given} {
		for _, l := range list {
			in = append(in, l.Node)
		}
	}
	in = append(append(in, b.bodyIn...), b.condIn...)
	return control.NewLoop(b.attrs, in)
}

func addOne(n *graph.Node) *graph.Node { return ops.Add(n, 1) }

// firstOf is the one step's result.
func firstOf(n *graph.Node) *graph.Node { return ops.Squeeze(n, 0) }
