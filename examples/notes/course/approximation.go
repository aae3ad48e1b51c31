package course

import (
	"context"
	"math"
	"math/rand/v2"

	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// hidden is a network with one input, one hidden layer of tanh and one output: f(x) = Σᵢ vᵢ tanh(wᵢx + bᵢ) + c.
type hidden struct {
	W, B, V, C *graph.Node // [m], [m], [m] and a number
}

// apply is f at each of xs, [n].
func (h hidden) apply(xs *graph.Node) *graph.Node {
	z := ops.Add(ops.Mul(ops.ExpandDims(xs, 1), h.W), h.B)
	return ops.Add(ops.MatMul(ops.Tanh(z), h.V), h.C)
}

// fit is the state of training by Adam: parameters and the running means of gradients and of their squares.
type fit struct{ P, M, S hidden }

const (
	burst = 25 // steps in one run
	// Steps are how many an Approximation makes in all.
	Steps = 3000
)

// steps makes a burst of steps of Adam (Kingma and Ba 2015, algorithm 1), after `done` others.
func steps(f fit, done, xs, ys *graph.Node) (fit, *graph.Node) {
	cost := func(p hidden) *graph.Node { return ops.Mean(ops.Square(ops.Sub(p.apply(xs), ys))) }
	f = autodiff.For(burst, func(i *graph.Node, f fit) fit {
		t := ops.Add(ops.Add(done, ops.Cast(i, graph.Float64)), 1)
		g := autodiff.Grad(cost)(f.P)
		rate := ops.Mul(0.05, ops.Maximum(ops.Sub(1, ops.Div(t, Steps+1)), 0)) // falls to nothing, so that the end is calm
		update := func(p, m, s, g *graph.Node) (*graph.Node, *graph.Node, *graph.Node) {
			m = ops.Add(ops.Mul(0.9, m), ops.Mul(0.1, g))
			s = ops.Add(ops.Mul(0.999, s), ops.Mul(0.001, ops.Square(g)))
			mean, square := ops.Div(m, ops.Sub(1, ops.Pow(0.9, t))), ops.Div(s, ops.Sub(1, ops.Pow(0.999, t)))
			return ops.Sub(p, ops.Div(ops.Mul(rate, mean), ops.Add(ops.Sqrt(square), 1e-8))), m, s
		}
		var n fit
		n.P.W, n.M.W, n.S.W = update(f.P.W, f.M.W, f.S.W, g.W)
		n.P.B, n.M.B, n.S.B = update(f.P.B, f.M.B, f.S.B, g.B)
		n.P.V, n.M.V, n.S.V = update(f.P.V, f.M.V, f.S.V, g.V)
		n.P.C, n.M.C, n.S.C = update(f.P.C, f.M.C, f.S.C, g.C)
		return n
	}, f)
	return f, cost(f.P)
}

var (
	fitSteps = autodiff.Compile(steps)
	fitCurve = autodiff.Compile(hidden.apply)
)

// Approximation is a network with one hidden layer that learns a curve.
type Approximation struct {
	Neurons int
	Steps   int
	Error   float64 // the root of the mean squared error, after Steps
	xs, ys  []float64
	state   []*tensor.Dense // the leaves of a fit
}

// NewApproximation begins to learn the points (xs[i], ys[i]), with xs in [−1, 1]. The steep parts of the neurons are spread
// over the interval.
func NewApproximation(neurons int, xs, ys []float64, seed uint64) *Approximation {
	rng := rand.New(rand.NewPCG(seed, uint64(neurons)))
	a := &Approximation{Neurons: neurons, xs: xs, ys: ys, Error: math.NaN()}
	w, b, v := make([]float64, neurons), make([]float64, neurons), make([]float64, neurons)
	for i := range w {
		centre := -1 + 2*(float64(i)+0.5)/float64(neurons)
		w[i] = (1 + rng.Float64()) * math.Max(2, float64(neurons)/2)
		b[i] = -w[i] * centre
		v[i] = 0.1 * rng.NormFloat64()
	}
	vector := func(v []float64) *tensor.Dense {
		return tensor.New(tensor.WithShape(len(v)), tensor.WithBacking(v))
	}
	a.state = []*tensor.Dense{vector(w), vector(b), vector(v), tensor.New(tensor.FromScalar(0.0))}
	for range 2 {
		for range 3 {
			a.state = append(a.state, vector(make([]float64, neurons)))
		}
		a.state = append(a.state, tensor.New(tensor.FromScalar(0.0)))
	}
	return a
}

// Train makes a burst of steps.
func (a *Approximation) Train() error {
	out, err := fitSteps.Run(context.Background(), a.fed(), float64(a.Steps), a.xs, a.ys)
	if err != nil {
		return err
	}
	a.state = out[:len(out)-1]
	a.Steps += burst
	a.Error = math.Sqrt(numbers(out[len(out)-1])[0])
	return nil
}

type fedHidden struct{ W, B, V, C any }

func (a *Approximation) fed() struct{ P, M, S fedHidden } {
	s := a.state
	of := func(k int) fedHidden { return fedHidden{s[k], s[k+1], s[k+2], s[k+3]} }
	return struct{ P, M, S fedHidden }{of(0), of(4), of(8)}
}

// Curve is the network's function at each of xs.
func (a *Approximation) Curve(xs []float64) ([]float64, error) {
	out, err := run(fitCurve, a.fed().P, xs)
	if err != nil {
		return nil, err
	}
	return out[0], nil
}

// Targets are curves that the reader may choose.
var Targets = []struct {
	Name string
	F    func(x float64) float64
}{
	{"wave", func(x float64) float64 { return 0.8 * math.Sin(2*math.Pi*x) * math.Exp(-x/2) * 0.7 }},
	{"hills", func(x float64) float64 {
		return 0.9*math.Exp(-20*(x+0.5)*(x+0.5)) + 0.6*math.Exp(-40*(x-0.3)*(x-0.3)) - 0.3
	}},
	{"steps", func(x float64) float64 { return 0.3*math.Floor(2*(x+1)) - 0.5 }},
	{"corner", func(x float64) float64 { return 1.2*math.Abs(x) - 0.6 }},
}

// Sample is a curve at n equal distances in [−1, 1].
func Sample(f func(float64) float64, n int) (xs, ys []float64) {
	for i := range n {
		x := -1 + 2*float64(i)/float64(n-1)
		xs, ys = append(xs, x), append(ys, f(x))
	}
	return xs, ys
}
