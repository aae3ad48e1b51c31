// Command optimize minimises functions of nodes with gonum's optimisers, which get exact gradients and Hessians:
// Rosenbrock's valley, and the loss of a logistic regression that tells handwritten digits apart.
//
//	go run ./examples/optimize
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log"
	"os"

	"gonum.org/v1/gonum/optimize"

	"chainrule/autodiff"
	"chainrule/autodiff/gonum"
	"chainrule/graph"
	"chainrule/nn/data"
	"chainrule/ops"
)

// rosenbrock is Σᵢ 100(xᵢ₊₁ − xᵢ²)² + (1 − xᵢ)², a bent valley whose end is at (1, …, 1).
func rosenbrock(x *graph.Node) *graph.Node {
	n := x.Shape()[0]
	head, tail := ops.Slice(x, ops.Range{Stop: n - 1}), ops.Slice(x, ops.Range{Start: 1, Stop: n})
	valley := ops.Mul(100, ops.Square(ops.Sub(tail, ops.Square(head))))
	return ops.Sum(ops.Add(valley, ops.Square(ops.Sub(1, head))))
}

// scores returns the logits of each class for samples x of shape [m, d]. The vector w holds a matrix of d rows, and a
// row of biases.
func scores(w, x *graph.Node, classes int) *graph.Node {
	d := x.Shape()[1]
	rows := ops.Reshape(w, d+1, classes)
	return ops.Add(ops.MatMul(x, ops.Slice(rows, ops.Range{Stop: d})), ops.Slice(rows, ops.At(d)))
}

// logistic returns the loss −Σ log p(label) + ½‖w‖² of a multinomial logistic regression, as a function of w.
func logistic(s *data.Set) func(w *graph.Node) *graph.Node {
	return func(w *graph.Node) *graph.Node {
		x := graph.Const(w.Graph(), s.X, s.Len(), s.Dim)
		y := graph.Const(w.Graph(), s.OneHot(), s.Len(), s.Classes)
		z := scores(w, x, s.Classes)
		surprise := ops.Sub(ops.Sum(ops.LogSumExp(z, 1)), ops.Sum(ops.Mul(y, z)))
		return ops.Add(surprise, ops.Mul(0.5, ops.Sum(ops.Square(w))))
	}
}

// minimize runs one method from a starting point and prints a line about it.
func minimize(w io.Writer, name string, f func(*graph.Node) *graph.Node, start []float64, m optimize.Method) ([]float64, error) {
	problem, err := gonum.Problem(f, len(start))
	if err != nil {
		return nil, err
	}
	r, err := optimize.Minimize(problem, start, &optimize.Settings{GradientThreshold: 1e-5}, m)
	if err != nil {
		return nil, fmt.Errorf("%s by %T: %w", name, m, err)
	}
	fmt.Fprintf(w, "%-10s  %9d  %-16s  %9d  %8d  %8.4f\n", name, len(start), fmt.Sprintf("%T", m)[len("*optimize."):],
		r.GradEvaluations, r.HessEvaluations, r.F)
	return r.X, nil
}

// accuracy is the share of samples whose label has the largest score.
func accuracy(w []float64, s *data.Set) (float64, error) {
	g := graph.New()
	z := scores(graph.Const(g, w, len(w)), graph.Const(g, s.X, s.Len(), s.Dim), s.Classes)
	guess, err := autodiff.Eval(ops.ArgMax(z, 1))
	if err != nil {
		return 0, err
	}
	right := 0
	for i, k := range guess[0].Int64s() {
		if int(k) == s.Labels[i] {
			right++
		}
	}
	return float64(right) / float64(s.Len()), nil
}

func run(w io.Writer) error {
	fmt.Fprintln(w, "function    variables  method            gradients  Hessians     value")
	for _, n := range []int{10, 100} {
		for _, m := range []optimize.Method{&optimize.BFGS{}, &optimize.Newton{}} {
			if _, err := minimize(w, "Rosenbrock", rosenbrock, make([]float64, n), m); err != nil {
				return err
			}
		}
	}
	train, test, err := data.Digits().Split(1000, 1)
	if err != nil {
		return err
	}
	var weights []float64
	for _, m := range []optimize.Method{&optimize.LBFGS{}, &optimize.Newton{}} {
		weights, err = minimize(w, "digits", logistic(train), make([]float64, (train.Dim+1)*train.Classes), m)
		if err != nil {
			return err
		}
	}
	share, err := accuracy(weights, test)
	fmt.Fprintf(w, "%.1f %% of %d other digits are told right\n", 100*share, test.Len())
	return err
}

func main() {
	log.SetFlags(0)
	out := bufio.NewWriter(os.Stdout)
	if err := errors.Join(run(out), out.Flush()); err != nil {
		log.Fatal(err)
	}
}
