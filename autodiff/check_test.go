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

// rule is a derivative with everything in the test's hands.
type rule struct {
	vjp func(n node, i int, ct node) node
	jvp func(n node, t []node) node
}

func (rule) Wrt(int) bool                          { return true }
func (r rule) VJP(n node, i int, ct node) node     { return r.vjp(n, i, ct) }
func (r rule) JVP(n node, t []node) (tangent node) { return r.jvp(n, t) }

// cube is x·x·y of an op that is not registered, with the derivatives given.
func cube(derivative graph.Derivative) func(x, y node) node {
	op := &graph.Op{
		Name: "xxy", Doc: "x·x·y", Arity: 2, Class: graph.Map,
		Infer: func(in []*graph.Node, _ any) (graph.Type, error) { return in[0].Type(), nil },
		Kernel: func(*graph.Node) graph.Kernel {
			return func(_ *graph.Work, out graph.Buffer, in []graph.Buffer) error {
				x, y, dst := graph.Elements[float64](in[0]), graph.Elements[float64](in[1]), graph.Elements[float64](out)
				for i := range dst {
					dst[i] = x[i%len(x)] * x[i%len(x)] * y[i%len(y)]
				}
				return nil
			}
		},
		Derivative: derivative,
	}
	return func(x, y node) node { return x.Graph().Apply(op, nil, x, y) }
}

func vjp(dx, dy func(x, y node) node) func(n node, i int, ct node) node {
	return func(n node, i int, ct node) node {
		return ops.Mul(ct, []func(x, y node) node{dx, dy}[i](n.In()[0], n.In()[1]))
	}
}

func noJVP(node, []node) node { return nil }

var (
	rightX = func(x, y node) node { return ops.Mul(2, ops.Mul(x, y)) }
	rightY = func(x, y node) node { return ops.Square(x) }
)

func TestCheckFindsWrongDerivatives(t *testing.T) {
	feeds := []any{[]float64{0.5, 2}, []float64{3, -1}}
	right := rule{vjp(rightX, rightY), noJVP}
	require.NoError(t, autodiff.Check(cube(right), feeds...))

	for _, c := range []struct {
		name  string
		rule  rule
		order int
		input string
	}{
		{"negated in x", rule{vjp(func(x, y node) node { return ops.Neg(rightX(x, y)) }, rightY), noJVP}, 1, "input 0"},
		{"twice in y", rule{vjp(rightX, func(x, y node) node { return ops.Mul(2, rightY(x, y)) }), noJVP}, 1, "input 1"},
		{"a constant off", rule{vjp(func(x, y node) node { return ops.Add(1e-3, rightX(x, y)) }, rightY), noJVP}, 1, "input 0"},
		{"right, but not differentiable", rule{vjp(func(x, y node) node {
			return ops.StopGradient(rightX(x, y))
		}, rightY), noJVP}, 2, "input 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := autodiff.Check(cube(c.rule), feeds...)
			var wrong *autodiff.CheckError
			require.ErrorAs(t, err, &wrong)
			require.Equal(t, c.order, wrong.Order)
			require.Equal(t, "differences", wrong.Against)
			require.Contains(t, wrong.Input, c.input)
			require.Equal(t, []int{0}, wrong.Element)
			require.Greater(t, math.Abs(wrong.Got-wrong.Want), wrong.Tol)
		})
	}

	// A forward rule that differs from the reverse one is found too.
	forward := rule{vjp(rightX, rightY), func(n node, t []node) node { return ops.Mul(3, ops.Add(t[0], t[1])) }}
	err := autodiff.Check(cube(forward), feeds...)
	var wrong *autodiff.CheckError
	require.ErrorAs(t, err, &wrong)
	require.Equal(t, "forward mode", wrong.Against)
	require.ErrorContains(t, err, "along a random direction")
}

// The message says where, and gives both numbers: ∂(x²y)/∂y is x² = 4 at x = 2.
func TestCheckMessage(t *testing.T) {
	negated := rule{vjp(rightX, func(x, y node) node { return ops.Neg(ops.Square(x)) }), noJVP}
	type point struct{ X, Y *graph.Node }
	err := autodiff.Check(func(p point) node { return ops.Sum(cube(negated)(p.X, p.Y)) },
		map[string]any{"X": [][]float64{{2}}[0], "Y": []float64{1}})
	require.ErrorContains(t, err, "derivative of order 1 with respect to input 1, argument 0.Y f64[1], at [0]")
	var wrong *autodiff.CheckError
	require.ErrorAs(t, err, &wrong)
	require.InEpsilon(t, -wrong.Got, wrong.Want, 1e-9, "the sign is what differs")
}

