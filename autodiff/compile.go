package autodiff

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"gorgonia.org/tensor"

	"chainrule/graph"
	"chainrule/internal/compile"
	"chainrule/internal/tree"
)

// Function runs a function on nodes with tensors. It is safe for concurrent use.
type Function struct {
	f        reflect.Value
	args     []argument
	settings settings
	traced   trace // of a graph built by hand

	building *building               // held while f is called and compiled, so that this happens once for each types
	last     atomic.Pointer[program] // the one used last, found without a lock
	cache    cache[*program]
}

// argument is the type of an argument and what messages call it. A node alone has no name: its number is given beside.
type argument struct {
	typ  reflect.Type
	name string
}

func (fn *Function) addArgument(t reflect.Type) {
	a := argument{typ: t}
	if !tree.IsNode(t) {
		a.name = "argument " + strconv.Itoa(len(fn.args))
	}
	fn.args = append(fn.args, a)
}

const defaultCacheSize = 64

// CacheSize bounds the number of compiled programs that a Function keeps, one for each combination of input types;
// the least recently used goes first. The default is 64; n is at least 1. It is an error for CompileGraph and for
// what package gonum makes, which have one program.
func CacheSize(n int) ProgramOption {
	atLeastOne("cache_size", n)
	return programOption{func(s *settings) { s.cacheSize = n }}
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
			s.passesOff[n] = true
		}
	}}
}

// Workers sets the number of cores that one run may use, at least 1; it is as many as there are by default. Results are
// the same, bit for bit, for any number.
func Workers(n int) ProgramOption {
	atLeastOne("workers", n)
	return programOption{func(s *settings) { s.workers = n }}
}

type donation struct{ arg, result int }

// Donate lets result number result overwrite argument number arg, both counted from 0: trees of equal types, such
// as a model's parameters before and after a step. The tensors fed are updated in place when a run has succeeded,
// and left as they were when it fails. No argument and no result is donated twice.
func Donate(arg, result int) CompileOption {
	notNegative("donate", arg)
	notNegative("donate", result)
	return compileOption(func(s *settings) { s.donations = append(s.donations, donation{arg, result}) })
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
func Compile(f any, opts ...CompileOption) *Function { return newFunction(f, apply(opts)) }

// newFunction is Compile with settings.
func newFunction(f any, s settings) *Function {
	v := reflect.ValueOf(f)
	if v.Kind() != reflect.Func || v.IsNil() || v.Type().IsVariadic() || v.Type().NumOut() == 0 {
		graph.Fail("compile", nil, "want a function from trees of nodes to trees of nodes, not %T", f)
	}
	s.checkNumbers("compile", v.Type().NumIn(), v.Type().NumOut())
	if s.cacheSize == 0 {
		s.cacheSize = defaultCacheSize
	}
	fn := &Function{f: v, settings: s, building: newBuilding()}
	fn.cache.most = s.cacheSize
	for i := range v.Type().NumOut() {
		if t := v.Type().Out(i); !tree.Holds(t) {
			graph.Fail("compile", nil, "result %d of %T has type %v, which is no tree of nodes", i, f, t)
		}
	}
	for i := range v.Type().NumIn() {
		t := v.Type().In(i)
		if !tree.Holds(t) {
			graph.Fail("compile", nil, "argument %d of %T has type %v, which is no tree of nodes", i, f, t)
		}
		fn.addArgument(t)
	}
	return fn
}

// CompileGraph returns a Function for a graph that was built by hand. Inputs lists all inputs that the outputs
// depend on, in the order in which Run takes them.
func CompileGraph(inputs, outputs []*graph.Node, opts ...CompileOption) (*Function, error) {
	s := apply(opts)
	if slices.Contains(inputs, nil) || slices.Contains(outputs, nil) {
		return nil, errors.New("autodiff: an input or output of the graph is nil")
	}
	err := graph.Try(func() {
		s.checkNumbers("compile", len(inputs), len(outputs))
		if s.cacheSize > 0 {
			graph.Fail("compile", nil, "CacheSize(%d) for what has one program alone", s.cacheSize)
		}
	})
	if err != nil {
		return nil, err
	}
	fn := &Function{settings: s, building: newBuilding()}
	t := trace{inputs: inputs, nodes: outputs}
	node := reflect.TypeFor[*graph.Node]()
	for i := range inputs {
		fn.addArgument(node)
		t.args, _ = tree.Fixed(t.args, node)
		t.argLeaves = append(t.argLeaves, [2]int{i, i + 1})
	}
	for i := range outputs {
		t.results, _ = tree.Fixed(t.results, node)
		t.resultLeaves = append(t.resultLeaves, [2]int{i, i + 1})
	}
	p, err := fn.build(t, nil)
	if err != nil {
		return nil, err
	}
	fn.traced = t
	fn.cache.add(p)
	fn.last.Store(p)
	return fn, nil
}

// only is the program of a graph built by hand.
func (fn *Function) only() *program { return fn.last.Load() }

// Run feeds one value or tree of values for each argument, traces and compiles f for their types if that is new,
// and returns the leaves of the results in new tensors. A donated argument's tensors are returned themselves.
//
// A value is a *tensor.Dense, a gonum matrix or vector, a slice (a vector) or a number (a scalar). A tree of them
// mirrors the argument's: a slice for a slice, and a struct with fields of the same names, or a map, for a struct.
func (fn *Function) Run(ctx context.Context, feeds ...any) ([]*tensor.Dense, error) {
	run, results, err := fn.Bind(feeds...)
	if err != nil {
		return nil, err
	}
	if err := run(ctx); err != nil {
		return nil, err
	}
	return results, nil
}

// Eval computes nodes of a graph without inputs. For examples, tests and the curious: it compiles for each call.
func Eval(nodes ...*graph.Node) ([]*tensor.Dense, error) {
	fn, err := CompileGraph(nil, nodes)
	if err != nil {
		return nil, err
	}
	return fn.Run(context.Background())
}
