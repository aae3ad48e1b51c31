package main

import (
	"errors"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// kmeans is the cost of k-means clustering, and the direction of Newton's step for it.
var kmeans = module{
	"cost": planned(func(in kmeansInput) (plan, error) { return in.plan(clusterCost, number) }),
	"dir":  planned(func(in kmeansInput) (plan, error) { return in.plan(newtonStep, table) }),
}

type kmeansInput struct {
	runs
	Points    [][]float64 `json:"points"`
	Centroids [][]float64 `json:"centroids"`
}

// clusterCost is the sum of the squared distances of the points [n, d] to the nearest of the centroids [k, d].
func clusterCost(points, centroids *graph.Node) *graph.Node {
	nearest := ops.Take(centroids, nearestTo(points, centroids), 0)
	return ops.Sum(ops.Square(ops.Sub(points, nearest)))
}

// nearestTo gives the index of the centroid c that is nearest to each point p: the one with the largest 2c·p − ‖c‖²,
// since ‖p − c‖² = ‖p‖² − (2c·p − ‖c‖²).
func nearestTo(points, centroids *graph.Node) *graph.Node {
	products := ops.MatMul(centroids, ops.Transpose(points))
	norms := ops.ExpandDims(ops.Sum(ops.Square(centroids), 1), 1)
	return ops.ArgMax(ops.Sub(ops.Mul(2, products), norms), 0)
}

// newtonStep is the gradient of the cost by the centroids divided by the second derivatives. The Hessian H is diagonal,
// so that its product with a vector of ones is its diagonal.
func newtonStep(points, centroids *graph.Node) *graph.Node {
	gradient := autodiff.Grad(func(c *graph.Node) *graph.Node { return clusterCost(points, c) })
	ones := ops.BroadcastTo(centroids.Graph().Scalar(graph.Float64, 1), centroids.Shape()...)
	g, diagonal := autodiff.JVP(gradient, centroids, ones)
	return ops.Div(g, diagonal)
}

func (in kmeansInput) plan(f any, output func([]result) any) (plan, error) {
	if len(in.Points) == 0 || len(in.Centroids) == 0 || len(in.Points[0]) == 0 {
		return plan{}, errors.New("there are no points, no centroids, or no coordinates")
	}
	if err := fits(len(in.Points), len(in.Centroids)); err != nil {
		return plan{}, err
	}
	d := len(in.Points[0])
	var t tensors
	return plan{f, []any{t.matrix("points", in.Points, d), t.matrix("centroids", in.Centroids, d)}, output}, t.err
}
