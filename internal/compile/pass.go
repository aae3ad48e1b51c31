package compile

import (
	"errors"
	"fmt"
	"slices"

	"chainrule/graph"
	"chainrule/internal/exec"
)

// Unit is what passes work on: a graph, the inputs that callers feed, in order, and the outputs that they get.
type Unit struct {
	Inputs  []*graph.Node
	Outputs []*graph.Node
	// Donated gives for each output the index of the input that it overwrites, or −1. It may be nil.
	Donated []int
	// Groups lists nodes that are computed in one loop, each group in topological order. The last pass makes them.
	Groups [][]*graph.Node

	// from is the graph that rewrite made this one of, and became gives by ID what each of its nodes has become.
	from   *graph.Graph
	became []*graph.Node

	// order is what topo returns, if it is known.
	order []*graph.Node
}

// Options choose how to compile.
type Options struct {
	// Off names passes to leave out, and rules of the pass simplify; "fast" is every rule that is not exact, and
	// "schedule" the search for an order of steps that needs less memory.
	Off map[string]bool
	// NoReuse gives every value memory of its own.
	NoReuse bool
	// Verify checks the graph's invariants after every pass, for tests.
	Verify bool
	// Fired, if not nil, is told the name of every rule that fires.
	Fired func(rule string)
	// Record, if not nil, keeps what every pass makes, for a dump.
	Record *Record
	// Workers is the number of cores for one step, 1 if it is 0.
	Workers int

	// bodies compiles the functions that nodes hold, with the same options.
	bodies *bodies
}

// Names lists what Options.Off may name.
func Names() (passes, rules []string) {
	for _, p := range Pipeline {
		passes = append(passes, p.Name)
	}
	rules = append(rules, "fast")
	for _, r := range Rules {
		rules = append(rules, r.Name)
	}
	return append(passes, "schedule"), rules
}

// Compile runs the pipeline and makes a program of the result.
func Compile(u Unit, opts Options) (*exec.Program, error) {
	var plan exec.Plan
	var err error
	if tooLarge := graph.Try(func() { plan, err = Plan(u, opts) }); tooLarge != nil {
		return nil, tooLarge // passes make values too, such as the stack of what a loop records
	}
	if err != nil {
		return nil, err
	}
	if err := plan.Fits(); err != nil {
		return nil, err
	}
	return exec.NewProgram(plan), nil
}

// Plan runs the pipeline and plans the result.
func Plan(u Unit, opts Options) (exec.Plan, error) {
	if err := u.check(); err != nil {
		return exec.Plan{}, fmt.Errorf("compile: %w", err)
	}
	passes, rules := Names()
	for name := range opts.Off {
		if !slices.Contains(passes, name) && !slices.Contains(rules, name) {
			return exec.Plan{}, fmt.Errorf("compile: there is no pass called %q", name)
		}
	}
	opts = opts.Record.begin(u, opts.begun())
	for _, p := range Pipeline {
		if opts.Off[p.Name] {
			continue
		}
		u = p.Run(u, opts)
		opts.Record.after(p, u)
		if opts.Verify {
			if err := u.verify(); err != nil {
				return exec.Plan{}, fmt.Errorf("compile: after pass %s: %w", p.Name, err)
			}
		}
	}
	return plan(u, opts)
}

// graph is the graph that the unit lies on.
func (u Unit) graph() *graph.Graph { return u.Outputs[0].Graph() }

// topo returns every node that the outputs depend on, inputs before their use.
func (u Unit) topo() []*graph.Node {
	if u.order != nil {
		return u.order
	}
	return graph.Topo(u.Outputs...)
}

// check says what is wrong with a unit that a caller made.
func (u *Unit) check() error {
	if len(u.Outputs) == 0 {
		return errors.New("no outputs")
	}
	for i, n := range u.Outputs {
		switch {
		case n == nil:
			return fmt.Errorf("output %d is nil", i)
		case n.Graph() != u.graph():
			return fmt.Errorf("output %d, %v, lies on another graph than output 0", i, n)
		}
	}
	g := u.graph()
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
	u.order = u.topo()
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

func (u Unit) verify() error {
	if err := u.check(); err != nil {
		return err
	}
	return u.graph().Verify()
}

// Rewrite copies what the outputs depend on to a new graph, dead code left behind. rule may give another node for
// n, whose inputs, already rewritten, are in, on the new graph g; nil means a copy of n.
func (u Unit) Rewrite(rule func(g *graph.Graph, n *graph.Node, in []*graph.Node) *graph.Node) Unit {
	g, order := graph.New(), u.topo()
	g.Grow(len(order))
	fresh := make([]*graph.Node, u.graph().Len()) // by ID
	next := Unit{Donated: u.Donated, from: u.graph(), became: fresh}
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
	next.order = next.topo()
	return next
}
