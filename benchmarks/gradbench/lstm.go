package main

import (
	"errors"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// lstm is the loss of a network with long short-term memory, whose matrices are diagonal, on a text.
var lstm = module{
	"objective": planned(func(in lstmInput) (plan, error) { return in.plan(lstmLoss, number) }),
	"jacobian":  planned(func(in lstmInput) (plan, error) { return in.plan(lstmGradient, allFlat) }),
}

type lstmInput struct {
	runs
	Main     [][]float64 `json:"main_params"`
	Extra    [][]float64 `json:"extra_params"`
	State    [][]float64 `json:"state"`
	Sequence [][]float64 `json:"sequence"`
}

// lstmParams are what the gradient is taken by: Main [2·layers, 4·b], the weights and the biases of each layer, and
// Extra [3, b], the weights of the input, and those and the biases of the output.
type lstmParams[T any] struct{ Main, Extra T }

// lstmLoss is the mean over the sequence [c, b] of −y·log p, where y is a character and log p what the characters
// before it predict. State [2·layers, b] is the layers' memory at the start, hidden and cell.
func lstmLoss(p lstmParams[*graph.Node], state, sequence *graph.Node) *graph.Node {
	b := sequence.Shape()[1]
	h := ops.Mul(ops.Slice(sequence, ops.Range{Stop: -1}), ops.Index(p.Extra, 0))
	for i := 0; i < p.Main.Shape()[0]; i += 2 {
		weight, bias := newGates(ops.Index(p.Main, i), b), newGates(ops.Index(p.Main, i+1), b)
		h = lstmLayer(weight, bias, memory{ops.Index(state, i), ops.Index(state, i+1)}, h)
	}
	y := ops.MulAdd(h, ops.Index(p.Extra, 1), ops.Index(p.Extra, 2))
	predicted := ops.Sub(y, ops.ExpandDims(normaliser(y), 1))
	next := ops.Slice(sequence, ops.Range{Start: 1, Stop: ops.End})
	return ops.Neg(ops.Mean(ops.Mul(next, predicted)))
}

// normaliser is log(2 + Σ exp y) for each row.
func normaliser(y *graph.Node) *graph.Node { return ops.Log(ops.Add(ops.Sum(ops.Exp(y), 1), 2)) }

// memory is what a layer carries from one character to the next, [b] each.
type memory struct{ Hidden, Cell *graph.Node }

// gates are the parts of a layer's weights or biases, [b] each.
type gates struct{ forget, in, out, change *graph.Node }

func newGates(params *graph.Node, b int) gates {
	part := func(i int) *graph.Node { return ops.Slice(params, ops.Range{Start: i * b, Stop: (i + 1) * b}) }
	return gates{part(0), part(1), part(2), part(3)}
}

// lstmLayer gives a layer's output for each row of x [c, b]. Its gates for forgetting and for the output depend on the
// input alone, and are computed for all of it at once.
func lstmLayer(weight, bias gates, start memory, x *graph.Node) *graph.Node {
	type now struct{ Forget, Out *graph.Node }
	_, hidden := autodiff.Scan(func(m memory, t now) (memory, *graph.Node) {
		in := ops.Sigmoid(ops.MulAdd(m.Hidden, weight.in, bias.in))
		change := ops.Tanh(ops.MulAdd(m.Hidden, weight.change, bias.change))
		cell := ops.Add(ops.Mul(m.Cell, t.Forget), ops.Mul(in, change))
		hidden := ops.Mul(t.Out, ops.Tanh(cell))
		return memory{hidden, cell}, hidden
	}, start, now{
		Forget: ops.Sigmoid(ops.MulAdd(x, weight.forget, bias.forget)),
		Out:    ops.Sigmoid(ops.MulAdd(x, weight.out, bias.out)),
	})
	return hidden
}

func lstmGradient(p lstmParams[*graph.Node], state, sequence *graph.Node) lstmParams[*graph.Node] {
	return autodiff.Grad(func(p lstmParams[*graph.Node]) *graph.Node { return lstmLoss(p, state, sequence) })(p)
}

func (in lstmInput) plan(f any, output func([]result) any) (plan, error) {
	if len(in.Main) == 0 || len(in.Main)%2 != 0 || len(in.Extra) != 3 || len(in.State) != len(in.Main) {
		return plan{}, errors.New("a layer has two rows of main_params and of state, and extra_params are three")
	}
	if len(in.Sequence) < 2 || len(in.Sequence[0]) == 0 {
		return plan{}, errors.New("a text has two characters at least, and these some bits")
	}
	b := len(in.Sequence[0])
	var t tensors
	p := lstmParams[any]{t.matrix("main_params", in.Main, 4*b), t.matrix("extra_params", in.Extra, b)}
	feeds := []any{p, t.matrix("state", in.State, b), t.matrix("sequence", in.Sequence, b)}
	return plan{f, feeds, output}, t.err
}
