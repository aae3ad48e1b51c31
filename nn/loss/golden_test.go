package loss_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/internal/golden"
	"chainrule/nn/loss"
	"chainrule/ops"
)

// dense is a tensor of PyTorch's.
func dense(g golden.Tensor) *tensor.Dense {
	if g.Type == "i64" {
		v := make([]int64, len(g.Values))
		for i, x := range g.Values {
			v[i] = int64(x)
		}
		return tensor.New(tensor.WithShape(g.Shape...), tensor.WithBacking(v))
	}
	return tensor.New(tensor.WithShape(g.Shape...), tensor.WithBacking(append([]float64{}, g.Values...)))
}

// reduction is that of a case.
func reduction(c golden.Loss) loss.Reduction {
	return map[string]loss.Reduction{
		"mean": loss.Mean, "sum": loss.Sum, "none": loss.None, "batchmean": loss.BatchMean,
	}[c.Args.Text("reduction", "mean")]
}

type node = *graph.Node

// modules are PyTorch's losses: x are inputs, y targets, w weights.
var modules = map[string]func(c golden.Loss, x, y []node, w map[string]node) node{
	"L1Loss": func(c golden.Loss, x, y []node, _ map[string]node) node { return loss.MAE(x[0], y[0], reduction(c)) },
	"MSELoss": func(c golden.Loss, x, y []node, _ map[string]node) node {
		return loss.MSE(x[0], y[0], reduction(c))
	},
	"SmoothL1Loss": func(c golden.Loss, x, y []node, _ map[string]node) node {
		return loss.SmoothL1(x[0], y[0], c.Args.Float("beta", 1.), reduction(c))
	},
	"HuberLoss": func(c golden.Loss, x, y []node, _ map[string]node) node {
		return loss.Huber(x[0], y[0], c.Args.Float("delta", 1.), reduction(c))
	},
	"CrossEntropyLoss": func(c golden.Loss, x, y []node, w map[string]node) node {
		o := loss.CrossEntropyOptions{
			Weight: w["weight"], LabelSmoothing: c.Args.Float("label_smoothing", 0.), Reduction: reduction(c),
			Ignored: []int{c.Args.Int("ignore_index", -100)},
		}
		return loss.CrossEntropy(x[0], y[0], o)
	},
	"NLLLoss": func(c golden.Loss, x, y []node, w map[string]node) node {
		return loss.NLL(x[0], y[0], loss.NLLOptions{Weight: w["weight"], Reduction: reduction(c)})
	},
	"BCELoss": func(c golden.Loss, x, y []node, w map[string]node) node {
		return loss.BCE(x[0], y[0], loss.BCEOptions{Weight: w["weight"], Reduction: reduction(c)})
	},
	"BCEWithLogitsLoss": func(c golden.Loss, x, y []node, w map[string]node) node {
		o := loss.BCEOptions{Weight: w["weight"], PosWeight: w["pos_weight"], Reduction: reduction(c)}
		return loss.BCEWithLogits(x[0], y[0], o)
	},
	"KLDivLoss": func(c golden.Loss, x, y []node, _ map[string]node) node {
		o := loss.KLDivOptions{LogTarget: c.Args.Bool("log_target", false), Reduction: reduction(c)}
		return loss.KLDiv(x[0], y[0], o)
	},
	"PoissonNLLLoss": func(c golden.Loss, x, y []node, _ map[string]node) node {
		return loss.PoissonNLL(x[0], y[0], loss.PoissonNLLOptions{
			Rate: !c.Args.Bool("log_input", true), Full: c.Args.Bool("full", false), Eps: c.Args.Float("eps", 0.), Reduction: reduction(c),
		})
	},
	"GaussianNLLLoss": func(c golden.Loss, x, y []node, _ map[string]node) node {
		o := loss.GaussianNLLOptions{Full: c.Args.Bool("full", false), Eps: c.Args.Float("eps", 0.), Reduction: reduction(c)}
		return loss.GaussianNLL(x[0], y[0], y[1], o)
	},
	"HingeEmbeddingLoss": func(c golden.Loss, x, y []node, _ map[string]node) node {
		return loss.HingeEmbedding(x[0], y[0], c.Args.Float("margin", 1.), reduction(c))
	},
	"MarginRankingLoss": func(c golden.Loss, x, y []node, _ map[string]node) node {
		return loss.MarginRanking(x[0], x[1], y[0], c.Args.Float("margin", 0.), reduction(c))
	},
	"CosineEmbeddingLoss": func(c golden.Loss, x, y []node, _ map[string]node) node {
		return loss.CosineEmbedding(x[0], x[1], y[0], c.Args.Float("margin", 0.), reduction(c))
	},
	"TripletMarginLoss": func(c golden.Loss, x, _ []node, _ map[string]node) node {
		o := loss.TripletMarginOptions{P: c.Args.Float("p", 0.), Swap: c.Args.Bool("swap", false), Reduction: reduction(c)}
		return loss.TripletMargin(x[0], x[1], x[2], c.Args.Float("margin", 1.), o)
	},
	"MultiMarginLoss": func(c golden.Loss, x, y []node, w map[string]node) node {
		o := loss.MultiMarginOptions{P: c.Args.Int("p", 0), Weight: w["weight"], Reduction: reduction(c)}
		return loss.MultiMargin(x[0], y[0], c.Args.Float("margin", 1.), o)
	},
	"MultiLabelMarginLoss": func(c golden.Loss, x, y []node, _ map[string]node) node {
		return loss.MultiLabelMargin(x[0], y[0], reduction(c))
	},
	"MultiLabelSoftMarginLoss": func(c golden.Loss, x, y []node, w map[string]node) node {
		return loss.MultiLabelSoftMargin(x[0], y[0], w["weight"], reduction(c))
	},
	"SoftMarginLoss": func(c golden.Loss, x, y []node, _ map[string]node) node {
		return loss.SoftMargin(x[0], y[0], reduction(c))
	},
	"CTCLoss": func(c golden.Loss, x, y []node, _ map[string]node) node {
		return loss.CTC(ops.LogSoftmax(x[0], -1), y[0], y[1], y[2], loss.CTCOptions{
			Blank: c.Args.Int("blank", 0), ZeroInfinity: c.Args.Bool("zero_infinity", false), Reduction: reduction(c),
		})
	},
}

