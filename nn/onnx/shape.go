package onnx

import (
	"math"
	"slices"

	"chainrule/graph"
	"chainrule/nn/onnx/internal/pb"
	"chainrule/ops"
)

func init() {
	define(map[string]operator{
		"Shape": {build: shape}, "Size": {build: func(c *call) []value { return c.integers([]int{c.x(0).Type().Size()}) }},
		"Reshape": {build: reshape, static: []int{1}}, "Flatten": {build: flatten},
		"Transpose": {build: transpose},
		"Squeeze":   {build: squeeze, static: []int{1}}, "Unsqueeze": {build: unsqueeze, static: []int{1}},
		"Expand": {build: expand, static: []int{1}}, "Tile": {build: tile, static: []int{1, 2}},
		"Concat": {build: concat}, "Split": {build: split, static: []int{1}},
		"Slice": {build: sliced, static: []int{1, 2, 3, 4}}, "Trilu": {build: trilu, static: []int{1}},
		"DepthToSpace": {build: depthToSpace}, "SpaceToDepth": {build: spaceToDepth},
		"Constant": {build: constant}, "ConstantOfShape": {build: constantOfShape, static: []int{0}},
		"EyeLike": {build: eyeLike}, "Range": {build: ranged, static: []int{0, 1, 2}},
		"Cast": {build: func(c *call) []value { return c.cast(elem(c.int("to", 1))) }},
		"CastLike": {build: func(c *call) []value {
			c.x(1)
			return c.cast(c.in[1].elem)
		}},
	})
}

// integers is a constant vector; one integer alone is a scalar.
func (c *call) integers(v []int, shape ...int) []value {
	all := make([]int64, len(v))
	for i, e := range v {
		all[i] = int64(e)
	}
	return []value{tensorOf(graph.Const(c.run.g, all, shape...), pb.Tensor_INT64)}
}

func (c *call) cast(to elem) []value {
	n, err := cast(c.x(0), c.in[0].elem, to)
	if err != nil {
		c.fail("%v", err)
	}
	return []value{tensorOf(n, to)}
}

func shape(c *call) []value {
	s := c.x(0).Shape()
	end := func(i int) int {
		if i < 0 {
			i += len(s)
		}
		return min(max(i, 0), len(s))
	}
	lo, hi := end(c.int("start", 0)), end(c.int("end", len(s)))
	s = s[lo:max(lo, hi)]
	return c.integers(s, len(s))
}

// reshape takes 0 for the dimension that was there, unless allowzero is set, and one −1.
func reshape(c *call) []value {
	x, to := c.x(0), c.ints(1)
	if c.flag("allowzero") && slices.Contains(to, 0) && slices.Contains(to, -1) {
		c.fail("shape %v has 0 and −1, with allowzero", to)
	}
	for i, d := range to {
		if d == 0 && !c.flag("allowzero") {
			if i >= x.Rank() {
				c.fail("shape %v has a 0 where the input has no axis", to)
			}
			to[i] = x.Shape()[i]
		}
	}
	return c.one(ops.Reshape(x, to...))
}

func flatten(c *call) []value {
	x := c.x(0)
	a := c.int("axis", 1)
	if a < 0 {
		a += x.Rank()
	}
	if a < 0 || a > x.Rank() {
		c.fail("axis %d of rank %d", a, x.Rank())
	}
	return c.one(ops.Reshape(x, graph.Size(x.Shape()[:a]), graph.Size(x.Shape()[a:])))
}

func transpose(c *call) []value {
	x := c.x(0)
	perm := c.list("perm")
	if perm == nil {
		for i := range x.Rank() {
			perm = append(perm, x.Rank()-1-i)
		}
	}
	return c.one(ops.Permute(x, perm...))
}

func squeeze(c *call) []value {
	x := c.x(0)
	axes, given := c.axesOf(1, 13)
	if !given {
		for i, d := range x.Shape() {
			if d == 1 {
				axes = append(axes, i)
			}
		}
	}
	if len(axes) == 0 {
		return c.one(x)
	}
	return c.one(ops.Squeeze(x, axes...))
}

