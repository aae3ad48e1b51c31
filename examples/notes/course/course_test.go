package course

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestGates(t *testing.T) {
	for _, g := range Gates {
		n, ok := g.Solution()
		if !ok {
			assert.Equal(t, "XOR", g.Name)
			continue
		}
		sums, out, err := n.Respond(g.Inputs)
		require.NoError(t, err)
		assert.Equal(t, len(g.Want), g.Right(out), g.Name)
		for i, x := range g.Inputs {
			sum := 0.0
			for k := range x {
				sum += n.W[k] * x[k]
			}
			assert.Equal(t, sum, sums[i], "%s of %v", g.Name, x)
		}
	}
	// A sum that reaches the threshold excites the neuron.
	_, out, err := Neuron{[]float64{1}, 1}.Respond([][]float64{{1}, {0.999}})
	require.NoError(t, err)
	assert.Equal(t, []float64{1, 0}, out)
}

// No setting has more than three rows of XOR right, and none meets all four demands.
func TestXORIsOutOfReach(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	g := GateNamed("XOR")
	best := 0
	for range 300 {
		n := Neuron{[]float64{4*rng.Float64() - 2, 4*rng.Float64() - 2}, 4*rng.Float64() - 2}
		_, out, err := n.Respond(g.Inputs)
		require.NoError(t, err)
		met := 0
		for i, d := range n.XORDemands() {
			assert.Equal(t, out[i] == g.Want[i], d.Met, "%v: %s", n, d.Text)
			if d.Met {
				met++
			}
		}
		best = max(best, met)
	}
	assert.Equal(t, 3, best)
}

func TestBoundary(t *testing.T) {
	x, y, ok := Neuron{[]float64{1, 1}, 1.5}.Boundary(-0.5, 1.5)
	require.True(t, ok)
	for k := range x {
		assert.InDelta(t, 1.5, x[k]+y[k], 1e-12)
	}
	assert.NotEqual(t, x[0], x[1])
	_, _, ok = Neuron{[]float64{0, 0}, 1}.Boundary(-1, 1)
	assert.False(t, ok)
	_, _, ok = Neuron{[]float64{1, 1}, 9}.Boundary(-1, 1)
	assert.False(t, ok)
	x, _, ok = Neuron{[]float64{2, 0}, 1}.Boundary(-1, 1)
	require.True(t, ok)
	assert.Equal(t, [2]float64{0.5, 0.5}, x)
}

func TestActivations(t *testing.T) {
	xs := []float64{-40, -3, -0.5, 0, 0.5, 3, 40}
	values := map[string]func(x float64) float64{
		"step": func(x float64) float64 {
			if x >= 0 {
				return 1
			}
			return 0
		},
		"sigmoid": func(x float64) float64 { return 1 / (1 + math.Exp(-x)) },
		"tanh":    math.Tanh,
		"ReLU":    func(x float64) float64 { return math.Max(x, 0) },
	}
	require.Len(t, Activations, len(values))
	for _, a := range Activations {
		y, slope, why, err := a.Values(xs)
		require.NoError(t, err)
		for i, x := range xs {
			assert.InDelta(t, values[a.Name](x), y[i], 1e-15, "%s(%v)", a.Name, x)
		}
		if a.ByHand == nil {
			assert.Equal(t, "step", a.Name)
			assert.ErrorContains(t, why, "step")
			assert.Nil(t, slope)
			continue
		}
		require.NoError(t, why)
		for i, x := range xs {
			assert.InDelta(t, a.ByHand(x), slope[i], 1e-15, "%s′(%v)", a.Name, x)
		}
	}
}

// At 0 a step's difference quotients part the more the smaller h is; ReLU's are 0 and 1; a smooth function's meet.
func TestOneSided(t *testing.T) {
	for _, h := range []float64{1e-2, 1e-4} {
		left, right, err := ActivationNamed("step").OneSided(0, h)
		require.NoError(t, err)
		assert.InDelta(t, 1/h, left, 1e-6)
		assert.Equal(t, 0.0, right)
		left, right, err = ActivationNamed("ReLU").OneSided(0, h)
		require.NoError(t, err)
		assert.Equal(t, []float64{0, 1}, []float64{left, right})
		left, right, err = ActivationNamed("tanh").OneSided(0, h)
		require.NoError(t, err)
		assert.InDelta(t, left, right, h)
	}
}

