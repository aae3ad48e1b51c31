package onnx

import (
	"slices"

	"chainrule/graph"
	"chainrule/nn/onnx/internal/emit"
	"chainrule/nn/onnx/internal/pb"
)

// operator is how nodes of one kind are built.
type operator struct {
	build func(c *call) []value
	// static are the inputs that must be known while tracing.
	static []int
	// refuses says why there are no such nodes here, if there are none.
	refuses string
}

// operators has every operator by its domain and name: ".Add".
var operators = map[string]operator{}

// define adds operators of the first domain.
func define(all map[string]operator) {
	for name, op := range all {
		operators["."+name] = op
	}
}

// call is a node being built.
type call struct {
	run   *run
	node  *pb.Node
	scope *scope
	in    []value
}

func (c *call) build() []value {
	key := domainOf(c.node.GetDomain()) + "." + c.node.GetOpType()
	if f, ok := c.run.file.functions[key]; ok {
		return c.expand(f)
	}
	op, ok := operators[key]
	if !ok || op.build == nil {
		c.fail("not supported")
	}
	return op.build(c)
}

func (c *call) fail(format string, args ...any) {
	var in []*graph.Node
	for _, v := range c.in {
		if v.kind == tensorValue {
			in = append(in, v.node)
		}
	}
	graph.Fail("onnx", in, format, args...)
}

// version is that of the node's set of operators.
func (c *call) version() int {
	if v, ok := c.run.opset[domainOf(c.node.GetDomain())]; ok {
		return v
	}
	return 18
}

// has reports whether input i is given.
func (c *call) has(i int) bool { return i < len(c.in) && c.in[i].kind != absent }

// x is input i, a tensor.
func (c *call) x(i int) *graph.Node {
	if !c.has(i) {
		c.fail("input %d is missing", i)
	}
	if c.in[i].kind != tensorValue {
		c.fail("input %d is not a tensor", i)
	}
	return c.in[i].node
}

// or is input i, or what is given for one that is left out.
func (c *call) or(i int, n func() *graph.Node) *graph.Node {
	if c.has(i) {
		return c.x(i)
	}
	return n()
}

// all are the inputs, tensors.
func (c *call) all() (xs []*graph.Node) {
	for i := range c.in {
		xs = append(xs, c.x(i))
	}
	return xs
}

// rest are the types of the results: that of the first input where it fits.
func (c *call) one(n *graph.Node) []value {
	return []value{c.typed(n)}
}

func (c *call) typed(n *graph.Node) value {
	for _, v := range c.in {
		if v.kind == tensorValue {
			if d, _ := stands(v.elem); d == n.DType() {
				return tensorOf(n, v.elem)
			}
			break
		}
	}
	return tensorOf(n, emit.ElemOf(n.DType()))
}

func (c *call) many(ns ...*graph.Node) (out []value) {
	for _, n := range ns {
		out = append(out, c.typed(n))
	}
	return out
}

// ints is input i, which must be static.
func (c *call) ints(i int) (out []int) {
	v, ok := c.run.staticOf(c.x(i))
	if !ok {
		c.fail("input %q must be known when the model is traced: give it as a constant", c.node.GetInput()[i])
	}
	switch v := v.(type) {
	case []int64:
		for _, e := range v {
			out = append(out, int(e))
		}
	case []bool:
		for _, e := range v {
			if e {
				out = append(out, 1)
			} else {
				out = append(out, 0)
			}
		}
	default:
		c.fail("input %d is not integer", i)
	}
	return out
}

// floats is input i, which must be static.
func (c *call) floats(i int) (out []float64) {
	v, ok := c.run.staticOf(c.x(i))
	if !ok {
		c.fail("input %q must be known when the model is traced: give it as a constant", c.node.GetInput()[i])
	}
	switch v := v.(type) {
	case []float32:
		for _, e := range v {
			out = append(out, float64(e))
		}
	case []float64:
		return v
	case []int64:
		for _, e := range v {
			out = append(out, float64(e))
		}
	}
	return out
}

// attr is an attribute of the node, nil if it is left out. Those of a function's nodes may be the function's.
func (c *call) attr(name string) *pb.Attribute {
	for _, a := range c.node.GetAttribute() {
		if a.GetName() == name {
			if ref := a.GetRefAttrName(); ref != "" {
				return c.run.attrs[ref]
			}
			return a
		}
	}
	return nil
}

func (c *call) int(name string, otherwise int) int {
	if a := c.attr(name); a != nil {
		return int(a.GetI())
	}
	return otherwise
}

func (c *call) flag(name string) bool { return c.int(name, 0) != 0 }

func (c *call) float(name string, otherwise float64) float64 {
	if a := c.attr(name); a != nil {
		return float64(a.GetF())
	}
	return otherwise
}

func (c *call) string(name, otherwise string) string {
	if a := c.attr(name); a != nil {
		return string(a.GetS())
	}
	return otherwise
}

// list is an attribute of integers, nil if it is left out.
func (c *call) list(name string) []int {
	a := c.attr(name)
	if a == nil {
		return nil
	}
	out := make([]int, len(a.GetInts()))
	for i, v := range a.GetInts() {
		out[i] = int(v)
	}
	return out
}

// listOr is list with n times the same integer for one that is left out.
func (c *call) listOr(name string, n, otherwise int) []int {
	if l := c.list(name); l != nil {
		if len(l) != n {
			c.fail("%s has %d integers, %d are wanted", name, len(l), n)
		}
		return l
	}
	return slices.Repeat([]int{otherwise}, n)
}

// axis brings a dimension's number, which counts from the end if it is negative, into 0 … rank−1.
func (c *call) axis(a, rank int) int {
	if a < -rank || a >= rank {
		c.fail("axis %d of rank %d", a, rank)
	}
	if a < 0 {
		a += rank
	}
	return a
}

// axesOf are axes that the attribute "axes" had once and an input has since a version: nil if neither is given.
func (c *call) axesOf(input, since int) (axes []int, given bool) {
	if c.version() < since {
		axes = c.list("axes")
		return axes, axes != nil
	}
	if c.has(input) {
		return c.ints(input), true
	}
	return nil, false
}

// decoded is a tensor among the attributes.
func (c *call) decoded(t *pb.Tensor) value {
	a, err := decode(t, nil)
	if err != nil {
		c.fail("%v", err)
	}
	return tensorOf(a.constant(c.run.g), a.kind)
}

type valueKind uint8

const (
	absent valueKind = iota // an input or output that is left out, or an empty optional
	tensorValue
	listValue
)

// value is what a name stands for while a model is traced: a tensor with the element type that the file gives it, or a
// list of tensors.
type value struct {
	kind valueKind
	node *graph.Node
	elem elem
	list []value
}

func tensorOf(n *graph.Node, t elem) value { return value{kind: tensorValue, node: n, elem: t} }

// scope holds the values of a graph, and leads to those of the graph that it is a body of.
type scope struct {
	values map[string]value
	outer  *scope
}

func (s *scope) find(name string) (value, bool) {
	for ; s != nil; s = s.outer {
		if v, ok := s.values[name]; ok {
			return v, true
		}
	}
	return value{}, false
}
