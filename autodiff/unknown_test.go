package autodiff_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// squareInGo is x² in Go, of which nobody knows the derivative.
func squareInGo(x node) node {
	return autodiff.GoFunc("square", func(out, in []*tensor.Dense) error {
		for i, v := range in[0].Float64s() {
			out[0].Float64s()[i] = v * v
		}
		return nil
	}, []graph.Type{x.Type()}, x)[0]
}

// unknownWays are functions of a vector whose derivative goes through squareInGo.
func unknownWays() map[string]func(x node) node {
	inBoth := func(x node) node { return ops.Add(ops.Square(x), squareInGo(x)) }
	return map[string]func(x node) node{
		"alone":            squareInGo,
		"beside a square":  inBoth,
		"behind an op":     func(x node) node { return ops.Sin(squareInGo(ops.Exp(x))) },
		"in a loop":        func(x node) node { return autodiff.For(3, func(_, c node) node { return inBoth(c) }, x) },
		"in a checkpoint":  autodiff.Checkpoint(inBoth),
		"outside of one":   func(x node) node { return autodiff.Checkpoint(ops.Sin)(squareInGo(x)) },
		"in two functions": func(x node) node { return autodiff.Checkpoint(autodiff.Checkpoint(inBoth))(x) },
		"among many":       func(x node) node { return autodiff.Vmap(inBoth)(x) },
		"in a while": func(x node) node {
			return autodiff.While(func(c node) node { return ops.Lt(ops.Sum(c), 9) }, func(c node) node { return ops.Add(1, inBoth(c)) },
				x, autodiff.MaxSteps(9))
		},
		"in a branch": func(x node) node {
			return autodiff.Cond(ops.Gt(ops.Sum(x), 0), func() node { return ops.Square(x) }, func() node { return inBoth(x) })
		},
		"in a scan": func(x node) node {
			_, ys := autodiff.Scan(func(c, x node) (node, node) { return ops.Add(c, x), squareInGo(c) }, ops.Sum(x), x)
			return ys
		},
		"in a later step": func(x node) node {
			type two struct{ A, B node }
			return autodiff.For(3, func(_ node, c two) two { return two{A: c.B, B: ops.Add(c.B, squareInGo(x))} }, two{x, x}).A
		},
	}
}

func TestUnknownDerivativesAreRefused(t *testing.T) {
	ones := func(x node) node { return ops.FullLike(x, 1) }
	scalar := func(f func(node) node) func(node) node { return func(x node) node { return ops.Sum(f(x)) } }
	for name, f := range unknownWays() {
		for how, derivative := range map[string]func(x node) node{
			"jvp":             func(x node) node { _, d := autodiff.JVP(f, x, ones(x)); return d },
			"jacobian":        autodiff.Jacobian(f),
			"columns":         autodiff.Jacobian(f, autodiff.ForwardMode()),
			"rows":            autodiff.Jacobian(f, autodiff.ReverseMode()),
			"vjp":             func(x node) node { y, back := autodiff.VJP(f, x); return back(ones(y)) },
			"grad":            autodiff.Grad(scalar(f)),
			"even if allowed": autodiff.Grad(scalar(f), autodiff.AllowUnreachable()),
			"hvp":             func(x node) node { return autodiff.HVP(scalar(f))(x, x) },
			"hessian":         autodiff.Hessian(scalar(f)),
			"laplacian":       autodiff.Laplacian(scalar(f)),
			"gradients":       func(x node) node { return autodiff.Gradients(ops.Sum(f(x)), x)[0] },
			"compressed":      func(x node) node { return autodiff.CompressedJacobian(f)(x).Values },
			"compressed second": func(x node) node {
				return autodiff.CompressedHessian(scalar(f))(x).Values
			},
			"many jvps": autodiff.Vmap(func(s node) node {
				_, d := autodiff.JVP(f, ops.Stack([]*graph.Node{s, s}, 0), ones(ops.Stack([]*graph.Node{s, s}, 0)))
				return d
			}),
			"derivatives": func(x node) node {
				return autodiff.Derivatives(func(s node) node { return f(ops.Stack([]*graph.Node{s, s}, 0)) }, 1)(ops.Sum(x))[1]
			},
		} {
			t.Run(name+"/"+how, func(t *testing.T) {
				g := graph.New()
				err := graph.Try(func() { derivative(g.Input("x", graph.Float64, 2)) })
				require.ErrorContains(t, err, "the derivative of square is not known")
				require.ErrorContains(t, err, "unknown_test.go:")
			})
		}
		require.ErrorContains(t, autodiff.Check(f, []float64{0.5, 0.25}), "the derivative of square is not known", name)
	}
}

