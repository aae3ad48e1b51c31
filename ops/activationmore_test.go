package ops_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"

	"chainrule/graph"
	"chainrule/ops"
)

// TestActivationTails: values far out and next to where terms cancel, by closed forms.
func TestActivationTails(t *testing.T) {
	at := func(f func(x *graph.Node) *graph.Node, x, y float64) {
		t.Helper()
		expect(t, f(constant(graph.New(), graph.Float64, []float64{x}, 1)), []int{1}, []float64{y})
	}
	at(ops.LogSigmoid, -800, -800)
	at(ops.LogSigmoid, 40, -math.Exp(-40))
	at(ops.Logit, 0, -inf)
	at(ops.Logit, 1, inf)
	at(ops.Logit, 1.5, nan)
	at(ops.Logit, 0.5+0x1p-40, 0x1p-38)
	at(ops.Logit, 1e-300, -300*math.Ln10)
	at(ops.Entr, 0, minus)
	at(ops.Entr, -1, -inf)
	at(ops.Entr, nan, nan)
	x := constant(graph.New(), graph.Float64, []float64{-10}, 1)
	out := eval(t, ops.Ndtr(x), ops.GELU(x))
	assert.InEpsilon(t, 7.619853024160526e-24, out[0][0], 100*0x1p-53) // mpmath; x² roundings
	assert.InEpsilon(t, -7.619853024160526e-23, out[1][0], 101*0x1p-53)
	at(ops.Mish, -50, -50*math.Exp(-50))
	at(func(x *graph.Node) *graph.Node { return ops.ELU(x, 2) }, -1e-20, -2e-20)
	at(func(x *graph.Node) *graph.Node { return ops.Softshrink(x, 1) }, nan, nan)
	at(func(x *graph.Node) *graph.Node { return ops.Threshold(x, 1, 7) }, nan, nan)
	refused(t, "is odd", func() { ops.GLU(ops.Ones(graph.New(), graph.Float64, 3), 0) })
}
