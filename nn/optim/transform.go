package optim

import (
	"strconv"

	"chainrule/graph"
	"chainrule/ops"
)

// Transform changes gradients: Grads returns the new ones.
type Transform interface {
	Grads(s *Step, params []Param) []*graph.Node
}

// TransformFunc is a transform that remembers nothing.
type TransformFunc func(params []Param) []*graph.Node

// Grads calls f.
func (f TransformFunc) Grads(_ *Step, params []Param) []*graph.Node { return f(params) }

// Chain is a rule that sees the gradients that transforms have changed, one after the other.
func Chain(rule Rule, transforms ...Transform) Rule { return chain{rule, transforms} }

type chain struct {
	rule       Rule
	transforms []Transform
}

// Next implements Rule.
func (c chain) Next(s *Step, params []Param) []*graph.Node {
	return c.rule.Next(s, transformed(s, params, c.transforms))
}

// transformed is parameters with other gradients.
func transformed(s *Step, params []Param, transforms []Transform) []Param {
	params = append([]Param{}, params...)
	for i, t := range transforms {
		for k, g := range t.Grads(s.In("transform"+strconv.Itoa(i)), params) {
			params[k].Grad = g
		}
	}
	return params
}

// Maximize turns gradients round, for a loss that shall become large.
func Maximize() Transform {
	return TransformFunc(func(params []Param) []*graph.Node {
		return each(params, func(p Param) *graph.Node { return ops.Neg(p.Grad) })
	})
}

// Descend is p ← p − η·u, where u is what transforms make of the gradient. It is what the other rules are made of.
func Descend(rate Rate, transforms ...Transform) Rule { return descend{rate, transforms} }

type descend struct {
	rate       Rate
	transforms []Transform
}

// Next implements Rule.
func (d descend) Next(s *Step, params []Param) []*graph.Node {
	eta := rateOf("descend", d.rate, 0, s)
	return each(transformed(s, params, d.transforms), func(p Param) *graph.Node {
		return ops.Sub(p.Value, ops.Mul(as(eta, p), p.Grad))
	})
}

// WeightDecay adds decay·p to the gradients of parameters for which decays is true, all if it is nil: the derivative of
// the penalty ½·decay·‖p‖². See [Matrices].
func WeightDecay(decay float64, decays func(Param) bool) Transform {
	finite("weight_decay", decay)
	return TransformFunc(func(params []Param) []*graph.Node {
		return each(params, func(p Param) *graph.Node { return decayed(p, decay, decays) })
	})
}

// decayed is the gradient with decay·p.
func decayed(p Param, decay float64, decays func(Param) bool) *graph.Node {
	if decay == 0 || decays != nil && !decays(p) {
		return p.Grad
	}
	return ops.Add(p.Grad, ops.Mul(decay, p.Value))
}

// Matrices is true for parameters with two axes or more: weights decay, biases and the scales of norms do not.
func Matrices(p Param) bool { return p.Value.Rank() >= 2 }