func unsqueeze(c *call) []value {
	x := c.x(0)
	axes, _ := c.axesOf(1, 13)
	rank := x.Rank() + len(axes)
	for i, a := range axes {
		axes[i] = c.axis(a, rank)
	}
	slices.Sort(axes)
	for i, a := range axes {
		if i > 0 && a == axes[i-1] {
			c.fail("axis %d is given twice", a)
		}
		x = ops.ExpandDims(x, a)
	}
	return c.one(x)
}

func expand(c *call) []value {
	x := c.x(0)
	to, err := graph.BroadcastShapes(x.Shape(), c.ints(1))
	if err != nil {
		c.fail("%v", err)
	}
	return c.one(asInts(x, func(x node) node { return ops.BroadcastTo(x, to...) }))
}

func tile(c *call) []value {
	counts := c.ints(1)
	return c.one(ops.Tile(c.x(0), counts...))
}

func concat(c *call) []value {
	xs := c.all()
	a := c.axis(c.int("axis", 1), xs[0].Rank())
	return c.one(joined(xs, a))
}

// joined is Concat for truth values too.
func joined(xs []node, axis int) node {
	if xs[0].DType() != graph.Bool {
		return ops.Concat(xs, axis)
	}
	var ints []node
	for _, x := range xs {
		ints = append(ints, ops.Cast(x, graph.Int64))
	}
	return ops.Cast(ops.Concat(ints, axis), graph.Bool)
}

func split(c *call) []value {
	x := c.x(0)
	a := c.axis(c.int("axis", 0), x.Rank())
	var sizes []int
	switch {
	case c.version() < 13:
		sizes = c.list("split")
	case c.has(1):
		sizes = c.ints(1)
	}
	if sizes == nil { // equal parts, but for the last one
		parts := c.int("num_outputs", len(c.node.GetOutput()))
		n := x.Shape()[a]
		each := (n + parts - 1) / parts
		for left := n; len(sizes) < parts; left -= each {
			sizes = append(sizes, max(0, min(each, left)))
		}
	}
	return c.many(ops.Split(x, sizes, a)...)
}

// sliced takes attributes before version 10.
func sliced(c *call) []value {
	x := c.x(0)
	var starts, ends, axes, steps []int
	if c.version() < 10 {
		starts, ends, axes = c.list("starts"), c.list("ends"), c.list("axes")
	} else {
		starts, ends = c.ints(1), c.ints(2)
		if c.has(3) {
			axes = c.ints(3)
		}
		if c.has(4) {
			steps = c.ints(4)
		}
	}
	for i := range starts {
		a, step := i, 1
		if axes != nil {
			a = axes[i]
		}
		if steps != nil {
			step = steps[i]
		}
		x = c.cut(x, c.axis(a, x.Rank()), starts[i], ends[i], step)
	}
	return c.one(x)
}

// cut takes every step-th entry of an axis from start on, before end. Both count from the end if they are negative, and
// are brought into the axis.
func (c *call) cut(x node, axis, start, end, step int) node {
	n := x.Shape()[axis]
	from := func(i, lo, hi int) int {
		if i < 0 {
			i += n
		}
		return min(max(i, lo), hi)
	}
	switch {
	case step > 0:
		lo, hi := from(start, 0, n), from(end, 0, n)
		return asInts(x, func(x node) node {
			return ops.Slice(x, ranges(axis, ops.Range{Start: lo, Stop: max(lo, hi), Step: step})...)
		})
	case step < 0:
		lo, hi := from(start, 0, n-1), from(end, -1, n-1)
		var index []int64
		for i := lo; i > hi && i >= 0; i += step {
			index = append(index, int64(i))
		}
		return asInts(x, func(x node) node { return ops.Take(x, graph.Const(x.Graph(), index, len(index)), axis) })
	}
	c.fail("a slice with step 0")
	return nil
}

func trilu(c *call) []value {
	k := 0
	if c.has(1) {
		k = c.ints(1)[0]
	}
	keep := ops.Tril
	if c.int("upper", 1) != 0 {
		keep = ops.Triu
	}
	x := c.x(0)
	s := x.Shape()
	mask := ops.Cast(keep(ops.Ones(x.Graph(), graph.Float32, s[len(s)-2:]...), k), graph.Bool)
	if x.DType() == graph.Bool {
		return c.one(ops.And(x, mask))
	}
	return c.one(ops.Where(mask, x, ops.Zeros(x.Graph(), x.DType())))
}