// read gives the losses of the file that CHAINRULE_NN_GOLDEN names, or of the committed copy.
func read(t *testing.T) []golden.Loss {
	t.Helper()
	path := os.Getenv("CHAINRULE_NN_GOLDEN")
	if path == "" {
		path = "../testdata/torch_nn.json.gz"
	}
	file, err := golden.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	return file.Losses
}

// Every loss of PyTorch's, and its gradient, to 1e-9 relative.
func TestTorchGolden(t *testing.T) {
	passed, failed, unsupported, all := 0, 0, 0, read(t)
	for _, c := range all {
		module, ok := modules[c.Module]
		if !ok {
			unsupported++
			t.Logf("%s: there is no %s", c.Name, c.Module)
			continue
		}
		if err := runGolden(c, module); err != nil {
			failed++
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		passed++
	}
	t.Logf("losses: %d passed, %d failed, %d unsupported of %d", passed, failed, unsupported, len(all))
}

func runGolden(c golden.Loss, module func(c golden.Loss, x, y []node, w map[string]node) node) error {
	type results struct {
		Output node
		Grads  []node
	}
	run := autodiff.Compile(func(x, y []node, w map[string]node, ct node) results {
		out, pull := autodiff.VJP(func(x []node) node { return module(c, x, y, w) }, x)
		return results{out, pull(ct)}
	})
	var x, y []*tensor.Dense
	for _, in := range c.Inputs {
		x = append(x, dense(in))
	}
	for _, in := range c.Targets {
		y = append(y, dense(in))
	}
	w := map[string]*tensor.Dense{}
	for _, name := range []string{"weight", "pos_weight"} {
		if in := c.Args.Tensor(name); in != nil {
			w[name] = dense(*in)
		}
	}
	out, err := run.Run(context.Background(), x, y, w, dense(c.GradOutput))
	if err != nil {
		return err
	}
	for i, want := range append([]*golden.Tensor{&c.Output}, c.GradInputs...) {
		got, err := autodiff.Floats(out[i])
		if err != nil {
			return err
		}
		if err := golden.Near(got, want.Values, 1e-9); err != nil {
			return fmt.Errorf("result %d: %w", i, err)
		}
	}
	return nil
}
