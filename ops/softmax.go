package ops

import (
	"chainrule/graph"
	"chainrule/internal/kernel/vec"
)

// Softmax is exp x / Σ exp x over the given axes, all without any, without overflow.
func Softmax(x *graph.Node, axes ...int) *graph.Node { return normalise(&softmaxOp, x, axes) }

// LogSoftmax is the logarithm of Softmax, x − logsumexp x, accurate where Softmax underflows.
func LogSoftmax(x *graph.Node, axes ...int) *graph.Node { return normalise(&logSoftmaxOp, x, axes) }

// normalise applies an op over neighbouring axes, moved to the end and back if they are not.
func normalise(op *graph.Op, x *graph.Node, axes []int) *graph.Node {
	sorted := normalAxes(op, x, axes)
	if x.Rank() == 0 {
		return Reshape(normalise(op, Reshape(x, 1), nil))
	}
	perm, sorted := together(x.Rank(), sorted)
	y := apply(op, reduceAttrs{graph.MakeInts(sorted...)}, Permute(x, perm...))
	return Permute(y, inverse(perm)...)
}

var softmaxOp, logSoftmaxOp graph.Op

func init() {
	define(&softmaxOp, normaliser("softmax", "exp x / Σ exp x over neighbouring axes",
		foldKernel[float32, float64, int64](vec.Softmax[float32], vec.Softmax[float64], nil),
		// x̄ = y ⊙ (ȳ − Σ ȳ⊙y), and the Jacobian is symmetric.
		Explicit{Reverse: softmaxJacobian, Forward: softmaxJacobian}, largeLogits))
	define(&logSoftmaxOp, normaliser("log_softmax", "x − logsumexp x over neighbouring axes",
		foldKernel[float32, float64, int64](vec.LogSoftmax[float32], vec.LogSoftmax[float64], nil),
		Explicit{
			Reverse: func(n, ct *graph.Node) *graph.Node { return Sub(ct, Mul(Exp(n), unfold(n, refold(n, ct)))) },
			Forward: func(n, t *graph.Node) *graph.Node { return Sub(t, unfold(n, refold(n, Mul(Exp(n), t)))) },
		}, largeLogits))
}

// normaliser is the record of an op that keeps the shape of x, and whose results depend on all elements along some axes.
func normaliser(name, doc string, kernel bind, rule Explicit, cases ...graph.Case) graph.Op {
	return graph.Op{
		Name: name, Doc: doc, Class: graph.Opaque, Arity: 1, Attrs: reduceAttrs{}, Infer: normalised, InPlace: true,
		Kernel: kernel, Depends: foldDepends, Derivative: rule, Batch: batchReduce,
		Cases: reduceCases(cases...), BadCases: []graph.BadCase{badAxes, badBoolFold},
	}
}

var largeLogits = graph.Case{
	Name: "large", In: []graph.Arg{values([]float64{1000, 1001, 999, -1000, -1002, -999}, 2, 3)}, Attrs: reduceAttrs{"1"},
}

func softmaxJacobian(n, v *graph.Node) *graph.Node {
	return Mul(n, Sub(v, unfold(n, refold(n, Mul(v, n)))))
}

func normalised(in []*graph.Node, attrs any) (graph.Type, error) {
	_, err := folded(isFloat, "f32 or f64", true, same)(in, attrs)
	return in[0].Type(), err
}
