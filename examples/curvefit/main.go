// Command curvefit fits ten models of the NIST Statistical Reference Datasets for nonlinear regression to their data,
// each from both of NIST's starting points, by solve.LeastSquares. The residuals come from the model as it is written down;
// the parameters and their standard deviations are compared with the certified ones.
//
//	go run ./examples/curvefit
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"math"
	"os"

	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/autodiff/solve"
	"chainrule/graph"
	"chainrule/ops"
)

// fit is the numbers of a solve.Fit.
type fit struct {
	X          []float64
	RSS        float64
	Covariance *tensor.Dense
	Deviations []float64
	Steps, End int64
}

// fitter compiles the fit of a problem's model, from a starting point.
func fitter(p problem) *autodiff.Function {
	type data struct{ X, Y *graph.Node }
	find := solve.LeastSquares(func(d data, b []*graph.Node) *graph.Node {
		return ops.Sub(models[p.Name](b, d.X), d.Y)
	})
	return autodiff.Compile(func(start []*graph.Node) solve.Fit[[]*graph.Node] {
		g := start[0].Graph()
		return find(data{graph.Const(g, p.X, len(p.X)), graph.Const(g, p.Y, len(p.Y))}, start)
	})
}

// digits is the number of correct significant digits of the worst of the numbers.
func digits(got, certified []float64) float64 {
	worst := math.Inf(1)
	for i := range got {
		worst = math.Min(worst, -math.Log10(math.Abs(got[i]-certified[i])/math.Abs(certified[i])))
	}
	return math.Min(worst, 11) // as many as are certified
}

func run(w io.Writer) error {
	list, err := problems()
	if err != nil {
		return err
	}
	fmt.Fprintln(w, "problem    start  steps  digits of parameters  deviations  sum of squares")
	for _, p := range list {
		fn := fitter(p)
		for k, start := range p.Starts {
			var f fit
			if err := fn.RunTo(context.Background(), &f, start); err != nil {
				return fmt.Errorf("%s from start %d: %w", p.Name, k+1, err)
			}
			fmt.Fprintf(w, "%-10s %5d  %5d  %20.1f  %10.1f  %14.1f\n", p.Name, k+1, f.Steps,
				digits(f.X, p.Certified), digits(f.Deviations, p.Deviations),
				digits([]float64{f.RSS}, []float64{p.RSS}))
		}
	}
	return nil
}

func main() {
	log.SetFlags(0)
	out := bufio.NewWriter(os.Stdout)
	if err := errors.Join(run(out), out.Flush()); err != nil {
		log.Fatal(err)
	}
}
