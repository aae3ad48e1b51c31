package ops

import (
	"math"

	"chainrule/graph"
	"chainrule/internal/kernel/vec"
)

// Sigmoid returns the logistic function 1/(1 + e⁻ˣ).
func Sigmoid(x *graph.Node) *graph.Node { return unary(&sigmoidOp, x) }

var sigmoidOp graph.Op

func init() {
	define(&sigmoidOp, smooth("sigmoid", "1/(1 + exp(−x))", floats1(vec.Sigmoid[float32], vec.Sigmoid[float64]),
		func(x, y *graph.Node) *graph.Node { return SlopeSigmoid(y) }, unaryCases(-3, 3)))
}

// Tanh returns the hyperbolic tangent.
func Tanh(x *graph.Node) *graph.Node { return unary(&tanhOp, x) }

var tanhOp graph.Op

func init() {
	define(&tanhOp, smooth("tanh", "hyperbolic tangent of x", floats1(vec.Tanh[float32], vec.Tanh[float64]),
		func(x, y *graph.Node) *graph.Node { return SlopeTanh(y) }, unaryCases(-2, 2)))
}

// Step returns 1 where x ≥ 0 and 0 where x < 0: the activation of the McCulloch–Pitts neuron, which fires when its
// input reaches the threshold. NaN stays NaN.
func Step(x *graph.Node) *graph.Node { return unary(&stepOp, x) }

// Positive returns 1 where x > 0 and 0 elsewhere, the derivative of ReLU. NaN stays NaN.
func Positive(x *graph.Node) *graph.Node { return unary(&positiveOp, x) }

var stepOp, positiveOp graph.Op

func init() {
	cases := append(unaryCases(-2, 2), graph.Case{Name: "zero", In: []graph.Arg{values([]float64{-1, 0, 1}, 3)}})
	define(&stepOp, flat("step", "1 where x ≥ 0, else 0", floats1(vec.Heaviside[float32], vec.Heaviside[float64]), cases))
	define(&positiveOp, flat("positive", "1 where x > 0, else 0", floats1(vec.Step[float32], vec.Step[float64]), cases))
}

// ReLU returns max(x, 0). Its derivative at 0 is 0.
func ReLU(x *graph.Node) *graph.Node { return unary(&reluOp, x) }

var reluOp graph.Op

func init() {
	define(&reluOp, cheap(smooth("relu", "max(x, 0)", floats1(vec.Relu[float32], vec.Relu[float64]),
		func(x, y *graph.Node) *graph.Node { return Positive(y) }, // as Positive(x), so that x need not be kept
		append(append(unaryCases(0.1, 2), named("negative", unaryCases(-2, -0.1))...),
			graph.Case{Name: "zero", In: []graph.Arg{values([]float64{-1, 0, 1}, 3)}, Excuses: kink("0 on one side, 1 on the other")}))))
}

type leakyReluAttrs struct{ Alpha float64 }

// LeakyReLU returns x where x > 0 and alpha·x elsewhere. Its derivative at 0 is alpha.
func LeakyReLU(x *graph.Node, alpha float64) *graph.Node {
	return apply(&leakyReluOp, leakyReluAttrs{alpha}, x)
}

var leakyReluOp graph.Op

func init() {
	alpha := func(n *graph.Node) float64 { return n.Attrs().(leakyReluAttrs).Alpha }
	define(&leakyReluOp, graph.Op{
		Name: "leaky_relu", Doc: "x where x > 0, else alpha·x", Class: graph.Map, Cheap: true, Arity: 1,
		Attrs: leakyReluAttrs{},
		Infer: func(in []*graph.Node, attrs any) (graph.Type, error) {
			t, err := floatMap(in, attrs)
			if err == nil {
				err = t.DType.Holds(attrs.(leakyReluAttrs).Alpha)
			}
			return t, err
		},
		Kernel: func(n *graph.Node) graph.Kernel {
			a := alpha(n)
			return floats1(
				func(dst, x []float32) { vec.LeakyRelu(dst, x, float32(a)) },
				func(dst, x []float64) { vec.LeakyRelu(dst, x, a) })(n)
		},
		Derivative: d1(func(x, y *graph.Node) *graph.Node {
			return Where(Gt(x, 0), like(x, 1), Where(Le(x, 0), like(x, alpha(y)), math.NaN()))
		}),
		Batch: batchMap,
		Cases: []graph.Case{
			{Name: "positive", In: []graph.Arg{within(0.1, 2, 3, 5)}, Attrs: leakyReluAttrs{0.1}},
			{Name: "negative", In: []graph.Arg{within(-2, -0.1, 7)}, Attrs: leakyReluAttrs{0.1}},
			{Name: "zero", In: []graph.Arg{values([]float64{-1, 0, 1}, 3)}, Attrs: leakyReluAttrs{0.3},
				Excuses: kink("alpha on one side, 1 on the other")},
			{Name: "empty", In: []graph.Arg{arg(0)}, Attrs: leakyReluAttrs{0.1}},
		},
		BadCases: []graph.BadCase{
			bad(leakyReluAttrs{0.1}, "wants f32 or f64", i64(3)), bad(leakyReluAttrs{1e39}, "1e+39 overflows an f32", f32(3)),
		},
	})
}

// Softplus returns log(1 + eˣ), a smooth ReLU.
func Softplus(x *graph.Node) *graph.Node { return unary(&softplusOp, x) }

var softplusOp graph.Op

func init() {
	define(&softplusOp, smooth("softplus", "log(1 + exp(x))", floats1(vec.Softplus[float32], vec.Softplus[float64]),
		func(x, y *graph.Node) *graph.Node { return Sigmoid(x) }, unaryCases(-3, 3)))
}