func TestCheckPasses(t *testing.T) {
	large := make([]float64, 3000)
	for i := range large {
		large[i] = math.Sin(float64(i))
	}
	for _, c := range []struct {
		name  string
		f     any
		feeds []any
	}{
		{"scalar", func(x node) node { return ops.Exp(x) }, []any{0.5}},
		{"f32", func(x, w node) node { return ops.Tanh(ops.MatMul(x, w)) },
			[]any{[]float32{0.5, -1}, tensor.New(tensor.WithShape(2, 3), tensor.WithBacking([]float32{1, 2, 3, 4, 5, 6}))}},
		{"large, along directions", func(x node) node { return ops.Sum(ops.Mul(x, ops.Sin(x))) }, []any{large}},
		{"tree with integers", func(p labelled) node { return ops.Take(ops.Square(p.Layers[0].W), p.Labels, 0) },
			[]any{map[string]any{"Layers": []any{map[string]any{"W": []float64{1, 2}, "B": 1.0}}, "Labels": []int{1, 1, 0}}}},
		{"several results, one an integer", func(x node) (node, node) { return ops.Square(x), ops.ArgMax(x, 0) }, []any{[]float64{1, 3}}},
		{"unused argument", func(x, y node) node { return ops.Sin(x) }, []any{1.0, 2.0}},
		{"nothing", func(x node) node { return ops.Sin(x) }, []any{[]float64{}}},
		{"third order is not asked for", func(x node) node { return ops.Abs(x) }, []any{2.0}},
		{"zeros among the arguments", func(x node) node { return ops.Cos(x) }, []any{[]float64{0, 1e-9, 20}}},
	} {
		t.Run(c.name, func(t *testing.T) { require.NoError(t, autodiff.Check(c.f, c.feeds...)) })
	}
}

// Among many elements, directions are tried, and a wrong derivative is found as well.
func TestCheckLargeFindsWrong(t *testing.T) {
	negated := cube(rule{vjp(rightX, func(x, y node) node { return ops.Neg(ops.Square(x)) }), noJVP})
	x := make([]float64, 1000)
	for i := range x {
		x[i] = 1 + float64(i)/1000
	}
	err := autodiff.Check(func(x, y node) node { return negated(x, y) }, x, x)
	var wrong *autodiff.CheckError
	require.ErrorAs(t, err, &wrong)
	require.Equal(t, "input 1, input#1 f64[1000],", wrong.Input)
	require.Len(t, wrong.Element, 1)
	require.InEpsilon(t, -wrong.Got, wrong.Want, 1e-6, "it is that element's derivative")
}

// One element of thousands is off, by one part in ten thousand.
func TestCheckFindsOneOfMany(t *testing.T) {
	const n, at = 700, 481
	off := make([]float64, n)
	for i := range off {
		off[i] = 1
	}
	off[at] += 1e-3
	wrong := cube(rule{vjp(func(x, y node) node { return ops.Mul(vector(x, off...), rightX(x, y)) }, rightY), noJVP})
	x := make([]float64, n)
	for i := range x {
		x[i] = 1 + float64(i)/n
	}
	var found *autodiff.CheckError
	require.ErrorAs(t, autodiff.Check(func(x, y node) node { return wrong(x, y) }, x, x), &found)
	require.Equal(t, []int{at}, found.Element)
	require.Contains(t, found.Input, "input 0")
	require.InEpsilon(t, 1+1e-3, found.Got/found.Want, 1e-6)
	require.Equal(t, "xxy", found.Op)
}

