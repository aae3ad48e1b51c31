package metrics_test

import (
	"context"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/nn/metrics"
)

func TestNodes(t *testing.T) {
	nan := math.NaN()
	scores := mat.NewDense(5, 3, []float64{1, 2, 3, 3, 2, 1, 5, 5, 0, 0, 1, 0, nan, 1, 2})
	out, err := autodiff.Compile(func(x, y *graph.Node) []*graph.Node {
		return []*graph.Node{metrics.Accuracy(x, y), metrics.TopK(x, y, 1), metrics.TopK(x, y, 2), metrics.TopK(x, y, 3),
			metrics.Perplexity(metrics.Accuracy(x, y))}
	}).Run(context.Background(), scores, []int{2, 1, 0, 1, 2})
	if err != nil {
		t.Fatal(err)
	}
	// Rows: right; second; right, of two that are equal; right; NaN.
	for i, want := range []float64{.6, .4, .8, .8, math.Exp(.6)} {
		if got := out[i].Float64s()[0]; got != want {
			t.Errorf("metric %d is %v, want %v", i, got, want)
		}
	}
	for want, f := range map[string]func(x, y *graph.Node){
		"accuracy: want scores [batch, classes]": func(x, y *graph.Node) { metrics.Accuracy(y, x) },
		"top_k: k is 4, want 1 … 3":              func(x, y *graph.Node) { metrics.TopK(x, y, 4) },
	} {
		g := graph.New()
		err := graph.Try(func() { f(g.Input("x", graph.Float64, 4, 3), g.Input("y", graph.Int64, 4)) })
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

func TestConfusion(t *testing.T) {
	c := metrics.NewConfusion(3)
	for _, batch := range [][2][]int{{{0, 0, 1, 1}, {0, 1, 1, 1}}, {{2, 0}, {0, 0}}} {
		if err := c.Add(batch[0], batch[1]); err != nil {
			t.Fatal(err)
		}
	}
	if got := c.String(); got != "2 1 0\n0 2 0\n1 0 0\n" {
		t.Errorf("the matrix is\n%s", got)
	}
	// Class 0: tp 2, fp 1, fn 1; class 1: tp 2, fp 1, fn 0; class 2: tp 0, fp 0, fn 1.
	for name, c := range map[string]struct{ got, want float64 }{
		"accuracy": {c.Accuracy(), 4. / 6}, "precision": {c.Precision(0), 2. / 3}, "recall": {c.Recall(1), 1},
		"F1": {c.F1(1), .8}, "nothing said": {c.Precision(2), 0}, "macro": {c.Macro(c.F1), (2./3 + .8 + 0) / 3},
	} {
		if math.Abs(c.got-c.want) > 1e-15 {
			t.Errorf("%s: %v, want %v", name, c.got, c.want)
		}
	}
	for _, bad := range [][2][]int{{{0, 3}, {0, 0}}, {{0}, {-1}}, {{0}, {}}} {
		if err := c.Add(bad[0], bad[1]); err == nil || c.Accuracy() != 4./6 {
			t.Errorf("labels %v, predictions %v: error %v", bad[0], bad[1], err)
		}
	}
}

// The area is the share of pairs in the right order, counted one by one.
func TestROCAUC(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 0))
	for range 20 {
		scores, positive := make([]float64, 60), make([]bool, 60)
		for i := range scores {
			scores[i], positive[i] = float64(random.IntN(9)), random.IntN(3) == 0
		}
		got, err := metrics.ROCAUC(scores, positive)
		if err != nil {
			t.Fatal(err)
		}
		right, pairs := 0.0, 0.0
		for i := range scores {
			for j := range scores {
				if !positive[i] || positive[j] {
					continue
				}
				if pairs++; scores[i] > scores[j] {
					right++
				} else if scores[i] == scores[j] {
					right += .5
				}
			}
		}
		if math.Abs(got-right/pairs) > 1e-14 {
			t.Errorf("%v, by pairs %v", got, right/pairs)
		}
	}
	for _, bad := range []struct {
		scores   []float64
		positive []bool
	}{{[]float64{1, 2}, []bool{true, true}}, {[]float64{1}, []bool{true, false}}, {[]float64{1, math.NaN()}, []bool{true, false}}} {
		if _, err := metrics.ROCAUC(bad.scores, bad.positive); err == nil {
			t.Errorf("%v: no error", bad)
		}
	}
}

func TestR2(t *testing.T) {
	y := []float64{1, 2, 3, 4}
	for _, c := range []struct {
		x    []float64
		want float64
	}{{y, 1}, {[]float64{2.5, 2.5, 2.5, 2.5}, 0}, {[]float64{1, 2, 3, 5}, 1 - 1./5}} {
		if got, err := metrics.R2(c.x, y); err != nil || got != c.want {
			t.Errorf("%v: %v, %v, want %v", c.x, got, err, c.want)
		}
	}
	for _, bad := range [][2][]float64{{{1}, {1}}, {{1, 2}, {3, 3}}, {{1, 2}, {1}}} {
		if _, err := metrics.R2(bad[0], bad[1]); err == nil {
			t.Errorf("%v: no error", bad)
		}
	}
}
