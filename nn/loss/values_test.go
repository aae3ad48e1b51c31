package loss_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/nn/loss"
	"chainrule/ops"
)

var inf = math.Inf(1)

// valueAndGrad runs a loss of logits and labels.
func valueAndGrad(t *testing.T, logits *mat.Dense, labels []int, o loss.CrossEntropyOptions) (float64, []float64) {
	t.Helper()
	out, err := autodiff.Compile(func(x, y node) (node, node) {
		return autodiff.ValueAndGrad(func(x node) node { return loss.CrossEntropy(x, y, o) })(x)
	}).Run(context.Background(), logits, labels)
	if err != nil {
		t.Fatal(err)
	}
	return out[0].Float64s()[0], out[1].Float64s()
}

// Labels that are ignored, masked classes and smoothing, where others have given NaN or counted what does not count.
func TestCrossEntropyValues(t *testing.T) {
	ln3 := math.Log(3)
	for _, c := range []struct {
		name    string
		classes int
		logits  []float64
		labels  []int
		o       loss.CrossEntropyOptions
		value   float64
		grad    []float64
	}{
		{"all ignored", 3, []float64{1, 2, 3}, []int{-100}, loss.CrossEntropyOptions{}, 0, []float64{0, 0, 0}},
		{"some ignored", 2, []float64{0, 0, 0, 0}, []int{1, -100}, loss.CrossEntropyOptions{}, math.Ln2, []float64{.5, -.5, 0, 0}},
		{"label 255 ignored", 2, []float64{0, 0, 0, 0}, []int{1, 255}, loss.CrossEntropyOptions{Ignored: []int{255}}, math.Ln2,
			[]float64{.5, -.5, 0, 0}},
		{"padding 0 ignored", 2, []float64{0, 0, 0, 0}, []int{1, 0}, loss.CrossEntropyOptions{Ignored: []int{0}}, math.Ln2,
			[]float64{.5, -.5, 0, 0}},
		{"smoothing skips ignored rows", 2, []float64{0, ln3, 5, 0}, []int{0, -100}, loss.CrossEntropyOptions{LabelSmoothing: .2},
			.8*math.Log(4) + .1*(math.Log(4)+math.Log(4./3)), []float64{-.65, .65, 0, 0}},
		{"an ignored row may be infinite", 2, []float64{0, 0, inf, -inf}, []int{1, -100}, loss.CrossEntropyOptions{}, math.Ln2, nil},
		{"a masked class", 3, []float64{0, 0, -inf}, []int{0}, loss.CrossEntropyOptions{}, math.Ln2, []float64{-.5, .5, 0}},
	} {
		value, grad := valueAndGrad(t, mat.NewDense(len(c.labels), c.classes, c.logits), c.labels, c.o)
		if !(math.Abs(value-c.value) <= 1e-15*10*max(1, c.value)) { // a few roundings of exp and log
			t.Errorf("%s: %v, want %v", c.name, value, c.value)
		}
		for i, want := range c.grad {
			if !(math.Abs(grad[i]-want) <= 1e-15) {
				t.Errorf("%s: gradient %v, want %v", c.name, grad, c.grad)
			}
		}
	}
	// The figure of the report, worked out by hand there.
	if v, _ := valueAndGrad(t, mat.NewDense(2, 2, []float64{0, ln3, 5, 0}), []int{0, -100},
		loss.CrossEntropyOptions{LabelSmoothing: .2}); math.Abs(v-1.2764331) > 1e-7 {
		t.Errorf("smoothed with an ignored row: %v, want 1.2764331", v)
	}
}

