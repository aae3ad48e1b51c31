package course

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

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

// Every function and operator that an expression may use has the value of package math, and its derivatives.
func TestFunctions(t *testing.T) {
	sigma := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	unary := map[string][2]func(x float64) float64{
		"sin":     {math.Sin, math.Cos},
		"cos":     {math.Cos, func(x float64) float64 { return -math.Sin(x) }},
		"tan":     {math.Tan, func(x float64) float64 { return 1 / (math.Cos(x) * math.Cos(x)) }},
		"exp":     {math.Exp, math.Exp},
		"log":     {math.Log, func(x float64) float64 { return 1 / x }},
		"sqrt":    {math.Sqrt, func(x float64) float64 { return 1 / (2 * math.Sqrt(x)) }},
		"sinh":    {math.Sinh, math.Cosh},
		"cosh":    {math.Cosh, math.Sinh},
		"tanh":    {math.Tanh, func(x float64) float64 { return 1 - math.Tanh(x)*math.Tanh(x) }},
		"sigmoid": {sigma, func(x float64) float64 { return sigma(x) * (1 - sigma(x)) }},
		"relu":    {func(x float64) float64 { return x }, func(x float64) float64 { return 1 }},
		"abs":     {math.Abs, func(x float64) float64 { return 1 }},
		"square":  {func(x float64) float64 { return x * x }, func(x float64) float64 { return 2 * x }},
	}
	const a, b = 0.7, 1.3
	binary := map[string][3]float64{ // the value, and the derivatives by a and by b
		"a + b": {a + b, 1, 1}, "a - b": {a - b, 1, -1}, "a * b": {a * b, b, a}, "a / b": {a / b, 1 / b, -a / (b * b)},
		"pow(a, b)": {math.Pow(a, b), b * math.Pow(a, b-1), math.Pow(a, b) * math.Log(a)},
	}
	assert.Len(t, functions, len(unary)+len(binary)+1, "and neg")
	for name, f := range unary {
		e := evaluate(t, name+"(x)", a)
		assert.InDelta(t, f[0](a), e.Nodes[1].Value, 1e-14, name)
		assert.InDelta(t, f[1](a), e.Nodes[1].Local[0], 1e-14, name)
		assert.InDelta(t, f[1](a), e.Gradient[0], 1e-14, name)
	}
	for text, want := range binary {
		e := evaluate(t, text, a, b)
		assert.InDelta(t, want[0], e.Nodes[2].Value, 1e-14, text)
		assert.InDeltaSlice(t, want[1:], e.Nodes[2].Local, 1e-14, text)
		assert.InDeltaSlice(t, want[1:], e.Gradient, 1e-14, text)
	}
	assert.Equal(t, []float64{-1}, evaluate(t, "-x", a).Gradient)
}

func evaluate(t *testing.T, text string, values ...float64) *Expression {
	t.Helper()
	e, err := ParseExpression(text)
	require.NoError(t, err)
	require.NoError(t, e.Evaluate(values))
	return e
}

// Sums and products are read as in Go: products first, each from left to right.
func TestPrecedence(t *testing.T) {
	const x, y, z = 5.0, 2.0, 3.0
	for text, want := range map[string]float64{
		"x - y - z": x - y - z, "x - y*z": x - y*z, "x/y/z": x / y / z, "x/y*z": x / y * z, "(x - y)*z": (x - y) * z,
		"x - (y - z)": x - (y - z), "-x*y + z": -x*y + z, "x + y/z": x + y/z,
	} {
		e, err := ParseExpression(text)
		require.NoError(t, err)
		values := map[string]float64{"x": x, "y": y, "z": z}
		var at []float64
		for _, name := range e.Variables {
			at = append(at, values[name])
		}
		require.NoError(t, e.Evaluate(at))
		assert.InDelta(t, want, e.Nodes[len(e.Nodes)-1].Value, 1e-14, text)
	}
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

// Differences between the two ways are seen, in whichever number they are.
func TestDifferencesAreSeen(t *testing.T) {
	e := evaluate(t, "x*y", 2, 3)
	assert.Zero(t, e.Difference())
	e.Gradient[1] += 0.5
	assert.InDelta(t, 0.2, e.Difference(), 1e-12)
	for _, change := range []func(e *Errors){
		func(e *Errors) { e.Z[0]++ }, func(e *Errors) { e.A[0]++ }, func(e *Errors) { e.Delta[0]++ },
		func(e *Errors) { e.DB[0]++ }, func(e *Errors) { e.DW[0][0]++ },
	} {
		p, err := Backprop(Widths{2, 3, 1}, 1, []float64{1, 0.5}, []float64{1})
		require.NoError(t, err)
		change(&p.Layers[0].FromGraph)
		p.compare()
		assert.Greater(t, p.Difference, 0.1)
	}
}
