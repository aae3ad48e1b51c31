package trace

import (
	"errors"
	"reflect"
	"slices"
	"strconv"
	"sync/atomic"

	"chainrule/graph"
	"chainrule/internal/tree"
)

// Function runs a function on nodes with tensors. It is safe for concurrent use.
type Function struct {
	f      reflect.Value
	args   []argument
	opts   Options
	traced Trace // of a graph built by hand

	building *building               // held while f is called and compiled, so that this happens once for each types
	last     atomic.Pointer[Program] // the one used last, found without a lock
	cache    Cache[*Program]
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

// New is autodiff.Compile.
func New(f any, s Options) *Function {
	v := reflect.ValueOf(f)
	if v.Kind() != reflect.Func || v.IsNil() || v.Type().IsVariadic() || v.Type().NumOut() == 0 {
		graph.Fail("compile", nil, "want a function from trees of nodes to trees of nodes, not %T", f)
	}
	s.checkNumbers("compile", v.Type().NumIn(), v.Type().NumOut())
	if s.CacheSize == 0 {
		s.CacheSize = defaultCacheSize
	}
	fn := &Function{f: v, opts: s, building: newBuilding()}
	fn.cache.Most = s.CacheSize
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

// NewGraph is autodiff.CompileGraph.
func NewGraph(inputs, outputs []*graph.Node, s Options) (*Function, error) {
	if slices.Contains(inputs, nil) || slices.Contains(outputs, nil) {
		return nil, errors.New("autodiff: an input or output of the graph is nil")
	}
	err := graph.Try(func() {
		s.checkNumbers("compile", len(inputs), len(outputs))
		if s.CacheSize > 0 {
			graph.Fail("compile", nil, "CacheSize(%d) for what has one program alone", s.CacheSize)
		}
	})
	if err != nil {
		return nil, err
	}
	fn := &Function{opts: s, building: newBuilding()}
	t := Trace{Inputs: inputs, Nodes: outputs}
	node := reflect.TypeFor[*graph.Node]()
	for i := range inputs {
		fn.addArgument(node)
		t.args, _ = tree.Fixed(t.args, node)
		t.ArgLeaves = append(t.ArgLeaves, [2]int{i, i + 1})
	}
	for i := range outputs {
		t.results, _ = tree.Fixed(t.results, node)
		t.resultLeaves = append(t.resultLeaves, [2]int{i, i + 1})
	}
	p, err := fn.Build(t, nil)
	if err != nil {
		return nil, err
	}
	fn.traced = t
	fn.cache.Add(p)
	fn.last.Store(p)
	return fn, nil
}

// Last is the program that ran last, nil if there is none: that of a graph built by hand.
func (fn *Function) Last() *Program { return fn.last.Load() }

// Kept is how many programs fn keeps at most.
func (fn *Function) Kept() int { return fn.opts.CacheSize }

// Cached counts the programs that fn keeps.
func (fn *Function) Cached() int { return fn.cache.Len() }

// Lock lets one goroutine at a time trace and compile, see building.
func (fn *Function) Lock() error { return fn.building.lock() }

// Unlock ends what Lock began.
func (fn *Function) Unlock() { fn.building.unlock() }
