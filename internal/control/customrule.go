package control

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"chainrule/graph"
	"chainrule/internal/sweep"
	"chainrule/ops"
)

// infer checks that the inputs are what the function and its derivative were made for.
func (a Custom) infer(in []*graph.Node) error {
	if a.Body == nil || a.Pull == nil && a.Push == nil && a.Later == nil {
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

// customNode is a node's inputs, by what they are for.
type customNode struct {
	Custom
	node                         *graph.Node
	args, bodyIn, pullIn, pushIn []*graph.Node
}

func customOf(n *graph.Node, in []*graph.Node) customNode {
	a := n.Attrs().(Custom)
	c := customNode{Custom: a, node: n}
	c.args, in = in[:a.Args], in[a.Args:]
	c.bodyIn, in = in[:a.BodyIn], in[a.BodyIn:]
	c.pullIn, c.pushIn = in[:a.PullIn], in[a.PullIn:]
	return c
}

// refuse fails if a derivative is asked for by what the function uses from outside.
func (c customNode) refuse(active sweep.Selection) {
	for i, is := range active[c.Args : c.Args+c.BodyIn] {
		if is {
			graph.Fail("custom", c.bodyIn[i:i+1], "the function uses a value from outside by which its derivative is "+
				"asked for: make it part of the argument")
		}
	}
}

// pulls applies Pull to cotangents, one for each float result.
func (c customNode) pulls(cts []*graph.Node) []*graph.Node {
	return c.Pull.Inline(c.node.Graph(), slices.Concat(c.args, graph.PartsOf(c.node), cts, c.pullIn))
}

// pushes applies Push to tangents, one for each float argument.
func (c customNode) pushes(tangents []*graph.Node) []*graph.Node {
	return c.Push.Inline(c.node.Graph(), slices.Concat(c.args, graph.PartsOf(c.node), tangents, c.pushIn))
}

func isFloat(nodes []*graph.Node) sweep.Selection {
	m := make(sweep.Selection, len(nodes))
	for i, n := range nodes {
		m[i] = n.DType().IsFloat()
	}
	return m
}

// filledIn lists, for each float of nodes, what is given for it, or zeros, which are not live if others have masks.
func filledIn(given sweep.Derivatives, nodes []*graph.Node) sweep.Derivatives {
	floats := isFloat(nodes)
	list, anyMask := given.Choose(floats.Widen(len(given.D))), given.Masked().Count() > 0
	for i, n := range sweep.Choose(nodes, floats) {
		if list.D[i] == nil {
			list.D[i] = sweep.Zeros(n)
			if anyMask {
				list.Masks[i] = sweep.ConstMask(n, false)
			}
		}
	}
	return list
}

// zeroAliases are zeros for the float nodes, by which a linear function can be differentiated.
func zeroAliases(nodes []*graph.Node) []*graph.Node {
	var list []*graph.Node
	for _, n := range sweep.Choose(nodes, isFloat(nodes)) {
		list = append(list, n.Graph().Alias(sweep.Zeros(n)))
	}
	return list
}

type customRule struct{ sweep.PackedRule }

// Wrt implements graph.Derivative.
func (customRule) Wrt(int) bool { return true }

func (customRule) Pull(n *graph.Node, cts sweep.Derivatives, wanted, _ sweep.Selection) sweep.Derivatives {
	c := customOf(n, n.In()).traced()
	c.refuse(wanted)
	floats := isFloat(c.args)
	given := filledIn(cts, graph.PartsOf(n))
	var back sweep.Derivatives
	if c.Pull != nil {
		back = alongLinear(c.pulls, given)
	} else {
		t := zeroAliases(c.args)
		back = c.transposed(c.pushes, t, given, wanted[:c.Args].Of(floats), "tangent")
	}
	out := back.Scatter(floats.Widen(len(n.In())))
	for i := range out.D {
		if !wanted[i] {
			out.D[i], out.Masks[i] = nil, nil
		}
	}
	return out
}

func (customRule) Push(n *graph.Node, tangents sweep.Derivatives, needed sweep.Selection, _ bool) sweep.Derivatives {
	c := customOf(n, n.In()).traced()
	c.refuse(sweep.Which(tangents.D))
	floats := isFloat(graph.PartsOf(n))
	given := filledIn(tangents, c.args)
	var moved sweep.Derivatives
	if c.Push != nil {
		moved = alongLinear(c.pushes, given)
	} else {
		u := zeroAliases(graph.PartsOf(n))
		moved = c.transposed(c.pulls, u, given, needed.Of(floats), "cotangent")
	}
	return moved.Scatter(floats)
}

// transposed is the transpose of a function of the user's, which is linear in the aliases at, for those that are wanted.
func (c customNode) transposed(
	f func([]*graph.Node) []*graph.Node, at []*graph.Node, given sweep.Derivatives, wanted sweep.Selection, kind string,
) sweep.Derivatives {
	out, wrt := f(at), sweep.Choose(at, wanted)
	if len(wrt) == 0 {
		return sweep.NewDerivatives(len(at))
	}
	order := graph.Topo(slices.Concat(out, wrt)...)
	reached, depends := sweep.ReachedFrom(wrt, order), dependsOn(wrt, order)
	for _, y := range out {
		if depends.Has(y) && !reached.Has(y) {
			graph.Fail(c.By, c.args, "the derivative given for it is not linear in the %s, so that it has no transpose: %s",
				kind, strings.Join(sweep.StoppedAt([]*graph.Node{y}, wrt...), "; "))
		}
	}
	return sweep.ReverseMasked(out, given, wrt, sweep.Every(len(wrt))).Scatter(wanted)
}

// alongLinear applies a function of the user's, which is linear, to derivatives. If some are masked, it takes its tangent
// in their direction, which is the same and knows about masks; but what has no tangent, such as a function in Go, keeps
// nothing but whether any of them is live.
func alongLinear(f func([]*graph.Node) []*graph.Node, given sweep.Derivatives) sweep.Derivatives {
	if given.Masked().Count() == 0 {
		out := f(given.D)
		return sweep.Derivatives{D: out, Masks: make([]*graph.Node, len(out))}
	}
	at := zeroAliases(given.D)
	value := f(at)
	if order := graph.Topo(append(slices.Clone(at), value...)...); isSmoothIn(at, order) {
		return sweep.ForwardMasked(value, at, given, true)
	}
	out := f(given.D)
	var live *graph.Node
	for i := range given.D {
		one := sweep.Anywhere(sweep.WholeMask(given.Mask(i), given.D[i]))
		if i == 0 {
			live = one
		} else {
			live = ops.EitherMask(live, one)
		}
	}
	r := sweep.NewDerivatives(len(out))
	for i, v := range out {
		r.D[i], r.Masks[i] = ops.Where(live, v, 0), live
	}
	return r
}

// isSmoothIn reports whether all that depends on the sources has a derivative by them.
func isSmoothIn(sources, order []*graph.Node) bool {
	active, depends := sweep.ReachedFrom(sources, order), dependsOn(sources, order)
	for _, y := range order {
		if depends.Has(y) && (!active.Has(y) || holdsGo(y)) {
			return false
		}
	}
	return true
}

// dependsOn returns the nodes that are computed from one of the sources, themselves included.
func dependsOn(sources, order []*graph.Node) sweep.Set {
	set := sweep.NewSet(order)
	for _, x := range sources {
		set.Add(x)
	}
	for _, y := range order {
		if slices.ContainsFunc(y.In(), set.Has) {
			set.Add(y)
		}
	}
	return set
}

// Batch batches all arguments, and the three functions.
func (customRule) Batch(
	n *graph.Node, in []*graph.Node, batched []bool, size int,
) ([]*graph.Node, sweep.Selection) {
	c := customOf(n, in)
	in, batched = slices.Clone(in), slices.Clone(batched)
	for i := range c.Args {
		if !batched[i] {
			in[i], batched[i] = sweep.Repeated(in[i], size), true
		}
	}
	a := c.Custom
	from := a.Args
	spreads := func(f *graph.Func, outside int) *graph.Func {
		if f == nil {
			return nil
		}
		inputs := make(sweep.Selection, len(f.Inputs()))
		for i := range inputs {
			inputs[i] = true
		}
		copy(inputs[len(inputs)-outside:], batched[from:from+outside])
		from += outside
		all := make(sweep.Selection, len(f.Outputs()))
		for i := range all {
			all[i] = true
		}
		return n.Graph().Intern(sweep.BatchOf(f, inputs, all, size).F)
	}
	a.Body, a.Pull, a.Push = spreads(a.Body, a.BodyIn), spreads(a.Pull, a.PullIn), spreads(a.Push, a.PushIn)
	if a.Later != nil {
		a.Later = a.Later.batch(size)
	}
	return sweep.AllDiffer(graph.PartsOf(n.Graph().Apply(&customOp, a, in...)))
}
