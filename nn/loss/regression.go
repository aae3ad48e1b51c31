package loss

import (
	"math"

	"chainrule/graph"
	"chainrule/ops"
)

// Quadratic is ½‖y − x‖² for each sample, the sum over all axes but the first: the cost C = 1/m·Σ ½‖y − x‖² of lecture
// notes with the reduction Mean. x and y are [batch, …].
func Quadratic(x, y *graph.Node, reduce ...Reduction) *graph.Node {
	alike("quadratic", x, y)
	terms := ops.Mul(0.5, ops.Square(ops.Sub(y, x)))
	if rank := x.Rank(); rank > 1 {
		axes := make([]int, rank-1)
		for i := range axes {
			axes[i] = i + 1
		}
		terms = ops.Sum(terms, axes...)
	}
	return only("quadratic", reduce).reduce("quadratic", terms)
}

// MSE is (x − y)², the squared error, element by element.
func MSE(x, y *graph.Node, reduce ...Reduction) *graph.Node {
	alike("mse", x, y)
	return only("mse", reduce).reduce("mse", ops.Square(ops.Sub(x, y)))
}

// MAE is |x − y|, the absolute error (PyTorch's L1Loss), element by element.
func MAE(x, y *graph.Node, reduce ...Reduction) *graph.Node {
	alike("mae", x, y)
	return only("mae", reduce).reduce("mae", ops.Abs(ops.Sub(x, y)))
}

// Huber is ½d² where d = |x − y| is less than delta and delta·(d − delta/2) beyond (Huber 1964), element by element.
// Delta is positive.
func Huber(x, y *graph.Node, delta float64, reduce ...Reduction) *graph.Node {
	alike("huber", x, y)
	positive("huber", "delta", delta)
	d := ops.Abs(ops.Sub(x, y))
	terms := ops.Where(ops.Lt(d, delta), ops.Mul(0.5, ops.Square(d)), ops.Mul(delta, ops.Sub(d, delta/2)))
	return only("huber", reduce).reduce("huber", terms)
}

// SmoothL1 is d²/(2·beta) where d = |x − y| is less than beta and d − beta/2 beyond (Girshick 2015, equation 3, for
// beta = 1), element by element. It is Huber / beta. Beta is positive.
func SmoothL1(x, y *graph.Node, beta float64, reduce ...Reduction) *graph.Node {
	alike("smooth_l1", x, y)
	positive("smooth_l1", "beta", beta)
	d := ops.Abs(ops.Sub(x, y))
	terms := ops.Where(ops.Lt(d, beta), ops.Mul(0.5/beta, ops.Square(d)), ops.Sub(d, beta/2))
	return only("smooth_l1", reduce).reduce("smooth_l1", terms)
}

func positive(name, what string, v float64) {
	if !(v > 0) || math.IsInf(v, 1) {
		graph.Fail(name, nil, "%s is %v, want a positive number", what, v)
	}
}

// PoissonNLLOptions say more of PoissonNLL.
type PoissonNLLOptions struct {
	Rate      bool    // x is the rate λ, not its logarithm
	Full      bool    // with Stirling's approximation of log y! where y > 1
	Eps       float64 // added to the rate under the logarithm; 0 stands for 1e-8
	Reduction Reduction
}

// PoissonNLL is −log of the probability of the counts y, up to a constant, by Poisson distributions of rate λ = eˣ:
// eˣ − y·x; with the option Rate λ = x: x − y·log(x + eps).
func PoissonNLL(x, y *graph.Node, opts ...PoissonNLLOptions) *graph.Node {
	const name = "poisson_nll"
	alike(name, x, y)
	o := only(name, opts)
	if o.Eps == 0 {
		o.Eps = 1e-8
	}
	terms := ops.Sub(ops.Exp(x), ops.Mul(y, x))
	if o.Rate {
		terms = ops.Sub(x, ops.XMulY(y, ops.Log(ops.Add(x, o.Eps))))
	}
	if o.Full {
		big := ops.Where(ops.Gt(y, 1), y, 1)
		stirling := ops.Add(ops.Sub(ops.XLogY(big, big), big), ops.Mul(0.5, ops.Log(ops.Mul(2*math.Pi, big))))
		terms = ops.Add(terms, ops.Where(ops.Gt(y, 1), stirling, 0))
	}
	return o.Reduction.reduce(name, terms)
}

// GaussianNLLOptions say more of GaussianNLL.
type GaussianNLLOptions struct {
	Full      bool    // with the constant ½·log 2π
	Eps       float64 // the least variance; 0 stands for 1e-6
	Reduction Reduction
}

// GaussianNLL is −log of the density of y by normal distributions of mean x and the given variance, up to a constant:
// ½·(log σ² + (x − y)²/σ²). The variance broadcasts to x. Below eps it counts as eps, with the derivative that it has there
// (Nix and Weigend 1994).
func GaussianNLL(x, y, variance *graph.Node, opts ...GaussianNLLOptions) *graph.Node {
	const name = "gaussian_nll"
	alike(name, x, y)
	present(name, variance)
	o := only(name, opts)
	if o.Eps == 0 {
		o.Eps = 1e-6
	}
	bounded := ops.Maximum(variance, o.Eps)
	v := ops.Add(variance, ops.StopGradient(ops.Sub(bounded, variance)))
	terms := ops.Mul(0.5, ops.Add(ops.Log(v), ops.Div(ops.Square(ops.Sub(x, y)), v)))
	if o.Full {
		terms = ops.Add(terms, 0.5*math.Log(2*math.Pi))
	}
	return o.Reduction.reduce(name, terms)
}
