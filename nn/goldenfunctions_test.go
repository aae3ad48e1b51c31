package nn_test

import (
	"fmt"
	"math"

	"chainrule/graph"
	"chainrule/internal/golden"
	"chainrule/nn"
	"chainrule/ops"
)

func gainOf(c golden.Gain) error {
	got := 0.0
	if c.Param == nil {
		got = nn.Gain(c.Nonlinearity)
	} else {
		got = nn.Gain(c.Nonlinearity, *c.Param)
	}
	if !(math.Abs(got-c.Gain) <= 1e-12) {
		return fmt.Errorf("%v, want %v", got, c.Gain)
	}
	return nil
}

// functions stand for PyTorch's.
var functions = map[string]func(c golden.Function, x []*graph.Node) *graph.Node{
	"rmsnorm":   rmsNorm,
	"rmsnorm_2": rmsNorm,
	"attention": func(_ golden.Function, x []*graph.Node) *graph.Node {
		return ops.Attention(x[0], x[1], x[2], ops.AttentionOptions{})
	},
	"attention_causal": func(_ golden.Function, x []*graph.Node) *graph.Node {
		return ops.Attention(x[0], x[1], x[2], ops.AttentionOptions{Causal: true})
	},
	"normalize": func(_ golden.Function, x []*graph.Node) *graph.Node {
		return ops.Div(x[0], ops.Maximum(ops.KeepDims(ops.Norm(x[0], 1), x[0], 1), 1e-12))
	},
	"cumsum":    func(_ golden.Function, x []*graph.Node) *graph.Node { return ops.CumSum(x[0], false, 1) },
	"cumprod":   func(_ golden.Function, x []*graph.Node) *graph.Node { return ops.CumProd(x[0], false, 1) },
	"logsumexp": func(_ golden.Function, x []*graph.Node) *graph.Node { return ops.LogSumExp(x[0], 1) },
	"logcumsumexp": func(_ golden.Function, x []*graph.Node) *graph.Node {
		n := x[0].Shape()[1]
		var sums []*graph.Node
		for i := range n {
			sums = append(sums, ops.LogSumExp(ops.Slice(x[0], ops.All, ops.Range{Stop: i + 1}), 1))
		}
		return ops.Stack(sums, 1)
	},
	"cdist": func(_ golden.Function, x []*graph.Node) *graph.Node {
		return ops.Norm(ops.Sub(ops.ExpandDims(x[0], 2), ops.ExpandDims(x[1], 1)), -1)
	},
	"einsum":     func(_ golden.Function, x []*graph.Node) *graph.Node { return ops.Einsum("bij,bjk->ik", x...) },
	"std":        func(_ golden.Function, x []*graph.Node) *graph.Node { return ops.Std(x[0], 1, 1) },
	"var_biased": func(_ golden.Function, x []*graph.Node) *graph.Node { return ops.Var(x[0], 0, 1) },
	"weight_norm": func(_ golden.Function, x []*graph.Node) *graph.Node {
		return ops.Mul(x[1], ops.Div(x[0], ops.KeepDims(ops.Norm(x[0], 1, 2), x[0], 1, 2)))
	},
}

func rmsNorm(c golden.Function, x []*graph.Node) *graph.Node {
	return ops.RMSNorm(x[0], x[1], c.Args.Float("eps", 0))
}

func attemptFunction(c golden.Function) error {
	f := functions[c.Name]
	if f == nil {
		return unsupported("nothing stands for it")
	}
	k := &call{run: golden.Run{Outputs: c.Outputs, GradOutputs: c.GradOutputs, GradInputs: c.GradInputs}}
	for i := range c.Inputs {
		k.run.Inputs = append(k.run.Inputs, &c.Inputs[i])
	}
	return k.compare(nil, func(s subject) []*graph.Node { return []*graph.Node{f(c, s.Inputs)} })
}