// TestUnknownRules has rules of the user's that compute a derivative in Go: it is there, but it has none itself, and no
// transpose.
func TestUnknownRules(t *testing.T) {
	pulled := autodiff.CustomVJP(ops.Square, func(x, _, ct node) node { return ops.Mul(ct, inGo(func(x float64) float64 { return 2 * x }, x)) })
	pulledByIt := autodiff.CustomVJP(ops.Square, func(x, _, ct node) node {
		return ops.Mul(2, ops.Mul(x, inGo(func(x float64) float64 { return x }, ct)))
	})
	pushed := autodiff.CustomJVP(ops.Square, func(x, _, t node) node { return ops.Mul(t, inGo(func(x float64) float64 { return 2 * x }, x)) })
	pushedByIt := autodiff.CustomJVP(ops.Square, func(x, _, t node) node { return ops.Mul(2, ops.Mul(x, inGo(func(x float64) float64 { return x }, t))) })
	jvp := func(f func(node) node) func(node) node {
		return func(x node) node { return along(f)(x, ops.FullLike(x, 1)) }
	}
	both := func(f func(node) node) func(node) node {
		return func(x node) node { return ops.Add(ops.Square(x), f(x)) }
	}
	inLoop := func(f func(node) node) func(node) node {
		return func(x node) node { return autodiff.For(1, func(_, c node) node { return f(c) }, x) }
	}
	floored := autodiff.CustomJVP(ops.Square, func(x, _, t node) node { return ops.Mul(x, ops.Floor(t)) })
	floorPulled := autodiff.CustomVJP(ops.Square, func(x, _, ct node) node { return ops.Mul(x, ops.Floor(ct)) })
	for name, c := range map[string]struct {
		f    func(node) node
		want float64 // at 3, or 0 if it is refused
	}{
		"reverse by pull":            {autodiff.Grad(pulled), 6},
		"reverse by pull of it":      {autodiff.Grad(pulledByIt), 6},
		"forward by push":            {jvp(pushed), 6},
		"forward by push of it":      {jvp(pushedByIt), 6},
		"forward by pull":            {jvp(pulled), 6},
		"reverse by push":            {autodiff.Grad(pushed), 6},
		"in a loop":                  {autodiff.Grad(inLoop(pulled)), 6},
		"forward in a loop":          {jvp(inLoop(pushed)), 6},
		"forward by pull of it":      {jvp(pulledByIt), 0},
		"reverse by push of it":      {autodiff.Grad(pushedByIt), 0},
		"twice by pull":              {autodiff.Grad(autodiff.Grad(pulled)), 0},
		"forward over reverse":       {jvp(autodiff.Grad(pulled)), 0},
		"twice by push":              {jvp(jvp(pushed)), 0},
		"reverse over forward":       {autodiff.Grad(jvp(pushed)), 0},
		"twice in a loop":            {jvp(autodiff.Grad(inLoop(pulled))), 0},
		"hvp, with a square":         {func(x node) node { return autodiff.HVP(both(pulled))(x, ops.FullLike(x, 1)) }, 0},
		"hessian, with a square":     {autodiff.Hessian(both(pushed)), 0},
		"reverse, but not linear":    {autodiff.Grad(floored), 0},
		"forward, but not linear":    {jvp(floorPulled), 0},
		"forward in a loop, floored": {jvp(inLoop(floorPulled)), 0},
	} {
		out, err := autodiff.Compile(c.f).Run(t.Context(), 3.0)
		if c.want == 0 {
			require.ErrorContains(t, err, "unknown_test.go:", name)
			require.Regexp(t, "is not known|not linear", err, name)
			continue
		}
		require.NoError(t, err, name)
		require.Equal(t, c.want, out[0].Data(), name)
	}
}