// Functions of large and of small arguments pass, and derivatives that are off by 10⁻⁴ do not: in one input or the
// other, reverse and forward, of first and second order.
func TestCheckAtEveryScale(t *testing.T) {
	off := func(f func(x, y node) node, by float64) func(x, y node) node {
		return func(x, y node) node { return ops.Mul(by, f(x, y)) }
	}
	const by = 1 + 1e-4
	bent := func(f func(x, y node) node) func(x, y node) node { // right, but its derivative is off
		return func(x, y node) node {
			v := f(x, y)
			return ops.Add(ops.Mul(by, v), ops.Mul(1-by, ops.StopGradient(v)))
		}
	}
	for _, scale := range []float64{1e-6, 1e-3, 1, 1e3, 1e6} {
		feeds := []any{[]float64{scale, -2 * scale}, []float64{3 * scale, 0.5 * scale}}
		check := func(r rule) error {
			f := cube(r)
			return autodiff.Check(func(x, y node) node { return ops.Mul(f(x, y), 1/scale) }, feeds...)
		}
		require.NoError(t, check(rule{vjp(rightX, rightY), noJVP}), "scale %v", scale)
		for _, c := range []struct {
			name    string
			rule    rule
			order   int
			against string
		}{
			{"in x", rule{vjp(off(rightX, by), rightY), noJVP}, 1, "differences"},
			{"in y", rule{vjp(rightX, off(rightY, by)), noJVP}, 1, "differences"},
			{"forward", rule{vjp(rightX, rightY), func(n node, t []node) node {
				x, y := n.In()[0], n.In()[1]
				tx, ty := orZero(t[0], x), orZero(t[1], y)
				return ops.Add(ops.Mul(off(rightX, by)(x, y), tx), ops.Mul(rightY(x, y), ty))
			}}, 1, "forward mode"},
			{"second in x", rule{vjp(bent(rightX), rightY), noJVP}, 2, "differences"},
			{"second in y", rule{vjp(rightX, bent(rightY)), noJVP}, 2, "differences"},
		} {
			var wrong *autodiff.CheckError
			require.ErrorAs(t, check(c.rule), &wrong, "%s, scale %v", c.name, scale)
			require.Equal(t, c.order, wrong.Order, "%s, scale %v", c.name, scale)
			require.Equal(t, c.against, wrong.Against)
			require.Equal(t, "xxy", wrong.Op)
			require.False(t, wrong.Unsettled)
		}
	}
}

func orZero(t, x node) node {
	if t == nil {
		return ops.Mul(0, x)
	}
	return t
}

// Functions of one variable, each over the scales at which f64 can tell its derivative.
func TestCheckScalesOfFunctions(t *testing.T) {
	for _, c := range []struct {
		name string
		f    func(x node) node
		at   []float64
	}{
		{"log", ops.Log, []float64{1e-9, 1e-3, 1, 1e3, 1e9}},
		{"sin", ops.Sin, []float64{0, 1e-9, 1e-3, 1, 1e3}},
		{"1/x", ops.Reciprocal, []float64{-1e-6, 1e-3, 1, 1e3, 1e6}},
		{"sqrt", ops.Sqrt, []float64{1e-6, 1e-3, 1, 1e3, 1e6}},
		{"exp", ops.Exp, []float64{-30, 1e-3, 1, 100}},
		{"a small slope on a large value", func(x node) node { return ops.Add(1e6, ops.Square(x)) }, []float64{1e-3, 1, 1e3}},
		{"a small kink far off", func(x node) node { return ops.ReLU(ops.Sub(x, 1)) }, []float64{1.001, 2}},
		{"fast", func(x node) node { return ops.Sin(ops.Mul(1000, x)) }, []float64{0.01, 1, 10}},
	} {
		for _, x := range c.at {
			require.NoError(t, autodiff.Check(c.f, x), "%s at %v", c.name, x)
			err := autodiff.Checker{Order: 1}.Check(func(x node) node {
				y := c.f(x) // its derivative is a ten-thousandth more than it ought to be
				return ops.Add(ops.Mul(1+1e-4, y), ops.Mul(-1e-4, ops.StopGradient(y)))
			}, x)
			require.Error(t, err, "%s at %v", c.name, x)
		}
	}
}

// The op whose rule is wrong is named with its line, wherever it is in the function.
func TestCheckNamesTheOp(t *testing.T) {
	wrong := cube(rule{vjp(rightX, func(x, y node) node { return ops.Neg(ops.Square(x)) }), noJVP})
	var built string
	f := func(x, y node) node {
		h := ops.Tanh(ops.Mul(x, y))
		h = wrong(h, ops.Sin(y))
		built = h.Source()
		return ops.Sum(ops.Exp(h))
	}
	err := autodiff.Check(f, []float64{0.5, 2}, []float64{3, -1})
	var found *autodiff.CheckError
	require.ErrorAs(t, err, &found)
	require.Equal(t, "xxy", found.Op)
	require.Contains(t, built, "check_test.go:")
	require.ErrorContains(t, err, "; that of xxy at "+built+" is off on its own")

	// So is a kink, if that is what it is.
	kink := func(x node) node { return ops.Square(ops.ReLU(ops.Sin(x))) }
	require.NoError(t, autodiff.Check(kink, 1.0))
	require.ErrorAs(t, autodiff.Check(func(x node) node { return ops.Exp(ops.ReLU(ops.Sin(x))) }, 0.0), &found)
	require.Equal(t, "relu", found.Op)
}

