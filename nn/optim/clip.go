package optim

import (
	"math"

	"chainrule/graph"
	"chainrule/ops"
)

// ClipValue bounds the elements of gradients by ±limit.
func ClipValue(limit float64) Transform {
	positive("clip_value", limit)
	return TransformFunc(func(params []Param) []*graph.Node {
		return each(params, func(p Param) *graph.Node { return ops.Clamp(p.Grad, -limit, limit) })
	})
}

// ClipNorm scales the gradient of each parameter by itself so that its Euclidean norm is limit at most. A norm that is not
// finite refuses the step.
func ClipNorm(limit float64) Transform {
	positive("clip_norm", limit)
	return clip{limit, 2, true}
}

// ClipGlobalNorm scales the gradients of all parameters by one factor so that their Euclidean norm, as of one vector, is limit at
// most (Pascanu et al. 2013). A norm that is not finite refuses the step: see [Update].
func ClipGlobalNorm(limit float64) Transform { return ClipGlobalNormOf(limit, 2) }

// ClipGlobalNormOf is ClipGlobalNorm by the norm of order p: 1, 2 or +Inf.
func ClipGlobalNormOf(limit, p float64) Transform {
	positive("clip_global_norm", limit)
	if p != 1 && p != 2 && !math.IsInf(p, 1) {
		graph.Fail("clip_global_norm", nil, "the norm has the order %v, want 1, 2 or +Inf", p)
	}
	return clip{limit, p, false}
}

type clip struct {
	limit, order float64
	alone        bool
}

// Grads implements Transform. As PyTorch has it, the factor is limit/(norm + 1e-6) where that is less than 1.
func (c clip) Grads(s *Step, params []Param) []*graph.Node {
	factor := func(ps []Param) *graph.Node {
		norm := GlobalNorm(ps, c.order)
		s.Require(norm)
		return ops.Minimum(ops.Div(c.limit, ops.Add(norm, 1e-6)), 1)
	}
	if c.alone {
		return each(params, func(p Param) *graph.Node { return ops.Mul(p.Grad, as(factor([]Param{p}), p)) })
	}
	f := factor(params)
	return each(params, func(p Param) *graph.Node { return ops.Mul(p.Grad, as(f, p)) })
}

// GlobalNorm is the norm of order 1, 2 or +Inf of all gradients, as of one vector: a float64 scalar.
func GlobalNorm(params []Param, order float64) *graph.Node {
	parts := make([]*graph.Node, len(params))
	for i, p := range params {
		switch {
		case order == 1:
			parts[i] = ops.Sum(ops.Abs(p.Grad))
		case order == 2:
			parts[i] = ops.Norm(p.Grad)
		case p.Grad.Type().Size() == 0:
			parts[i] = ops.Sum(p.Grad)
		default:
			parts[i] = ops.Max(ops.Abs(p.Grad))
		}
		parts[i] = ops.Cast(parts[i], graph.Float64)
	}
	all := ops.Stack(parts, 0)
	switch order {
	case 1:
		return ops.Sum(all)
	case 2:
		return ops.Norm(all)
	}
	return ops.Max(all)
}

func positive(name string, v float64) {
	if !(v > 0) {
		graph.Fail(name, nil, "the limit is %v, want a positive number", v)
	}
}
