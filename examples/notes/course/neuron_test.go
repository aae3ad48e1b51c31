package course

import (
	"math"
	"math/rand/v2"
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