// Where there is no derivative, differences do not settle, or settle on one between those on both sides.
func TestCheckSaysThatDifferencesDoNotSettle(t *testing.T) {
	var wrong *autodiff.CheckError
	require.ErrorAs(t, autodiff.Check(ops.Sqrt, 0.0), &wrong)
	require.True(t, wrong.Unsettled)
	require.ErrorContains(t, wrong, "is there a kink?")
	edge := func(x node) node { return ops.Mul(x, ops.Step(ops.Sub(x, 1))) } // a jump at 1
	require.ErrorAs(t, autodiff.Checker{Order: 1}.Check(edge, 1.0), &wrong)
	require.True(t, wrong.Unsettled)
}

// On a kink the derivative is what its documentation says, which is no limit of differences.
func TestCheckOnKinks(t *testing.T) {
	var wrong *autodiff.CheckError
	require.ErrorAs(t, autodiff.Check(func(x node) node { return ops.ReLU(x) }, []float64{1, 0}), &wrong)
	require.Equal(t, []int{1}, wrong.Element)
	require.Equal(t, 0.0, wrong.Got/math.Abs(wrong.Got+1)) // relu's derivative at 0 is 0
	require.NoError(t, autodiff.Check(func(x node) node { return ops.ReLU(x) }, []float64{1, -1}))
}

func TestCheckerOptions(t *testing.T) {
	f := func(x node) node {
		return cube(rule{vjp(func(x, y node) node {
			return ops.StopGradient(rightX(x, y))
		}, rightY), noJVP})(x, x)
	}
	require.Error(t, autodiff.Check(f, 2.0))
	require.NoError(t, autodiff.Checker{Order: 1}.Check(f, 2.0), "the second derivative alone is wrong")

	off := cube(rule{vjp(func(x, y node) node { return ops.Mul(1.001, rightX(x, y)) }, rightY), noJVP})
	g := func(x, y node) node { return off(x, y) }
	require.Error(t, autodiff.Checker{Order: 1}.Check(g, 2.0, 3.0))
	require.NoError(t, autodiff.Checker{Order: 1, Tol: 1e-2}.Check(g, 2.0, 3.0), "forward mode is the transpose, so both agree")

	require.ErrorContains(t, autodiff.Check(f), "0 arguments fed, 1 wanted")
	require.ErrorIs(t, autodiff.Check(func(x, i node) node { return ops.Take(x, i, 0) }, []float64{1}, []int{3}), ops.ErrIndex)
}

func TestCheckGraph(t *testing.T) {
	g := graph.New()
	x, y := g.Input("x", graph.Float64, 2), g.Input("y", graph.Float64, 2)
	out := []node{ops.Mul(ops.Sin(x), y)}
	require.NoError(t, autodiff.Checker{}.CheckGraph(out, []node{x, y}, []float64{1, 2}, []float64{3, 4}))
	require.ErrorContains(t, autodiff.Checker{}.CheckGraph(out, []node{x, y}, []float64{1, 2}), "1 values fed, 2 wanted")
	require.EqualError(t, autodiff.Checker{}.CheckGraph(out, []node{x, y}, []float64{1, 2}, []float64{3}),
		"input 1 (y): fed f64[1], wants f64[2]")
	negated := cube(rule{vjp(rightX, func(x, y node) node { return ops.Neg(ops.Square(x)) }), noJVP})
	var wrong *autodiff.CheckError
	require.ErrorAs(t, autodiff.Checker{}.CheckGraph([]node{negated(x, y)}, []node{x, y}, []float64{1, 2}, []float64{3, 4}), &wrong)
	require.Contains(t, wrong.Input, "y f64[2]")
}

// A check of nothing does not pass.
func TestCheckOfNothing(t *testing.T) {
	argmax := func(x node) node { return ops.ArgMax(x) }
	require.ErrorContains(t, autodiff.Check(argmax, []float64{1, 2}), "no derivative to check")
	require.ErrorContains(t, autodiff.Check(func(x node) node { return x }, []int64{1, 2}), "no derivative to check")
}
