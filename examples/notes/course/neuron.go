package course

import (
	"slices"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// Neuron is the neuron of McCulloch and Pitts: y = step(Σ wᵢxᵢ − θ).
type Neuron struct {
	W     []float64
	Theta float64
}

var respond = autodiff.Compile(func(x, w, theta *graph.Node) (sum, y *graph.Node) {
	sum = ops.MatMul(x, w)
	return sum, ops.Step(ops.Sub(sum, theta))
})

// Respond returns the weighted sum Σ wᵢxᵢ and the output, 1 or 0, for each row of inputs.
func (n Neuron) Respond(inputs [][]float64) (sums, outputs []float64, err error) {
	out, err := run(respond, matrix(inputs), n.W, n.Theta)
	if err != nil {
		return nil, nil, err
	}
	return out[0], out[1], nil
}

// Gate is a logical function as a table of samples.
type Gate struct {
	Name   string
	Inputs [][]float64
	Want   []float64
}

// Gates are the functions that the reader tries to set. A neuron computes all of them but the last.
var Gates = []Gate{
	{"AND", pairs, []float64{0, 0, 0, 1}},
	{"OR", pairs, []float64{0, 1, 1, 1}},
	{"NOT", [][]float64{{0}, {1}}, []float64{1, 0}},
	{"XOR", pairs, []float64{0, 1, 1, 0}},
}

var pairs = [][]float64{{0, 0}, {0, 1}, {1, 0}, {1, 1}}

// GateNamed returns the gate of a name.
func GateNamed(name string) Gate {
	return Gates[max(0, slices.IndexFunc(Gates, func(g Gate) bool { return g.Name == name }))]
}

// Solution is a neuron that computes the gate; XOR has none.
func (g Gate) Solution() (Neuron, bool) {
	switch g.Name {
	case "AND":
		return Neuron{[]float64{1, 1}, 1.5}, true
	case "OR":
		return Neuron{[]float64{1, 1}, 0.5}, true
	case "NOT":
		return Neuron{[]float64{-1}, -0.5}, true
	}
	return Neuron{}, false
}

// Right counts the rows of the gate's table that outputs agree with.
func (g Gate) Right(outputs []float64) int {
	right := 0
	for i, y := range outputs {
		if y == g.Want[i] {
			right++
		}
	}
	return right
}

// Boundary is the part of the line w₁x₁ + w₂x₂ = θ inside the square [lo, hi]², from (x[0], y[0]) to (x[1], y[1]).
// It is not ok if the line misses the square, or is none.
func (n Neuron) Boundary(lo, hi float64) (x, y [2]float64, ok bool) {
	a, b := n.W[0], n.W[1]
	count := 0
	meet := func(px, py float64) {
		inside := px >= lo-1e-12 && px <= hi+1e-12 && py >= lo-1e-12 && py <= hi+1e-12
		again := count > 0 && px == x[0] && py == y[0]
		if inside && !again && count < 2 {
			x[count], y[count] = px, py
			count++
		}
	}
	for _, edge := range []float64{lo, hi} {
		if b != 0 {
			meet(edge, (n.Theta-a*edge)/b)
		}
		if a != 0 {
			meet((n.Theta-b*edge)/a, edge)
		}
	}
	return x, y, count == 2
}

// XORDemand is one row of XOR's table as an inequality that the neuron must satisfy.
type XORDemand struct {
	Row  []float64
	Text string
	Met  bool
}

// XORDemands are the four inequalities. The first two of the middle add up to w₁ + w₂ ≥ 2θ, which is more than θ by the
// first; the last asks for less than θ. So never are all four met.
func (n Neuron) XORDemands() []XORDemand {
	w, t := n.W, n.Theta
	return []XORDemand{
		{pairs[0], "0 < θ", 0 < t},
		{pairs[1], "w₂ ≥ θ", w[1] >= t},
		{pairs[2], "w₁ ≥ θ", w[0] >= t},
		{pairs[3], "w₁ + w₂ < θ", w[0]+w[1] < t},
	}
}
