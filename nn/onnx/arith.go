package onnx

import (
	"math"

	"chainrule/graph"
	"chainrule/nn/onnx/internal/pb"
	"chainrule/ops"
)

type node = *graph.Node

// ofOne is an operator that is a function of ours.
func ofOne(f func(node) node) operator {
	return operator{build: func(c *call) []value { return c.one(f(c.x(0))) }}
}

// ofTwo is one of two inputs, whose integers wrap.
func ofTwo(f func(a, b node) node) operator {
	return operator{build: func(c *call) []value { return c.one(c.wrap(f(c.x(0), c.x(1)))) }}
}

// ofMany is one of any number of inputs.
func ofMany(f func(a, b node) node) operator {
	return operator{build: func(c *call) []value {
		y := c.x(0)
		for _, x := range c.all()[1:] {
			y = f(y, x)
		}
		return c.one(y)
	}}
}

// wrap brings integers of fewer than 64 bits into the range of the first input's type.
func (c *call) wrap(n node) node {
	if n.DType() != graph.Int64 || !c.has(0) {
		return n
	}
	return wrapNode(n, c.in[0].elem)
}

func wrapNode(n node, t elem) node {
	switch b := bits(t); {
	case b == 8 || b == 16 || b == 32:
		half := int64(1) << (b - 1)
		return ops.Sub(ops.FloorMod(ops.Add(n, half), 2*half), half)
	case b == -8 || b == -16 || b == -32:
		return ops.FloorMod(n, int64(1)<<-b)
	}
	return n
}

// floated runs f on integers as f64, for functions of floats that operators have for integers too.
func floated(f func(node) node) func(node) node {
	return func(x node) node {
		if x.DType() == graph.Int64 {
			return ops.Cast(f(ops.Cast(x, graph.Float64)), graph.Int64)
		}
		return f(x)
	}
}

func init() {
	define(map[string]operator{
		"Abs": ofOne(ops.Abs), "Neg": ofOne(ops.Neg), "Sign": ofOne(ops.Sign),
		"Ceil": ofOne(ops.Ceil), "Floor": ofOne(ops.Floor), "Round": ofOne(ops.Round),
		"Sqrt": ofOne(ops.Sqrt), "Reciprocal": ofOne(ops.Reciprocal), "Exp": ofOne(ops.Exp), "Log": ofOne(ops.Log),
		"Sin": ofOne(ops.Sin), "Cos": ofOne(ops.Cos), "Tan": ofOne(ops.Tan),
		"Asin": ofOne(ops.Asin), "Acos": ofOne(ops.Acos), "Atan": ofOne(ops.Atan),
		"Sinh": ofOne(ops.Sinh), "Cosh": ofOne(ops.Cosh), "Tanh": ofOne(ops.Tanh),
		"Asinh": ofOne(ops.Asinh), "Acosh": ofOne(ops.Acosh), "Atanh": ofOne(ops.Atanh),
		"Erf": ofOne(ops.Erf), "Identity": {build: func(c *call) []value { return c.in[:1] }},

		"Add": ofTwo(ops.Add[node, node]), "Sub": ofTwo(ops.Sub[node, node]), "Mul": ofTwo(ops.Mul[node, node]),
		"Div": ofTwo(ops.Div[node, node]),
		"Sum": ofMany(ops.Add[node, node]), "Max": ofMany(ops.Maximum[node, node]), "Min": ofMany(ops.Minimum[node, node]),
		"Mean":     {build: mean},
		"Pow":      {build: pow},
		"Mod":      {build: mod},
		"Clip":     {build: clip},
		"BitShift": {build: bitShift},
		"CumSum":   {build: cumSum, static: []int{1}},
		"MatMul":   ofTwo(ops.MatMul),
		"Gemm":     {build: gemm},
		"Det":      ofOne(ops.Det),
		"Einsum":   {build: func(c *call) []value { return c.one(ops.Einsum(c.string("equation", ""), c.all()...)) }},
	})
}

func mean(c *call) []value {
	y := c.x(0)
	for _, x := range c.all()[1:] {
		y = ops.Add(y, x)
	}
	return c.one(ops.Div(y, float64(len(c.in))))
}

// pow has the type of its base. A power of integers is that of f64, exact to 2⁵³.
func pow(c *call) []value {
	x, y := c.x(0), c.x(1)
	if x.DType().IsFloat() {
		return c.one(ops.Pow(x, ops.Cast(y, x.DType())))
	}
	p := ops.Pow(ops.Cast(x, graph.Float64), ops.Cast(y, graph.Float64))
	return c.one(c.wrap(ops.Cast(p, graph.Int64)))
}

// mod has the sign of the divisor, as Python's has, or with fmod that of the dividend, as C's.
func mod(c *call) []value {
	if c.flag("fmod") {
		return c.one(ops.Mod(c.x(0), c.x(1)))
	}
	return c.one(ops.FloorMod(c.x(0), c.x(1)))
}

