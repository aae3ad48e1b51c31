package solve_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/autodiff"
	"chainrule/autodiff/solve"
	"chainrule/graph"
	"chainrule/ops"
)

// fails runs a solver that must not find anything, and gives its error.
func fails(t *testing.T, f any, feeds ...any) *solve.ConvergenceError {
	t.Helper()
	_, err := autodiff.Compile(f).Run(t.Context(), feeds...)
	var wrong *solve.ConvergenceError
	require.ErrorAs(t, err, &wrong)
	return wrong
}

// An equation in units of 10⁻⁹ does not hide that another one has no root.
func TestRootOfEquationsOfDifferentSize(t *testing.T) {
	f := func(opts ...solve.Option) func(start node) node {
		root := solve.Root(func(p, x node) node {
			u, v := entry(x, 0), entry(x, 1)
			return ops.Stack([]*graph.Node{ops.Add(ops.Square(u), p), ops.Mul(1e9, ops.Sub(v, 1))}, 0)
		}, opts...)
		return func(start node) node { return root(ops.FullLike(entry(start, 0), 1), start) }
	}
	wrong := fails(t, f(), []float64{0.7, 3})
	require.InDelta(t, 1, wrong.Residual, 1e-3)
	got := run1(t, f(solve.AllowUnconverged()), []float64{0.7, 3})
	require.InDelta(t, 1, got[1], 1e-6)
}

// x² + y² = 2, x·y³ = 1, solved in units of u for x and v for y, with equations in units of e and f: the answer is the same,
// and so is its derivative. The whole is off by some roundings.
func TestRootInAllUnits(t *testing.T) {
	units := []float64{1e-9, 1e-3, 1, 1e6, 1e12}
	for _, d := range []graph.DType{graph.Float64, graph.Float32} {
		off := map[graph.DType]float64{graph.Float64: 1e-13, graph.Float32: 1e-5}[d]
		for _, u := range units {
			for _, e := range units {
				v, g := 1/u, 1/e
				if d == graph.Float32 && (u+1/u)*(e+1/e) > 1e13 {
					continue // the Jacobian leaves f32
				}
				root := solve.Root(func(p, x node) node {
					a, b := ops.Mul(1/u, entry(x, 0)), ops.Mul(1/v, entry(x, 1))
					return ops.Stack([]*graph.Node{ops.Mul(e, ops.Sub(ops.Add(ops.Square(a), ops.Square(b)), p)), ops.Mul(g, ops.Sub(ops.Mul(a, ops.Mul(b, ops.Square(b))), 0.84375))}, 0)
				})
				f := func(p node) node {
					p = ops.Cast(p, d)
					start := ops.Cast(graph.Const(p.Graph(), []float64{0.4 * u, 1.3 * v}, 2), d)
					x := ops.Cast(root(p, start), graph.Float64)
					return ops.Div(x, graph.Const(p.Graph(), []float64{u, v}, 2))
				}
				// x = ¼, y = 3/2 solves x² + y² = 37/16, x·y³ = 27/32. With J = [[½, 3], [27/8, 27/16]], J·ẋ = (1, 0).
				det := 0.5*27/16 - 3*27./8
				what := fmt.Sprint(d, u, e)
				require.InDeltaSlice(t, []float64{0.25, 1.5}, run1(t, f, 37./16), off, what)
				require.InDeltaSlice(t, []float64{27. / 16 / det, -27. / 8 / det}, run1(t, autodiff.Jacobian(f), 37./16), 8*off, what)
			}
		}
	}
}

