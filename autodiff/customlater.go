package autodiff

import (
	"reflect"
	"slices"
	"sync/atomic"

	"chainrule/graph"
	"chainrule/internal/sweep"
)

// laterRule is a derivative of the user's that is traced when it is wanted: were it traced where its function is called,
// one that mentions the function would be traced without end.
type laterRule struct {
	types  []graph.Type // of what it takes
	code   uintptr      // the code of the user's function
	pushes bool         // it is a Push, not a Pull
	build  func(params []*graph.Node) []*graph.Node
	base   *laterRule // that this one is for many examples of, or nil
	many   int        // their number
	known  atomic.Pointer[graph.Func]
}

// String is what text and pictures show.
func (r *laterRule) String() string { return "later" }

// codeOf tells functions that were written in one place from others.
func codeOf(f any) uintptr { return reflect.ValueOf(f).Pointer() }

// rule gives the function its derivative. Nodes made for a loop or a branch come to lie on another graph, where the rule
// could not use what it uses from outside, so there it is traced at once, unless it is being traced already.
func (c *custom[Q]) rule(r *laterRule) {
	if !c.graph.Captures() || c.graph.IsWithin(r.code) {
		c.attrs.Later = r
		return
	}
	f, in := r.traced(c.graph)
	if r.pushes {
		c.attrs.Push, c.pushIn = f, in
	} else {
		c.attrs.Pull, c.pullIn = f, in
	}
}

// traced returns the rule as a function of its arguments and of nodes of g, which are listed.
func (r *laterRule) traced(g *graph.Graph) (f *graph.Func, in []*graph.Node) {
	if f := r.known.Load(); f != nil {
		return g.Intern(f), nil
	}
	if r.base != nil {
		f, in = r.base.traced(g)
		f = g.Intern(sweep.BatchOf(f, sweep.Every(len(r.base.types)).Widen(len(f.Inputs())), sweep.Every(len(f.Outputs())), r.many).F)
	} else {
		g.Anew(func() {
			g.Within(r.code, func() { f, in = g.Capture(r.types, true, r.build) })
		})
	}
	if len(in) == 0 {
		r.known.Store(f)
	}
	return f, in
}

// spread is the rule for many examples, all of whose arguments differ.
func (r *laterRule) spread(size int) *laterRule {
	return &laterRule{types: r.types, code: r.code, pushes: r.pushes, many: size, base: r}
}

// traced is the call with its rule traced.
func (c customCall) traced() customCall {
	if c.Later == nil {
		return c
	}
	f, in := c.Later.traced(c.node.Graph())
	if c.Later.pushes {
		c.Push, c.pushIn, c.PushIn = f, in, len(in)
	} else {
		c.Pull, c.pullIn, c.PullIn = f, in, len(in)
	}
	c.Later = nil
	return c
}

// tracedNode is n, or if its rule is still to be traced the same node with the rule.
func tracedNode(n *graph.Node) *graph.Node {
	if a, custom := n.Attrs().(customAttrs); !custom || a.Later == nil {
		return n
	}
	c := customOf(n, n.In()).traced()
	return n.Graph().Apply(n.Op(), c.customAttrs, slices.Concat(c.args, c.bodyIn, c.pullIn, c.pushIn)...)
}
