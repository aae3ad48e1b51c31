package nn_test

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"chainrule/nn/backprop"
)

// Where a unit is saturated its derivative is a small difference of numbers near 1: the graph has σ′ = a(1 − a) and
// 1 − a² from the activation, as is usual, since that spares a second exponential and the memory for z. It is exact
// to some roundings of 1, not of itself. Likewise the outputs a − y of samples that the net is sure of. This file
// follows those roundings down the recursion; a gradient that flows through saturated units alone may be off by them.

// slack bounds, for each parameter, the error that such roundings leave in the largest entries of its gradient.
func (d *deltaNet) slack() []float64 {
	layers, last := d.want.Layers, len(d.want.Layers)-1
	all := make([]float64, 2*len(layers))
	off := d.outputSlack()
	for l := last; ; l-- {
		batch := float64(d.x.RawMatrix().Rows)
		below := mat.DenseCopyOf(d.x.T())
		if l > 0 {
			below = layers[l-1].A
		}
		var dw mat.Dense
		dw.Mul(off, abs(below).T())
		all[2*l] = mat.Max(&dw) / batch
		all[2*l+1] = mat.Norm(off, math.Inf(1)) / batch // the largest row sum
		if l == 0 {
			return all
		}
		var back, backOff mat.Dense
		back.Mul(d.net.Layers[l].W.T(), layers[l].Delta)
		backOff.Mul(abs(d.net.Layers[l].W).T(), off)
		act, z := d.net.Layers[l-1].Act, layers[l-1].Z
		off = mat.DenseCopyOf(z)
		off.Apply(func(j, s int, v float64) float64 {
			prime, rounded := sigmaPrime(act, v)
			return (math.Abs(back.At(j, s))+backOff.At(j, s))*rounded + backOff.At(j, s)*prime
		}, z)
	}
}

// outputSlack bounds the error of δᴸ. An exponential's relative error is |z| roundings.
func (d *deltaNet) outputSlack() *mat.Dense {
	layer := d.want.Layers[len(d.want.Layers)-1]
	act := d.net.Layers[len(d.net.Layers)-1].Act
	off := mat.DenseCopyOf(layer.A)
	off.Apply(func(j, s int, a float64) float64 {
		y, z := d.y.At(s, j), layer.Z.At(j, s)
		total, cross := 0.0, 0.0
		for k := range d.net.Layers[len(d.net.Layers)-1].B {
			total += d.y.At(s, k)
			cross += layer.A.At(k, s) * math.Abs(layer.A.At(k, s)-d.y.At(s, k))
		}
		roundings := (8 + 4*farOut) * eps
		switch {
		case d.net.Cost == backprop.CrossEntropy && act == backprop.Softmax:
			return roundings * (a*total + y)
		case d.net.Cost == backprop.CrossEntropy:
			return roundings * (a + y)
		case act == backprop.Softmax:
			return roundings * a * (math.Abs(a-y) + cross)
		}
		prime, rounded := sigmaPrime(act, z)
		return math.Abs(a-y)*rounded + 8*eps*(math.Abs(a)+y)*prime
	}, layer.A)
	return off
}

// sigmaPrime is σ′(z) and the absolute error of what the graph has for it: a is correct to four units in the last
// place, that is 8 eps, which the derivative of a(1 − a) takes over, and that of 1 − a² twice.
func sigmaPrime(act backprop.Activation, z float64) (prime, rounded float64) {
	switch kind(act) {
	case "sigmoid":
		c := 2 * math.Cosh(z/2)
		return 1 / (c * c), 10 * eps
	case "tanh":
		c := math.Cosh(z)
		return 1 / (c * c), 18 * eps
	case "relu":
		if z > 0 {
			return 1, 0
		}
		return 0, 0
	}
	return 1, 0 // leaky relu too: an upper bound is wanted
}

func abs(m *mat.Dense) *mat.Dense {
	out := mat.DenseCopyOf(m)
	out.Apply(func(_, _ int, v float64) float64 { return math.Abs(v) }, m)
	return out
}
