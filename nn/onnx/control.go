package onnx

import (
	"math"
	"slices"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/nn/onnx/internal/pb"
	"chainrule/ops"
)

func init() {
	define(map[string]operator{
		"If":   {build: branch},
		"Loop": {build: loop},
		"Scan": {build: scan},
	})
}

// body builds a graph among the node's attributes on values for its inputs.
func (c *call) body(g *pb.Graph, in []value) []value {
	s := &scope{values: map[string]value{}, outer: c.scope}
	for i, v := range g.GetInput() {
		if i < len(in) {
			s.values[v.GetName()] = in[i]
		}
	}
	return c.run.outputs(g, s)
}

// expand builds a function of the file's in place of its node.
func (c *call) expand(f *pb.Function) []value {
	r := *c.run
	r.attrs, r.opset = map[string]*pb.Attribute{}, map[string]int{}
	for _, a := range f.GetAttributeProto() {
		r.attrs[a.GetName()] = a
	}
	for _, a := range c.node.GetAttribute() {
		r.attrs[a.GetName()] = c.attr(a.GetName())
	}
	for _, o := range f.GetOpsetImport() {
		r.opset[domainOf(o.GetDomain())] = int(o.GetVersion())
	}
	s := &scope{values: map[string]value{}}
	for i, name := range f.GetInput() {
		if i < len(c.in) {
			s.values[name] = c.in[i]
		}
	}
	r.build(f.GetNode(), s)
	var out []value
	for _, name := range f.GetOutput() {
		out = append(out, s.values[name])
	}
	return out
}

// branch builds one body where the condition is static, and else a Cond of both.
func branch(c *call) []value {
	then, otherwise := c.attr("then_branch").GetG(), c.attr("else_branch").GetG()
	if then == nil || otherwise == nil {
		c.fail("a branch is missing")
	}
	p := ops.Reshape(c.x(0))
	if v, ok := c.run.staticOf(p); ok {
		if v.([]bool)[0] {
			return c.body(then, nil)
		}
		return c.body(otherwise, nil)
	}
	var kinds []elem
	nodes := autodiff.Cond(p, func() []node {
		var n []node
		n, kinds = c.nodes(c.body(then, nil))
		return n
	}, func() []node {
		n, _ := c.nodes(c.body(otherwise, nil))
		return n
	})
	return typedAs(nodes, kinds)
}

// nodes takes values that are all tensors apart.
func (c *call) nodes(vs []value) (n []node, kinds []elem) {
	for _, v := range vs {
		if v.kind != tensorValue {
			c.fail("only tensors go through a branch or loop whose course is not known when the model is traced")
		}
		n, kinds = append(n, v.node), append(kinds, v.elem)
	}
	return n, kinds
}

func typedAs(nodes []node, kinds []elem) (out []value) {
	for i, n := range nodes {
		out = append(out, tensorOf(n, kinds[i]))
	}
	return out
}

// loop has inputs M, cond, and what goes from step to step, v; its body takes the step's number, cond and v, and gives
// cond, v, and what is stacked. A loop whose steps are known is unrolled if it is short or its shapes change; others
// are a While, which cannot stack.
func loop(c *call) []value {
	body := c.attr("body").GetG()
	if body == nil {
		c.fail("the body is missing")
	}
	limit := math.MaxInt
	if c.has(0) {
		if _, ok := c.run.staticOf(c.x(0)); !ok {
			return c.openLoop(body)
		}
		limit = c.ints(0)[0]
	}
	carried := slices.Clone(c.in[min(2, len(c.in)):])
	cond := tensorOf(graph.Const(c.run.g, []bool{true}), pb.Tensor_BOOL)
	if c.has(1) {
		cond = tensorOf(ops.Reshape(c.x(1)), pb.Tensor_BOOL)
	}
	stacks := make([][]node, len(body.GetOutput())-1-len(carried))
	kinds := make([]elem, len(stacks))
	for i := 0; i < limit; i++ {
		goOn, ok := c.run.staticOf(cond.node)
		if !ok {
			if i == 0 {
				return c.openLoop(body)
			}
			c.fail("a loop that stacks results: when it ends must be known when the model is traced")
		}
		if !goOn.([]bool)[0] {
			break
		}
		if i == maxUnrolled {
			c.fail("more than %d steps", maxUnrolled)
		}
		in := append([]value{c.integers([]int{i})[0], cond}, carried...)
		out := c.body(body, in)
		cond = out[0]
		cond.node = ops.Reshape(cond.node)
		copy(carried, out[1:])
		for k, v := range out[1+len(carried):] {
			n, kind := c.nodes([]value{v})
			stacks[k], kinds[k] = append(stacks[k], n[0]), kind[0]
		}
	}
	out := slices.Clone(carried)
	for k, rows := range stacks {
		out = append(out, c.stack(rows, kinds[k], body.GetOutput()[1+len(carried)+k]))
	}
	return out
}