func TestSizes(t *testing.T) {
	for _, c := range []struct {
		widths                  Widths
		hidden, weights, biases int
		formula                 string
	}{
		{Widths{3, 4, 2}, 1, 3*4 + 4*2, 6, "y = σ(W^{2} σ(W^{1} x + b^{1}) + b^{2})"},
		{Widths{2, 5, 5, 1}, 2, 10 + 25 + 5, 11, "y = σ(W^{3} σ(W^{2} σ(W^{1} x + b^{1}) + b^{2}) + b^{3})"},
		{Widths{784, 30, 10}, 1, 23820, 40, "y = σ(W^{2} σ(W^{1} x + b^{1}) + b^{2})"},
		{Widths{2, 1}, 0, 2, 1, "y = σ(W^{1} x + b^{1})"},
	} {
		assert.Equal(t, []int{c.hidden, c.weights, c.biases},
			[]int{c.widths.Hidden(), c.widths.Weights(), c.widths.Biases()}, c.widths.String())
		assert.Equal(t, c.formula, c.widths.Formula())
		n := 0
		for _, l := range c.widths.Draw(1) {
			n += len(l.W)*len(l.W[0]) + len(l.B[0])
		}
		assert.Equal(t, c.weights+c.biases, n)
	}
}

func TestForward(t *testing.T) {
	widths := Widths{3, 4, 2}
	layers := widths.Draw(5)
	x := []float64{0.2, -1, 0.7}
	got, err := Forward(layers, x)
	require.NoError(t, err)
	a := x
	assert.Equal(t, x, got[0])
	for l, p := range layers {
		next := make([]float64, len(p.W))
		for i, row := range p.W {
			z := p.B[0][i]
			for j := range row {
				z += row[j] * a[j]
			}
			next[i] = 1 / (1 + math.Exp(-z))
		}
		assert.InDeltaSlice(t, next, got[l+1], 1e-14)
		a = next
	}
}

// Wider layers come closer, for every curve that the page offers.
func TestApproximationFallsWithWidth(t *testing.T) {
	for _, target := range Targets {
		xs, ys := Sample(target.F, 64)
		var errors []float64
		for _, neurons := range []int{1, 2, 4, 8, 64} {
			a := NewApproximation(neurons, xs, ys, 1)
			for a.Steps < Steps {
				require.NoError(t, a.Train())
			}
			curve, err := a.Curve(xs)
			require.NoError(t, err)
			sum := 0.0
			for i := range ys {
				sum += (curve[i] - ys[i]) * (curve[i] - ys[i])
			}
			assert.InEpsilon(t, math.Sqrt(sum/64), a.Error, 1e-9)
			errors = append(errors, a.Error)
		}
		t.Logf("%s: %.4f", target.Name, errors)
		assert.True(t, slices.IsSortedFunc(errors, func(a, b float64) int {
			if a > b {
				return -1
			}
			return 1
		}), "%s: %v", target.Name, errors)
	}
}

func TestSoftmax(t *testing.T) {
	z := []float64{1, 2, -0.5, 0}
	s, err := Softmax(z, 1)
	require.NoError(t, err)
	sum := 0.0
	for _, v := range z {
		sum += math.Exp(v)
	}
	total := 0.0
	for i, v := range z {
		assert.InDelta(t, math.Exp(v)/sum, s.P[i], 1e-15)
		total += s.P[i]
	}
	assert.InDelta(t, 1, total, 1e-15)
	assert.InDelta(t, math.Log(sum)-2, s.Cost, 1e-14)
	assert.InDeltaSlice(t, s.ByHand, s.Gradient, 1e-15)
	shifted, err := Softmax([]float64{1001, 1002, 999.5, 1000}, 1)
	require.NoError(t, err)
	assert.InDeltaSlice(t, s.P, shifted.P, 1e-12)
}

