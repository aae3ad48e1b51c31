package autodiff_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/autodiff"
	"chainrule/autodiff/solve"
	"chainrule/ops"
)

// A wrong rule of the user's is named with the line that applies it, wherever it is; good ones beside it are not.
func TestCheckNamesCustomRules(t *testing.T) {
	times := func(k float64) func(x, y, d node) node { // of sin
		return func(x, _, d node) node { return ops.Mul(d, ops.Mul(k, ops.Cos(x))) }
	}
	good := autodiff.CustomVJP(ops.Sin, times(1))
	pulled, pushed := autodiff.CustomVJP(ops.Sin, times(2)), autodiff.CustomJVP(ops.Sin, times(0.5))
	second := autodiff.CustomJVP(ops.Sin, func(x, _, t node) node { // right to first order only
		return ops.Mul(t, ops.StopGradient(ops.Cos(x)))
	})
	offset := func(x node) func(y node) node { // uses a value from outside
		fixed := vector(x, 0.1, 0.2)
		return autodiff.CustomVJP(func(y node) node { return ops.Sin(ops.Add(y, fixed)) }, times(1))
	}
	for name, c := range map[string]struct {
		f     func(x node) node
		op    string
		order int
	}{
		"vjp":                       {func(x node) node { return ops.Exp(pulled(good(x))) }, "custom_vjp", 1},
		"jvp":                       {func(x node) node { return ops.Exp(pushed(good(x))) }, "custom_jvp", 1},
		"second order":              {func(x node) node { return second(good(x)) }, "custom_jvp", 2},
		"with a value from outside": {func(x node) node { return good(offset(x)(ops.Mul(2, x))) }, "custom_vjp", 1},
		"in a scan": {func(x node) node {
			sum, _ := autodiff.Scan(func(c, x node) (node, node) { return ops.Add(good(c), pulled(x)), c }, ops.Mean(x), x)
			return sum
		}, "custom_vjp", 1},
		"in a while": {func(x node) node {
			return autodiff.While(func(c node) node { return ops.Lt(ops.Sum(c), 3) },
				func(c node) node { return ops.Add(1, pushed(c)) }, x, autodiff.RecordAllSteps())
		}, "custom_jvp", 1},
		"in a branch": {func(x node) node {
			return autodiff.Cond(ops.Lt(ops.Sum(x), 3), func() node { return pulled(x) }, func() node { return pushed(x) })
		}, "custom_vjp", 1},
		"in a checkpoint": {autodiff.Checkpoint(func(x node) node { return good(pushed(ops.Exp(x))) }), "custom_jvp", 1},
		"under vmap":      {autodiff.Vmap(func(x node) node { return pulled(good(x)) }), "custom_vjp", 1},
	} {
		t.Run(name, func(t *testing.T) {
			err := autodiff.Check(c.f, []float64{0.3, 0.9})
			var wrong *autodiff.CheckError
			require.ErrorAs(t, err, &wrong)
			require.Equal(t, c.order, wrong.Order)
			require.Equal(t, c.op, wrong.Op, err.Error())
			require.Regexp(t, `^checkcustom_test\.go:\d+$`, wrong.Source)
			require.ErrorContains(t, err, "; that of "+c.op+" at "+wrong.Source+" is off on its own")
		})
	}
	require.NoError(t, autodiff.Check(good, []float64{0.3, 0.9}))
	// A solver's rule is its own: what is wrong is within the function that it solves.
	root := solve.Root(func(a, x node) node { return ops.Sub(pulled(x), a) })
	err := autodiff.Check(func(a node) node { return root(a, ops.FullLike(a, 0.2)) }, 0.3)
	var wrong *autodiff.CheckError
	require.ErrorAs(t, err, &wrong)
	require.Equal(t, "root", wrong.Op)
}
