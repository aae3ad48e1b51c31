package ops

import (
	"chainrule/graph"
	"chainrule/internal/kernel/vec"
)

// Products with a first factor that may be 0, for terms that count nothing then. Each is an op, and its derivative made of
// the others: to put a harmless number in the place of y, where x is 0, would lose the derivatives by x there.

// XLogY returns x·log y, elementwise with broadcasting, and 0 where x = 0, whatever y is but NaN: the term of a
// log-likelihood for x events of probability y. Its derivative by y is XDivY(x, y).
func XLogY[A, B Operand](x A, y B) *graph.Node { return binary(&xlogyOp, x, y) }

// XDivY returns x/y, elementwise with broadcasting, and 0 where x = 0, whatever y is but NaN.
func XDivY[A, B Operand](x A, y B) *graph.Node { return binary(&xdivyOp, x, y) }

// XMulY returns x·y, elementwise with broadcasting, and 0 where x = 0, whatever y is but NaN: 0·∞ is 0.
func XMulY[A, B Operand](x A, y B) *graph.Node { return binary(&xmulyOp, x, y) }

var xlogyOp, xdivyOp, xmulyOp graph.Op

func init() {
	none := func(name string, lo, hi float64) graph.Case {
		return graph.Case{Name: name, In: []graph.Arg{values([]float64{0, 0}, 2), within(lo, hi, 2)}}
	}
	define(&xlogyOp, smooth2("xlogy", "a · log b, and 0 where a is", floats2(vec.XLogY[float32], vec.XLogY[float64]),
		func(a, b, y *graph.Node) *graph.Node { return Log(b) },
		func(a, b, y *graph.Node) *graph.Node { return XDivY(a, b) },
		append(binaryCases(-2, 2, 0.5, 3), none("no events", 0.5, 2))))
	define(&xdivyOp, smooth2("xdivy", "a / b, and 0 where a is", floats2(vec.XDivY[float32], vec.XDivY[float64]),
		func(a, b, y *graph.Node) *graph.Node { return Reciprocal(b) },
		func(a, b, y *graph.Node) *graph.Node { return Neg(XDivY(y, b)) },
		append(binaryCases(-2, 2, 0.5, 3), none("nothing", -2, -0.5))))
	define(&xmulyOp, smooth2("xmuly", "a · b, and 0 where a is", floats2(vec.XMulY[float32], vec.XMulY[float64]),
		func(a, b, y *graph.Node) *graph.Node { return b },
		func(a, b, y *graph.Node) *graph.Node { return a },
		append(binaryCases(-2, 2, -2, 2), none("nothing", -2, 2))))
}
