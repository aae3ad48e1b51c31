package autodiff_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// decades are units from 1e-12 to 1e12.
func decades() []float64 {
	var units []float64
	for e := -12; e <= 12; e++ {
		units = append(units, math.Pow10(e))
	}
	return units
}

// in gives vectors of an element type.
func in(d graph.DType, v []float64) *tensor.Dense {
	if d == graph.Float64 {
		return tensor.New(tensor.WithBacking(slices.Clone(v)))
	}
	narrow := make([]float32, len(v))
	for i, x := range v {
		narrow[i] = float32(x)
	}
	return tensor.New(tensor.WithBacking(narrow))
}

// bentAt is its argument, with a derivative, reverse and forward, that is off by a ten-thousandth in the elements given; all of
// its derivatives if order is 1, or the second alone.
func bentAt(order int, elements ...int) func(x node) node {
	return func(x node) node {
		off := make([]float64, x.Type().Size())
		for _, i := range elements {
			off[i] = 1e-4
		}
		by := ops.Reshape(vector(x, off...), x.Shape()...)
		if order == 1 {
			return ops.Add(x, ops.Mul(by, ops.Sub(x, ops.StopGradient(x))))
		}
		f := autodiff.CustomVJP(func(x node) node { return x }, func(x, _, ct node) node {
			return ops.Mul(ct, ops.Add(1, ops.Mul(by, ops.Sub(ops.Div(x, ops.StopGradient(x)), 1))))
		})
		return f(x)
	}
}

// TestCheckFindsWhatIsOffInAnyUnit has functions of elements with units of their own, whose results have others, all from 1e-12
// to 1e12, and a rule that is off in one of them.
func TestCheckFindsWhatIsOffInAnyUnit(t *testing.T) {
	units := decades()
	n := len(units)
	rng := rand.New(rand.NewPCG(3, 5))
	perm := rng.Perm(n)
	x, back := make([]float64, n), make([]float64, n)
	for i, u := range units {
		x[i] = u * (1 + rng.Float64())
		back[i] = units[perm[i]]
	}
	curve := func(v node) node { return ops.Add(ops.Sin(v), ops.Square(v)) }
	for _, d := range []graph.DType{graph.Float64, graph.Float32} {
		for name, f := range map[string]func(bend func(x node) node) any{
			"each by its own": func(bend func(x node) node) any {
				return func(x node) node { return ops.Mul(vector(x, back...), curve(bend(ops.Div(x, vector(x, units...))))) }
			},
			"each by the next too": func(bend func(x node) node) any {
				return func(x node) node {
					v := bend(ops.Div(x, vector(x, units...)))
					next := ops.Concat([]*graph.Node{ops.Slice(v, ops.Range{Start: 1, Stop: n}), ops.Slice(v, ops.Range{Stop: 1})}, 0)
					return ops.Mul(vector(x, back...), ops.Mul(curve(v), ops.Exp(ops.Neg(next))))
				}
			},
			"results of a list": func(bend func(x node) node) any {
				return func(x node) []node {
					v := bend(ops.Div(x, vector(x, units...)))
					var ys []node
					for i, u := range back {
						ys = append(ys, ops.Mul(u, curve(ops.Slice(v, ops.At(i)))))
					}
					return ys
				}
			},
		} {
			fed := in(d, x)
			require.NoError(t, autodiff.Check(f(bentAt(1)), fed), "%s, %v", name, d)
			require.NoError(t, autodiff.Check(f(bentAt(2)), fed), "%s, %v", name, d)
			for _, at := range []int{0, 3, 12, 21, n - 1} {
				for order := 1; order <= 2; order++ {
					var wrong *autodiff.CheckError
					err := autodiff.Check(f(bentAt(order, at)), fed)
					require.ErrorAs(t, err, &wrong, "%s, %v, element %d, order %d", name, d, at, order)
					require.False(t, wrong.Unsettled, err.Error())
					require.Equal(t, order, wrong.Order, err.Error())
					require.Equal(t, []int{at}, wrong.Element, err.Error())
				}
			}
		}
	}
}

// TestCheckOfTwoResults has one of size 1e-9, off, beside another of 1e9, in either order, as two results or one vector.
func TestCheckOfTwoResults(t *testing.T) {
	for _, small := range []float64{1e-12, 1e-9, 1e-6, 1, 1e6, 1e12} {
		large := 1 / small * 1e3
		for _, bend := range []bool{false, true} {
			tiny := func(x node) node {
				v := ops.Sin(x)
				if bend {
					v = bentAt(1, 0)(v)
				}
				return ops.Mul(small, v)
			}
			for name, f := range map[string]any{
				"two results": func(x node) (node, node) { return tiny(x), ops.Mul(large, ops.Exp(x)) },
				"the other":   func(x node) (node, node) { return ops.Mul(large, ops.Exp(x)), tiny(x) },
				"one vector": func(x node) node {
					return ops.Concat([]*graph.Node{ops.Reshape(tiny(x), 1), ops.Reshape(ops.Mul(large, ops.Exp(x)), 1)}, 0)
				},
				"a large offset": func(x node) (node, node) { return ops.Add(large, ops.Mul(large, x)), tiny(x) },
				"a constant":     func(x node) (node, node) { return ops.Full(x.Graph(), graph.Float64, large), tiny(x) },
			} {
				err := autodiff.Check(f, 0.7)
				if bend {
					require.Error(t, err, "%s, %v", name, small)
					require.ErrorContains(t, err, "of result ", fmt.Sprint(name, small))
				} else {
					require.NoError(t, err, "%s, %v", name, small)
				}
			}
		}
	}
}

