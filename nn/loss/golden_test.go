package loss_test

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"testing"

	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/nn/loss"
	"chainrule/ops"
)

// goldenTensor is a tensor of PyTorch's: floats unless the type says otherwise.
type goldenTensor struct {
	Shape  []int     `json:"s"`
	Values []float64 `json:"v"`
	Type   string    `json:"t"`
}

func (g goldenTensor) dense() *tensor.Dense {
	if g.Type == "i64" {
		v := make([]int64, len(g.Values))
		for i, x := range g.Values {
			v[i] = int64(x)
		}
		return tensor.New(tensor.WithShape(g.Shape...), tensor.WithBacking(v))
	}
	return tensor.New(tensor.WithShape(g.Shape...), tensor.WithBacking(append([]float64{}, g.Values...)))
}

type goldenLoss struct {
	Name, Module    string
	Args            map[string]json.RawMessage
	Inputs, Targets []goldenTensor
	Output          goldenTensor
	GradOutput      goldenTensor   `json:"grad_output"`
	GradInputs      []goldenTensor `json:"grad_inputs"`
}

// arg reads an argument, or leaves the default.
func arg[T any](c goldenLoss, name string, or T) T {
	if raw, ok := c.Args[name]; ok {
		if err := json.Unmarshal(raw, &or); err != nil {
			panic(err)
		}
	}
	return or
}

// goldens reads the losses of PyTorch: those of the file that CHAINRULE_NN_GOLDEN names, or of the committed copy.
func goldens(t *testing.T) []goldenLoss {
	t.Helper()
	path := os.Getenv("CHAINRULE_NN_GOLDEN")
	if path == "" {
		path = "../testdata/torch_nn.json.gz"
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Losses []goldenLoss }
	if err := json.NewDecoder(z).Decode(&file); err != nil {
		t.Fatal(err)
	}
	return file.Losses
}

// reduction is that of a case.
func (c goldenLoss) reduction() loss.Reduction {
	return map[string]loss.Reduction{
		"mean": loss.Mean, "sum": loss.Sum, "none": loss.None, "batchmean": loss.BatchMean,
	}[arg(c, "reduction", "mean")]
}

// named has the weights of a case, as tensors.
func (c goldenLoss) tensors() map[string]goldenTensor {
	out := map[string]goldenTensor{}
	for _, name := range []string{"weight", "pos_weight"} {
		if raw, ok := c.Args[name]; ok && string(raw) != "null" {
			out[name] = arg(c, name, goldenTensor{})
		}
	}
	return out
}

type node = *graph.Node