// What has no root, or none that Newton's method comes to, is an error from wherever it starts, and AllowUnconverged gives
// where it has come to.
func TestRootsThatThereAreNot(t *testing.T) {
	for name, c := range map[string]struct {
		f      func(x node) node
		starts []float64
	}{
		"x² + 1":       {func(x node) node { return ops.Add(ops.Square(x), 1) }, []float64{1, 0, -1, 3, 0.7, 1e9, 1e-9, 1e150}},
		"x² + 1e-16":   {func(x node) node { return ops.Add(ops.Square(x), 1e-16) }, []float64{3e-8, 1e-8, 1, 1e3}},
		"1e20(x² + 1)": {func(x node) node { return ops.Mul(1e20, ops.Add(ops.Square(x), 1)) }, []float64{1, 3, 1e9}},
		"e⁻ˣ":          {func(x node) node { return ops.Exp(ops.Neg(x)) }, []float64{0, 1, -5, 300}},
		"1 + e⁻ˣ":      {func(x node) node { return ops.Add(1, ops.Exp(ops.Neg(x))) }, []float64{0, 1, -5, 50}},
		"1/x":          {ops.Reciprocal, []float64{1, 1e-3, -7}},
		"√x + 1":       {func(x node) node { return ops.Add(1, ops.Sqrt(x)) }, []float64{0, 1, 2}},
		"x/(1 + x²)":   {func(x node) node { return ops.Div(x, ops.Add(1, ops.Square(x))) }, []float64{2, 30}},
		"jump":         {func(x node) node { return ops.Add(x, ops.Sub(ops.Cast(ops.Gt(x, 0), graph.Float64), 0.5)) }, []float64{1, 0.3, -2}},
		"NaN":          {func(x node) node { return ops.Log(x) }, []float64{-1, math.NaN(), math.Inf(1)}},
		"flat":         {func(x node) node { return ops.Sub(ops.Square(x), 4) }, []float64{0}},
	} {
		root := func(opts ...solve.Option) func(x node) node {
			f := solve.Root(func(_, x node) node { return c.f(x) }, opts...)
			return func(x node) node { return f(x, x) }
		}
		for _, start := range c.starts {
			_, err := autodiff.Compile(root()).Run(t.Context(), start)
			var wrong *solve.ConvergenceError
			require.ErrorAs(t, err, &wrong, "%s from %v", name, start)
			require.NotEmpty(t, wrong.Reason, "%s from %v", name, start)
			require.False(t, wrong.Residual == 0 && name != "e⁻ˣ", "%s from %v", name, start)
			run1(t, root(solve.AllowUnconverged()), start)
		}
	}
	wrong := fails(t, func(a node) node {
		return solve.Root(func(a, x node) node { return ops.Add(ops.Square(x), 1) })(a, a)
	}, 1.0)
	require.Equal(t, "root did not converge after 2 steps, residual 1: the matrix of the next step is singular", wrong.Error())
	singular := solve.Root(func(_, x node) node { // twice the same equation
		s := ops.Sub(ops.Sum(x), 1)
		return ops.Stack([]*graph.Node{s, ops.Mul(3.1, s)}, 0)
	})
	fails(t, func(x node) node { return singular(x, x) }, []float64{1, 2})
}

// Roots at which nothing is left but rounding, or that are double, are roots.
func TestRootsAtZero(t *testing.T) {
	for name, c := range map[string]struct {
		f           func(x node) node
		start, want float64
		off         float64
	}{
		"x":          {func(x node) node { return ops.Mul(3, x) }, 5, 0, 0},
		"sin":        {ops.Sin, 0.5, 0, 0},
		"x²":         {ops.Square, 1, 0, 1e-10},
		"x² from 0":  {ops.Square, 0, 0, 0},
		"x³":         {func(x node) node { return ops.Mul(x, ops.Square(x)) }, 1, 0, 1e-10},
		"sin + π":    {func(x node) node { return ops.Sin(ops.Add(x, math.Pi)) }, 0.5, 0, 1e-15},
		"(x − 1)²":   {func(x node) node { return ops.Add(ops.Sub(ops.Square(x), ops.Mul(2, x)), 1) }, 3, 1, 1e-7},
		"x² − 1e-18": {func(x node) node { return ops.Sub(ops.Square(x), 1e-18) }, 1, 1e-9, 1e-21},
		"x − 1e12":   {func(x node) node { return ops.Sub(x, 1e12) }, 1, 1e12, 0},
		"1e-9":       {func(x node) node { return ops.Sub(ops.Exp(ops.Mul(1e9, x)), 2) }, 0, 1e-9 * math.Ln2, 1e-24},
	} {
		f := solve.Root(func(_, x node) node { return c.f(x) })
		got := run1(t, func(x node) node { return f(x, x) }, c.start)
		require.InDelta(t, c.want, got[0], c.off, name)
	}
}

