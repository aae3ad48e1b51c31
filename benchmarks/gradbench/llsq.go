package main

import (
	"errors"
	"math"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// llsq is a least-squares fit of a polynomial to the sign function.
var llsq = module{
	"primal":   planned(func(in llsqInput) (plan, error) { return in.plan(leastSquares, number) }),
	"gradient": planned(func(in llsqInput) (plan, error) { return in.plan(leastSquaresGradient, flat) }),
}

type llsqInput struct {
	runs
	X []float64 `json:"x"`
	N int       `json:"n"`
}

// leastSquares is ½ Σᵢ (sign tᵢ − p(tᵢ))² for the polynomial p with the coefficients x.
func leastSquares(x, t *graph.Node) *graph.Node {
	return ops.Mul(0.5, ops.Sum(ops.Square(ops.Sub(ops.Sign(t), polynomial(x, t)))))
}

func leastSquaresGradient(x, t *graph.Node) *graph.Node {
	return autodiff.Grad(func(x *graph.Node) *graph.Node { return leastSquares(x, t) })(x)
}

// polynomial is p(t) = Σⱼ xⱼtʲ at the points t [n]. The coefficients are cut into q polynomials of degree below b, and
// p = Σᵢ pᵢ(t)·(tᵇ)ⁱ by Horner's rule, where one product with the powers of t gives all pᵢ(t) (Paterson and
// Stockmeyer, On the number of nonscalar multiplications necessary to evaluate polynomials, 1973).
func polynomial(x, t *graph.Node) *graph.Node {
	m := x.Shape()[0]
	b := blockLength(m)
	q := (m + b - 1) / b

	powers := []*graph.Node{ops.Add(ops.Mul(t, 0), 1)}
	for range b {
		powers = append(powers, ops.Mul(powers[len(powers)-1], t))
	}
	blocks := ops.Reshape(ops.Pad(x, []int{0}, []int{q*b - m}, []int{0}), q, b)
	parts := ops.MatMul(blocks, ops.Stack(powers[:b], 0)) // pᵢ(t), as [q, n]
	part := func(i int) *graph.Node { return ops.Index(parts, i) }
	p := part(q - 1)
	for i := q - 2; i >= 0; i-- {
		p = ops.MulAdd(p, powers[b], part(i))
	}
	return p
}

// blockLength is √m, rounded up, which makes the powers and the blocks about equally many.
func blockLength(m int) int { return int(math.Ceil(math.Sqrt(float64(m)))) }

func (in llsqInput) plan(f any, output func([]result) any) (plan, error) {
	if len(in.X) == 0 || in.N < 1 {
		return plan{}, errors.New("a fit needs a coefficient and a point")
	}
	if err := fits(in.N, 2*blockLength(len(in.X))); err != nil { // the powers and the blocks' values
		return plan{}, err
	}
	t := make([]float64, in.N) // from −1 to 1; a single one is −1
	for i := range t {
		t[i] = -1 + float64(i)*2/float64(max(1, in.N-1))
	}
	return plan{f, []any{in.X, t}, output}, nil
}
