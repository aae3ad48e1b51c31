package ours

import (
	"chainrule/autodiff"
	"chainrule/benchmarks/workload"
	"chainrule/graph"
	"chainrule/nn"
	"chainrule/ops"

	"gorgonia.org/tensor"
)

// gemm is a product of matrices, with the operands transposed that the case says.
func gemm[T workload.Float](c workload.Case, threads int) (*Subject, error) {
	f := autodiff.Compile(func(a, b *graph.Node) *graph.Node {
		if c.Form[0] == 't' {
			a = ops.Transpose(a)
		}
		if c.Form[1] == 't' {
			b = ops.Transpose(b)
		}
		return ops.MatMul(a, b)
	}, options(threads)...)
	aShape, bShape := []int{c.M, c.K}, []int{c.K, c.N}
	if c.Form[0] == 't' {
		aShape = []int{c.K, c.M}
	}
	if c.Form[1] == 't' {
		bShape = []int{c.N, c.K}
	}
	a := dense(workload.Fill[T](workload.AStream, c.M*c.K, 1), aShape...)
	b := dense(workload.Fill[T](workload.BStream, c.K*c.N, 1), bShape...)
	out := make([]T, c.M*c.N)
	step := into(f, []*tensor.Dense{dense(out, c.M, c.N)}, []*tensor.Dense{a, b})
	answer := func() ([]workload.Sum, error) {
		err := step()
		return []workload.Sum{workload.Check(out)}, err
	}
	return &Subject{c, step, answer}, nil
}

// chained is y = Σ tanh(x·w + b)·σ(x) with ∂y/∂x.
func chained(x, w, b *graph.Node) (y, grad *graph.Node) {
	return autodiff.ValueAndGrad(func(x *graph.Node) *graph.Node {
		return ops.Sum(ops.Mul(ops.Tanh(ops.Add(ops.Mul(x, w), b)), ops.Sigmoid(x)))
	})(x)
}

func chain[T workload.Float](c workload.Case, threads int) (*Subject, error) {
	x := dense(workload.Fill[T](workload.AStream, c.N, workload.ChainScale), c.N)
	w := dense(workload.Fill[T](workload.BStream, c.N, 1), c.N)
	b := dense(workload.Fill[T](workload.CStream, c.N, 1), c.N)
	y, grad := dense(make([]T, 1)), dense(make([]T, c.N), c.N)
	step := into(autodiff.Compile(chained, options(threads)...), []*tensor.Dense{y, grad}, []*tensor.Dense{x, w, b})
	answer := func() ([]workload.Sum, error) {
		err := step()
		return []workload.Sum{workload.Number(values[T](y)[0]), workload.Check(values[T](grad))}, err
	}
	return &Subject{c, step, answer}, nil
}

// repeated is v after n/4 times v ← tanh(v·k + x) − x, from v = x.
func repeated(n int, x, k *graph.Node) *graph.Node {
	v := x
	for range n / 4 {
		v = ops.Sub(ops.Tanh(ops.Add(ops.Mul(v, k), x)), x)
	}
	return v
}

// scalar is a chain of operations on single numbers, with its derivative.
func scalar[T workload.Float](c workload.Case, threads int) (*Subject, error) {
	f := autodiff.Compile(func(x, k *graph.Node) (*graph.Node, *graph.Node) {
		return autodiff.ValueAndGrad(func(x *graph.Node) *graph.Node { return repeated(c.N, x, k) })(x)
	}, options(threads)...)
	v, dv := dense(make([]T, 1)), dense(make([]T, 1))
	x, k := dense([]T{workload.ScalarX}), dense([]T{workload.ScalarK})
	step := into(f, []*tensor.Dense{v, dv}, []*tensor.Dense{x, k})
	answer := func() ([]workload.Sum, error) {
		err := step()
		return []workload.Sum{workload.Number(values[T](v)[0]), workload.Number(values[T](dv)[0])}, err
	}
	return &Subject{c, step, answer}, nil
}

