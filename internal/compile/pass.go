package compile

import (
	"fmt"

	"chainrule/graph"
	"chainrule/internal/exec"
)

// Unit is what passes work on: a graph, the inputs that callers feed, in order, and the outputs that they get.
type Unit struct {
	Inputs  []*graph.Node
	Outputs []*graph.Node
	// Donated gives for each output the index of the input that it overwrites, or −1. It may be nil.
	Donated []int
}

// Pass takes a Unit to an equal one on a new graph.
type Pass struct {
	// Name is what Options.Off calls it.
	Name string
	// Why says why the pass stands where it does.
	Why string
	Run func(Unit) Unit
}

// Pipeline is every pass, in order.
var Pipeline = []Pass{
	{"unalias", "aliases have done their work once derivatives are built; without them equal expressions meet", unalias},
}

// Options choose how to compile.
type Options struct {
	// Off names passes to leave out.
	Off map[string]bool
	// NoReuse gives every value memory of its own.
	NoReuse bool
	// Verify checks the graph's invariants after every pass, for tests.
	Verify bool
	// Workers is the number of cores for one step, 1 if it is 0.
	Workers int
}

// Compile runs the pipeline and plans the result.
func Compile(u Unit, opts Options) (*exec.Program, error) {
	for _, p := range Pipeline {
		if opts.Off[p.Name] {
			continue
		}
		u = p.Run(u)
		if opts.Verify {
			if err := u.verify(); err != nil {
				return nil, fmt.Errorf("compile: after pass %s: %w", p.Name, err)
			}
		}
	}
	return exec.NewProgram(plan(u, opts)), nil
}

func (u Unit) verify() error {
	if len(u.Outputs) == 0 {
		return nil
	}
	return u.Outputs[0].Graph().Verify()
}

// rewrite copies what the outputs depend on to a new graph, dead code left behind. rule may give another node for
// n, whose inputs, already rewritten, are in; nil means a copy of n.
func (u Unit) rewrite(rule func(n *graph.Node, in []*graph.Node) *graph.Node) Unit {
	g := graph.New()
	next := Unit{Donated: u.Donated}
	fresh := map[*graph.Node]*graph.Node{}
	for _, n := range u.Inputs {
		fresh[n] = g.Copy(n)
		next.Inputs = append(next.Inputs, fresh[n])
	}
	var in []*graph.Node
	for _, n := range graph.Topo(u.Outputs...) {
		if fresh[n] != nil {
			continue
		}
		in = in[:0]
		for _, x := range n.In() {
			in = append(in, fresh[x])
		}
		fresh[n] = rule(n, in)
		if fresh[n] == nil {
			fresh[n] = g.Copy(n, in...)
		}
	}
	for _, n := range u.Outputs {
		next.Outputs = append(next.Outputs, fresh[n])
	}
	return next
}
