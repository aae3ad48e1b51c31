package graph

import (
	"math"
	"reflect"
	"slices"
	"strings"
)

// Func is a function on nodes as a value, such as the body of a loop: the attribute of an op that calls it. It lies on
// a graph of its own and never changes. On one graph, equal functions are the same Func.
type Func struct {
	inputs, outputs []*Node
	text            string
	beyond          []any // the attributes that text does not tell in full
	memo            memo
}

// Inputs returns the inputs, which must not be modified.
func (f *Func) Inputs() []*Node { return f.inputs }

// Outputs returns the results, which must not be modified.
func (f *Func) Outputs() []*Node { return f.outputs }

// String returns the text form on one line, as attributes print it.
func (f *Func) String() string {
	return "{" + strings.ReplaceAll(strings.TrimSuffix(f.text, "\n"), "\n", "; ") + "}"
}

// Known returns what Memo keeps for key, nil if there is nothing.
func (f *Func) Known(key any) any { return f.memo.known(key) }

// Memo returns what compute has made for key, which is called once for each: code compiled from the function, and
// functions derived from it.
func (f *Func) Memo(key any, compute func() any) any { return f.memo.get(key, compute) }

// Inline adds what f computes of the arguments to their graph g and returns the results.
func (f *Func) Inline(g *Graph, args []*Node) []*Node {
	c := copier{to: g, became: map[*Node]*Node{}}
	for i, x := range f.inputs {
		if !args[i].Type().Equal(x.Type()) {
			Fail("inline", args, "argument %d of a function is %v, not %v", i, args[i].Type(), x.Type())
		}
		c.became[x] = args[i]
	}
	return c.all(f.outputs)
}

// Func makes a function of the nodes that lead from the inputs to the outputs, all on one graph, as a value that
// nodes of g can hold. It panics with an *Error if an output depends on something else than inputs and constants.
func (g *Graph) Func(inputs, outputs []*Node) *Func {
	f := &Func{}
	c := copier{to: NewFor(slices.Concat(outputs, inputs)...), became: map[*Node]*Node{}}
	for i, x := range inputs {
		n := c.to.Input(x.Name(), x.DType(), x.Shape()...)
		if _, twice := c.became[x]; twice {
			Fail("func", inputs, "input %d is listed twice", i)
		}
		c.became[x] = n
		f.inputs = append(f.inputs, n)
	}
	f.outputs = c.all(outputs)
	order := slices.Clone(f.inputs)
	for _, n := range postorder(f.outputs, func(*Node) bool { return false }) {
		if !n.IsInput() {
			order = append(order, n)
		}
	}
	f.text, f.beyond = text(order, f.outputs), beyondText(order)
	return g.Intern(f)
}

// Intern returns the function of g that equals f, which is f if there was none.
func (g *Graph) Intern(f *Func) *Func {
	for _, known := range g.funcs[f.text] {
		if slices.Equal(known.beyond, f.beyond) {
			return known
		}
	}
	if g.funcs == nil {
		g.funcs = map[string][]*Func{}
	}
	g.funcs[f.text] = append(g.funcs[f.text], f)
	return f
}

// postorder lists the nodes that outputs depend on, each after its inputs, in an order that follows from what they
// compute alone and not from when they were made: functions are equal if they read the same in it. It goes no further from
// nodes with stop.
func postorder(outputs []*Node, stop func(*Node) bool) []*Node {
	type visit struct {
		n    *Node
		next int // input
	}
	var order []*Node
	seen := map[*Node]bool{}
	for _, y := range outputs {
		path := []visit{{n: y}}
		for len(path) > 0 {
			last := &path[len(path)-1]
			switch {
			case last.next == 0 && seen[last.n]:
				path = path[:len(path)-1]
			case last.next < len(last.n.In()) && (last.next > 0 || !stop(last.n)):
				seen[last.n] = true
				last.next++
				path = append(path, visit{n: last.n.In()[last.next-1]})
			default:
				seen[last.n] = true
				order = append(order, last.n)
				path = path[:len(path)-1]
			}
		}
	}
	return order
}

// beyondText lists the attributes of nodes, and of the functions that they hold, that have no text form, such as
// functions written in Go, of which text shows a name.
func beyondText(nodes []*Node) []any {
	var list []any
	for _, n := range nodes {
		if n.op.Class == Leaf || n.attrs == nil {
			continue
		}
		v := reflect.ValueOf(n.attrs)
		for i := range v.NumField() {
			switch x := v.Field(i).Interface().(type) {
			case Ints, int, bool, float64, DType, string:
			case *Func:
				if x != nil {
					list = append(list, x.beyond...)
				}
			default:
				list = append(list, x)
			}
		}
	}
	return list
}

// copier copies nodes to another graph, aliases left out.
type copier struct {
	to     *Graph
	became map[*Node]*Node
}

// all copies what the outputs depend on, and returns the copies of the outputs.
func (c copier) all(outputs []*Node) []*Node {
	result := make([]*Node, len(outputs))
	var in []*Node
	for _, n := range c.order(outputs) {
		in = in[:0]
		for _, x := range n.In() {
			in = append(in, c.became[x])
		}
		switch {
		case n.IsAlias():
			c.became[n] = in[0]
		case n.op == inputOp || n.op == paramOp:
			Fail("func", []*Node{n}, "the function depends on a value from outside of it")
		default:
			c.became[n] = c.to.Copy(n, in...)
		}
	}
	for i, n := range outputs {
		result[i] = c.became[n]
	}
	return result
}

// order lists, inputs first, what is still to be copied for the outputs.
func (c copier) order(outputs []*Node) []*Node {
	copied := func(n *Node) bool { return c.became[n] != nil }
	return slices.DeleteFunc(few(outputs, copied, math.MaxInt), copied)
}