// depthToSpace moves blocks of channels into squares of the image, in the order "DCR" (depth, columns, rows) or "CRD".
func depthToSpace(c *call) []value {
	x, b := c.x(0), c.int("blocksize", 1)
	s := x.Shape()
	if len(s) != 4 || b < 1 || s[1]%(b*b) != 0 {
		c.fail("blocks of %d", b)
	}
	if c.string("mode", "DCR") == "DCR" {
		x = ops.Permute(ops.Reshape(x, s[0], b, b, s[1]/(b*b), s[2], s[3]), 0, 3, 4, 1, 5, 2)
	} else {
		x = ops.Permute(ops.Reshape(x, s[0], s[1]/(b*b), b, b, s[2], s[3]), 0, 1, 4, 2, 5, 3)
	}
	return c.one(ops.Reshape(x, s[0], s[1]/(b*b), s[2]*b, s[3]*b))
}

func spaceToDepth(c *call) []value {
	x, b := c.x(0), c.int("blocksize", 1)
	s := x.Shape()
	if len(s) != 4 || b < 1 || s[2]%b != 0 || s[3]%b != 0 {
		c.fail("blocks of %d", b)
	}
	x = ops.Permute(ops.Reshape(x, s[0], s[1], s[2]/b, b, s[3]/b, b), 0, 3, 5, 1, 2, 4)
	return c.one(ops.Reshape(x, s[0], s[1]*b*b, s[2]/b, s[3]/b))
}

func constant(c *call) []value {
	g := c.run.g
	for _, a := range c.node.GetAttribute() {
		switch a.GetName() {
		case "value":
			return []value{c.decoded(c.attr("value").GetT())}
		case "value_float":
			return []value{tensorOf(graph.Const(g, []float32{c.attr("value_float").GetF()}), pb.Tensor_FLOAT)}
		case "value_floats":
			v := c.attr("value_floats").GetFloats()
			return []value{tensorOf(graph.Const(g, v, len(v)), pb.Tensor_FLOAT)}
		case "value_int":
			return c.integers([]int{c.int("value_int", 0)})
		case "value_ints":
			v := c.list("value_ints")
			return c.integers(v, len(v))
		default:
			c.fail("a constant of %s", a.GetName())
		}
	}
	c.fail("a constant without a value")
	return nil
}

func constantOfShape(c *call) []value {
	dims := c.ints(0)
	for _, d := range dims {
		if d < 0 {
			c.fail("dimensions %v", dims)
		}
	}
	v := tensorOf(graph.Const(c.run.g, []float32{0}, 1), pb.Tensor_FLOAT)
	if a := c.attr("value"); a != nil {
		v = c.decoded(a.GetT())
	}
	one := ops.Reshape(v.node)
	return []value{tensorOf(asInts(one, func(x node) node { return ops.BroadcastTo(x, dims...) }), v.elem)}
}

func eyeLike(c *call) []value {
	t := elem(c.int("dtype", int(c.in[0].elem)))
	s := c.x(0).Shape()
	if len(s) != 2 {
		c.fail("rank %d, 2 is wanted", len(s))
	}
	k := c.int("k", 0)
	rows := ops.Reshape(ops.Arange(c.run.g, s[0]), s[0], 1)
	d, err := stands(t)
	if err != nil {
		c.fail("%v", err)
	}
	return []value{tensorOf(ops.Cast(ops.Eq(ops.Add(rows, int64(k)), ops.Arange(c.run.g, s[1])), d), t)}
}

// ranged is start, start + delta, … before limit.
func ranged(c *call) []value {
	count := func(lo, hi, step float64) int {
		if step == 0 {
			c.fail("a range with step 0")
		}
		return max(0, int(math.Ceil((hi-lo)/step)))
	}
	n := count(c.floats(0)[0], c.floats(1)[0], c.floats(2)[0])
	i := ops.Cast(ops.Arange(c.run.g, n), c.x(0).DType())
	return c.one(ops.Add(ops.Reshape(c.x(0)), ops.Mul(i, ops.Reshape(c.x(2)))))
}