// layer holds the parameters of one layer: nodes in formulas, tensors while they run.
type layer[V any] struct {
	W V // [in, out]
	B V // [out]
}

// cost is what a training step lessens.
func cost(c workload.Case, layers []layer[*graph.Node], x, y *graph.Node) *graph.Node {
	a := x
	for i, l := range layers {
		z := ops.Add(ops.MatMul(a, l.W), l.B)
		switch {
		case c.Kind == workload.Nielsen:
			a = ops.Sigmoid(z)
		case i < len(layers)-1:
			a = ops.ReLU(z)
		default:
			a = z
		}
	}
	if c.Kind == workload.Nielsen {
		return ops.Mean(ops.Square(ops.Sub(a, y)))
	}
	return nn.SoftmaxCrossEntropy(a, y)
}

// descend is one step of gradient descent: the cost, and the parameters after it.
func descend(c workload.Case, layers []layer[*graph.Node], x, y *graph.Node) (*graph.Node, []layer[*graph.Node]) {
	value, grad := autodiff.ValueAndGrad(func(layers []layer[*graph.Node]) *graph.Node {
		return cost(c, layers, x, y)
	})(layers)
	next := make([]layer[*graph.Node], len(layers))
	for i, l := range layers {
		next[i].W = ops.Sub(l.W, ops.Mul(c.Rate(), grad[i].W))
		next[i].B = ops.Sub(l.B, ops.Mul(c.Rate(), grad[i].B))
	}
	return value, next
}

// training is a step of gradient descent, which updates the parameters in place.
func training[T workload.Float](c workload.Case, threads int) (*Subject, error) {
	f := autodiff.Compile(func(layers [3]layer[*graph.Node], x, y *graph.Node) (*graph.Node, [3]layer[*graph.Node]) {
		value, next := descend(c, layers[:], x, y)
		return value, [3]layer[*graph.Node](next)
	}, options(threads, autodiff.Donate(0, 1))...)
	if c.Kind == workload.Nielsen {
		f = autodiff.Compile(func(layers [2]layer[*graph.Node], x, y *graph.Node) (*graph.Node, [2]layer[*graph.Node]) {
			value, next := descend(c, layers[:], x, y)
			return value, [2]layer[*graph.Node](next)
		}, options(threads, autodiff.Donate(0, 1))...)
	}
	t := newTensors[T](c)
	step := into(f, t.results, t.args)
	return &Subject{c, step, func() ([]workload.Sum, error) { return t.answer(step) }}, nil
}

// tensors are those of a training step.
type tensors[T workload.Float] struct {
	widths        []int
	params        [][]T // weights and biases, by turns
	results, args []*tensor.Dense
}

func newTensors[T workload.Float](c workload.Case) *tensors[T] {
	t := &tensors[T]{widths: c.Widths(), results: []*tensor.Dense{dense(make([]T, 1))}}
	for l := range len(t.widths) - 1 {
		in, out := t.widths[l], t.widths[l+1]
		w, b := workload.Weights[T](l, in, out), make([]T, out)
		t.params = append(t.params, w, b)
		t.args = append(t.args, dense(w, in, out), dense(b, out))
		t.results = append(t.results, nil, nil)
	}
	t.args = append(t.args, dense(workload.Batch[T](c.Batch), c.Batch, t.widths[0]),
		dense(workload.OneHot[T](c.Batch), c.Batch, 10))
	return t
}

// answer takes steps and tells how far the parameters moved.
func (t *tensors[T]) answer(step func() error) ([]workload.Sum, error) {
	var sums []workload.Sum
	for range workload.AnswerSteps {
		if err := step(); err != nil {
			return nil, err
		}
		sums = append(sums, workload.Number(values[T](t.results[0])[0]))
	}
	for l := range len(t.widths) - 1 {
		first := workload.Weights[T](l, t.widths[l], t.widths[l+1])
		sums = append(sums, workload.Moved(t.params[2*l], first), workload.Check(t.params[2*l+1]))
	}
	return sums, nil
}
