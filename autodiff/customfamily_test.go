package autodiff_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// besselInGo is Jₙ of every element, in Go.
func besselInGo(n int) func(x node) node {
	return func(x node) node {
		return autodiff.GoFunc("bessel", func(out, in []*tensor.Dense) error {
			y := out[0].Float64s()
			for i, v := range in[0].Float64s() {
				y[i] = math.Jn(n, v)
			}
			return nil
		}, []graph.Type{x.Type()}, x)[0]
	}
}

// bessel is Jₙ, with Jₙ′ = (Jₙ₋₁ − Jₙ₊₁)/2 as its derivative in reverse mode, or in forward mode.
func bessel(n int, forward bool) func(x node) node {
	slope := func(x node) node {
		return ops.Mul(0.5, ops.Sub(bessel(n-1, forward)(x), bessel(n+1, forward)(x)))
	}
	if forward {
		return autodiff.CustomJVP(besselInGo(n), func(x, _, t node) node { return ops.Mul(t, slope(x)) })
	}
	return autodiff.CustomVJP(besselInGo(n), func(x, _, ct node) node { return ops.Mul(ct, slope(x)) })
}

// TestBesselFunctions holds derivatives of a family that is known by its recurrence against Bessel's equation,
// x²y″ + xy′ + (x² − n²)y = 0, and y′ against xy′ = xJₙ₋₁ − nJₙ.
func TestBesselFunctions(t *testing.T) {
	x := []float64{0.5, 2, 7.25}
	first := func(n int, x float64) float64 { return math.Jn(n-1, x) - float64(n)/x*math.Jn(n, x) }
	second := func(n int, x float64) float64 {
		return -first(n, x)/x - (1-float64(n*n)/(x*x))*math.Jn(n, x)
	}
	total := func(f func(node) node) func(node) node { return func(x node) node { return ops.Sum(f(x)) } }
	along := func(f func(node) node) func(node) node {
		return func(x node) node { return along(f)(x, ops.FullLike(x, 1)) }
	}
	reverse := func(f func(node) node) func(node) node { return autodiff.Grad(total(f)) }
	for _, n := range []int{0, 1, 3} {
		for _, forward := range []bool{false, true} {
			f := bessel(n, forward)
			inLoop := func(x node) node { return autodiff.For(1, func(_, c node) node { return f(c) }, x) }
			inBranch := func(x node) node {
				return autodiff.Cond(ops.Gt(ops.Sum(x), 0), func() node { return f(x) }, func() node { return x })
			}
			for name, c := range map[string]struct {
				f    func(node) node
				want func(n int, x float64) float64
			}{
				"value":                {f, math.Jn},
				"in a loop":            {inLoop, math.Jn},
				"of many":              {autodiff.Vmap(f), math.Jn},
				"reverse":              {reverse(f), first},
				"forward":              {along(f), first},
				"reverse in a loop":    {reverse(inLoop), first},
				"forward in a branch":  {along(inBranch), first},
				"reverse of many":      {autodiff.Vmap(autodiff.Grad(f)), first},
				"many, reverse":        {reverse(autodiff.Vmap(f)), first},
				"in a checkpoint":      {reverse(autodiff.Checkpoint(f)), first},
				"reverse twice":        {reverse(reverse(f)), second},
				"forward twice":        {along(along(f)), second},
				"forward over reverse": {along(reverse(f)), second},
				"reverse over forward": {reverse(along(f)), second},
				"hvp":                  {func(x node) node { return autodiff.HVP(total(f))(x, ops.FullLike(x, 1)) }, second},
				"hessian":              {func(x node) node { return ops.Sum(autodiff.Hessian(total(f))(x), 1) }, second},
				"second of many":       {autodiff.Vmap(autodiff.Grad(autodiff.Grad(f))), second},
				"many, second":         {reverse(reverse(autodiff.Vmap(f))), second},
				"second in a loop":     {reverse(reverse(inLoop)), second},
				"hvp in a loop":        {along(reverse(inLoop)), second},
				"hvp in a branch":      {along(reverse(inBranch)), second},
				"second of many loops": {autodiff.Vmap(autodiff.Grad(autodiff.Grad(inLoop))), second},
			} {
				out, err := autodiff.Compile(c.f).Run(t.Context(), x)
				require.NoError(t, err, "J%d, %s, forward %v", n, name, forward)
				for i, v := range x {
					require.InDelta(t, c.want(n, v), out[0].Float64s()[i], 1e-12, "J%d(%v), %s, forward %v", n, v, name, forward)
				}
			}
		}
	}
	require.NoError(t, autodiff.Check(bessel(2, false), x))
	require.NoError(t, autodiff.Checker{Order: 3}.Check(bessel(2, true), x))
}

// TestRulesAreTracedWhenTheyAreWanted counts.
func TestRulesAreTracedWhenTheyAreWanted(t *testing.T) {
	calls := 0
	pulled := autodiff.CustomVJP(ops.Square, func(x, _, ct node) node { calls++; return ops.Mul(ct, ops.Mul(2, x)) })
	pushed := autodiff.CustomJVP(ops.Square, func(x, _, t node) node { calls++; return ops.Mul(t, ops.Mul(2, x)) })
	for _, f := range []func(node) node{pulled, pushed} {
		calls = 0
		for range 2 {
			out, err := autodiff.Compile(f).Run(t.Context(), 3.0)
			require.NoError(t, err)
			require.Equal(t, 9.0, out[0].Data())
		}
		require.Zero(t, calls)
		out, err := autodiff.Compile(autodiff.Grad(f)).Run(t.Context(), 3.0)
		require.NoError(t, err)
		require.Equal(t, 6.0, out[0].Data())
		require.Equal(t, 1, calls)
	}
}

// TestFamiliesThatMentionEachOther has sin and cos as each other's derivatives, with a factor from outside.
func TestFamiliesThatMentionEachOther(t *testing.T) {
	var sin, cos func(x node) node
	waves := func(w node) {
		sin = autodiff.CustomVJP(ops.Sin, func(x, _, ct node) node { return ops.Mul(ops.Mul(w, ct), cos(x)) })
		cos = autodiff.CustomVJP(ops.Cos, func(x, _, ct node) node { return ops.Mul(ops.Mul(w, ct), ops.Neg(sin(x))) })
	}
	f := func(x, w node) node {
		waves(w)
		return autodiff.Grad(autodiff.Grad(autodiff.Grad(sin)))(x)
	}
	out, err := autodiff.Compile(f).Run(t.Context(), 0.3, 2.0)
	require.NoError(t, err)
	require.InDelta(t, -8*math.Cos(0.3), out[0].Data(), 1e-14)
}

// TestRuleErrorsNameTheRule takes the line of a rule that is traced for a derivative.
func TestRuleErrorsNameTheRule(t *testing.T) {
	f := autodiff.CustomVJP(ops.Sin, func(x, _, ct node) node {
		return ops.MatMul(ct, x) // the line of the mistake
	})
	g := graph.New()
	err := graph.Try(func() { autodiff.Grad(f)(g.Input("x", graph.Float64)) })
	require.ErrorContains(t, err, "matmul")
	require.ErrorContains(t, err, "customfamily_test.go:137")
}
