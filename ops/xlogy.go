package ops

import (
	"fmt"

	"chainrule/graph"
	"chainrule/internal/kernel/vec"
)

// Products with a first factor that may be 0, for terms that count nothing then. Each is an op, and its derivative made of
// the others: to put a harmless number in the place of y, where x is 0, would lose the derivatives by x there.

// XLogY returns x·log y, elementwise with broadcasting, and 0 where x = 0, whatever y is but NaN: the term of a
// log-likelihood for x events of probability y. Its derivative by y is XDivY(x, y).
func XLogY[A, B Operand](x A, y B) *graph.Node { return binary(&xlogyOp, x, y) }

// XDivY returns x/y, elementwise with broadcasting, and 0 where x = 0, whatever y is but NaN.
func XDivY[A, B Operand](x A, y B) *graph.Node { return overPower(1, nodes(&xdivyOp, x, y)...) }

// xdivyAttrs has how often y divides, so that the derivatives of all orders are of one kind.
type xdivyAttrs struct{ Times int }

func overPower(n int, in ...*graph.Node) *graph.Node { return apply(&xdivyOp, xdivyAttrs{n}, in...) }

// XMulY returns x·y, elementwise with broadcasting, and 0 where x = 0, whatever y is but NaN: 0·∞ is 0.
func XMulY[A, B Operand](x A, y B) *graph.Node { return binary(&xmulyOp, x, y) }

// TimesSlope returns t·p, elementwise with broadcasting, and 0 where t = 0, whatever p is, for tangents t of elements that
// an op adds up: one that does not move adds nothing, though the partial derivative p by it leave the range.
func TimesSlope[T, P Operand](t T, p P) *graph.Node { return binary(&timesSlopeOp, t, p) }

// slopeProduct is the rule of TimesSlope: tangents of t, and cotangents that meet p, may be such zeros too.
type slopeProduct struct{ Scalar }

// VJP implements graph.Derivative.
func (slopeProduct) VJP(n *graph.Node, i int, ct *graph.Node) *graph.Node {
	t, p := n.In()[0], n.In()[1]
	if i == 0 {
		return TimesSlope(ct, p)
	}
	return TimesSlope(t, ct)
}

// JVP implements graph.Derivative.
func (slopeProduct) JVP(n *graph.Node, t []*graph.Node) *graph.Node {
	var sum *graph.Node
	if t[0] != nil {
		sum = TimesSlope(t[0], n.In()[1])
	}
	if t[1] != nil {
		term := TimesSlope(n.In()[0], t[1])
		if sum == nil {
			sum = term
		} else {
			sum = Add(sum, term)
		}
	}
	return fill(sum, n)
}

var xlogyOp, xdivyOp, xmulyOp, timesSlopeOp graph.Op

func init() {
	none := func(name string, lo, hi float64) graph.Case {
		return graph.Case{Name: name, In: []graph.Arg{values([]float64{0, 0}, 2), within(lo, hi, 2)}}
	}
	define(&xlogyOp, smooth2("xlogy", "a · log b, and 0 where a is", floats2(vec.XLogY[float32], vec.XLogY[float64]),
		func(a, b, y *graph.Node) *graph.Node { return Log(b) },
		func(a, b, y *graph.Node) *graph.Node { return XDivY(a, b) },
		append(binaryCases(-2, 2, 0.5, 3), none("no events", 0.5, 2))))
	divided := append(binaryCases(-2, 2, 0.5, 3), none("nothing", -2, -0.5))
	for i := range divided {
		divided[i].Attrs = xdivyAttrs{1 + i%2}
	}
	define(&xdivyOp, graph.Op{
		Name: "xdivy", Doc: "a / b, so many times, and 0 where a is", Class: graph.Map, Arity: 2, Attrs: xdivyAttrs{},
		Infer: func(in []*graph.Node, attrs any) (graph.Type, error) {
			if n := attrs.(xdivyAttrs).Times; n < 1 {
				return graph.Type{}, fmt.Errorf("to divide %d times", n)
			}
			return floatMap(in, nil)
		},
		Kernel: func(n *graph.Node) graph.Kernel {
			k := n.Attrs().(xdivyAttrs).Times
			return floats2(
				func(dst, x, y []float32) { vec.XDivY(dst, x, y, k) },
				func(dst, x, y []float64) { vec.XDivY(dst, x, y, k) })(n)
		},
		Derivative: d2(
			func(a, b, y *graph.Node) *graph.Node { return overPower(y.Attrs().(xdivyAttrs).Times, like(a, 1), b) },
			func(a, b, y *graph.Node) *graph.Node {
				n := y.Attrs().(xdivyAttrs).Times
				return Mul(-n, overPower(n+1, a, b))
			}),
		Batch: batchMap, Cases: divided,
		BadCases: []graph.BadCase{
			bad(xdivyAttrs{1}, "convert one with Cast", f64(3), f32(3)),
			bad(xdivyAttrs{1}, "wants ", boolean(3), boolean(3)),
			bad(xdivyAttrs{}, "to divide 0 times", f64(3), f64(3)),
		},
	})
	define(&xmulyOp, smooth2("xmuly", "a · b, and 0 where a is", floats2(vec.XMulY[float32], vec.XMulY[float64]),
		func(a, b, y *graph.Node) *graph.Node { return b },
		func(a, b, y *graph.Node) *graph.Node { return a },
		append(binaryCases(-2, 2, -2, 2), none("nothing", -2, 2))))
	product := smooth2("times_slope", "a · b, and 0 where a is, though b be NaN",
		floats2(vec.TimesSlope[float32], vec.TimesSlope[float64]), nil, nil,
		append(binaryCases(-2, 2, -2, 2), none("nothing", -2, 2)))
	product.Derivative = slopeProduct{d2(
		func(a, b, y *graph.Node) *graph.Node { return b }, func(a, b, y *graph.Node) *graph.Node { return a })}
	define(&timesSlopeOp, product)
}