// Data without errors from the parameters 240 and 5.5e-4.
func TestMinimizeFitsUnscaled(t *testing.T) {
	model := func(a, b, x float64) float64 { return a * (1 - math.Exp(-b*x)) }
	xs := []float64{100, 700}
	ys := []float64{model(240, 5.5e-4, 100), model(240, 5.5e-4, 700)}
	fit := solve.Minimize(func(_, v node) node {
		g := v.Graph()
		x, y := graph.Const(g, xs, 2), graph.Const(g, ys, 2)
		curve := ops.Mul(entry(v, 0), ops.Sub(1, ops.Exp(ops.Neg(ops.Mul(entry(v, 1), x)))))
		return ops.Sum(ops.Square(ops.Sub(curve, y)))
	})
	got := run1(t, func(v node) node { return fit(v, v) }, []float64{500, 1e-4})
	require.InEpsilon(t, 240, got[0], 1e-9)
	require.InEpsilon(t, 5.5e-4, got[1], 1e-9)
}

// ¼(x/u − 1)⁴ + ½(x/u − y·u)² + ½(y·u − p)², in units c of the cost: nothing depends on u and c. At p = 1 the minimum is at
// x = u, y = 1/u.
func TestMinimizeInAllUnits(t *testing.T) {
	for _, u := range []float64{1e-9, 1e-3, 1, 1e6, 1e12} {
		for _, c := range []float64{1e-12, 1, 1e9} {
			for _, d := range []graph.DType{graph.Float64, graph.Float32} {
				if d == graph.Float32 && (u+1/u)*(u+1/u)*(c+1/c) > 1e30 {
					continue
				}
				off := map[graph.DType]float64{graph.Float64: 1e-12, graph.Float32: 1e-4}[d]
				fit := solve.Minimize(func(p, v node) node {
					x, y := ops.Div(entry(v, 0), u), ops.Mul(entry(v, 1), u)
					return ops.Mul(c, ops.Add(ops.Mul(0.25, ops.Square(ops.Square(ops.Sub(x, 1)))),
						ops.Mul(0.5, ops.Add(ops.Square(ops.Sub(x, y)), ops.Square(ops.Sub(y, p))))))
				})
				f := func(p node) node {
					p = ops.Cast(p, d)
					v := fit(p, ops.Cast(graph.Const(p.Graph(), []float64{-3 * u, 7 / u}, 2), d))
					return ops.Mul(ops.Cast(v, graph.Float64), graph.Const(p.Graph(), []float64{1 / u, u}, 2))
				}
				require.InDeltaSlice(t, []float64{1, 1}, run1(t, f, 1.0), off, "%v %v %v", u, c, d)
				require.InDeltaSlice(t, []float64{1, 1}, run1(t, autodiff.Jacobian(f), 1.0), 10*off, "%v %v %v", u, c, d)
			}
		}
	}
}

// A point without slope is no minimum where the function curves down, and none that can be told where it does not curve.
func TestMinimaThatAreNone(t *testing.T) {
	const down, flat = "it is no minimum", "the minimum is not determined"
	at := func(x node, f func(u, v node) node) node { return f(entry(x, 0), entry(x, 1)) }
	for name, c := range map[string]struct {
		f     func(x node) node
		start []float64
		says  string // "" for any
	}{
		"−x²":         {func(x node) node { return ops.Neg(ops.Sum(ops.Square(x))) }, []float64{0}, down},
		"−x² nearby":  {func(x node) node { return ops.Neg(ops.Sum(ops.Square(x))) }, []float64{1e-3}, ""},
		"cos":         {func(x node) node { return ops.Sum(ops.Cos(x)) }, []float64{0}, down},
		"x³":          {func(x node) node { return ops.Sum(ops.Mul(x, ops.Square(x))) }, []float64{0}, flat},
		"saddle":      {func(x node) node { return at(x, func(u, v node) node { return ops.Sub(ops.Square(u), ops.Square(v)) }) }, []float64{0, 0}, down},
		"saddle, far": {func(x node) node { return at(x, func(u, v node) node { return ops.Sub(ops.Square(u), ops.Square(v)) }) }, []float64{3, 0}, down},
		"small saddle": {func(x node) node {
			return at(x, func(u, v node) node { return ops.Sub(ops.Mul(1e9, ops.Square(u)), ops.Mul(1e-9, ops.Square(v))) })
		}, []float64{3, 0}, down},
		"valley": {func(x node) node { return ops.Square(ops.Sub(ops.Sum(x), 1)) }, []float64{2, 3}, "singular"},
		"x·y":    {func(x node) node { return ops.Prod(x) }, []float64{0, 0}, down},
		"e⁻ˣ":    {func(x node) node { return ops.Sum(ops.Exp(ops.Neg(x))) }, []float64{1000}, flat},
		"NaN":    {func(x node) node { return ops.Sum(ops.Log(x)) }, []float64{-1}, "a number is not finite"},
	} {
		f := solve.Minimize(func(_, x node) node { return c.f(x) })
		wrong := fails(t, func(x node) node { return f(x, x) }, c.start)
		require.Contains(t, wrong.Reason, c.says, name)
		g := solve.Minimize(func(_, x node) node { return c.f(x) }, solve.AllowUnconverged())
		run1(t, func(x node) node { return g(x, x) }, c.start)
	}
}

