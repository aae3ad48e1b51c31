// Command curvefit fits ten models of the NIST Statistical Reference Datasets for nonlinear regression to their data,
// each from both of NIST's starting points, with a Levenberg–Marquardt method in about sixty lines. The residuals and
// their Jacobian come from the model as it is written down; the parameters and their standard deviations are compared
// with the certified ones.
//
//	go run ./examples/curvefit
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log"
	"math"
	"os"
	"slices"

	"chainrule/autodiff/gonum"
	"chainrule/graph"
	"chainrule/ops"
)

// fit is the result for one starting point.
type fit struct {
	parameters, deviations []float64
	rss                    float64
	steps                  int
}

// fitTo fits a problem's model from a starting point.
func fitTo(p problem, start []float64) (fit, error) {
	residuals, err := gonum.NewResiduals(func(b *graph.Node) *graph.Node {
		x, y := graph.Const(b.Graph(), p.X, len(p.X)), graph.Const(b.Graph(), p.Y, len(p.Y))
		parameters := make([]*graph.Node, len(start))
		for i := range parameters {
			parameters[i] = ops.Index(b, i)
		}
		return ops.Sub(models[p.Name](parameters, x), y)
	}, len(start))
	if err != nil {
		return fit{}, err
	}
	f := fit{parameters: slices.Clone(start)}
	if f.steps, err = levenbergMarquardt(residuals, f.parameters); err != nil {
		return f, err
	}
	f.deviations, f.rss, err = deviations(residuals, f.parameters)
	return f, err
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
		for k, start := range p.Starts {
			f, err := fitTo(p, start)
			if err != nil {
				return fmt.Errorf("%s from start %d: %w", p.Name, k+1, err)
			}
			fmt.Fprintf(w, "%-10s %5d  %5d  %20.1f  %10.1f  %14.1f\n", p.Name, k+1, f.steps,
				digits(f.parameters, p.Certified), digits(f.deviations, p.Deviations),
				digits([]float64{f.rss}, []float64{p.RSS}))
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
