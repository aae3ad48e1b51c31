package autodiff

import (
	"errors"
	"fmt"
	"slices"

	"chainrule/graph"
)

func (a customAttrs) infer(in []*graph.Node) error {
	if a.Body == nil || a.Pull == nil && a.Push == nil {
		return errors.New("there is no function, or no derivative of it")
	}
	if want := a.Args + a.BodyIn + a.PullIn + a.PushIn; len(in) != want || len(a.Body.Inputs()) != a.Args+a.BodyIn {
		return fmt.Errorf("%d inputs, %d wanted", len(in), want)
	}
	for i, x := range a.Body.Inputs() {
		if !x.Type().Equal(in[i].Type()) {
			return fmt.Errorf("input %d is %v, the function takes %v", i, in[i].Type(), x.Type())
		}
	}
	return nil
}

// customCall is a node's inputs, by what they are for.
type customCall struct {
	customAttrs
	node                         *graph.Node
	args, bodyIn, pullIn, pushIn []*graph.Node
}

func customOf(n *graph.Node, in []*graph.Node) customCall {
	a := n.Attrs().(customAttrs)
	c := customCall{customAttrs: a, node: n}
	c.args, in = in[:a.Args], in[a.Args:]
	c.bodyIn, in = in[:a.BodyIn], in[a.BodyIn:]
	c.pullIn, c.pushIn = in[:a.PullIn], in[a.PullIn:]
	return c
}

// refuse fails if a derivative is asked for by what the function uses from outside.
func (c customCall) refuse(active mask) {
	for i, is := range active[c.Args : c.Args+c.BodyIn] {
		if is {
			graph.Fail("custom", c.bodyIn[i:i+1], "the function uses a value from outside by which its derivative is "+
				"asked for: make it part of the argument")
		}
	}
}

// pulls applies Pull to cotangents, one for each float result.
func (c customCall) pulls(cts []*graph.Node) []*graph.Node {
	return c.Pull.Inline(c.node.Graph(), slices.Concat(c.args, partsOf(c.node), cts, c.pullIn))
}

// pushes applies Push to tangents, one for each float argument.
func (c customCall) pushes(tangents []*graph.Node) []*graph.Node {
	return c.Push.Inline(c.node.Graph(), slices.Concat(c.args, partsOf(c.node), tangents, c.pushIn))
}

func isFloat(nodes []*graph.Node) mask {
	m := make(mask, len(nodes))
	for i, n := range nodes {
		m[i] = n.DType().IsFloat()
	}
	return m
}

// filledIn lists, for each float of nodes, what is given for it, or zeros.
func filledIn(given, nodes []*graph.Node) []*graph.Node {
	var list []*graph.Node
	for i, n := range nodes {
		if n.DType().IsFloat() {
			list = append(list, orZeros(given[i], n))
		}
	}
	return list
}

// zeroAliases are zeros for the float nodes, by which a linear function can be differentiated.
func zeroAliases(nodes []*graph.Node) []*graph.Node {
	var list []*graph.Node
	for _, n := range choose(nodes, isFloat(nodes)) {
		list = append(list, n.Graph().Alias(zeros(n)))
	}
	return list
}

type customRule struct{ packedRule }

// Wrt implements graph.Derivative.
func (customRule) Wrt(int) bool { return true }

func (customRule) pull(n *graph.Node, cts []*graph.Node, wanted []bool) []*graph.Node {
	c := customOf(n, n.In())
	c.refuse(wanted)
	given := filledIn(cts, partsOf(n))
	var back []*graph.Node
	if c.Pull != nil {
		back = c.pulls(given)
	} else {
		t := zeroAliases(c.args)
		back = reverseTo(c.pushes(t), given, t)
	}
	out := append(scatter(back, isFloat(c.args)), make([]*graph.Node, len(n.In())-c.Args)...)
	for i := range out {
		if !wanted[i] {
			out[i] = nil
		}
	}
	return out
}

func (customRule) push(n *graph.Node, tangents []*graph.Node) []*graph.Node {
	c := customOf(n, n.In())
	c.refuse(where(tangents))
	results := partsOf(n)
	given := filledIn(tangents, c.args)
	var moved []*graph.Node
	if c.Push != nil {
		moved = c.pushes(given)
	} else {
		u := zeroAliases(results)
		moved = reverseTo(c.pulls(u), given, u)
	}
	return scatter(moved, isFloat(results))
}

// spread batches all arguments, and the three functions.
func (customRule) spread(
	n *graph.Node, in []*graph.Node, batched []bool, size int,
) ([]*graph.Node, mask) {
	c := customOf(n, in)
	in, batched = slices.Clone(in), slices.Clone(batched)
	for i := range c.Args {
		if !batched[i] {
			in[i], batched[i] = repeated(in[i], size), true
		}
	}
	a := c.customAttrs
	from := a.Args
	spreads := func(f *graph.Func, outside int) *graph.Func {
		if f == nil {
			return nil
		}
		inputs := make(mask, len(f.Inputs()))
		for i := range inputs {
			inputs[i] = true
		}
		copy(inputs[len(inputs)-outside:], batched[from:from+outside])
		from += outside
		all := make(mask, len(f.Outputs()))
		for i := range all {
			all[i] = true
		}
		return n.Graph().Intern(spreadOut(f, inputs, all, size).f)
	}
	a.Body, a.Pull, a.Push = spreads(a.Body, a.BodyIn), spreads(a.Pull, a.PullIn), spreads(a.Push, a.PushIn)
	return allDiffer(partsOf(n.Graph().Apply(&customOp, a, in...)))
}