// On the bowl a step of descent multiplies θ₁ by 1 − η and θ₂ by 1 − 4η; it diverges from η = ½ on.
func TestDescentOnTheBowl(t *testing.T) {
	s := SurfaceNamed("bowl")
	for _, rate := range []float64{0.01, 0.2, 0.45, 0.55} {
		path, err := s.Descend([2]float64{2, -1}, rate, 12)
		require.NoError(t, err)
		for k, step := range path {
			a, b := 2*math.Pow(1-rate, float64(k)), -math.Pow(1-4*rate, float64(k))
			assert.InDelta(t, a, step.Theta[0], 1e-12*math.Max(1, math.Abs(a)))
			assert.InDelta(t, b, step.Theta[1], 1e-12*math.Max(1, math.Abs(b)))
			assert.InDelta(t, 0.5*(a*a+4*b*b), step.Cost, 1e-11*math.Max(1, step.Cost))
			assert.InDelta(t, 4*b, step.Gradient[1], 1e-11*math.Max(1, math.Abs(b)))
		}
	}
	for rate, want := range map[float64]Verdict{0.01: Crawls, 0.2: Arrives, 0.45: Zigzags, 0.55: Diverges} {
		path, err := s.Descend([2]float64{2, -1}, rate, 40)
		require.NoError(t, err)
		assert.Equal(t, want, Judge(path), "η = %v", rate)
	}
}

// The marked least points are where the gradient is none.
func TestLeastPoints(t *testing.T) {
	for _, s := range Surfaces {
		path, err := s.Descend(s.Least, 0, 0)
		require.NoError(t, err)
		assert.Less(t, math.Hypot(path[0].Gradient[0], path[0].Gradient[1]), 2e-3, s.Name)
		grid, err := s.Grid(21)
		require.NoError(t, err)
		assert.GreaterOrEqual(t, slices.Min(grid), path[0].Cost-1e-9, s.Name)
	}
}

func TestNeuronSurface(t *testing.T) {
	path, err := SurfaceNamed("neuron").Descend([2]float64{1.2, -0.3}, 0, 0)
	require.NoError(t, err)
	cost, da, db := 0.0, 0.0, 0.0
	for i, x := range neuronX {
		y := 1 / (1 + math.Exp(-(1.2*x - 0.3)))
		n := float64(len(neuronX))
		cost += 0.5 * (neuronY[i] - y) * (neuronY[i] - y) / n
		da += (y - neuronY[i]) * y * (1 - y) * x / n
		db += (y - neuronY[i]) * y * (1 - y) / n
	}
	assert.InDelta(t, cost, path[0].Cost, 1e-15)
	assert.InDeltaSlice(t, []float64{da, db}, path[0].Gradient[:], 1e-15)
}

func TestChainRule(t *testing.T) {
	sigma := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	for _, c := range []struct {
		text   string
		names  []string
		at     []float64
		value  float64
		wanted []float64
	}{
		{"sin(cos(exp(w)))", []string{"w"}, []float64{0.3}, math.Sin(math.Cos(math.Exp(0.3))),
			[]float64{math.Cos(math.Cos(math.Exp(0.3))) * -math.Sin(math.Exp(0.3)) * math.Exp(0.3)}},
		{"sigmoid(w*x + b)", []string{"w", "x", "b"}, []float64{0.5, 2, -1}, 0.5, []float64{0.5, 0.125, 0.25}},
		{"square(sigmoid(w1*x1 + w2*x2 + b) - t)", []string{"w1", "x1", "w2", "x2", "b", "t"},
			[]float64{0.5, 2, -1, 0.3, 0.1, 1}, math.Pow(sigma(0.8)-1, 2), oneNeuron(sigma(0.8), 0.5, 2, -1, 0.3, 1)},
		{"x*x + x", []string{"x"}, []float64{3}, 12, []float64{7}},
		{"square(y - sigmoid(z))", []string{"y", "z"}, []float64{1, 0.4}, math.Pow(1-sigma(0.4), 2),
			[]float64{2 * (1 - sigma(0.4)), -2 * (1 - sigma(0.4)) * sigma(0.4) * (1 - sigma(0.4))}},
		{"-pow(x, 3)/2", []string{"x"}, []float64{2}, -4, []float64{-6}},
	} {
		e, err := ParseExpression(c.text)
		require.NoError(t, err)
		assert.Equal(t, c.names, e.Variables)
		require.NoError(t, e.Evaluate(c.at))
		assert.InDelta(t, c.value, e.Nodes[len(e.Nodes)-1].Value, 1e-14, c.text)
		assert.InDeltaSlice(t, c.wanted, e.Gradient, 1e-14, c.text)
		assert.Less(t, e.Difference(), 1e-14, c.text)
	}
	e, err := ParseExpression("x*x + x*x")
	require.NoError(t, err)
	assert.Len(t, e.Nodes, 3, "equal parts are one")
}

