// Command kalman follows an object that moves along a line, from noisy measurements of its place, and finds out how noisy
// they are and how unsteady it moves: the filter is a Scan, and its likelihood is differentiated by both
// (Särkkä, Bayesian Filtering and Smoothing, 2013, section 4.3 and chapter 12).
//
//	go run ./examples/kalman
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

// belief is a normal distribution of the state, place and speed.
type belief struct {
	Mean *graph.Node // [2]
	Cov  *graph.Node // [2, 2]
}

// filter returns −log p(y), and the place after each measurement. Theta is log σ of the speed's changes and of the measurements.
func filter(theta, y *graph.Node) (surprise, places *graph.Node) {
	g := theta.Graph()
	move := graph.Const(g, []float64{1, 1, 0, 1}, 2, 2) // a step of time 1
	see := graph.Const(g, []float64{1, 0}, 2)
	changes := ops.Mul(ops.Exp(ops.Mul(2, ops.Index(theta, 0))), graph.Const(g, []float64{.25, .5, .5, 1}, 2, 2))
	noise := ops.Exp(ops.Mul(2, ops.Index(theta, 1)))

	type seen struct{ Place, Surprise *graph.Node }
	step := func(b belief, y *graph.Node) (belief, seen) {
		mean := ops.MatMul(move, b.Mean)
		cov := ops.Add(ops.MatMul(ops.MatMul(move, b.Cov), ops.Transpose(move)), changes)
		across := ops.MatMul(cov, see) // of the state with the measurement
		variance := ops.Add(ops.Sum(ops.Mul(see, across)), noise)
		off := ops.Sub(y, ops.Sum(ops.Mul(see, mean)))
		gain := ops.Div(across, variance)
		next := belief{
			Mean: ops.Add(mean, ops.Mul(gain, off)),
			Cov:  ops.Sub(cov, ops.Mul(ops.Reshape(gain, 2, 1), ops.Reshape(across, 1, 2))),
		}
		bits := ops.Mul(0.5, ops.Add(ops.Log(ops.Mul(2*math.Pi, variance)), ops.Div(ops.Square(off), variance)))
		return next, seen{ops.Index(next.Mean, 0), bits}
	}
	first := belief{graph.Const(g, []float64{0, 0}, 2), graph.Const(g, []float64{10, 0, 0, 10}, 2, 2)}
	_, all := autodiff.Scan(step, first, y)
	return ops.Sum(all.Surprise), all.Place
}

const trueChanges, trueNoise = 0.2, 1.5

// track is the places of an object and what was measured.
func track(n int) (places, y []float64) {
	rng := rand.New(rand.NewPCG(2, 0))
	place, speed := 0.0, 0.5
	for range n {
		push := trueChanges * rng.NormFloat64()
		place, speed = place+speed+push/2, speed+push
		places, y = append(places, place), append(y, place+trueNoise*rng.NormFloat64())
	}
	return places, y
}

// apart is the root of the mean squared difference.
func apart(a, b []float64) float64 {
	sum := 0.0
	for i := range a {
		sum += (a[i] - b[i]) * (a[i] - b[i])
	}
	return math.Sqrt(sum / float64(len(a)))
}

func run(out io.Writer, picture string) error {
	places, y := track(200)
	objective, err := gonum.NewObjective(func(theta *graph.Node) *graph.Node {
		surprise, _ := filter(theta, graph.Const(theta.Graph(), y, len(y)))
		return surprise
	}, 2)
	if err != nil {
		return err
	}
	problem := optimize.Problem{Func: objective.Func, Grad: objective.Grad}
	best, err := optimize.Minimize(problem, []float64{0, 0}, &optimize.Settings{GradientThreshold: 1e-5}, &optimize.BFGS{})
	if err != nil {
		return err
	}
	var found struct {
		Surprise float64
		Places   []float64
	}
	if err := autodiff.Compile(filter).RunTo(context.Background(), &found, best.X, y); err != nil {
		return err
	}
	fmt.Fprintf(out, "σ of the speed's changes %.2f (made with %.2f), of measurements %.2f (%.2f)\n",
		math.Exp(best.X[0]), trueChanges, math.Exp(best.X[1]), trueNoise)
	fmt.Fprintf(out, "measured places are off by %.2f, filtered ones by %.2f\n", apart(y, places), apart(found.Places, places))
	p, err := plot.Curves("a track", "time", "place", plot.Line{Name: "true", Y: places[:60]},
		plot.Line{Name: "filtered", Y: found.Places[:60]}, plot.Line{Name: "measured", X: times(60), Y: y[:60], Points: true})
	if err != nil {
		return err
	}
	return plot.Save(picture, p, 12, 8)
}

func times(n int) []float64 {
	t := make([]float64, n)
	for i := range t {
		t[i] = float64(i + 1)
	}
	return t
}

func main() {
	log.SetFlags(0)
	if err := run(os.Stdout, "track.png"); err != nil {
		log.Fatal("kalman: ", err)
	}
}
