// Command ode fits the equations of Lotka and Volterra to the pelts of hares and lynxes that the Hudson's Bay Company
// bought from 1900 to 1920 (in thousands; Odum, Fundamentals of ecology, 1953, after MacLulich 1937 and Elton 1942):
//
//	dh/dt = α·h − β·h·l,    dl/dt = δ·h·l − γ·l.
//
// The four rates and both populations at the start are those that bring the logarithms of the solution closest to those
// of the data. The gradient goes through the solver of the differential equations.
//
//	go run ./examples/ode
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log"
	"math"
	"os"

	"gonum.org/v1/gonum/optimize"

	"chainrule/autodiff/gonum"
	"chainrule/autodiff/solve"
	"chainrule/graph"
	"chainrule/ops"
)

var (
	hares = []float64{30, 47.2, 70.2, 77.4, 36.3, 20.6, 18.1, 21.4, 22, 25.4, 27.1, 40.3, 57, 76.6, 52.3, 19.5, 11.2, 7.6,
		14.6, 16.2, 24.7}
	lynxes = []float64{4, 6.1, 9.8, 35.2, 59.4, 41.7, 19, 13, 8.3, 9.1, 7.4, 8, 12.3, 19.5, 45.7, 51.1, 29.7, 15.8, 9.7,
		10.1, 8.6}
)

// populations are of hares and lynxes.
type populations struct{ H, L *graph.Node }

// rates are of growth and of meetings, for hares (α, β) and lynxes (γ, δ).
type rates struct{ A, B, C, D *graph.Node }

func lotkaVolterra(_ *graph.Node, y populations, r rates) populations {
	meet := ops.Mul(y.H, y.L)
	return populations{
		H: ops.Sub(ops.Mul(r.A, y.H), ops.Mul(r.B, meet)),
		L: ops.Sub(ops.Mul(r.D, meet), ops.Mul(r.C, y.L)),
	}
}

// model gives the populations of every year, for the logarithms x of the four rates and the populations in 1900.
func model(x *graph.Node) populations {
	p := ops.Exp(x)
	entry := func(i int) *graph.Node { return ops.Index(p, i) }
	years := ops.Linspace(x.Graph(), graph.Float64, 0, 20, 21)
	solution := solve.ODE(lotkaVolterra, solve.DormandPrince(1e-8, 1e-8))
	return solution(populations{entry(4), entry(5)}, rates{entry(0), entry(1), entry(2), entry(3)}, years)
}

// misfit is the sum of the squared differences of logarithms.
func misfit(x *graph.Node) *graph.Node {
	y := model(x)
	differ := func(y *graph.Node, data []float64) *graph.Node {
		return ops.Sum(ops.Square(ops.Log(ops.Div(y, graph.Const(x.Graph(), data, len(data))))))
	}
	return ops.Add(differ(y.H, hares), differ(y.L, lynxes))
}

// fit returns the rates and the populations at the start, and the misfit per number.
func fit() (p []float64, deviation float64, err error) {
	objective, err := gonum.NewObjective(misfit, 6)
	if err != nil {
		return nil, 0, err
	}
	start := []float64{math.Log(0.5), math.Log(0.025), math.Log(0.8), math.Log(0.025), math.Log(30), math.Log(4)}
	result, err := optimize.Minimize(optimize.Problem{Func: objective.Func, Grad: objective.Grad}, start,
		&optimize.Settings{GradientThreshold: 1e-6}, &optimize.BFGS{})
	if err != nil {
		return nil, 0, err
	}
	for _, v := range result.X {
		p = append(p, math.Exp(v))
	}
	return p, math.Sqrt(result.F / float64(len(hares)+len(lynxes))), objective.Err()
}

func run(w io.Writer) error {
	p, deviation, err := fit()
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "hares:  α = %.3f, β = %.4f, %.1f thousand in 1900\n", p[0], p[1], p[4])
	fmt.Fprintf(w, "lynxes: γ = %.3f, δ = %.4f, %.1f thousand in 1900\n", p[2], p[3], p[5])
	fmt.Fprintf(w, "the model is off by a factor of %.2f in the mean\n", math.Exp(deviation))
	return nil
}

func main() {
	log.SetFlags(0)
	out := bufio.NewWriter(os.Stdout)
	if err := errors.Join(run(out), out.Flush()); err != nil {
		log.Fatal(err)
	}
}
