// Command logistic classifies handwritten digits by logistic regression: a convex loss, made as small as it gets by L-BFGS.
//
//	go run ./examples/logistic
package main

import (
	"fmt"
	"io"
	"log"
	"os"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize"

	"chainrule/autodiff/gonum"
	"chainrule/graph"
	"chainrule/nn/data"
	"chainrule/nn/plot"
	"chainrule/ops"
)

// model holds what is learned.
type model struct {
	W *graph.Node // [64, 10]
	B *graph.Node // [10]
}

// loss is the mean cross-entropy of a set of samples, with a little weight decay, which makes the minimum unique.
func loss(set *data.Set) func(m model) *graph.Node {
	return func(m model) *graph.Node {
		g := m.W.Graph()
		x := graph.Const(g, set.X, set.Len(), set.Dim)
		y := graph.Const(g, set.OneHot(), set.Len(), set.Classes)
		z := ops.Add(ops.MatMul(x, m.W), m.B)
		entropy := ops.Neg(ops.Div(ops.Sum(ops.Mul(y, ops.LogSoftmax(z, -1))), set.Len()))
		return ops.Add(entropy, ops.Mul(decay/2, ops.Sum(ops.Square(m.W))))
	}
}

const decay = 1e-3

// classify returns the class with the largest z of each sample.
func classify(w, b []float64, set *data.Set) []int {
	classes := make([]int, set.Len())
	for i := range classes {
		best := 0.0
		for c := range set.Classes {
			z := b[c]
			for k, v := range set.Row(i) {
				z += v * w[k*set.Classes+c]
			}
			if c == 0 || z > best {
				best, classes[i] = z, c
			}
		}
	}
	return classes
}

func run(out io.Writer, picture string) error {
	train, test, err := data.Digits().Split(1200, 1)
	if err != nil {
		return err
	}
	objective, err := gonum.NewTreeObjective(loss(train), map[string]any{"W": mat.NewDense(64, 10, nil), "B": make([]float64, 10)})
	if err != nil {
		return err
	}
	problem := optimize.Problem{Func: objective.Func, Grad: objective.Grad}
	best, err := optimize.Minimize(problem, objective.Start, &optimize.Settings{GradientThreshold: 1e-6}, &optimize.LBFGS{})
	if err != nil {
		return err
	}
	counts, right := make([][]int, 10), 0
	for c := range counts {
		counts[c] = make([]int, 10)
	}
	for i, class := range classify(best.X[:640], best.X[640:], test) {
		counts[test.Labels[i]][class]++
		if class == test.Labels[i] {
			right++
		}
	}
	fmt.Fprintf(out, "loss %.4f\naccuracy %.1f %% of %d digits\n", best.F, 100*float64(right)/float64(test.Len()), test.Len())
	p, err := plot.Confusion(counts, nil)
	if err != nil {
		return err
	}
	return plot.Save(picture, p, 12, 11)
}

func main() {
	log.SetFlags(0)
	if err := run(os.Stdout, "confusion.png"); err != nil {
		log.Fatal("logistic: ", err)
	}
}
