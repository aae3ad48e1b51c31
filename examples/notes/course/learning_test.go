package course

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

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

// One burst of training, beside the algorithm of the paper in plain code.
func TestAdam(t *testing.T) {
	xs, ys := Sample(math.Sin, 9)
	a := NewApproximation(2, xs, ys, 1)
	var p []float64
	for _, leaf := range a.state[:4] {
		p = append(p, numbers(leaf)...)
	}
	p = slices.Clone(p)
	f := func(x float64) (y, t0, t1 float64) {
		t0, t1 = math.Tanh(p[0]*x+p[2]), math.Tanh(p[1]*x+p[3])
		return p[4]*t0 + p[5]*t1 + p[6], t0, t1
	}
	m, s := make([]float64, len(p)), make([]float64, len(p))
	for step := 1; step <= burst; step++ {
		g := make([]float64, len(p))
		for i, x := range xs {
			y, t0, t1 := f(x)
			d := 2 * (y - ys[i]) / float64(len(xs))
			d0, d1 := d*p[4]*(1-t0*t0), d*p[5]*(1-t1*t1)
			for k, v := range []float64{d0 * x, d1 * x, d0, d1, d * t0, d * t1, d} {
				g[k] += v
			}
		}
		rate := 0.05 * (1 - float64(step)/(Steps+1))
		for k := range p {
			m[k], s[k] = 0.9*m[k]+0.1*g[k], 0.999*s[k]+0.001*g[k]*g[k]
			mean, square := m[k]/(1-math.Pow(0.9, float64(step))), s[k]/(1-math.Pow(0.999, float64(step)))
			p[k] -= rate * mean / (math.Sqrt(square) + 1e-8)
		}
	}
	require.NoError(t, a.Train())
	got, err := a.Curve(xs)
	require.NoError(t, err)
	sum := 0.0
	for i, x := range xs {
		want, _, _ := f(x)
		assert.InDelta(t, want, got[i], 1e-10)
		sum += (want - ys[i]) * (want - ys[i])
	}
	assert.InDelta(t, math.Sqrt(sum/9), a.Error, 1e-10)
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
