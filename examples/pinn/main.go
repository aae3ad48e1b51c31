// Command pinn solves a differential equation with a network: u″(x) + u(x)·u′(x) = f(x) on [0, 1], u(0) = u(1) = 0. The network's
// derivatives are exact, so what is left of the equation at some places is a loss (Raissi, Perdikaris, Karniadakis,
// Journal of Computational Physics 378, 2019).
//
//	go run ./examples/pinn
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"math"
	"math/rand/v2"
	"os"

	"gonum.org/v1/gonum/optimize"

	"chainrule/autodiff"
	"chainrule/autodiff/gonum"
	"chainrule/graph"
	"chainrule/nn"
	"chainrule/nn/plot"
	"chainrule/ops"
)

// solution is known here, and f made to fit it.
func solution(x float64) float64 { return math.Sin(math.Pi * x) }

func force(x *graph.Node) *graph.Node {
	s, c := ops.Sin(ops.Mul(math.Pi, x)), ops.Cos(ops.Mul(math.Pi, x))
	return ops.Mul(s, ops.Sub(ops.Mul(math.Pi, c), math.Pi*math.Pi))
}

// u is the network times x·(1 − x), so that the values at both ends are right from the start.
func u(net nn.Sequential) func(x *graph.Node) *graph.Node {
	return func(x *graph.Node) *graph.Node {
		y := ops.Reshape(net.Apply(ops.Reshape(x, 1)))
		return ops.Mul(ops.Mul(x, ops.Sub(1, x)), y)
	}
}

// residual is what is left of the equation at a place.
func residual(net nn.Sequential) func(x *graph.Node) *graph.Node {
	return func(x *graph.Node) *graph.Node {
		d := autodiff.Derivatives(u(net), 2)(x) // u, u′, u″
		return ops.Sub(ops.Add(d[2], ops.Mul(d[0], d[1])), force(x))
	}
}

func run(out io.Writer, picture string) error {
	places := make([]float64, 32)
	for i := range places {
		places[i] = (float64(i) + 0.5) / float64(len(places))
	}
	net := nn.NewMLP(graph.Float64, []int{1, 16, 16, 1}, nn.Tanh, nn.Xavier, rand.New(rand.NewPCG(1, 0)))
	objective, err := gonum.NewTreeObjective(func(net nn.Sequential) *graph.Node {
		x := graph.Const(nn.Params(net)[0].Param.Node().Graph(), places, len(places))
		return ops.Mean(ops.Square(autodiff.Vmap(residual(net))(x)))
	}, net)
	if err != nil {
		return err
	}
	problem := optimize.Problem{Func: objective.Func, Grad: objective.Grad}
	settings := &optimize.Settings{MajorIterations: 300, GradientThreshold: 1e-7}
	best, err := optimize.Minimize(problem, objective.Start, settings, &optimize.LBFGS{})
	if err != nil {
		return err
	}
	if err := objective.Tree(&net, best.X); err != nil {
		return err
	}

	at, exact := make([]float64, 101), make([]float64, 101)
	for i := range at {
		at[i] = float64(i) / 100
		exact[i] = solution(at[i])
	}
	var got []float64
	err = autodiff.Compile(func(net nn.Sequential, x *graph.Node) *graph.Node { return autodiff.Vmap(u(net))(x) }).
		RunTo(context.Background(), &got, net, at)
	if err != nil {
		return err
	}
	worst := 0.0
	for i := range got {
		worst = max(worst, math.Abs(got[i]-exact[i]))
	}
	fmt.Fprintf(out, "equation left over: less than 0.001: %v\nlargest error of u: less than 0.0001: %v\n", best.F < 1e-6, worst < 1e-4)
	p, err := plot.Curves("u″ + u·u′ = f", "x", "u", plot.Line{Name: "network", X: at, Y: got},
		plot.Line{Name: "exact, at every fifth place", X: every(5, at), Y: every(5, exact), Points: true})
	if err != nil {
		return err
	}
	return plot.Save(picture, p, 12, 8)
}

func every(n int, x []float64) (some []float64) {
	for i := 0; i < len(x); i += n {
		some = append(some, x[i])
	}
	return some
}

func main() {
	log.SetFlags(0)
	if err := run(os.Stdout, "solution.png"); err != nil {
		log.Fatal("pinn: ", err)
	}
}
