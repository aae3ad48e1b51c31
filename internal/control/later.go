package control

import (
	"slices"
	"sync/atomic"

	"chainrule/graph"
	"chainrule/internal/sweep"
)

// Rule is a derivative of the user's that is traced when it is wanted: were it traced where its function is called,
// one that mentions the function would be traced without end.
type Rule struct {
	Types  []graph.Type // of what it takes
	Code   uintptr      // the code of the user's function, by which it is told from others
	Pushes bool         // it is a Push, not a Pull
	Build  func(params []*graph.Node) []*graph.Node
	base   *Rule // that this one is for many examples of, or nil
	many   int   // their number
	known  atomic.Pointer[graph.Func]
}

// String is what text and pictures show.
func (r *Rule) String() string { return "later" }

// traced returns the rule as a function of its arguments and of nodes of g, which are listed.
func (r *Rule) traced(g *graph.Graph) (f *graph.Func, in []*graph.Node) {
	if f := r.known.Load(); f != nil {
		return g.Intern(f), nil
	}
	if r.base != nil {
		f, in = r.base.traced(g)
		f = g.Intern(sweep.BatchOf(f, sweep.Every(len(r.base.Types)).Widen(len(f.Inputs())), sweep.Every(len(f.Outputs())), r.many).F)
	} else {
		g.Anew(func() {
			g.Within(r.Code, func() { f, in = g.Capture(r.Types, true, r.Build) })
		})
	}
	if len(in) == 0 {
		r.known.Store(f)
	}
	return f, in
}

// batch is the rule for many examples, all of whose arguments differ.
func (r *Rule) batch(size int) *Rule {
	return &Rule{Types: r.Types, Code: r.Code, Pushes: r.Pushes, many: size, base: r}
}

// traced is the call with its rule traced.
func (c customNode) traced() customNode {
	if c.Later == nil {
		return c
	}
	f, in := c.Later.traced(c.node.Graph())
	if c.Later.Pushes {
		c.Push, c.pushIn, c.PushIn = f, in, len(in)
	} else {
		c.Pull, c.pullIn, c.PullIn = f, in, len(in)
	}
	c.Later = nil
	return c
}

// Traced is n, or if its rule is still to be traced the same node with the rule.
func Traced(n *graph.Node) *graph.Node {
	if a, custom := n.Attrs().(Custom); !custom || a.Later == nil {
		return n
	}
	c := customOf(n, n.In()).traced()
	return n.Graph().Apply(n.Op(), c.Custom, slices.Concat(c.args, c.bodyIn, c.pullIn, c.pushIn)...)
}
