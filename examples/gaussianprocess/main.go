// Command gaussianprocess fits a Gaussian process to a few noisy values: its length, size and noise are those that make the
// values most likely (Rasmussen, Williams, Gaussian Processes for Machine Learning, 2006, algorithm 2.1 and equation 2.30).
//
//	go run ./examples/gaussianprocess
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
	"chainrule/nn/plot"
	"chainrule/ops"
)

// kernel is size²·exp(−(a − b)²/(2·length²)) for all pairs of a and b. Theta is log length, log size and log noise.
func kernel(theta, a, b *graph.Node) *graph.Node {
	length, size := ops.Exp(ops.Index(theta, 0)), ops.Exp(ops.Index(theta, 1))
	d := ops.Div(ops.Sub(ops.Reshape(a, -1, 1), ops.Reshape(b, 1, -1)), length)
	return ops.Mul(ops.Square(size), ops.Exp(ops.Mul(-0.5, ops.Square(d))))
}

// factor is the Cholesky factor of the covariance of noisy values at x.
func factor(theta, x *graph.Node) *graph.Node {
	n := x.Shape()[0]
	noise := ops.Exp(ops.Mul(2, ops.Index(theta, 2)))
	return ops.Cholesky(ops.Add(kernel(theta, x, x), ops.Mul(noise, ops.Eye(x.Graph(), graph.Float64, n))))
}

// surprise is −log p(y | x, θ).
func surprise(theta, x, y *graph.Node) *graph.Node {
	l := factor(theta, x)
	quadratic := ops.Mul(0.5, ops.Sum(ops.Mul(y, ops.CholeskySolve(l, y))))
	logs := ops.Sum(ops.Log(ops.Diagonal(l)))
	return ops.Add(ops.Add(quadratic, logs), 0.5*float64(x.Shape()[0])*math.Log(2*math.Pi))
}

// predict returns the mean and the standard deviation of the function at other places.
func predict(theta, x, y, at *graph.Node) (mean, deviation *graph.Node) {
	l, across := factor(theta, x), kernel(theta, x, at) // [n, m]
	mean = ops.MatMul(ops.Transpose(across), ops.CholeskySolve(l, y))
	v := ops.TriangularSolve(l, across, true, false)
	variance := ops.Sub(ops.Exp(ops.Mul(2, ops.Index(theta, 1))), ops.Sum(ops.Square(v), 0))
	return mean, ops.Sqrt(variance)
}

// values are noisy ones of a function that the process does not know.
func values() (x, y []float64) {
	rng := rand.New(rand.NewPCG(3, 0))
	for i := range 25 {
		at := 6*float64(i)/24 + 0.1*rng.NormFloat64()
		x = append(x, at)
		y = append(y, math.Sin(2*at)+0.3*at+0.1*rng.NormFloat64())
	}
	return x, y
}

func run(out io.Writer, picture string) error {
	x, y := values()
	objective, err := gonum.NewObjective(func(theta *graph.Node) *graph.Node {
		g := theta.Graph()
		return surprise(theta, graph.Const(g, x, len(x)), graph.Const(g, y, len(y)))
	}, 3)
	if err != nil {
		return err
	}
	problem := optimize.Problem{Func: objective.Func, Grad: objective.Grad}
	best, err := optimize.Minimize(problem, []float64{0, 0, -1}, &optimize.Settings{GradientThreshold: 1e-6}, &optimize.BFGS{})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "−log likelihood %.3f\nlength %.3f, size %.3f, noise %.3f\n",
		best.F, math.Exp(best.X[0]), math.Exp(best.X[1]), math.Exp(best.X[2]))

	at := make([]float64, 151)
	for i := range at {
		at[i] = -0.5 + 8*float64(i)/150
	}
	var p struct{ Mean, Deviation []float64 }
	if err := autodiff.Compile(predict).RunTo(context.Background(), &p, best.X, x, y, at); err != nil {
		return err
	}
	low, high := make([]float64, len(at)), make([]float64, len(at))
	for i := range at {
		low[i], high[i] = p.Mean[i]-2*p.Deviation[i], p.Mean[i]+2*p.Deviation[i]
	}
	picturePlot, err := plot.Curves("mean and two deviations", "x", "y", plot.Line{Name: "mean", X: at, Y: p.Mean},
		plot.Line{Name: "low", X: at, Y: low}, plot.Line{Name: "high", X: at, Y: high},
		plot.Line{Name: "values", X: x, Y: y, Points: true})
	if err != nil {
		return err
	}
	return plot.Save(picture, picturePlot, 12, 8)
}

func main() {
	log.SetFlags(0)
	if err := run(os.Stdout, "process.png"); err != nil {
		log.Fatal("gaussianprocess: ", err)
	}
}
