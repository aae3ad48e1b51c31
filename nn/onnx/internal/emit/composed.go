package emit

import (
	"math"

	"chainrule/graph"
)

// formula writes an op as a formula of others.
type formula struct {
	e *emitter
	d graph.DType
}

func (f formula) op(op string, in ...string) string { return f.e.op(op, nil, in...) }
func (f formula) k(v float64) string                { return f.e.number(f.d, v) }
func (f formula) add(a, b string) string            { return f.op("Add", a, b) }
func (f formula) sub(a, b string) string            { return f.op("Sub", a, b) }
func (f formula) mul(a, b string) string            { return f.op("Mul", a, b) }
func (f formula) div(a, b string) string            { return f.op("Div", a, b) }
func (f formula) isZero(x string) string            { return f.op("Equal", x, f.k(0)) }

// or0 is y, and 0 where x is.
func (f formula) or0(x, y string) string { return f.op("Where", f.isZero(x), f.k(0), y) }

// less1 is 1 − x.
func (f formula) less1(x string) string { return f.sub(f.k(1), x) }

// log1p is 2·artanh(x/(2 + x)), which keeps the digits of small x.
func (f formula) log1p(x string) string {
	near := f.mul(f.k(2), f.op("Atanh", f.div(x, f.add(x, f.k(2)))))
	return f.op("Where", f.op("Less", f.op("Abs", x), f.k(0.5)), near, f.op("Log", f.add(x, f.k(1))))
}

// expm1 is 2t/(1 − t) with t = tanh(x/2), which keeps the digits of small x.
func (f formula) expm1(x string) string {
	t := f.op("Tanh", f.mul(x, f.k(0.5)))
	near := f.div(f.mul(f.k(2), t), f.less1(t))
	return f.op("Where", f.op("Less", f.op("Abs", x), f.k(1)), near, f.sub(f.op("Exp", x), f.k(1)))
}

// hypot is m·√((a/m)² + (b/m)²) with the larger one, m.
func (f formula) hypot(a, b string) string {
	a, b = f.op("Abs", a), f.op("Abs", b)
	m := f.op("Max", a, b)
	safe := f.op("Where", f.isZero(m), f.k(1), m)
	r, s := f.div(a, safe), f.div(b, safe)
	return f.mul(m, f.op("Sqrt", f.add(f.mul(r, r), f.mul(s, s))))
}

// atan2 is atan(y/x), turned by π on the left, and ±π/2 above and below 0.
func (f formula) atan2(y, x string) string {
	safe := f.op("Where", f.isZero(x), f.k(1), x)
	turn := f.op("Where", f.op("Less", y, f.k(0)), f.k(-math.Pi), f.k(math.Pi))
	left := f.op("Where", f.op("Less", x, f.k(0)), turn, f.k(0))
	side := f.add(f.op("Atan", f.div(y, safe)), left)
	up := f.mul(f.op("Sign", y), f.k(math.Pi/2))
	return f.op("Where", f.isZero(x), up, side)
}

// floorMod is a − b·⌊a/b⌋, for integers Mod.
func (f formula) floorMod(a, b string) string {
	if f.d == graph.Int64 {
		return f.op("Mod", a, b)
	}
	return f.sub(a, f.mul(b, f.op("Floor", f.div(a, b))))
}

// atLeast is 1 where an operator holds of x and 0, and else 0.
func (f formula) atLeast(op, x string) string { return f.e.cast(f.op(op, x, f.k(0)), f.d) }

// composed are the ops that are formulas: of as many inputs as they have.
var composed = map[string]writer{
	"cbrt": of1(func(f formula, x string) string {
		return f.mul(f.op("Sign", x), f.op("Pow", f.op("Abs", x), f.k(1./3)))
	}),
	"erfc":  of1(func(f formula, x string) string { return f.less1(f.op("Erf", x)) }),
	"exp2":  of1(func(f formula, x string) string { return f.op("Pow", f.k(2), x) }),
	"expm1": of1(formula.expm1), "log1p": of1(formula.log1p),
	"gauss":           of1(func(f formula, x string) string { return f.op("Exp", f.op("Neg", f.mul(x, x))) }),
	"log10":           of1(func(f formula, x string) string { return f.div(f.op("Log", x), f.k(math.Ln10)) }),
	"log2":            of1(func(f formula, x string) string { return f.div(f.op("Log", x), f.k(math.Ln2)) }),
	"one_less_square": of1(func(f formula, x string) string { return f.mul(f.less1(x), f.add(f.k(1), x)) }),
	"slope_tanh":      of1(func(f formula, x string) string { return f.mul(f.less1(x), f.add(f.k(1), x)) }),
	"slope_sigmoid":   of1(func(f formula, x string) string { return f.mul(x, f.less1(x)) }),
	"slope_atan":      of1(func(f formula, x string) string { return f.op("Reciprocal", f.add(f.k(1), f.mul(x, x))) }),
	"positive":        of1(func(f formula, x string) string { return f.atLeast("Greater", x) }),
	"step":            of1(func(f formula, x string) string { return f.atLeast("GreaterOrEqual", x) }),
	"square":          of1(func(f formula, x string) string { return f.mul(x, x) }),
	"trunc":           of1(func(f formula, x string) string { return f.mul(f.op("Sign", x), f.op("Floor", f.op("Abs", x))) }),

	"atan2": of2(formula.atan2), "hypot": of2(formula.hypot), "floor_mod": of2(formula.floorMod),
	"mod": func(e *emitter, n *graph.Node, in []string) string { return e.op("Mod", attrs{"fmod": 1}, in...) },
	"ne": func(e *emitter, n *graph.Node, in []string) string {
		return e.op("Not", nil, e.op("Equal", nil, in...))
	},
	"logaddexp": of2(func(f formula, a, b string) string {
		return f.add(f.op("Max", a, b), f.op("Softplus", f.op("Neg", f.op("Abs", f.sub(a, b)))))
	}),
	"slope_log_add_exp": of2(func(f formula, a, b string) string { return f.op("Sigmoid", f.sub(a, b)) }),
	"slope_hypot":       of2(func(f formula, a, b string) string { return f.or0(a, f.div(a, f.hypot(a, b))) }),
	"times_slope":       of2(func(f formula, a, b string) string { return f.or0(a, f.mul(a, b)) }),
	"mul_slope_sigmoid": of2(func(f formula, a, y string) string { return f.mul(a, f.mul(y, f.less1(y))) }),
	"mul_slope_tanh":    of2(func(f formula, a, y string) string { return f.mul(a, f.mul(f.less1(y), f.add(f.k(1), y))) }),
	"xlogy":             of2(func(f formula, a, b string) string { return f.or0(a, f.mul(a, f.op("Log", b))) }),
	"xmuly":             of2(func(f formula, a, b string) string { return f.or0(a, f.mul(a, b)) }),
	"xdivy": func(e *emitter, n *graph.Node, in []string) string {
		f, y := formula{e, n.DType()}, in[0]
		for range intOf(n, "Times") {
			y = f.div(y, in[1])
		}
		return f.or0(in[0], y)
	},
	"mul_add": func(e *emitter, n *graph.Node, in []string) string {
		return e.op("Add", nil, e.op("Mul", nil, in[0], in[1]), in[2])
	},
}

func of1(write func(f formula, x string) string) writer {
	return func(e *emitter, n *graph.Node, in []string) string { return write(formula{e, n.DType()}, in[0]) }
}

func of2(write func(f formula, a, b string) string) writer {
	return func(e *emitter, n *graph.Node, in []string) string { return write(formula{e, n.DType()}, in[0], in[1]) }
}
