package optim_test

import (
	"context"
	"math"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/nn"
	"chainrule/nn/optim"
	"chainrule/ops"
)

// descend makes steps of a rule on a cost, from p and states of zero, and returns p after each of them.
func descend(t *testing.T, rule optim.Rule, cost func(p *graph.Node) *graph.Node, d graph.DType, start []float64,
	rate float64, steps int,
) [][]float64 {
	t.Helper()
	i := -1
	p := nn.NewParam(d, len(start)).Fill(func() float64 { i++; return start[i] }).Value
	var states []*tensor.Dense
	for range rule.States() {
		states = append(states, nn.NewParam(d, len(start)).Value)
	}
	fn := autodiff.Compile(func(p *graph.Node, states []*graph.Node, eta *graph.Node) (*graph.Node, []*graph.Node) {
		return rule.Update(p, autodiff.Gradients(cost(p), p)[0], ops.Cast(eta, p.DType()), states)
	})
	var path [][]float64
	for range steps {
		out, err := fn.Run(context.Background(), p, states, rate)
		if err != nil {
			t.Fatal(err)
		}
		p, states = out[0], out[1:]
		path = append(path, wide(p))
	}
	return path
}

func wide(d *tensor.Dense) []float64 {
	if d.Dtype() == tensor.Float64 {
		return slices.Clone(d.Float64s())
	}
	var out []float64
	for _, v := range d.Float32s() {
		out = append(out, float64(v))
	}
	return out
}

// quadratic is Σ ½·cᵢ·pᵢ² with gradient c ⊙ p.
func quadratic(curvature []float64) func(p *graph.Node) *graph.Node {
	return func(p *graph.Node) *graph.Node {
		c := ops.Cast(graph.Const(p.Graph(), curvature, len(curvature)), p.DType())
		return ops.Sum(ops.Mul(0.5, ops.Mul(c, ops.Square(p))))
	}
}

var (
	curvature = []float64{1, 3, 0.25}
	start     = []float64{2, -1, 4}
)

// The recursions written out in plain Go; each step rounds a few times, and contracts what was there before.
func TestRecursion(t *testing.T) {
	const rate, steps = 0.1, 50
	for _, d := range []graph.DType{graph.Float64, graph.Float32} {
		tol := map[graph.DType]float64{graph.Float64: 0x1p-53, graph.Float32: 0x1p-24}[d] * 8 * steps
		for _, momentum := range []float64{0, 0.5, 0.9} {
			got := descend(t, optim.SGD{Momentum: momentum}, quadratic(curvature), d, start, rate, steps)
			p, v := slices.Clone(start), make([]float64, len(start))
			for s := range steps {
				for i := range p {
					v[i] = momentum*v[i] + curvature[i]*p[i]
					p[i] -= rate * v[i]
					if !(math.Abs(got[s][i]-p[i]) <= tol*math.Abs(start[i])) {
						t.Fatalf("%v, momentum %v: after step %d, p[%d] = %v, by hand %v", d, momentum, s+1, i, got[s][i], p[i])
					}
				}
			}
		}
	}
}

func TestStates(t *testing.T) {
	if n := (optim.SGD{}).States(); n != 0 {
		t.Errorf("SGD has %d states", n)
	}
	if n := (optim.SGD{Momentum: .9}).States(); n != 1 {
		t.Errorf("SGD with momentum has %d states", n)
	}
}

// On a quadratic, descent with rate η shrinks pᵢ by |1 − ηcᵢ| a step: it converges for η < 2/c and diverges beyond.
// Momentum μ shrinks a flat direction by √μ at best, which is much faster.
func TestConvergence(t *testing.T) {
	norm := func(p []float64) float64 {
		largest := 0.0
		for _, v := range p {
			largest = max(largest, math.Abs(v))
		}
		return largest
	}
	for _, c := range []struct {
		name     string
		rule     optim.SGD
		rate     float64
		steps    int
		from, to float64 // bounds of the largest |pᵢ| at the end
	}{
		{"plain", optim.SGD{}, .5, 200, 0, 4 * math.Pow(1-.5*.25, 200) * 1.001},
		{"plain, early", optim.SGD{}, .5, 20, 4 * math.Pow(1-.5*.25, 20) * .999, 4 * math.Pow(1-.5*.25, 20) * 1.001},
		{"too fast", optim.SGD{}, .7, 100, 1000, math.Inf(1)}, // |1 − 0.7·3| = 1.1
		{"momentum", optim.SGD{Momentum: .6}, .5, 100, 0, 1e-9},
	} {
		path := descend(t, c.rule, quadratic(curvature), graph.Float64, start, c.rate, c.steps)
		if got := norm(path[c.steps-1]); !(got >= c.from && got <= c.to) {
			t.Errorf("%s: |p| = %v after %d steps, want %v … %v", c.name, got, c.steps, c.from, c.to)
		}
	}
}