// TestCheckOfForwardRulesInAnyUnit has a forward rule that is off for one operand, whose part is small beside the other's.
func TestCheckOfForwardRulesInAnyUnit(t *testing.T) {
	for _, unit := range []float64{1e-12, 1e-6, 1, 1e6, 1e12} {
		for _, off := range []float64{0, 1e-4, -1} {
			f := cube(rule{vjp(rightX, rightY), func(n node, t []node) node {
				x, y := n.In()[0], n.In()[1]
				return ops.Add(ops.Mul(rightX(x, y), orZero(t[0], x)), ops.Mul(1+off, ops.Mul(rightY(x, y), orZero(t[1], y))))
			}})
			g := func(x, y, z node) (node, node) {
				return ops.Mul(1/unit, f(x, y)), ops.Add(ops.Exp(z), ops.Mul(1/unit/unit, ops.Square(y)))
			}
			err := autodiff.Checker{Order: 1}.Check(g, []float64{1.5}, []float64{unit}, []float64{20})
			if off == 0 {
				require.NoError(t, err, "unit %v", unit)
				continue
			}
			var wrong *autodiff.CheckError
			require.ErrorAs(t, err, &wrong, "unit %v, off %v", unit, off)
			require.Equal(t, "forward mode", wrong.Against)
		}
	}
}

// TestCheckPassesInAnyUnit has right functions: of arguments in units far from 1, that are flat far from them, that cancel, or
// have zeros between.
func TestCheckPassesInAnyUnit(t *testing.T) {
	for _, unit := range []float64{1e-12, 1e-7, 1e-3, 1e3, 1e7, 1e12} {
		x := []float64{0.3 * unit, -1.2 * unit, 2 * unit}
		for name, f := range map[string]any{
			"sine":     func(x node) node { return ops.Sin(ops.Div(x, unit)) },
			"bump":     func(x node) node { return ops.Exp(ops.Neg(ops.Square(ops.Div(x, unit)))) },
			"logistic": func(x node) node { return ops.Mul(unit, ops.Sigmoid(ops.Div(x, unit))) },
			"energy":   func(x node) node { return ops.Sum(ops.Square(x)) },
			"softmax":  func(x node) node { return ops.Softmax(ops.Div(x, unit), 0) },
			"cancelling": func(x node) (node, node) {
				v := ops.Div(x, unit)
				return ops.Add(ops.Square(ops.Sin(v)), ops.Square(ops.Cos(v))), ops.Mul(unit, ops.Sum(v))
			},
			"linear": func(x node) (node, node) { return x, ops.Mul(1/unit/unit, ops.Sum(ops.Square(x))) },
			"a product with a zero": func(x node) node {
				return ops.Mul(ops.Concat([]*graph.Node{x, ops.Zeros(x.Graph(), graph.Float64, 1)}, 0), ops.Mul(unit, ops.Sum(x)))
			},
		} {
			require.NoError(t, autodiff.Check(f, x), "%s in units of %v", name, unit)
		}
	}
	require.NoError(t, autodiff.Check(func(x node) node { return ops.Sin(ops.Mul(x, 1e12)) }, []float64{0, 1e-12}))
	require.NoError(t, autodiff.Check(func(x node) node { return ops.Tanh(ops.Mul(x, 1e9)) }, 0.0))
}

// TestCheckFindsZeroRules has rules that give nothing where a function is flat but at its own scale.
func TestCheckFindsZeroRules(t *testing.T) {
	for _, unit := range []float64{1e-12, 1e-6, 1, 1e6, 1e12} {
		for name, f := range map[string]func(x node) node{
			"bump":   func(x node) node { return ops.Exp(ops.Neg(ops.Square(ops.Div(x, unit)))) },
			"cosine": func(x node) node { return ops.Mul(unit, ops.Cos(ops.Div(x, unit))) },
		} {
			zero := autodiff.CustomVJP(f, func(x, _, _ node) node { return ops.FullLike(x, 0) })
			require.NoError(t, autodiff.Checker{Order: 1}.Check(f, 0.5*unit), "%s in units of %v", name, unit)
			require.Error(t, autodiff.Checker{Order: 1}.Check(zero, 0.5*unit), "%s in units of %v", name, unit)
		}
	}
	flat := autodiff.CustomVJP(ops.Step, func(_, _, ct node) node { return ct }) // a slope where there is none
	require.Error(t, autodiff.Checker{Order: 1}.Check(flat, 1e-9))
	require.Error(t, autodiff.Checker{Order: 1}.Check(flat, 3.0))
}

// TestCheckOfManyInAnyUnit is beyond the elements that are tried one by one.
func TestCheckOfManyInAnyUnit(t *testing.T) {
	const n, at = 600, 7
	units, x := make([]float64, n), make([]float64, n)
	for i := range units {
		units[i] = math.Pow10(i%25 - 12)
		x[i] = units[i] * (1 + float64(i)/n)
	}
	f := func(bend func(x node) node) func(x node) node {
		return func(x node) node { return ops.Mul(vector(x, units...), ops.Sin(bend(ops.Div(x, vector(x, units...))))) }
	}
	require.NoError(t, autodiff.Check(f(bentAt(1)), x))
	var wrong *autodiff.CheckError
	require.ErrorAs(t, autodiff.Check(f(bentAt(1, at)), x), &wrong)
	require.Equal(t, []int{at}, wrong.Element)
}
