package solve_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/autodiff"
	"chainrule/autodiff/solve"
	"chainrule/graph"
	"chainrule/ops"
)

// nistFit is a problem of the NIST Statistical Reference Datasets for nonlinear regression (public domain), with two starts
// and the parameters and sum of squares that NIST certifies to eleven digits.
type nistFit struct {
	Name       string
	Starts     [2][]float64
	Certified  []float64
	Deviations []float64
	RSS        float64
	Y          []float64
	X          [][]float64
}

func nistFits(t *testing.T) (fits []nistFit) {
	data, err := os.ReadFile("testdata/nist.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &fits))
	require.Len(t, fits, 27)
	return fits
}

// nistModel is y as a function of parameters b and predictors x.
type nistModel func(b, x []node) node

func plus(terms ...node) node {
	sum := terms[0]
	for _, t := range terms[1:] {
		sum = ops.Add(sum, t)
	}
	return sum
}

// poly is b₀ + b₁x + b₂x² + …
func poly(x node, b ...node) node {
	p := b[len(b)-1]
	for i := len(b) - 2; i >= 0; i-- {
		p = ops.Add(b[i], ops.Mul(x, p))
	}
	return p
}

func decay(height, rate, x node) node { return ops.Mul(height, ops.Exp(ops.Neg(ops.Mul(rate, x)))) }

func bell(height, centre, width, x node) node {
	return ops.Mul(height, ops.Exp(ops.Neg(ops.Square(ops.Div(ops.Sub(x, centre), width)))))
}

func swinging(period, cos, sin, x node) node {
	angle := ops.Div(ops.Mul(2*math.Pi, x), period)
	return ops.Add(ops.Mul(cos, ops.Cos(angle)), ops.Mul(sin, ops.Sin(angle)))
}

func saturation(b, x []node) node {
	return ops.Mul(b[0], ops.Sub(1, decay(ops.FullLike(b[1], 1), b[1], x[0])))
}

func decayOverLine(b, x []node) node {
	return ops.Div(decay(ops.FullLike(b[0], 1), b[0], x[0]), poly(x[0], b[1], b[2]))
}

func twoBells(b, x []node) node {
	return plus(decay(b[0], b[1], x[0]), bell(b[2], b[3], b[4], x[0]), bell(b[5], b[6], b[7], x[0]))
}

func cubicOverCubic(b, x []node) node {
	return ops.Div(poly(x[0], b[:4]...), ops.Add(1, ops.Mul(x[0], poly(x[0], b[4:]...))))
}

func threeDecays(b, x []node) node {
	return plus(decay(b[0], b[1], x[0]), decay(b[2], b[3], x[0]), decay(b[4], b[5], x[0]))
}

var nistModels = map[string]nistModel{
	"Bennett5": func(b, x []node) node {
		return ops.Mul(b[0], ops.Pow(ops.Add(b[1], x[0]), ops.Div(-1, b[2])))
	},
	"BoxBOD": saturation, "Misra1a": saturation,
	"Chwirut1": decayOverLine, "Chwirut2": decayOverLine,
	"DanWood": func(b, x []node) node { return ops.Mul(b[0], ops.Pow(x[0], b[1])) },
	"ENSO": func(b, x []node) node {
		year := ops.FullLike(b[0], 12)
		return plus(b[0], swinging(year, b[1], b[2], x[0]), swinging(b[3], b[4], b[5], x[0]), swinging(b[6], b[7], b[8], x[0]))
	},
	"Eckerle4": func(b, x []node) node {
		return ops.Mul(ops.Div(b[0], b[1]), ops.Exp(ops.Mul(-0.5, ops.Square(ops.Div(ops.Sub(x[0], b[2]), b[1])))))
	},
	"Gauss1": twoBells, "Gauss2": twoBells, "Gauss3": twoBells,
	"Hahn1": cubicOverCubic, "Thurber": cubicOverCubic,
	"Kirby2": func(b, x []node) node {
		return ops.Div(poly(x[0], b[:3]...), ops.Add(1, ops.Mul(x[0], poly(x[0], b[3:]...))))
	},
	"Lanczos1": threeDecays, "Lanczos2": threeDecays, "Lanczos3": threeDecays,
	"MGH09": func(b, x []node) node {
		square := ops.Square(x[0])
		return ops.Div(ops.Mul(b[0], ops.Add(square, ops.Mul(x[0], b[1]))), plus(square, ops.Mul(x[0], b[2]), b[3]))
	},
	"MGH10": func(b, x []node) node { return ops.Mul(b[0], ops.Exp(ops.Div(b[1], ops.Add(x[0], b[2])))) },
	"MGH17": func(b, x []node) node { return plus(b[0], decay(b[1], b[3], x[0]), decay(b[2], b[4], x[0])) },
	"Misra1b": func(b, x []node) node {
		return ops.Mul(b[0], ops.Sub(1, ops.Pow(ops.Add(1, ops.Mul(0.5, ops.Mul(b[1], x[0]))), -2)))
	},
	"Misra1c": func(b, x []node) node {
		return ops.Mul(b[0], ops.Sub(1, ops.Pow(ops.Add(1, ops.Mul(2, ops.Mul(b[1], x[0]))), -0.5)))
	},
	"Misra1d": func(b, x []node) node {
		bx := ops.Mul(b[1], x[0])
		return ops.Div(ops.Mul(b[0], bx), ops.Add(1, bx))
	},
	"Nelson": func(b, x []node) node { // of log y
		return ops.Sub(b[0], ops.Mul(b[1], decay(x[0], b[2], x[1])))
	},
	"Rat42": func(b, x []node) node { return ops.Div(b[0], ops.Add(1, ops.Exp(ops.Sub(b[1], ops.Mul(b[2], x[0]))))) },
	"Rat43": func(b, x []node) node {
		return ops.Div(b[0], ops.Pow(ops.Add(1, ops.Exp(ops.Sub(b[1], ops.Mul(b[2], x[0])))), ops.Div(1, b[3])))
	},
	"Roszman1": func(b, x []node) node {
		bend := ops.Div(ops.Atan(ops.Div(b[2], ops.Sub(x[0], b[3]))), math.Pi)
		return ops.Sub(ops.Sub(b[0], ops.Mul(b[1], x[0])), bend)
	},
}

// cost is the sum of squares of a problem, of parameters that are given as multiples of the units.
func (fit nistFit) cost(units []float64) func(_, b node) node {
	f := fit.residuals(units)
	return func(p, v node) node { return ops.Sum(ops.Square(f(p, v))) }
}

// residuals is what a model of such parameters is off by.
func (fit nistFit) residuals(units []float64) func(_, b node) node {
	y := slices.Clone(fit.Y)
	if fit.Name == "Nelson" {
		for i, v := range y {
			y[i] = math.Log(v)
		}
	}
	return func(_, v node) node {
		constant := func(data []float64) node { return ops.Cast(graph.Const(v.Graph(), data, len(data)), v.DType()) }
		var b, x []node
		for i := range fit.Certified {
			b = append(b, ops.Mul(units[i], entry(v, i)))
		}
		for _, column := range fit.X {
			x = append(x, constant(column))
		}
		return ops.Sub(nistModels[fit.Name](b, x), constant(y))
	}
}

// Every fit from both starts, in the units that it comes in and in others, ends with the certified parameters, at another
// stationary point of those that have one, or with a ConvergenceError: never anywhere else.
func TestNISTFits(t *testing.T) {
	const digits, digits32 = 1e-7, 1e-3
	elsewhere := map[string]bool{ // zeros of the gradient that are no fits: saddles, and minima beyond a pole
		"root BoxBOD": true, "root ENSO": true, "root Nelson": true, "root MGH09": true, "root Thurber": true,
	}
	right := map[string]int{}
	for _, fit := range nistFits(t) {
		n := len(fit.Certified)
		for which, unit := range map[string]func(i int) float64{
			"": func(int) float64 { return 1 }, " in other units": func(i int) float64 { return []float64{0x1p40, 0x1p-30, 0x1p10}[i%3] },
		} {
			units, back := make([]float64, n), make([]float64, n)
			for i := range units {
				units[i], back[i] = unit(i), 1/unit(i)
			}
			cost, plain := fit.cost(units), fit.cost(slices.Repeat([]float64{1}, n))
			solvers := map[string]func(p, x node) node{
				"minimize": solve.Minimize(cost),
				"root": solve.Root(func(p, x node) node {
					return autodiff.Grad(func(x node) node { return cost(p, x) })(x)
				}),
			}
			for name, f := range solvers {
				for _, d := range []graph.DType{graph.Float64, graph.Float32} {
					if which != "" && (d == graph.Float32 || name == "root") {
						continue
					}
					fn := autodiff.Compile(func(start node) node {
						x := ops.Cast(ops.Mul(graph.Const(start.Graph(), back, n), start), d)
						return ops.Mul(graph.Const(start.Graph(), units, n), ops.Cast(f(entry(x, 0), x), graph.Float64))
					})
					for k, start := range fit.Starts {
						what := fmt.Sprintf("%s %s%s from start %d in %v", name, fit.Name, which, k+1, d)
						out, err := fn.Run(t.Context(), start)
						var wrong *solve.ConvergenceError
						if errors.As(err, &wrong) {
							continue
						}
						require.NoError(t, err, what)
						b, off := elements(out[0]), 0.0
						for i, want := range fit.Certified {
							off = max(off, math.Abs(b[i]/want-1))
						}
						allowed := digits
						if d == graph.Float32 {
							allowed = digits32
						}
						if off <= allowed {
							right[fmt.Sprint(name, which, " ", d)]++
							continue
						}
						require.True(t, elsewhere[name+" "+fit.Name], "%s: %v is off by %.1e", what, b, off)
						require.Less(t, slopeAt(t, plain, b, fit.Certified), allowed, what)
					}
				}
			}
		}
	}
	t.Log(right)
	require.GreaterOrEqual(t, right["minimize f64"], 50, "of 54")
	require.GreaterOrEqual(t, right["minimize in other units f64"], 50, "of 54")
	require.GreaterOrEqual(t, right["minimize f32"], 30, "of 54")
	require.GreaterOrEqual(t, right["root f64"], 20, "of 54")
}

// slopeAt is what is left of the gradient at b, at most, as a part of what moving the parameters by their usual sizes would
// change it by.
func slopeAt(t *testing.T, cost func(_, b node) node, b, usual []float64) (worst float64) {
	f := func(b node) node { return cost(b, b) }
	out, err := autodiff.Compile(func(b node) (node, node) { return autodiff.Grad(f)(b), autodiff.Hessian(f)(b) }).Run(t.Context(), b)
	require.NoError(t, err)
	g, h := elements(out[0]), elements(out[1])
	for i := range b {
		size := 0.0
		for j := range b {
			size += math.Abs(h[i*len(b)+j]) * max(math.Abs(b[j]), math.Abs(usual[j]))
		}
		if g[i] != 0 {
			worst = max(worst, math.Abs(g[i])/size)
		}
	}
	return worst
}
