package autodiff

import (
	"context"
	"slices"
	"strings"

	"gorgonia.org/tensor"

	"chainrule/graph"
	"chainrule/internal/compile"
	"chainrule/internal/trace"
)

// CacheSize bounds the number of compiled programs that a Function keeps, one for each combination of input types;
// the least recently used goes first. The default is 64; n is at least 1. It is an error for CompileGraph and for
// what package gonum makes, which have one program.
func CacheSize(n int) ProgramOption {
	atLeastOne("cache_size", n)
	return programOption{func(s *settings) { s.CacheSize = n }}
}

// WithoutPass leaves out an optional pass of the compiler, or one of its rewrites, by name, to find out what it does. It
// panics with a *graph.Error that lists the names if there is no such one.
func WithoutPass(names ...string) ProgramOption {
	passes, rules := compile.Names()
	for _, n := range names {
		if !slices.Contains(passes, n) && !slices.Contains(rules, n) {
			graph.Fail("without_pass", nil, "there is no pass or rule called %q, but the passes %s and the rules %s",
				n, strings.Join(passes, ", "), strings.Join(rules, ", "))
		}
	}
	return programOption{func(s *settings) {
		for _, n := range names {
			s.PassesOff[n] = true
		}
	}}
}

// Workers sets the number of cores that one run may use, at least 1; it is as many as there are by default. Results are
// the same, bit for bit, for any number.
func Workers(n int) ProgramOption {
	atLeastOne("workers", n)
	return programOption{func(s *settings) { s.Workers = n }}
}

// Donate lets result number result overwrite argument number arg, both counted from 0: trees of equal types, such
// as a model's parameters before and after a step. The tensors fed are updated in place when a run has succeeded,
// and left as they were when it fails. No argument and no result is donated twice.
func Donate(arg, result int) CompileOption {
	notNegative("donate", arg)
	notNegative("donate", result)
	return compileOption(func(s *settings) { s.Donations = append(s.Donations, trace.Donation{Arg: arg, Result: result}) })
}

// notNegative refuses an option that numbers something.
func notNegative(op string, n int) {
	if n < 0 {
		graph.Fail(op, nil, "%d given: arguments and results are counted from 0", n)
	}
}

// Compile returns a Function for f, a function whose arguments and results are trees of nodes, such as
// func(w, x *graph.Node) *graph.Node. It is traced when it is run: f is called with nodes of the types that are
// fed, once for each combination of them. f must not keep state, and must not run the Function itself: that is an error,
// from a goroutine too that f starts and waits for. Compile panics if f is no such function, or has no argument or result
// that an option speaks of.
func Compile(f any, opts ...CompileOption) *Function {
	return &Function{trace.New(f, apply(opts).Options)}
}

// CompileGraph returns a Function for a graph that was built by hand. Inputs lists all inputs that the outputs
// depend on, in the order in which Run takes them.
func CompileGraph(inputs, outputs []*graph.Node, opts ...CompileOption) (*Function, error) {
	inner, err := trace.NewGraph(inputs, outputs, apply(opts).Options)
	if err != nil {
		return nil, err
	}
	return &Function{inner}, nil
}

// Eval computes nodes of a graph without inputs. For examples, tests and the curious: it compiles for each call.
func Eval(nodes ...*graph.Node) ([]*tensor.Dense, error) {
	fn, err := CompileGraph(nil, nodes)
	if err != nil {
		return nil, err
	}
	return fn.Run(context.Background())
}
