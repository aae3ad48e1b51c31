package compile

import (
	"fmt"
	"slices"

	"chainrule/graph"
	"chainrule/internal/exec"
	"chainrule/internal/rewrite"
)

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
	for _, r := range rewrite.Rules {
		rules = append(rules, r.Name)
	}
	return append(passes, "schedule"), rules
}

// Compile runs the pipeline and makes a program of the result.
func Compile(u rewrite.Unit, opts Options) (*exec.Program, error) {
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
func Plan(u rewrite.Unit, opts Options) (exec.Plan, error) {
	if err := u.Check(); err != nil {
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
		u = p.Run(u, opts.Passes())
		opts.Record.after(p, u)
		if opts.Verify {
			if err := u.Verify(); err != nil {
				return exec.Plan{}, fmt.Errorf("compile: after pass %s: %w", p.Name, err)
			}
		}
	}
	return plan(u, opts)
}

// Passes are the options of the passes.
func (o Options) Passes() rewrite.Options {
	return rewrite.Options{Off: o.Off, Fired: o.Fired, Workers: o.Workers, Bodies: o.Compiler()}
}
