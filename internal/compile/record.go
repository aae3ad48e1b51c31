package compile

import (
	"slices"

	"chainrule/graph"
	"chainrule/internal/rewrite"
)

// Record keeps what Compile makes on the way, for a dump. A nil Record keeps nothing.
type Record struct {
	// Stages are the graph that was compiled, and what each pass has made of it.
	Stages []Stage
	// Off lists the passes and rules that were left out.
	Off []string

	fired map[string]int // by the pass that is running
}

// Stage is a graph between two passes.
type Stage struct {
	// Name is that of the pass that made it, or "input".
	Name string
	// Why says why the pass stands where it does.
	Why  string
	Unit rewrite.Unit
	// Nodes are those that the outputs depend on, in topological order.
	Nodes []*graph.Node
	// Born tells for each of Nodes that it stands for no node of the stage before.
	Born []bool
	// Became has for each of Nodes the positions in the next stage of what the pass made of it: the node that
	// stands for it, and those that were born when it was rewritten. It is nil in the last stage.
	Became [][]int
	// Fired counts by name the rules that made the stage.
	Fired map[string]int
}

func newStage(name, why string, u rewrite.Unit) Stage {
	return Stage{Name: name, Why: why, Unit: u, Nodes: u.Topo()}
}

// begin notes what is compiled. The options that it returns count the rules that fire.
func (r *Record) begin(u rewrite.Unit, opts Options) Options {
	if r == nil {
		return opts
	}
	for name, off := range opts.Off {
		if off {
			r.Off = append(r.Off, name)
		}
	}
	slices.Sort(r.Off)
	r.Stages = append(r.Stages[:0], newStage("input", "the graph as it was traced", u))
	r.fired = map[string]int{}
	also := opts.Fired
	opts.Fired = func(rule string) {
		r.fired[rule]++
		if also != nil {
			also(rule)
		}
	}
	return opts
}

// after notes what a pass has made.
func (r *Record) after(p rewrite.Pass, u rewrite.Unit) {
	if r == nil {
		return
	}
	before := &r.Stages[len(r.Stages)-1]
	next := newStage(p.Name, reasons(p.Name), u)
	before.Became = became(before, &next)
	next.Fired, r.fired = r.fired, map[string]int{}
	r.Stages = append(r.Stages, next)
}

// became follows every node of a stage into the next.
func became(before, next *Stage) [][]int {
	at := numbering(next.Positions())
	to := make([][]int, len(before.Nodes))
	next.Born = make([]bool, len(next.Nodes))
	if before.Unit.Graph() == next.Unit.Graph() {
		for i, n := range before.Nodes {
			to[i] = at.of(n, nil)
		}
		return to
	}
	for i := range next.Born {
		next.Born[i] = true
	}
	if before.Unit.Graph() != next.Unit.From() {
		return to // a pass that keeps no account
	}
	for i, n := range before.Nodes {
		to[i] = at.of(next.Unit.Became(n), nil)
		for _, j := range to[i] {
			next.Born[j] = false
		}
	}
	done := 0 // nodes of the new graph up to this ID stand for a node, or were born when one was rewritten
	for i, n := range before.Nodes {
		m := next.Unit.Became(n)
		if m == nil {
			continue
		}
		for ; done <= m.ID(); done++ {
			if j := at[done]; j >= 0 && next.Born[j] {
				to[i] = append(to[i], j)
			}
		}
	}
	return to
}

// numbering is the position of each node of a stage, by ID, or −1.
type numbering []int

// Positions gives the position of each node of the stage by its ID, −1 for those that it does not have.
func (s *Stage) Positions() []int {
	at := make([]int, s.Unit.Graph().Len())
	for i := range at {
		at[i] = -1
	}
	for i, n := range s.Nodes {
		at[n.ID()] = i
	}
	return at
}

// of appends the position of n, if it has one. A node that a pass has left out is nil.
func (at numbering) of(n *graph.Node, to []int) []int {
	if n == nil || at[n.ID()] < 0 {
		return to
	}
	return append(to, at[n.ID()])
}
