package graph

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
)

var registry = struct {
	ops    map[string]*Op
	frozen atomic.Bool
}{ops: map[string]*Op{}}

// Register adds a record to the registry and returns it. It is called from init functions only: a record must
// be complete, its name new, and no graph made yet.
func Register(op *Op) *Op {
	switch {
	case registry.frozen.Load():
		panic("graph: Register " + op.Name + " after the first graph was made")
	case op.Name == "" || op.Infer == nil:
		panic(fmt.Sprintf("graph: incomplete record %q", op.Name))
	case registry.ops[op.Name] != nil:
		panic("graph: two ops are called " + op.Name)
	}
	op.serial = int32(len(registry.ops))
	registry.ops[op.Name] = op
	return op
}

func freezeRegistry() {
	if !registry.frozen.Load() {
		registry.frozen.Store(true)
	}
}

// Lookup returns the op with the given name, or nil.
func Lookup(name string) *Op { return registry.ops[name] }

// Ops returns every registered op, sorted by name.
func Ops() []*Op {
	all := make([]*Op, 0, len(registry.ops))
	for _, op := range registry.ops {
		all = append(all, op)
	}
	slices.SortFunc(all, func(a, b *Op) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// The ops that the graph itself needs; part.go has two more, for ops with several results and for functions.
var inputOp, constOp, aliasOp *Op

type inputAttrs struct{ Index int }

type aliasAttrs struct{ Serial int }

func init() {
	leaf := func([]*Node, any) (Type, error) { return Type{}, errors.New("leaves are made by Input and Const") }
	inputOp = Register(&Op{
		Name: "input", Doc: "a value fed at run time", Class: Leaf, Attrs: inputAttrs{}, Infer: leaf,
	})
	constOp = Register(&Op{
		Name: "const", Doc: "a value known when the graph is built", Class: Leaf, Infer: leaf,
	})
	aliasOp = Register(&Op{
		Name:  "alias",
		Doc:   "its input, as a node of its own to differentiate by",
		Arity: 1, Class: View, Attrs: aliasAttrs{},
		Infer:      func(in []*Node, _ any) (Type, error) { return *in[0].typ, nil },
		Layout:     func(n *Node) Layout { return Layout{Strides: Strides(n.Shape())} },
		Derivative: identity{},
		Batch:      func(_ *Node, in []*Node, _ []bool) *Node { return in[0] },
		Cases:      []Case{{Name: "matrix", In: []Arg{{Shape: []int{2, 3}}}, Attrs: aliasAttrs{Serial: -1}}},
		BadCases:   []BadCase{{In: nil, Want: "0 inputs given, 1 wanted"}},
	})
}

// IsAlias reports whether n was made by Alias.
func (n *Node) IsAlias() bool { return n.op == aliasOp }

// identity is the derivative of a function that returns its argument.
type identity struct{}

func (identity) Wrt(int) bool                       { return true }
func (identity) VJP(_ *Node, _ int, ct *Node) *Node { return ct }
func (identity) JVP(_ *Node, tangent []*Node) *Node { return tangent[0] }