// maxUnrolled bounds how many steps are built one by one.
const maxUnrolled = 10000

// stack puts results of steps on a new first axis; of no steps, zeros of the shape that the file gives.
func (c *call) stack(rows []node, kind elem, info *pb.ValueInfo) value {
	if len(rows) > 0 {
		var wide []node
		for _, r := range rows {
			wide = append(wide, asInts(r, func(x node) node { return ops.ExpandDims(x, 0) }))
		}
		return tensorOf(joined(wide, 0), kind)
	}
	t := info.GetType().GetTensorType()
	d, err := stands(elem(t.GetElemType()))
	if err != nil {
		c.fail("no steps, and the file does not say what they would give")
	}
	shape := []int{0}
	for _, dim := range t.GetShape().GetDim() {
		shape = append(shape, int(dim.GetDimValue()))
	}
	return tensorOf(ops.Zeros(c.run.g, d, shape...), elem(t.GetElemType()))
}

// openLoop is a loop whose steps depend on values.
func (c *call) openLoop(body *pb.Graph) []value {
	n, kinds := c.nodes(c.in[min(2, len(c.in)):])
	if len(body.GetOutput())-1 != len(n) {
		c.fail("a loop that stacks results: when it ends must be known when the model is traced")
	}
	type state struct {
		I, Go node
		V     []node
	}
	start := state{ops.Zeros(c.run.g, graph.Int64), graph.Const(c.run.g, []bool{true}), n}
	if c.has(1) {
		start.Go = ops.Reshape(c.x(1))
	}
	end := autodiff.While(func(s state) node {
		if !c.has(0) {
			return s.Go
		}
		return ops.And(s.Go, ops.Lt(s.I, ops.Reshape(c.x(0))))
	}, func(s state) state {
		in := append([]value{tensorOf(s.I, pb.Tensor_INT64), tensorOf(s.Go, pb.Tensor_BOOL)}, typedAs(s.V, kinds)...)
		out, _ := c.nodes(c.body(body, in))
		return state{ops.Add(s.I, int64(1)), ops.Reshape(out[0]), out[1:]}
	}, start, autodiff.RecordAllSteps())
	return typedAs(end.V, kinds)
}

// scan has states and then sequences, along whose axes it goes forward or backward.
func scan(c *call) []value {
	body := c.attr("body").GetG()
	if body == nil {
		c.fail("the body is missing")
	}
	if c.version() < 9 {
		return c.scanBatch(body)
	}
	return c.scanned(body, c.in)
}

// scanBatch is a Scan of version 8: sequence lengths first, and a batch of examples, each by itself.
func (c *call) scanBatch(body *pb.Graph) []value {
	if c.has(0) {
		c.fail("sequence lengths")
	}
	in := c.in[1:]
	batch := in[0].node.Shape()[0]
	var columns [][]node
	var kinds []elem
	for b := range batch {
		var one []value
		for _, v := range in {
			one = append(one, tensorOf(ops.Index(v.node, b), v.elem))
		}
		n, k := c.nodes(c.scanned(body, one))
		kinds = k
		columns = append(columns, n)
	}
	var out []value
	for i := range columns[0] {
		var rows []node
		for _, column := range columns {
			rows = append(rows, column[i])
		}
		out = append(out, tensorOf(ops.Stack(rows, 0), kinds[i]))
	}
	return out
}

func (c *call) scanned(body *pb.Graph, in []value) []value {
	sequences := c.int("num_scan_inputs", 1)
	states := len(in) - sequences
	if states < 0 || len(body.GetOutput()) < states {
		c.fail("%d inputs, %d of them sequences", len(in), sequences)
	}
	init, kinds := c.nodes(in[:states])
	xs, xKinds := c.nodes(in[states:])
	axes, back := c.listOr("scan_input_axes", sequences, 0), c.listOr("scan_input_directions", sequences, 0)
	for i, x := range xs {
		x = ops.MoveAxis(x, c.axis(axes[i], x.Rank()), 0)
		if back[i] != 0 {
			x = ops.Flip(x, 0)
		}
		xs[i] = x
	}
	var yKinds []elem
	end, ys := autodiff.Scan(func(s, x []node) (next, y []node) {
		out := c.body(body, append(typedAs(s, kinds), typedAs(x, xKinds)...))
		n, k := c.nodes(out)
		yKinds = k[states:]
		return n[:states], n[states:]
	}, init, xs)
	outAxes, outBack := c.listOr("scan_output_axes", len(ys), 0), c.listOr("scan_output_directions", len(ys), 0)
	for i, y := range ys {
		if outBack[i] != 0 {
			y = ops.Flip(y, 0)
		}
		ys[i] = ops.MoveAxis(y, 0, c.axis(outAxes[i], y.Rank()))
	}
	return append(typedAs(end, kinds), typedAs(ys, yKinds)...)
}
