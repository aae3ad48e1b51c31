package ops

import (
	"fmt"

	"chainrule/graph"
	"chainrule/internal/kernel/special"
)

// I0 returns the modified Bessel function of the first kind of order 0, I₀(x); I0e is scaled by exp(−|x|).
func I0(x *graph.Node) *graph.Node { return BesselI(0, x) }

// I1 returns the modified Bessel function of the first kind of order 1, I₁(x); I1e is scaled by exp(−|x|).
func I1(x *graph.Node) *graph.Node { return BesselI(1, x) }

// I0e returns exp(−|x|)·I₀(x).
func I0e(x *graph.Node) *graph.Node { return BesselIe(0, x) }

// I1e returns exp(−|x|)·I₁(x).
func I1e(x *graph.Node) *graph.Node { return BesselIe(1, x) }

// J0 returns the Bessel function of the first kind of order 0.
func J0(x *graph.Node) *graph.Node { return BesselJ(0, x) }

// J1 returns the Bessel function of the first kind of order 1.
func J1(x *graph.Node) *graph.Node { return BesselJ(1, x) }

// Y0 returns the Bessel function of the second kind of order 0.
func Y0(x *graph.Node) *graph.Node { return BesselY(0, x) }

// Y1 returns the Bessel function of the second kind of order 1.
func Y1(x *graph.Node) *graph.Node { return BesselY(1, x) }

// BesselJ returns the Bessel function of the first kind Jₙ(x) of a whole order, |n| ≤ 10000. The error is at most 8 ulp of the
// larger of its size and, for x > n, the amplitude √(2/πx).
func BesselJ(n int, x *graph.Node) *graph.Node { return bessel(&besselJOp, n, n%2 != 0, x) }

// BesselY returns the Bessel function of the second kind Yₙ(x) of a whole order, |n| ≤ 10000: −Inf at 0, NaN below. The error
// is that of BesselJ.
func BesselY(n int, x *graph.Node) *graph.Node { return bessel(&besselYOp, n, n%2 != 0, x) }

// BesselI returns the modified Bessel function of the first kind Iₙ(x) of a whole order, |n| ≤ 10000. The error is at most 5
// ulp.
func BesselI(n int, x *graph.Node) *graph.Node { return bessel(&besselIOp, n, false, x) }

// BesselK returns the modified Bessel function of the second kind Kₙ(x) of a whole order, |n| ≤ 10000: +Inf at 0, NaN below.
// The error is at most 8 ulp.
func BesselK(n int, x *graph.Node) *graph.Node { return bessel(&besselKOp, n, false, x) }

// BesselIe returns exp(−|x|)·Iₙ(x), which stays within range: see BesselI. Its derivative at 0 is the mean of both sides'.
func BesselIe(n int, x *graph.Node) *graph.Node {
	return apply(&besselIeOp, besselAttrs{Order: max(n, -n)}, x)
}

// BesselKe returns exp(x)·Kₙ(x), which stays within range: see BesselK.
func BesselKe(n int, x *graph.Node) *graph.Node {
	return apply(&besselKeOp, besselAttrs{Order: max(n, -n)}, x)
}

// bessel applies op of order |n|, with the sign of DLMF 10.4.1 or 10.27.1 for a negative one.
func bessel(op *graph.Op, n int, odd bool, x *graph.Node) *graph.Node {
	y := apply(op, besselAttrs{Order: max(n, -n)}, x)
	if n < 0 && odd {
		return Neg(y)
	}
	return y
}

// besselAttrs has the order of a Bessel function, and for the scaled ones the number of the derivative.
type besselAttrs struct{ Order, Slope int }

// maxBessel is the greatest order: recurrences take as many steps.
const maxBessel = 10000

var besselJOp, besselYOp, besselIOp, besselKOp, besselIeOp, besselKeOp graph.Op