// Probabilities of 0 at masked classes, and at infinite logits, count nothing.
func TestNoZeroTimesInfinity(t *testing.T) {
	row := func(v ...float64) *mat.Dense { return mat.NewDense(1, len(v), v) }
	for _, c := range []struct {
		name string
		f    func(x, y node) node
		x, y *mat.Dense
		want float64
	}{
		{"cross-entropy of probabilities", func(x, y node) node { return loss.CrossEntropy(x, y) }, row(0, 0, -inf), row(.5, .5, 0), math.Ln2},
		{"bce with logits", func(x, y node) node { return loss.BCEWithLogits(x, y) }, row(inf, -inf), row(1, 0), 0},
		{"bce", func(x, y node) node { return loss.BCE(x, y) }, row(1, 0), row(1, 0), 0},
		{"kl", func(x, y node) node { return loss.KLDiv(x, y, loss.KLDivOptions{Reduction: loss.Sum}) }, row(-inf, 0), row(0, 1), 0},
		{"kl of logarithms", func(x, y node) node {
			return loss.KLDiv(x, y, loss.KLDivOptions{LogTarget: true, Reduction: loss.Sum})
		}, row(-1, 0), row(-inf, 0), 0},
	} {
		out, err := autodiff.Compile(func(x, y node) (node, node) {
			return autodiff.ValueAndGrad(func(x node) node { return c.f(x, y) })(x)
		}).Run(context.Background(), c.x, c.y)
		if err != nil {
			t.Fatal(err)
		}
		if v := out[0].Float64s()[0]; !(math.Abs(v-c.want) <= 1e-15) {
			t.Errorf("%s: %v, want %v", c.name, v, c.want)
		}
		for _, v := range out[1].Float64s() {
			if math.IsNaN(v) {
				t.Errorf("%s: gradient %v", c.name, out[1])
			}
		}
	}
}

// Quadratic and Hinge, which PyTorch has not, and a vector of zeros in embeddings.
func TestOtherValues(t *testing.T) {
	x, y := mat.NewDense(2, 2, []float64{.5, 2, 1, 1}), mat.NewDense(2, 2, []float64{1, 0, 1, -1})
	zeros := mat.NewDense(2, 2, nil)
	for name, c := range map[string]struct {
		f    func(x, y, z node) node
		want []float64
	}{
		"quadratic":      {func(x, y, _ node) node { return loss.Quadratic(x, y) }, []float64{(2.125 + 2) / 2}},
		"quadratic none": {func(x, y, _ node) node { return loss.Quadratic(x, y, loss.None) }, []float64{2.125, 2}},
		"quadratic sum":  {func(x, y, _ node) node { return loss.Quadratic(x, y, loss.Sum) }, []float64{4.125}},
		"hinge":          {func(x, y, _ node) node { return loss.Hinge(x, y, loss.None) }, []float64{.5, 1, 0, 2}},
		"cosine of zeros": {func(x, _, z node) node {
			return loss.CosineEmbedding(x, z, ops.Ones(x.Graph(), graph.Float64, 2), 0, loss.None)
		}, []float64{1, 1}},
		"triplet of order 3": {func(x, y, z node) node {
			return loss.TripletMargin(ops.Mul(x, 1), z, y, 0, loss.TripletMarginOptions{P: 3, Reduction: loss.None})
		}, []float64{math.Cbrt(.125+8) - math.Cbrt(.125+8), math.Cbrt(2) - 2}},
	} {
		out, err := autodiff.Compile(c.f).Run(context.Background(), x, y, zeros)
		if err != nil {
			t.Fatal(err)
		}
		got := out[0].Float64s()
		for i, want := range c.want {
			want = map[bool]float64{true: max(want, 0), false: want}[strings.HasPrefix(name, "triplet")]
			if !(math.Abs(got[i]-want) <= 3e-6) { // triplets have 1e-6 added to each difference
				t.Errorf("%s: %v, want %v", name, got, c.want)
			}
		}
	}
}

// CTC against the sum over all paths of classes.
func TestCTCByEnumeration(t *testing.T) {
	const time, classes = 4, 3
	random := rand.New(rand.NewPCG(7, 1))
	targets := [][]int{{}, {1}, {2, 1}, {1, 1}, {2, 2, 2}, {1, 2, 1, 2}}
	const batch, length = 6, 4
	logits := make([]float64, time*batch*classes)
	for i := range logits {
		logits[i] = random.NormFloat64()
	}
	padded, lengths, times := make([]int64, batch*length), make([]int64, batch), []int64{4, 3, 4, 4, 4, 4}
	for b, target := range targets {
		lengths[b] = int64(len(target))
		for i := range length {
			padded[b*length+i] = 99 // padding is not read
		}
		for i, v := range target {
			padded[b*length+i] = int64(v)
		}
	}
	out, err := autodiff.Compile(func(x, y, nx, ny node) (node, node) {
		f := func(x node) node {
			return loss.CTC(ops.LogSoftmax(x, -1), y, nx, ny, loss.CTCOptions{Reduction: loss.None})
		}
		g := autodiff.Grad(func(x node) node {
			return loss.CTC(ops.LogSoftmax(x, -1), y, nx, ny, loss.CTCOptions{ZeroInfinity: true})
		})
		return f(x), g(x)
	}).Run(context.Background(), tensor.New(tensor.WithShape(time, batch, classes), tensor.WithBacking(logits)),
		tensor.New(tensor.WithShape(batch, length), tensor.WithBacking(padded)), times, lengths)
	if err != nil {
		t.Fatal(err)
	}
	for b, target := range targets {
		want := -math.Log(pathsTo(logits, b, batch, classes, int(times[b]), target))
		if got := out[0].Float64s()[b]; !(math.Abs(got-want) <= 1e-13*max(1, math.Abs(want))) && got != want {
			t.Errorf("target %v: %v, by all paths %v", target, got, want)
		}
	}
	for _, v := range out[1].Float64s() {
		if math.IsNaN(v) {
			t.Fatal("a gradient is NaN")
		}
	}
}

