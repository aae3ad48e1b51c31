package graph

import (
	"strings"
	"sync"
)

// Func is a function on nodes as a value, such as the body of a loop: the attribute of an op that calls it. It lies on
// a graph of its own and never changes. On one graph, equal functions are the same Func.
type Func struct {
	inputs, outputs []*Node
	text            string

	mu   sync.Mutex
	memo map[any]any
}

// Inputs returns the inputs, which must not be modified.
func (f *Func) Inputs() []*Node { return f.inputs }

// Outputs returns the results, which must not be modified.
func (f *Func) Outputs() []*Node { return f.outputs }

// String returns the text form on one line, as attributes print it.
func (f *Func) String() string {
	return "{" + strings.ReplaceAll(strings.TrimSuffix(f.text, "\n"), "\n", "; ") + "}"
}

// Memo returns what compute has made for key, which is called once for each: code compiled from the function, and
// functions derived from it.
func (f *Func) Memo(key any, compute func() any) any {
	f.mu.Lock()
	v, ok := f.memo[key]
	f.mu.Unlock()
	if ok {
		return v
	}
	v = compute() // may use the memo itself
	f.mu.Lock()
	defer f.mu.Unlock()
	if first, ok := f.memo[key]; ok {
		return first
	}
	if f.memo == nil {
		f.memo = map[any]any{}
	}
	f.memo[key] = v
	return v
}

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
	c := copier{to: New(), became: map[*Node]*Node{}}
	for i, x := range inputs {
		n := c.to.Input(x.Name(), x.DType(), x.Shape()...)
		if _, twice := c.became[x]; twice {
			Fail("func", inputs, "input %d is listed twice", i)
		}
		c.became[x] = n
		f.inputs = append(f.inputs, n)
	}
	f.outputs = c.all(outputs)
	f.text = text(append(append([]*Node(nil), f.inputs...), computed(f.outputs)...), f.outputs)
	return g.Intern(f)
}

// Intern returns the function of g that equals f, which is f if there was none.
func (g *Graph) Intern(f *Func) *Func {
	if known := g.funcs[f.text]; known != nil {
		return known
	}
	if g.funcs == nil {
		g.funcs = map[string]*Func{}
	}
	g.funcs[f.text] = f
	return f
}

// computed is Topo without inputs.
func computed(outputs []*Node) []*Node {
	var order []*Node
	for _, n := range Topo(outputs...) {
		if !n.IsInput() {
			order = append(order, n)
		}
	}
	return order
}

// copier copies nodes to another graph, aliases left out.
type copier struct {
	to     *Graph
	became map[*Node]*Node
}

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
	var order []*Node
	needed := map[*Node]bool{}
	for _, n := range outputs {
		needed[n] = true
	}
	all := Topo(outputs...)
	for k := len(all) - 1; k >= 0; k-- {
		n := all[k]
		if !needed[n] || c.became[n] != nil {
			continue
		}
		order = append(order, n)
		for _, x := range n.In() {
			needed[x] = true
		}
	}
	for i, j := 0, len(order)-1; i < j; i, j = i+1, j-1 {
		order[i], order[j] = order[j], order[i]
	}
	return order
}

// Capture runs build with nodes of the given types and makes a Func of what it adds to the graph: the function of
// params and captured, the nodes from outside that it uses. Nodes that do not depend on params are computed outside,
// once, and captured too, unless lazy is set: then nothing that build adds is computed outside.
func (g *Graph) Capture(types []Type, lazy bool, build func(params []*Node) []*Node) (f *Func, captured []*Node) {
	mark := g.Len()
	params := make([]*Node, len(types))
	for i, t := range types {
		params[i] = g.param(t)
	}
	outputs := build(params)
	in := inside(params, outputs, mark, lazy)
	cut := append([]*Node(nil), params...)
	taken := map[*Node]bool{}
	for _, p := range params {
		taken[p] = true
	}
	capture := func(n *Node) {
		if !in[n] && !taken[n] {
			taken[n] = true
			captured = append(captured, n)
		}
	}
	for _, n := range Topo(outputs...) {
		if in[n] {
			for _, x := range n.In() {
				capture(x)
			}
		}
	}
	for _, n := range outputs {
		capture(n)
	}
	return g.Func(append(cut, captured...), outputs), captured
}

// inside finds the nodes that belong into a captured function.
func inside(params, outputs []*Node, mark int, lazy bool) map[*Node]bool {
	in := map[*Node]bool{}      // computed inside, or a parameter
	depends := map[*Node]bool{} // on a parameter
	fixed := map[*Node]bool{}   // made of scalar constants alone
	for _, p := range params {
		depends[p] = true
	}
	for _, n := range Topo(outputs...) {
		if depends[n] {
			continue
		}
		_, scalar := n.ScalarValue()
		constant, risky := len(n.In()) > 0 && n.op.Class != Opaque && !n.IsAlias(), n.op.Class == Opaque
		for _, x := range n.In() {
			depends[n] = depends[n] || depends[x]
			constant = constant && fixed[x]
			risky = risky || in[x] && !fixed[x]
		}
		fixed[n] = scalar || constant
		in[n] = fixed[n] || n.ID() >= mark && len(n.In()) > 0 && (lazy || depends[n] || risky)
	}
	return in
}