// oneNeuron is the gradient of ‖y − ŷ‖² by w₁, x₁, w₂, x₂, b and ŷ for y = σ(w₁x₁ + w₂x₂ + b), as the notes have it.
func oneNeuron(y, w1, x1, w2, x2, target float64) []float64 {
	d := 2 * (y - target) * (1 - y) * y
	return []float64{d * x1, d * w1, d * x2, d * w2, d, -2 * (y - target)}
}

func TestExpressionsRefused(t *testing.T) {
	for _, text := range []string{"", "x +", "x % y", "f(x)", "sin(x, y)", "1 + 2", `"x"`, "x[0]", "func() {}", "x y", "(x", "x)", "sin x", "sin()", ",", "x @ y", "1e999*x", "x.y", "!x",
		"sin(" + string(slices.Repeat([]byte("x+"), 200)) + "x)"} {
		_, err := ParseExpression(text)
		assert.Error(t, err, text)
	}
	e, err := ParseExpression("x + 1")
	require.NoError(t, err)
	require.NoError(t, e.Evaluate([]float64{2}))
	assert.Equal(t, 3.0, e.Nodes[2].Value)
}

func TestBackprop(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for seed, widths := range []Widths{{2, 1}, {2, 3, 1}, {3, 4, 2}, {2, 3, 3, 2}, {4, 4, 4, 4, 3}} {
		x, y := make([]float64, widths[0]), make([]float64, widths[len(widths)-1])
		for i := range x {
			x[i] = rng.NormFloat64()
		}
		for i := range y {
			y[i] = rng.Float64()
		}
		p, err := Backprop(widths, uint64(seed), x, y)
		require.NoError(t, err)
		assert.LessOrEqual(t, p.Difference, 1e-12)
		require.Len(t, p.Layers, len(widths)-1)
		// By differences of the cost: the gradient by the first weight.
		const h = 1e-5
		first := p.Layers[0]
		cost := func(shift float64) float64 {
			a := x
			for l, layer := range p.Layers {
				next := make([]float64, len(layer.W))
				for i, row := range layer.W {
					next[i] = layer.B[i]
					for j, w := range row {
						if l == 0 && i == 0 && j == 0 {
							w += shift
						}
						next[i] += w * a[j]
					}
					next[i] = 1 / (1 + math.Exp(-next[i]))
				}
				a = next
			}
			c := 0.0
			for i := range y {
				c += 0.5 * (y[i] - a[i]) * (y[i] - a[i])
			}
			return c
		}
		assert.InDelta(t, cost(0), p.Cost, 1e-14)
		assert.InDelta(t, (cost(h)-cost(-h))/(2*h), first.DW[0][0], 1e-9)
		assert.Equal(t, first.Delta, first.DB)
	}
}

// on goes on.
func on() error { return nil }

func TestCounts(t *testing.T) {
	assert.Equal(t, Count{2_560_000, 256, 1, 10_000, 10_000}, CountOf(2_560_000, 256, 1))
	assert.Equal(t, Count{1500, 20, 3, 75, 225}, CountOf(1500, 20, 3))
	assert.Equal(t, 4, CountOf(10, 3, 1).PerEpoch)
}

