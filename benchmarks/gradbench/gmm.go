package main

import (
	"fmt"
	"math"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// gmm is the log posterior of a Gaussian mixture model with a Wishart prior on the precision matrices.
var gmm = module{
	"objective": planned(func(in gmmInput) (plan, error) { return in.plan(in.logPosterior, number) }),
	"jacobian":  planned(func(in gmmInput) (plan, error) { return in.plan(in.gradient, in.output) }),
}

type gmmInput struct {
	runs
	D     int         `json:"d"`
	K     int         `json:"k"`
	N     int         `json:"n"`
	X     [][]float64 `json:"x"`
	M     int         `json:"m"`
	Gamma float64     `json:"gamma"`
	Alpha []float64   `json:"alpha"`
	Mu    [][]float64 `json:"mu"`
	Q     [][]float64 `json:"q"`
	L     [][]float64 `json:"l"`
}

// gmmParams are what the gradient is taken by: Alpha [k], and Mu [k, d], Q [k, d] and L [k, d(d−1)/2], in which row k
// belongs to component k.
type gmmParams[T any] struct{ Alpha, Mu, Q, L T }

// logPosterior is the log likelihood of the points x [n, d] plus the log prior. Component k has the precision matrix
// QₖᵀQₖ, where Qₖ is lower triangular, with exp q on its diagonal and l below it, column by column.
func (in gmmInput) logPosterior(p gmmParams[*graph.Node], x *graph.Node) *graph.Node {
	d, k, n := in.D, in.K, in.N
	entries := ops.Concat([]*graph.Node{ops.Exp(p.Q), p.L}, 1)
	q := lowerTriangular(entries, d)
	sumQ := ops.Sum(p.Q, 1)

	columns := ops.Transpose(x)
	centre := ops.Mean(columns, 1) // both are taken from there, since far from the origin Qₖxᵢ − Qₖμₖ cancels
	columns, mu := ops.Sub(columns, ops.ExpandDims(centre, 1)), ops.Sub(p.Mu, centre)
	qx := ops.Reshape(ops.MatMul(ops.Reshape(q, k*d, d), columns), k, d, n)
	qmu := ops.MatMul(q, ops.ExpandDims(mu, 2))
	distance := ops.Sum(ops.Square(ops.Sub(qx, qmu)), 1) // ‖Qₖ(xᵢ − μₖ)‖², as [k, n]
	beta := ops.Sub(ops.ExpandDims(ops.Add(p.Alpha, sumQ), 1), ops.Mul(0.5, distance))
	normal := ops.Add(ops.LogSumExp(p.Alpha), 0.5*float64(d)*math.Log(2*math.Pi))
	likelihood := ops.Sub(ops.Sum(ops.LogSumExp(beta, 0)), ops.Mul(n, normal))

	frobenius := ops.Mul(-0.5*in.Gamma*in.Gamma, ops.Sum(ops.Square(entries)))
	prior := ops.Add(ops.Add(frobenius, ops.Mul(in.M, ops.Sum(sumQ))), float64(k)*in.wishartConstant())
	return ops.Add(likelihood, prior)
}

func (in gmmInput) gradient(p gmmParams[*graph.Node], x *graph.Node) gmmParams[*graph.Node] {
	return autodiff.Grad(func(p gmmParams[*graph.Node]) *graph.Node { return in.logPosterior(p, x) })(p)
}

// lowerTriangular makes d×d matrices of rows that hold a matrix's diagonal, then what is below it, column by column.
func lowerTriangular(entries *graph.Node, d int) *graph.Node {
	k, size := entries.Shape()[0], entries.Shape()[1]
	index := make([]int64, d*d)
	for i := range index {
		index[i] = int64(size) // a zero after the entries
	}
	next := int64(d)
	for j := range d {
		index[j*d+j] = int64(j)
		for i := j + 1; i < d; i++ {
			index[i*d+j] = next
			next++
		}
	}
	padded := ops.Pad(entries, []int{0, 0}, []int{0, 1}, []int{0, 0})
	return ops.Reshape(ops.Take(padded, graph.Const(entries.Graph(), index, d*d), 1), k, d, d)
}

// wishartConstant is what the log prior of a component has beside the terms with its precision: with n = d + m + 1,
// nd·log(γ/√2) − log Γ_d(n/2), where Γ_d is the multivariate gamma function.
func (in gmmInput) wishartConstant() float64 {
	d, n := float64(in.D), float64(in.D+in.M+1)
	logGamma := 0.25 * d * (d - 1) * math.Log(math.Pi)
	for j := range in.D {
		term, _ := math.Lgamma(0.5 * (n - float64(j)))
		logGamma += term
	}
	return n*d*math.Log(in.Gamma/math.Sqrt2) - logGamma
}

func (in gmmInput) plan(f any, output func([]result) any) (plan, error) {
	if in.D < 1 || in.K < 1 || in.N < 1 || len(in.X) != in.N || len(in.Alpha) != in.K || len(in.Mu) != in.K ||
		len(in.Q) != in.K || len(in.L) != in.K {
		return plan{}, fmt.Errorf("the arrays do not have the sizes d = %d, k = %d, n = %d", in.D, in.K, in.N)
	}
	if err := fits(in.K, in.D, max(in.N, in.D)); err != nil {
		return plan{}, err
	}
	var t tensors
	params := gmmParams[any]{
		in.Alpha, t.matrix("mu", in.Mu, in.D), t.matrix("q", in.Q, in.D), t.matrix("l", in.L, in.D*(in.D-1)/2)}
	return plan{f, []any{params, t.matrix("x", in.X, in.D)}, output}, t.err
}

func (in gmmInput) output(r []result) any {
	return gmmParams[any]{r[0].floats(), r[1].rows(), r[2].rows(), r[3].rows()}.named()
}

func (p gmmParams[T]) named() map[string]T {
	return map[string]T{"alpha": p.Alpha, "mu": p.Mu, "q": p.Q, "l": p.L}
}