// inGo applies a function to a scalar.
func inGo(f func(float64) float64, x node) node {
	return autodiff.GoFunc("f", func(out, in []*tensor.Dense) error {
		out[0].Float64s()[0] = f(in[0].Data().(float64))
		return nil
	}, []graph.Type{x.Type()}, x)[0]
}

// TestUnknownBesideTheDerivative has functions in Go that no derivative goes through.
func TestUnknownBesideTheDerivative(t *testing.T) {
	type two struct{ Value, Note node }
	noted := func(x node) two { return two{ops.Sum(ops.Mul(x, ops.Square(x))), squareInGo(x)} }
	scanned := func(x node) two {
		c, ys := autodiff.Scan(func(c, x node) (node, node) { return ops.Add(c, ops.Mul(x, ops.Square(x))), squareInGo(c) },
			ops.FullLike(ops.Sum(x), 0), x)
		return two{c, ys}
	}
	carried := func(x node) two {
		return autodiff.For(1, func(_ node, c two) two {
			return two{ops.Add(c.Value, ops.Sum(ops.Mul(x, ops.Square(x)))), ops.Add(c.Note, squareInGo(x))}
		}, two{ops.FullLike(ops.Sum(x), 0), x})
	}
	branched := func(x node) two {
		return autodiff.Cond(ops.Gt(ops.Sum(x), 0), func() two { return noted(x) }, func() two { return two{ops.Sum(x), x} })
	}
	for name, f := range map[string]func(node) two{"plain": noted, "scan": scanned, "for": carried, "cond": branched} {
		value := func(x node) node { return f(x).Value }
		for how, derivative := range map[string]func(x node) node{
			"grad": autodiff.Grad(value),
			"with the note": func(x node) node {
				_, _, grad := autodiff.ValueAndGradAux(func(x node) (node, node) { y := f(x); return y.Value, y.Note })(x)
				return grad
			},
			"columns": autodiff.Jacobian(value, autodiff.ForwardMode()),
			"stopped": func(x node) node {
				d := along(func(x node) two { y := f(x); return two{y.Value, ops.StopGradient(y.Note)} })(x, ops.FullLike(x, 1))
				return ops.BroadcastTo(d.Value, 2)
			},
			"hvp":     func(x node) node { return ops.Mul(0.5, ops.Mul(x, autodiff.HVP(value)(x, ops.FullLike(x, 1)))) },
			"hessian": func(x node) node { return ops.Mul(0.5, ops.MatMul(autodiff.Hessian(value)(x), x)) },
		} {
			out, err := autodiff.Compile(derivative).Run(t.Context(), []float64{1, 3})
			require.NoError(t, err, "%s, %s", name, how)
			want := []float64{3, 27}
			if how == "stopped" {
				want = []float64{30, 30}
			}
			require.InDeltaSlice(t, want, out[0].Float64s(), 1e-12, "%s, %s", name, how)
		}
	}
}

// TestUnknownPattern takes an unknown derivative to be anywhere.
func TestUnknownPattern(t *testing.T) {
	for name, f := range unknownWays() {
		g := graph.New()
		want := 4
		if name == "among many" {
			want = 2 // each example by itself
		}
		require.Equal(t, want, autodiff.JacobianPattern(f)(g.Input("x", graph.Float64, 2)).NNZ(), name)
	}
}