// besselRecord is the record of a Bessel function.
func besselRecord(
	name, doc string, f func(n, slope int, x float64) float64, dydx func(a besselAttrs, x *graph.Node) *graph.Node,
	cases []graph.Case, slopes int,
) graph.Op {
	return graph.Op{
		Name: name, Doc: doc, Class: graph.Map, Arity: 1, Attrs: besselAttrs{},
		Infer: func(in []*graph.Node, attrs any) (graph.Type, error) {
			a := attrs.(besselAttrs)
			if a.Order < 0 || a.Order > maxBessel {
				return graph.Type{}, fmt.Errorf("order %d is not in −%d … %d", a.Order, maxBessel, maxBessel)
			}
			if a.Slope < 0 || a.Slope > slopes {
				return graph.Type{}, fmt.Errorf("derivative %d is not in 0 … %d", a.Slope, slopes)
			}
			return floatMap(in, nil)
		},
		Kernel: func(n *graph.Node) graph.Kernel {
			a := n.Attrs().(besselAttrs)
			return special1(func(x float64) float64 { return f(a.Order, a.Slope, x) })(n)
		},
		Derivative: d1(func(x, y *graph.Node) *graph.Node { return dydx(y.Attrs().(besselAttrs), x) }),
		Batch:      batchMap, Cases: cases,
		BadCases: []graph.BadCase{
			bad(besselAttrs{}, "wants f32 or f64", i64(3)), bad(besselAttrs{Order: 10001}, "is not in", f64(3)),
			bad(besselAttrs{Slope: 16}, "is not in", f64(3)),
		},
	}
}

// special1 binds a function of one number as a Map.
func special1(f func(x float64) float64) bind {
	return floats1(func(dst, x []float32) { special.Map1(dst, x, f) }, func(dst, x []float64) { special.Map1(dst, x, f) })
}

func init() {
	of := func(name string, n int, lo, hi float64) graph.Case {
		return graph.Case{Name: name, In: []graph.Arg{within(lo, hi, 2, 3)}, Attrs: besselAttrs{Order: n}}
	}
	positive := []graph.Case{of("zeroth", 0, 0.5, 9), of("first", 1, 0.5, 9), of("fifth", 5, 2, 9),

		{Name: "empty", In: []graph.Arg{arg(0, 3)}, Attrs: besselAttrs{}},
		{Name: "scalar", In: []graph.Arg{within(1, 2)}, Attrs: besselAttrs{}}}
	all := append([]graph.Case{of("both sides", 0, -4, 4), of("negative", 1, -6, -1)}, positive...)

	half := func(f func(n int, x *graph.Node) *graph.Node, minus bool) func(besselAttrs, *graph.Node) *graph.Node {
		return func(a besselAttrs, x *graph.Node) *graph.Node { // DLMF 10.6.1 and 10.29.1
			below, above := f(a.Order-1, x), f(a.Order+1, x)
			if a.Order == 0 {
				return above
			}
			if minus {
				return Mul(0.5, Sub(below, above))
			}
			return Mul(0.5, Add(below, above))
		}
	}
	negated := func(f func(besselAttrs, *graph.Node) *graph.Node, always bool) func(besselAttrs, *graph.Node) *graph.Node {
		return func(a besselAttrs, x *graph.Node) *graph.Node {
			y := f(a, x)
			if always || a.Order == 0 {
				return Neg(y)
			}
			return y
		}
	}
	plain := func(f func(n int, x float64) float64) func(n, slope int, x float64) float64 {
		return func(n, _ int, x float64) float64 { return f(n, x) }
	}
	define(&besselJOp, besselRecord("bessel_j", "Bessel function of the first kind", plain(special.BesselJ),
		negated(half(BesselJ, true), false), all, 0))
	define(&besselYOp, besselRecord("bessel_y", "Bessel function of the second kind", plain(special.BesselY),
		negated(half(BesselY, true), false), positive, 0))
	define(&besselIOp, besselRecord("bessel_i", "modified Bessel function of the first kind", plain(special.BesselI),
		half(BesselI, false), all, 0))
	define(&besselKOp, besselRecord("bessel_k", "modified Bessel function of the second kind", plain(special.BesselK),
		negated(half(BesselK, false), true), positive, 0))
	next := func(op *graph.Op) func(besselAttrs, *graph.Node) *graph.Node {
		return func(a besselAttrs, x *graph.Node) *graph.Node { return apply(op, besselAttrs{a.Order, a.Slope + 1}, x) }
	}
	slope := func(n, slope int, lo, hi float64) graph.Case {
		c := of(fmt.Sprint("order ", n, ", derivative ", slope), n, lo, hi)
		c.Attrs = besselAttrs{n, slope}
		return c
	}
	define(&besselIeOp, besselRecord("bessel_ie", "scaled modified Bessel function of the first kind", special.BesselIe,
		next(&besselIeOp), append([]graph.Case{slope(0, 1, 1, 9), slope(3, 2, -9, -1), slope(1, 1, 40, 60)},
			positive...), special.MaxSlope))
	define(&besselKeOp, besselRecord("bessel_ke", "scaled modified Bessel function of the second kind", special.BesselKe,
		next(&besselKeOp), append([]graph.Case{slope(0, 1, 1, 9), slope(3, 2, 1, 9), slope(1, 1, 40, 60)},
			positive...), special.MaxSlope))
}
