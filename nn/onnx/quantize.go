package onnx

import (
	"slices"

	"chainrule/graph"
	"chainrule/nn/onnx/internal/pb"
	"chainrule/ops"
)

func init() {
	define(map[string]operator{
		"QuantizeLinear": {build: func(c *call) []value {
			t := pb.Tensor_UINT8
			if c.has(2) {
				t = c.in[2].elem
			}
			x := c.x(0)
			return []value{tensorOf(quantized(x, c.along0(1, x), c.zero(2, x), t), t)}
		}},
		"DequantizeLinear": {build: func(c *call) []value {
			x := c.x(0)
			y := ops.Mul(ops.Cast(ops.Sub(x, c.zero(2, x)), c.x(1).DType()), c.along0(1, x))
			return []value{tensorOf(y, c.in[1].elem)}
		}},
		"DynamicQuantizeLinear": {build: dynamicQuantize},
		"MatMulInteger": {build: func(c *call) []value {
			y := ops.MatMul(c.shifted(0, 2, -1), c.shifted(1, 3, 0))
			return []value{tensorOf(ops.Cast(y, graph.Int64), pb.Tensor_INT32)}
		}},
		"QLinearMatMul": {build: func(c *call) []value {
			a, b := c.shifted(0, 2, -1), c.shifted(3, 5, 0)
			y := ops.MatMul(a, b)
			scale := ops.Div(ops.Mul(c.wide(1), c.wide(4)), c.wide(6))
			return []value{tensorOf(quantized(ops.Mul(y, scale), nil, c.x(7), c.in[7].elem), c.in[7].elem)}
		}},
	})
}

// quantized is round(x/scale) + zero, held within the range of a type.
func quantized(x, scale, zero node, t elem) node {
	if scale != nil {
		x = ops.Div(ops.Cast(x, scale.DType()), scale)
	}
	q := ops.Add(ops.Cast(ops.Round(x), graph.Int64), zero)
	lo, hi := int64(0), int64(255)
	if t == pb.Tensor_INT8 {
		lo, hi = -128, 127
	}
	return ops.Minimum(ops.Maximum(q, lo), hi)
}

// along0 is input i for the whole of x, or a vector along an axis of it.
func (c *call) along0(i int, x node) node {
	v := c.x(i)
	if v.Type().Size() == 1 {
		return ops.Reshape(v)
	}
	shape := slices.Repeat([]int{1}, x.Rank())
	shape[c.axis(c.int("axis", 1), x.Rank())] = v.Type().Size()
	return ops.Reshape(v, shape...)
}

// zero is input i, a zero point, like along0; 0 if it is left out.
func (c *call) zero(i int, x node) node {
	if !c.has(i) {
		return ops.Zeros(c.run.g, graph.Int64)
	}
	return c.along0(i, x)
}

func (c *call) wide(i int) node { return ops.Cast(c.x(i), graph.Float64) }

// shifted is an integer input less its zero point, in f64, which holds such sums of products exactly. A zero point for
// each row (side −1) or column (side 0) of a matrix is a vector.
func (c *call) shifted(i, zero, side int) node {
	x := c.wide(i)
	if !c.has(zero) {
		return x
	}
	z := c.wide(zero)
	if z.Rank() == 1 && side < 0 && z.Type().Size() > 1 {
		z = ops.Reshape(z, -1, 1)
	}
	return ops.Sub(x, z)
}

// dynamicQuantize finds scale and zero point from the least and greatest element, 0 among them.
func dynamicQuantize(c *call) []value {
	x := c.x(0)
	hi, lo := ops.Maximum(ops.Max(x), 0.0), ops.Minimum(ops.Min(x), 0.0)
	scale := ops.Div(ops.Sub(hi, lo), 255.0)
	zero := ops.Cast(ops.Clamp(ops.Round(ops.Div(ops.Neg(lo), scale)), 0.0, 255.0), graph.Int64)
	return []value{tensorOf(quantized(x, scale, zero, pb.Tensor_UINT8), pb.Tensor_UINT8),
		tensorOf(scale, pb.Tensor_FLOAT), tensorOf(zero, pb.Tensor_UINT8)}
}
