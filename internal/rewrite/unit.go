package rewrite

import (
	"errors"
	"fmt"

	"chainrule/graph"
)

// Unit is what passes work on: a graph, the inputs that callers feed, in order, and the outputs that they get.
type Unit struct {
	Inputs  []*graph.Node
	Outputs []*graph.Node
	// Donated gives for each output the index of the input that it overwrites, or −1. It may be nil.
	Donated []int
	// Groups lists nodes that are computed in one loop, each group in topological order. The last pass makes them.
	Groups [][]*graph.Node

	// from is the graph that Rewrite or Replace made this one of, and became gives by ID what each of its nodes has become.
	from   *graph.Graph
	became []*graph.Node

	// order is what Topo returns, if it is known.
	order []*graph.Node
}

// Pass takes a Unit to an equal one, on a new graph if anything changes in it.
type Pass struct {
	// Name is what Options.Off calls it.
	Name string
	Run  func(Unit, Options) Unit
	// OfFuncs says that it changes nothing but nodes that hold functions.
	OfFuncs bool
	// Simplifies says that the pass makes a simpler graph, for whoever looks at it.
	Simplifies bool
}

// Options are what passes ask for.
type Options struct {
	// Off names rules to leave out; "fast" is every rule that is not exact.
	Off map[string]bool
	// Fired, if not nil, is told the name of every rule that fires.
	Fired func(rule string)
	// Workers is the number of cores for one step.
	Workers int
	// Bodies compiles the functions that nodes hold.
	Bodies graph.Compiler
}

// Graph is the graph that the unit lies on.
func (u Unit) Graph() *graph.Graph { return u.Outputs[0].Graph() }

// Topo returns every node that the outputs depend on, inputs before their use.
func (u Unit) Topo() []*graph.Node {
	if u.order != nil {
		return u.order
	}
	return graph.Topo(u.Outputs...)
}

// Check says what is wrong with a unit that a caller made.
func (u *Unit) Check() error {
	if len(u.Outputs) == 0 {
		return errors.New("no outputs")
	}
	for i, n := range u.Outputs {
		switch {
		case n == nil:
			return fmt.Errorf("output %d is nil", i)
		case n.Graph() != u.Graph():
			return fmt.Errorf("output %d, %v, lies on another graph than output 0", i, n)
		}
	}
	g := u.Graph()
	listed := make([]bool, g.Len())
	for i, n := range u.Inputs {
		switch {
		case n == nil:
			return fmt.Errorf("input %d is nil", i)
		case !n.IsInput():
			return fmt.Errorf("input %d, %v, is not an input of the graph", i, n)
		case n.Graph() != g:
			return fmt.Errorf("input %d, %v, lies on another graph than the outputs", i, n)
		case listed[n.ID()]:
			return fmt.Errorf("input %d, %v, is listed twice", i, n)
		}
		listed[n.ID()] = true
	}
	u.order = u.Topo()
	if err := graph.Escaped(u.order); err != nil {
		return err
	}
	for _, n := range u.order {
		if n.IsInput() && !listed[n.ID()] {
			return fmt.Errorf("the outputs depend on input %v, which is not listed", n)
		}
	}
	return u.checkDonated()
}

// checkDonated says what is wrong with the donations: each output may overwrite one input of its type, which no other
// output does.
func (u Unit) checkDonated() error {
	if u.Donated != nil && len(u.Donated) != len(u.Outputs) {
		return fmt.Errorf("donations for %d outputs of %d", len(u.Donated), len(u.Outputs))
	}
	by := map[int]int{}
	for i, input := range u.Donated {
		if input < 0 {
			continue
		}
		if input >= len(u.Inputs) {
			return fmt.Errorf("output %d overwrites input %d of %d", i, input, len(u.Inputs))
		}
		if x, y := u.Inputs[input], u.Outputs[i]; !x.Type().Equal(y.Type()) {
			return fmt.Errorf("output %d, %v, cannot overwrite input %d, %v: the types differ", i, y, input, x)
		}
		if first, twice := by[input]; twice {
			return fmt.Errorf("outputs %d and %d both overwrite input %d, %v", first, i, input, u.Inputs[input])
		}
		by[input] = i
	}
	return nil
}

// Verify is Check, and checks the invariants of the graph too.
func (u Unit) Verify() error {
	if err := u.Check(); err != nil {
		return err
	}
	return u.Graph().Verify()
}

// Rewrite copies what the outputs depend on to a new graph, dead code left behind. rule may give another node for
// n, whose inputs, already rewritten, are in, on the new graph g; nil means a copy of n.
func (u Unit) Rewrite(rule func(g *graph.Graph, n *graph.Node, in []*graph.Node) *graph.Node) Unit {
	g, order := graph.New(), u.Topo()
	g.Grow(len(order))
	fresh := make([]*graph.Node, u.Graph().Len()) // by ID
	next := Unit{Donated: u.Donated, from: u.Graph(), became: fresh}
	for _, n := range u.Inputs {
		fresh[n.ID()] = g.Copy(n)
		next.Inputs = append(next.Inputs, fresh[n.ID()])
	}
	var in []*graph.Node
	for _, n := range order {
		if fresh[n.ID()] != nil {
			continue
		}
		in = in[:0]
		for _, x := range n.In() {
			in = append(in, fresh[x.ID()])
		}
		m := rule(g, n, in)
		if m == nil {
			m = g.Copy(n, in...)
		}
		fresh[n.ID()] = m
	}
	for _, n := range u.Outputs {
		next.Outputs = append(next.Outputs, fresh[n.ID()])
	}
	next.order = next.Topo()
	return next
}

// From is the graph that a pass made the unit's of, nil if it was not made so, and Became what a node of that has become,
// nil if it was left out.
func (u Unit) From() *graph.Graph { return u.from }

// Became is explained at From.
func (u Unit) Became(n *graph.Node) *graph.Node { return u.became[n.ID()] }
