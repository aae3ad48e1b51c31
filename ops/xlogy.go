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

var xlogyOp, xdivyOp, xmulyOp graph.Op

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
}