// clip takes bounds as attributes before version 11, and as inputs since then. Where they cross, the upper one holds.
func clip(c *call) []value {
	x := c.x(0)
	bound := func(input int, attr string) (b node, ok bool) {
		if c.version() >= 11 {
			return c.or(input, func() node { return nil }), c.has(input)
		}
		if a := c.attr(attr); a != nil {
			return ops.Full(x.Graph(), x.DType(), float64(a.GetF())), true
		}
		return nil, false
	}
	if lo, ok := bound(1, "min"); ok {
		x = ops.Maximum(x, lo)
	}
	if hi, ok := bound(2, "max"); ok {
		x = ops.Minimum(x, hi)
	}
	return c.one(x)
}

// bitShift multiplies by powers of two, or divides integers without a sign by them.
func bitShift(c *call) []value {
	two := ops.Cast(ops.Exp2(ops.Cast(c.x(1), graph.Float64)), graph.Int64)
	if c.string("direction", "") == "LEFT" {
		return c.one(c.wrap(ops.Mul(c.x(0), two)))
	}
	if bits(c.in[0].elem) == -64 {
		return c.one(ops.Div(c.x(0), two)) // right for values below 2⁶³, those that there are here
	}
	return c.one(ops.Div(c.x(0), two))
}

func cumSum(c *call) []value {
	x, reverse := c.x(0), c.flag("reverse")
	a := c.axis(c.ints(1)[0], x.Rank())
	y := ops.CumSum(x, reverse, a)
	if c.flag("exclusive") {
		y = ops.Sub(y, x)
	}
	return c.one(y)
}

// gemm is α·A·B + β·C.
func gemm(c *call) []value {
	a, b := c.x(0), c.x(1)
	if c.flag("transA") {
		a = ops.Transpose(a)
	}
	if c.flag("transB") {
		b = ops.Transpose(b)
	}
	y := ops.MatMul(a, b)
	scale := func(x node, by float64) node {
		switch {
		case by == 1:
			return x
		case x.DType() == graph.Int64 && by == math.Trunc(by):
			return ops.Mul(x, int64(by))
		}
		return ops.Mul(x, by)
	}
	y = scale(y, c.float("alpha", 1))
	if c.has(2) {
		y = ops.Add(y, scale(c.x(2), c.float("beta", 1)))
	}
	return c.one(y)
}

// cast converts to a type of the file's.
func cast(x node, from, to elem) (node, error) {
	d, err := stands(to)
	if err != nil {
		return nil, err
	}
	y := ops.Cast(x, d)
	switch {
	case from == to:
		return x, nil
	case d == graph.Int64 && (bits(to) != bits(from)):
		return wrapNode(y, to), nil
	case to == pb.Tensor_FLOAT16, to == pb.Tensor_BFLOAT16:
		return y, nil // computed as f32
	}
	return y, nil
}

// logical is an operator with a bool result.
func logical(f func(a, b node) node) operator {
	return operator{build: func(c *call) []value { return truth(f(c.x(0), c.x(1))) }}
}

func truth(n node) []value { return []value{tensorOf(n, pb.Tensor_BOOL)} }

func equal(a, b node) node {
	if a.DType() == graph.Bool {
		return ops.Not(ops.Xor(a, b))
	}
	return ops.Eq(a, b)
}

func init() {
	define(map[string]operator{
		"And": logical(ops.And), "Or": logical(ops.Or), "Xor": logical(ops.Xor), "Not": ofOne(ops.Not),
		"Equal": logical(equal), "Less": logical(ops.Lt[node, node]), "Greater": logical(ops.Gt[node, node]),
		"LessOrEqual": logical(ops.Le[node, node]), "GreaterOrEqual": logical(ops.Ge[node, node]),
		"IsNaN": {build: func(c *call) []value { return truth(ops.IsNaN(c.x(0))) }},
		"IsInf": {build: isInf},
		"Where": {build: func(c *call) []value {
			return []value{tensorOf(where(c.x(0), c.x(1), c.x(2)), c.in[1].elem)}
		}},
	})
}

func isInf(c *call) []value {
	x := c.x(0)
	is := ops.And(ops.Not(ops.IsFinite(x)), ops.Not(ops.IsNaN(x)))
	if c.int("detect_negative", 1) == 0 {
		is = ops.And(is, ops.Gt(x, 0.0))
	}
	if c.int("detect_positive", 1) == 0 {
		is = ops.And(is, ops.Lt(x, 0.0))
	}
	return truth(is)
}

// where chooses among tensors of any type.
func where(cond, x, y node) node {
	if x.DType() == graph.Bool {
		return ops.Or(ops.And(cond, x), ops.And(ops.Not(cond), y))
	}
	return ops.Where(cond, x, y)
}

// asInts runs f on truth values as integers, for functions of numbers alone.
func asInts(x node, f func(node) node) node {
	if x.DType() == graph.Bool {
		return ops.Cast(f(ops.Cast(x, graph.Int64)), graph.Bool)
	}
	return f(x)
}