// Under Vmap the examples that come to nothing are named, and with AllowUnconverged the others are what they are alone,
// derivatives too.
func TestSolversWithBadExamples(t *testing.T) {
	type solving func(opts ...solve.Option) func(p node) node
	one := func(p node) node { return ops.FullLike(p, 1) }
	for name, c := range map[string]struct {
		f   solving
		ps  []float64
		bad []int
	}{
		"root": {func(opts ...solve.Option) func(p node) node { // x² = p; −1 has no root, and at once a singular matrix
			root := solve.Root(func(p, x node) node { return ops.Sub(ops.Square(x), p) }, opts...)
			return func(p node) node { return root(p, one(p)) }
		}, []float64{4, -1, 9, math.NaN(), 2, -3}, []int{1, 3, 5}},
		"minimize": {func(opts ...solve.Option) func(p node) node { // ½p·x² + x has its minimum at −1/p
			low := solve.Minimize(func(p, x node) node { return ops.Add(ops.Mul(ops.Mul(0.5, p), ops.Square(x)), x) }, opts...)
			return func(p node) node { return low(p, one(p)) }
		}, []float64{2, 0, 5, -1, math.Inf(1)}, []int{1, 3, 4}},
		"fixed_point": {func(opts ...solve.Option) func(p node) node { // p·x + 1
			fixed := solve.FixedPoint(func(p, x node) node { return ops.Add(ops.Mul(p, x), 1) }, opts...)
			return func(p node) node { return fixed(p, one(p)) }
		}, []float64{0.5, 2, -0.25, -1}, []int{1, 3}},
	} {
		wrong := fails(t, autodiff.Vmap(c.f()), c.ps)
		require.Equal(t, c.bad, wrong.Failed, name)
		require.Equal(t, c.bad[0], wrong.Example, name)
		require.Contains(t, wrong.Error(), fmt.Sprintf("; of the examples %v did not", c.bad))
		allow := c.f(solve.AllowUnconverged())
		values, slopes := run1(t, autodiff.Vmap(allow), c.ps), run1(t, autodiff.Vmap(autodiff.Grad(allow)), c.ps)
		pushed := run1(t, autodiff.Vmap(forwardGrad(allow)), c.ps)
		bad := map[int]bool{}
		for _, i := range c.bad {
			bad[i] = true
		}
		for i, p := range c.ps {
			if bad[i] {
				continue
			}
			require.Equal(t, run1(t, c.f(), p)[0], values[i], "%s of %v", name, p)
			require.InEpsilon(t, run1(t, autodiff.Grad(c.f()), p)[0], slopes[i], 4*eps, "%s of %v", name, p)
			require.InEpsilon(t, slopes[i], pushed[i], 4*eps, "%s of %v", name, p)
		}
	}
}

// x = (x + p/x)/2 has √p as a fixed point, from 1, in any unit; one of 10⁻⁹ beside one of 10⁹ too.
func TestFixedPointInAllUnits(t *testing.T) {
	f := solve.FixedPoint(func(p, x node) node { return ops.Mul(0.3, ops.Add(ops.Mul(7./3, x), ops.Div(p, x))) })
	ps := []float64{1e-18, 1, 1e18, 4e-10, 9e24}
	got := run1(t, func(p node) node { return f(p, ops.FullLike(p, 1)) }, ps)
	for i, p := range ps {
		require.InEpsilon(t, math.Sqrt(p), got[i], 1e-9, "%v", p)
	}
	half := solve.FixedPoint(func(p, x node) node { return ops.Add(p, ops.Mul(0.5, x)) })
	got = run1(t, func(p node) node { return half(p, ops.FullLike(p, 1)) }, []float64{0, 1e-9, 1})
	require.InDelta(t, 0, got[0], 1e-10)
	require.InEpsilon(t, 2e-9, got[1], 1e-9)
	require.InEpsilon(t, 2, got[2], 1e-9)
}
