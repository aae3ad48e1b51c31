package ops_test

import (
	"fmt"
	"math"

	"chainrule/graph"
	"chainrule/ops"
)

// torchCall is a call of an operator of PyTorch: its tensors are nodes.
type torchCall struct {
	g     *graph.Graph
	in    any
	args  []any // after the first
	named map[string]any
	known map[*graph.Node][]float64 // elements of the tensors without a derivative
	want  []goldenTensor            // for signs that are a matter of convention: see signed
}

// torchOp stands for an operator.
type torchOp func(c *torchCall) []*graph.Node

// missing is what an operator without a composition, or with one that is not accurate, panics with.
type missing string

// x is the first argument, xs all tensors of the call.
func (c *torchCall) x() *graph.Node { return c.in.(*graph.Node) }

func (c *torchCall) xs() (list []*graph.Node) {
	for _, v := range append([]any{c.in}, c.args...) {
		switch v := v.(type) {
		case *graph.Node:
			list = append(list, v)
		case []any:
			for _, e := range v {
				if n, ok := e.(*graph.Node); ok {
					list = append(list, n)
				}
			}
		}
	}
	return list
}

// get returns positional argument i, or the named one, or nil.
func (c *torchCall) get(i int, name string) any {
	if i >= 0 && i < len(c.args) {
		return c.args[i]
	}
	return c.named[name]
}

// node returns a tensor, or a number as one, or nil.
func (c *torchCall) node(i int, name string) *graph.Node {
	switch v := c.get(i, name).(type) {
	case *graph.Node:
		return v
	case float64:
		return c.scalar(v)
	}
	return nil
}

func (c *torchCall) scalar(v float64) *graph.Node { return ops.Full(c.g, graph.Float64, v) }

func (c *torchCall) float(i int, name string, otherwise float64) float64 {
	switch v := c.get(i, name).(type) {
	case float64:
		return v
	case *graph.Node:
		if k := c.known[v]; len(k) == 1 {
			return k[0]
		}
		panic(missing("a tensor in place of " + name))
	}
	return otherwise
}

func (c *torchCall) int(i int, name string, otherwise int) int {
	return int(c.float(i, name, float64(otherwise)))
}

func (c *torchCall) bool(i int, name string, otherwise bool) bool {
	if v, ok := c.get(i, name).(bool); ok {
		return v
	}
	return otherwise
}

func (c *torchCall) text(i int, name, otherwise string) string {
	if v, ok := c.get(i, name).(string); ok {
		return v
	}
	return otherwise
}

// ints returns a list of whole numbers: a number is a list of one, no argument is nil.
func (c *torchCall) ints(i int, name string) []int { return c.whole(c.get(i, name)) }

func (c *torchCall) whole(v any) []int {
	list := []int{}
	switch v := v.(type) {
	case nil:
		return nil
	case float64:
		return []int{int(v)}
	case *graph.Node:
		known, ok := c.known[v]
		if !ok {
			panic(missing("a tensor in place of whole numbers"))
		}
		for _, e := range known {
			list = append(list, int(e))
		}
	case []any:
		for _, e := range v {
			if n, ok := e.(float64); ok {
				list = append(list, int(n))
			} else {
				list = append(list, math.MinInt) // none: what it means is the operator's
			}
		}
	default:
		panic(fmt.Sprintf("no whole numbers: %v", v))
	}
	return list
}

// axes returns the axes of an argument, counted from the front; a scalar has none, where PyTorch counts one.
func (c *torchCall) axes(i int, name string, x *graph.Node) []int {
	if x.Rank() == 0 {
		return nil
	}
	axes := c.ints(i, name)
	for k, a := range axes {
		axes[k] = axis(a, x)
	}
	return axes
}

func axis(a int, x *graph.Node) int {
	if a < 0 {
		a += x.Rank()
	}
	return a
}

// constants of the graph
func (c *torchCall) indices(data []int, shape ...int) *graph.Node {
	list := make([]int64, len(data))
	for i, v := range data {
		list[i] = int64(v)
	}
	return graph.Const(c.g, list, shape...)
}

func (c *torchCall) floats(data []float64, shape ...int) *graph.Node {
	return graph.Const(c.g, data, shape...)
}

// of1, of2 and one stand for functions of one tensor, two, and a call, with one result.
func of1(f func(x *graph.Node) *graph.Node) torchOp {
	return func(c *torchCall) []*graph.Node { return []*graph.Node{f(c.x())} }
}

func of2(f func(a, b *graph.Node) *graph.Node) torchOp {
	return func(c *torchCall) []*graph.Node { return []*graph.Node{f(c.x(), c.node(0, "other"))} }
}

func one(f func(c *torchCall, x *graph.Node) *graph.Node) torchOp {
	return func(c *torchCall) []*graph.Node { return []*graph.Node{f(c, c.x())} }
}

func many(f func(c *torchCall, x *graph.Node) []*graph.Node) torchOp {
	return func(c *torchCall) []*graph.Node { return f(c, c.x()) }
}

// atLeast1 is x, or a scalar as a vector.
func atLeast1(x *graph.Node) *graph.Node {
	if x.Rank() == 0 {
		return ops.Reshape(x, 1)
	}
	return x
}

// lifted applies f to a scalar as a vector, and makes the results scalars again.
func lifted(x *graph.Node, f func(x *graph.Node) []*graph.Node) []*graph.Node {
	ys := f(atLeast1(x))
	if x.Rank() == 0 {
		for i, y := range ys {
			ys[i] = ops.Reshape(y)
		}
	}
	return ys
}

func lifted1(x *graph.Node, f func(x *graph.Node) *graph.Node) *graph.Node {
	return lifted(x, func(x *graph.Node) []*graph.Node { return []*graph.Node{f(x)} })[0]
}

// along slices one axis.
func along(x *graph.Node, a int, r ops.Range) *graph.Node {
	ranges := make([]ops.Range, axis(a, x)+1)
	for i := range ranges {
		ranges[i] = ops.All
	}
	ranges[axis(a, x)] = r
	return ops.Slice(x, ranges...)
}

func span(from, to int) []int {
	list := make([]int, 0, max(to-from, 0))
	for i := from; i < to; i++ {
		list = append(list, i)
	}
	return list
}