// pathsTo is the probability of all paths that collapse to a target.
func pathsTo(logits []float64, b, batch, classes, time int, target []int) float64 {
	sum := 0.0
	path := make([]int, time)
	for n := range int(math.Pow(float64(classes), float64(time))) {
		p := 1.0
		for i := range path {
			path[i] = n % classes
			n /= classes
			row := logits[(i*batch+b)*classes:][:classes]
			total := 0.0
			for _, v := range row {
				total += math.Exp(v)
			}
			p *= math.Exp(row[path[i]]) / total
		}
		var got []int
		for i, c := range path {
			if c != 0 && (i == 0 || path[i-1] != c) {
				got = append(got, c)
			}
		}
		if fmt.Sprint(got) == fmt.Sprint(target) {
			sum += p
		}
	}
	return sum
}

func TestBadArguments(t *testing.T) {
	for want, f := range map[string]func(x, y, labels node){
		"mse: the inputs must be floats of one shape and element type: x f64[4,3]": func(x, y, _ node) {
			loss.MSE(x, ops.Slice(y, ops.All, ops.Range{Start: 0, Stop: 1}))
		},
		"mse: 2 options are given, want one at most":                    func(x, y, _ node) { loss.MSE(x, y, loss.Sum, loss.None) },
		"huber: delta is 0, want a positive number":                     func(x, y, _ node) { loss.Huber(x, y, 0) },
		"mae: there is no reduction 9":                                  func(x, y, _ node) { loss.MAE(x, y, 9) },
		"hinge: an input is nil":                                        func(x, _, _ node) { loss.Hinge(x, nil) },
		"cross_entropy: the labels must be i64[4]: x f64[4,3], y i64[]": func(x, _, l node) { loss.CrossEntropy(x, ops.Index(l, 0)) },
		"cross_entropy: label smoothing is 2": func(x, _, l node) {
			loss.CrossEntropy(x, l, loss.CrossEntropyOptions{LabelSmoothing: 2})
		},
		"cross_entropy: there must be a weight for each of 3 classes": func(x, _, l node) {
			loss.CrossEntropy(x, l, loss.CrossEntropyOptions{Weight: ops.Ones(x.Graph(), graph.Float64, 2)})
		},
		"bce: PosWeight is for BCEWithLogits": func(x, y, _ node) { loss.BCE(x, y, loss.BCEOptions{PosWeight: y}) },
		"multi_margin: the exponent is 3":     func(x, _, l node) { loss.MultiMargin(x, l, 1, loss.MultiMarginOptions{P: 3}) },
		"ctc: want log-probabilities":         func(x, _, l node) { loss.CTC(x, l, l, l) },
	} {
		err := graph.Try(func() {
			g := graph.New()
			f(g.Input("x", graph.Float64, 4, 3), g.Input("y", graph.Float64, 4, 3), g.Input("labels", graph.Int64, 4))
		})
		got := strings.ReplaceAll(fmt.Sprint(err), "index(…)", "y")
		if !strings.Contains(got, want[:min(len(want), 40)]) || !strings.Contains(got, "at values_test.go:") {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	_, err := autodiff.Compile(func(x, y node) node { return loss.CrossEntropy(x, y) }).Run(context.Background(),
		mat.NewDense(1, 3, nil), []int{3})
	if !errors.Is(err, ops.ErrIndex) {
		t.Errorf("a label out of range: error %v", err)
	}
}