// modules are PyTorch's losses: x are inputs, y targets, w weights.
var modules = map[string]func(c goldenLoss, x, y []node, w map[string]node) node{
	"L1Loss": func(c goldenLoss, x, y []node, _ map[string]node) node { return loss.MAE(x[0], y[0], c.reduction()) },
	"MSELoss": func(c goldenLoss, x, y []node, _ map[string]node) node {
		return loss.MSE(x[0], y[0], c.reduction())
	},
	"SmoothL1Loss": func(c goldenLoss, x, y []node, _ map[string]node) node {
		return loss.SmoothL1(x[0], y[0], arg(c, "beta", 1.), c.reduction())
	},
	"HuberLoss": func(c goldenLoss, x, y []node, _ map[string]node) node {
		return loss.Huber(x[0], y[0], arg(c, "delta", 1.), c.reduction())
	},
	"CrossEntropyLoss": func(c goldenLoss, x, y []node, w map[string]node) node {
		o := loss.CrossEntropyOptions{
			Weight: w["weight"], LabelSmoothing: arg(c, "label_smoothing", 0.), Reduction: c.reduction(),
			Ignored: []int{arg(c, "ignore_index", -100)},
		}
		return loss.CrossEntropy(x[0], y[0], o)
	},
	"NLLLoss": func(c goldenLoss, x, y []node, w map[string]node) node {
		return loss.NLL(x[0], y[0], loss.NLLOptions{Weight: w["weight"], Reduction: c.reduction()})
	},
	"BCELoss": func(c goldenLoss, x, y []node, w map[string]node) node {
		return loss.BCE(x[0], y[0], loss.BCEOptions{Weight: w["weight"], Reduction: c.reduction()})
	},
	"BCEWithLogitsLoss": func(c goldenLoss, x, y []node, w map[string]node) node {
		o := loss.BCEOptions{Weight: w["weight"], PosWeight: w["pos_weight"], Reduction: c.reduction()}
		return loss.BCEWithLogits(x[0], y[0], o)
	},
	"KLDivLoss": func(c goldenLoss, x, y []node, _ map[string]node) node {
		o := loss.KLDivOptions{LogTarget: arg(c, "log_target", false), Reduction: c.reduction()}
		return loss.KLDiv(x[0], y[0], o)
	},
	"PoissonNLLLoss": func(c goldenLoss, x, y []node, _ map[string]node) node {
		return loss.PoissonNLL(x[0], y[0], loss.PoissonNLLOptions{
			Rate: !arg(c, "log_input", true), Full: arg(c, "full", false), Eps: arg(c, "eps", 0.), Reduction: c.reduction(),
		})
	},
	"GaussianNLLLoss": func(c goldenLoss, x, y []node, _ map[string]node) node {
		o := loss.GaussianNLLOptions{Full: arg(c, "full", false), Eps: arg(c, "eps", 0.), Reduction: c.reduction()}
		return loss.GaussianNLL(x[0], y[0], y[1], o)
	},
	"HingeEmbeddingLoss": func(c goldenLoss, x, y []node, _ map[string]node) node {
		return loss.HingeEmbedding(x[0], y[0], arg(c, "margin", 1.), c.reduction())
	},
	"MarginRankingLoss": func(c goldenLoss, x, y []node, _ map[string]node) node {
		return loss.MarginRanking(x[0], x[1], y[0], arg(c, "margin", 0.), c.reduction())
	},
	"CosineEmbeddingLoss": func(c goldenLoss, x, y []node, _ map[string]node) node {
		return loss.CosineEmbedding(x[0], x[1], y[0], arg(c, "margin", 0.), c.reduction())
	},
	"TripletMarginLoss": func(c goldenLoss, x, _ []node, _ map[string]node) node {
		o := loss.TripletMarginOptions{P: arg(c, "p", 0.), Swap: arg(c, "swap", false), Reduction: c.reduction()}
		return loss.TripletMargin(x[0], x[1], x[2], arg(c, "margin", 1.), o)
	},
	"MultiMarginLoss": func(c goldenLoss, x, y []node, w map[string]node) node {
		o := loss.MultiMarginOptions{P: arg(c, "p", 0), Weight: w["weight"], Reduction: c.reduction()}
		return loss.MultiMargin(x[0], y[0], arg(c, "margin", 1.), o)
	},
	"MultiLabelMarginLoss": func(c goldenLoss, x, y []node, _ map[string]node) node {
		return loss.MultiLabelMargin(x[0], y[0], c.reduction())
	},
	"MultiLabelSoftMarginLoss": func(c goldenLoss, x, y []node, w map[string]node) node {
		return loss.MultiLabelSoftMargin(x[0], y[0], w["weight"], c.reduction())
	},
	"SoftMarginLoss": func(c goldenLoss, x, y []node, _ map[string]node) node {
		return loss.SoftMargin(x[0], y[0], c.reduction())
	},
	"CTCLoss": func(c goldenLoss, x, y []node, _ map[string]node) node {
		return loss.CTC(ops.LogSoftmax(x[0], -1), y[0], y[1], y[2], loss.CTCOptions{
			Blank: arg(c, "blank", 0), ZeroInfinity: arg(c, "zero_infinity", false), Reduction: c.reduction(),
		})
	},
}

// Every loss of PyTorch's, and its gradient, to 1e-9 relative.
func TestTorchGolden(t *testing.T) {
	passed, failed, unsupported, all := 0, 0, 0, goldens(t)
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

func runGolden(c goldenLoss, module func(c goldenLoss, x, y []node, w map[string]node) node) error {
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
		x = append(x, in.dense())
	}
	for _, in := range c.Targets {
		y = append(y, in.dense())
	}
	w := map[string]*tensor.Dense{}
	for name, in := range c.tensors() {
		w[name] = in.dense()
	}
	out, err := run.Run(context.Background(), x, y, w, c.GradOutput.dense())
	if err != nil {
		return err
	}
	for i, want := range append([]goldenTensor{c.Output}, c.GradInputs...) {
		got, err := autodiff.Floats(out[i])
		if err != nil {
			return err
		}
		if err := near(got, want.Values, 1e-9); err != nil {
			return fmt.Errorf("result %d: %w", i, err)
		}
	}
	return nil
}

// near compares relative to the largest of what is wanted.
func near(got, want []float64, tol float64) error {
	if len(got) != len(want) {
		return fmt.Errorf("%d elements, want %d", len(got), len(want))
	}
	scale := 0.0
	for _, v := range want {
		scale = max(scale, math.Abs(v))
	}
	for i := range want {
		if !(math.Abs(got[i]-want[i]) <= tol*scale) {
			return fmt.Errorf("element %d is %.12g, want %.12g", i, got[i], want[i])
		}
	}
	return nil
}
