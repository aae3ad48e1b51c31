package main

import (
	_ "embed"
	"encoding/json"

	"chainrule/graph"
	"chainrule/ops"
)

// problem is a data set of the NIST Statistical Reference Datasets for nonlinear regression, with two starting points
// and the values that NIST certifies.
type problem struct {
	Name       string
	Starts     [2][]float64
	Certified  []float64
	Deviations []float64 // standard deviations of the parameters
	RSS        float64   // residual sum of squares
	X, Y       []float64
}

//go:embed nist.json
var nistJSON []byte

func problems() (list []problem, err error) {
	err = json.Unmarshal(nistJSON, &list)
	return list, err
}

// model is y as a function of x, with parameters b.
type model func(b []*graph.Node, x *graph.Node) *graph.Node

// models are NIST's, written down as they are printed there.
var models = map[string]model{
	"Misra1a": saturation,
	"BoxBOD":  saturation,
	"Chwirut2": func(b []*graph.Node, x *graph.Node) *graph.Node {
		return over(exp(neg(mul(b[0], x))), add(b[1], mul(b[2], x)))
	},
	"Lanczos3": func(b []*graph.Node, x *graph.Node) *graph.Node {
		decay := func(height, rate *graph.Node) *graph.Node { return mul(height, exp(neg(mul(rate, x)))) }
		return add(add(decay(b[0], b[1]), decay(b[2], b[3])), decay(b[4], b[5]))
	},
	"Gauss1": func(b []*graph.Node, x *graph.Node) *graph.Node {
		bell := func(height, centre, width *graph.Node) *graph.Node {
			return mul(height, exp(neg(ops.Square(over(sub(x, centre), width)))))
		}
		return add(add(mul(b[0], exp(neg(mul(b[1], x)))), bell(b[2], b[3], b[4])), bell(b[5], b[6], b[7]))
	},
	"MGH17": func(b []*graph.Node, x *graph.Node) *graph.Node {
		return add(add(b[0], mul(b[1], exp(neg(mul(x, b[3]))))), mul(b[2], exp(neg(mul(x, b[4])))))
	},
	"Hahn1":   cubicOverCubic,
	"Thurber": cubicOverCubic,
	"Rat43": func(b []*graph.Node, x *graph.Node) *graph.Node {
		return over(b[0], ops.Pow(ops.Add(1, exp(sub(b[1], mul(b[2], x)))), ops.Div(1, b[3])))
	},
	"Eckerle4": func(b []*graph.Node, x *graph.Node) *graph.Node {
		return mul(over(b[0], b[1]), exp(ops.Mul(-0.5, ops.Square(over(sub(x, b[2]), b[1])))))
	},
}

// saturation is b₁(1 − exp(−b₂x)).
func saturation(b []*graph.Node, x *graph.Node) *graph.Node {
	return mul(b[0], ops.Sub(1, exp(neg(mul(b[1], x)))))
}

// cubicOverCubic is (b₁ + b₂x + b₃x² + b₄x³) / (1 + b₅x + b₆x² + b₇x³).
func cubicOverCubic(b []*graph.Node, x *graph.Node) *graph.Node {
	above := add(b[0], mul(x, add(b[1], mul(x, add(b[2], mul(x, b[3]))))))
	below := ops.Add(1, mul(x, add(b[4], mul(x, add(b[5], mul(x, b[6]))))))
	return over(above, below)
}

// Shorter names for operators on nodes, so that the models read like formulas.
func add(a, b *graph.Node) *graph.Node  { return ops.Add(a, b) }
func sub(a, b *graph.Node) *graph.Node  { return ops.Sub(a, b) }
func mul(a, b *graph.Node) *graph.Node  { return ops.Mul(a, b) }
func over(a, b *graph.Node) *graph.Node { return ops.Div(a, b) }
func neg(a *graph.Node) *graph.Node     { return ops.Neg(a) }
func exp(a *graph.Node) *graph.Node     { return ops.Exp(a) }
