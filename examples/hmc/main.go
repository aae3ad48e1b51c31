// Command hmc draws from the posterior of a hierarchical model by Hamiltonian Monte Carlo (Neal, Handbook of Markov Chain
// Monte Carlo, 2011, chapter 5). Eight schools tested a course; how far does its effect differ between them (Rubin, Journal of
// Educational Statistics 6, 1981)? The sampler is one compiled program: steps are a Scan, chains a Vmap, and random numbers come from keys.
//
//	go run ./examples/hmc
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"math"
	"os"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/nn/plot"
	"chainrule/ops"
)

var (
	effects    = []float64{28, 8, -3, 7, -1, 1, 18, 12}
	deviations = []float64{15, 10, 16, 11, 9, 11, 10, 18}
)

// unknowns are the mean effect μ, the logarithm of τ, by which schools differ, and where each school lies, in units of τ.
func unknowns(q *graph.Node) (mu, logTau, z *graph.Node) {
	return ops.Index(q, 0), ops.Index(q, 1), ops.Slice(q, ops.Range{Start: 2, Stop: 10})
}

// energy is −log of the posterior, but for a constant: μ ~ N(0, 5²), τ ~ half-Cauchy(5), z ~ N(0, 1), effects ~ N(μ + τ·z, σ²).
func energy(q *graph.Node) *graph.Node {
	g := q.Graph()
	mu, logTau, z := unknowns(q)
	tau := ops.Exp(logTau)
	y, sigma := graph.Const(g, effects, 8), graph.Const(g, deviations, 8)
	off := ops.Div(ops.Sub(y, ops.Add(mu, ops.Mul(tau, z))), sigma)
	squares := ops.Add(ops.Sum(ops.Square(off)), ops.Add(ops.Sum(ops.Square(z)), ops.Square(ops.Div(mu, 5))))
	scale := ops.Sub(ops.Log1p(ops.Square(ops.Div(tau, 5))), logTau) // half-Cauchy, and dτ = τ·d(log τ)
	return ops.Add(ops.Mul(0.5, squares), scale)
}

const (
	stepSize  = 0.15
	steps     = 20 // of a trajectory
	warmUp    = 500
	draws     = 4000
	chains    = 4
	dimension = 10
)

// state is a place q and its momentum p.
type state struct{ Q, P *graph.Node }

// leapfrog follows Hamilton's equations.
func leapfrog(s state) state {
	slope := autodiff.Grad(energy)
	kick := func(s state, by float64) state { return state{s.Q, ops.Sub(s.P, ops.Mul(by, slope(s.Q)))} }
	return autodiff.For(steps, func(_ *graph.Node, s state) state {
		s = kick(s, stepSize/2)
		s.Q = ops.Add(s.Q, ops.Mul(stepSize, s.P))
		return kick(s, stepSize/2)
	}, s)
}

// total is the energy of place and momentum.
func total(s state) *graph.Node {
	return ops.Add(energy(s.Q), ops.Mul(0.5, ops.Sum(ops.Square(s.P))))
}

// draw is a place after another: the end of a trajectory, or the same place again.
type draw struct{ Q, Accepted *graph.Node }

// chain draws from the posterior.
func chain(key *graph.Node) draw {
	keys := ops.SplitKey(key, warmUp+draws+1)
	first := ops.Normal(ops.Index(keys, 0), graph.Float64, dimension)
	_, all := autodiff.Scan(func(q, key *graph.Node) (*graph.Node, draw) {
		two := ops.SplitKey(key, 2)
		from := state{q, ops.Normal(ops.Index(two, 0), graph.Float64, dimension)}
		to := leapfrog(from)
		luck := ops.Log(ops.Sub(1, ops.Uniform(ops.Index(two, 1), graph.Float64)))
		accepted := ops.Lt(luck, ops.Sub(total(from), total(to)))
		q = ops.Where(accepted, to.Q, q)
		return q, draw{q, ops.Cast(accepted, graph.Float64)}
	}, first, ops.Slice(keys, ops.Range{Start: 1, Stop: warmUp + draws + 1}))
	return draw{
		ops.Slice(all.Q, ops.Range{Start: warmUp, Stop: warmUp + draws}),
		ops.Mean(ops.Slice(all.Accepted, ops.Range{Start: warmUp, Stop: warmUp + draws})),
	}
}

// sample returns draws of μ and τ of all chains, one chain after the other, and the share that was accepted.
func sample(seed int64) (mu, tau []float64, accepted float64, err error) {
	sampler := autodiff.Compile(func(seed *graph.Node) draw {
		key := ops.FoldIn(ops.Key(seed.Graph(), 0), seed)
		return autodiff.Vmap(chain)(ops.SplitKey(key, chains))
	})
	results, err := sampler.Run(context.Background(), seed)
	if err != nil {
		return nil, nil, 0, err
	}
	q, shares := results[0].Float64s(), results[1].Float64s()
	for i := 0; i < len(q); i += dimension {
		mu, tau = append(mu, q[i]), append(tau, math.Exp(q[i+1]))
	}
	for _, s := range shares {
		accepted += s / chains
	}
	return mu, tau, accepted, nil
}

func mean(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

func run(out io.Writer, picture string) error {
	mu, tau, accepted, err := sample(1)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "accepted: more than 80 %%: %v\nmean effect %.0f, schools differ by %.0f\n", accepted > 0.8, mean(mu), mean(tau))
	p, err := plot.Curves("draws of the first chain", "mean effect", "difference between schools",
		plot.Line{X: mu[:1000], Y: tau[:1000], Points: true})
	if err != nil {
		return err
	}
	return plot.Save(picture, p, 12, 9)
}

func main() {
	log.SetFlags(0)
	if err := run(os.Stdout, "posterior.png"); err != nil {
		log.Fatal("hmc: ", err)
	}
}