func TestRegimes(t *testing.T) {
	r, err := NewRace(200, 1)
	require.NoError(t, err)
	// Batch descent of a quadratic cost arrives at the least cost.
	full, err := r.Descend(200, 0.9, 200, 1, on)
	require.NoError(t, err)
	assert.InDelta(t, r.Bottom, full.Costs[len(full.Costs)-1], 1e-9)
	assert.InDeltaSlice(t, r.Least[:], []float64{full.W, full.B}, 1e-4)
	assert.Equal(t, 200, full.Iterations[len(full.Iterations)-1])
	// One sample at a time it is near after one epoch, and does not settle.
	single, err := r.Descend(1, 0.1, 5, 1, on)
	require.NoError(t, err)
	assert.Equal(t, 1000, single.Iterations[len(single.Iterations)-1])
	after := func(run *Run, epoch float64) float64 {
		return run.Costs[slices.IndexFunc(run.Epochs, func(e float64) bool { return e >= epoch })]
	}
	assert.Less(t, after(single, 1), after(full, 1))
	assert.Greater(t, single.Costs[len(single.Costs)-1], r.Bottom+1e-6)
	// The first batch step is the one of the formula, w ← w − η(1/N)Σ δx.
	one, err := r.Descend(200, 0.5, 1, 1, on)
	require.NoError(t, err)
	w, b, n := 0.0, 0.0, float64(len(r.X))
	for i, x := range r.X {
		delta := (-1*x + 1.2) - r.Y[i]
		w, b = w+delta*x/n, b+delta/n
	}
	assert.InDeltaSlice(t, []float64{-1 - 0.5*w, 1.2 - 0.5*b}, []float64{one.W, one.B}, 1e-14)
}

func TestBias(t *testing.T) {
	xs := []float64{-2, 0, 1}
	y, err := Shifted(3, -1.5, xs)
	require.NoError(t, err)
	for i, x := range xs {
		assert.InDelta(t, 1/(1+math.Exp(-(3*x-1.5))), y[i], 1e-15)
	}
}

func TestDigits(t *testing.T) {
	d, err := NewDigits(1)
	require.NoError(t, err)
	for range 20 {
		require.NoError(t, d.Epoch(0.5, on))
	}
	t.Logf("test accuracy %.4f, cost %.4f", d.Accuracy, d.Cost)
	assert.Greater(t, d.Accuracy, 0.93)
	image, label := d.Test.Row(0), d.Test.Labels[0]
	r, err := d.Read(image, label)
	require.NoError(t, err)
	assert.Equal(t, label, Best(r.P))
	assert.InDelta(t, -math.Log(r.P[label]), r.Cost, 1e-12)
	// δ² = p − y, and δ¹ = ((W²)ᵀδ²) ⊙ σ′(z¹).
	for i := range r.D2 {
		want := r.P[i]
		if i == label {
			want--
		}
		assert.InDelta(t, want, r.D2[i], 1e-14)
	}
	for j := range r.D1 {
		sum := 0.0
		for i := range r.D2 {
			sum += d.Weight(i, j) * r.D2[i]
		}
		assert.InDelta(t, sum*r.A1[j]*(1-r.A1[j]), r.D1[j], 1e-14)
	}
	wrong := (label + 1) % 10
	c, err := d.Change(image, wrong, wrong, 3, 1e-4)
	require.NoError(t, err)
	assert.InDelta(t, c.Predicted, c.Actual, 1e-7)
	assert.NotZero(t, c.Actual)
	unchanged, err := d.Read(image, label)
	require.NoError(t, err)
	assert.Equal(t, r, unchanged, "the change is of a copy")
}

// A drawing is read like the image that it was drawn from.
func TestPixels(t *testing.T) {
	assert.Equal(t, make([]float64, 64), Pixels(nil))
	one := Pixels([][]float64{{100, 20, 100, 220}})
	for i := range 8 {
		row := one[8*i : 8*i+8]
		assert.Greater(t, row[3]+row[4], 0.8, "row %d", i)
		assert.Zero(t, row[0]+row[1]+row[6]+row[7])
	}
	small := Pixels([][]float64{{1, 0.2, 1, 2.2}})
	assert.Equal(t, one, small, "size and place do not matter")
	for _, v := range Pixels([][]float64{{0, 0, 9, 0, 9, 9, 0, 9, 0, 0}}) {
		assert.True(t, v >= 0 && v <= 1)
	}
}
