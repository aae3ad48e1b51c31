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
//
// The nearest is found by a product of matrices, unless what that rounds might matter, which depends on how far all lie
// from the origin: an error of δ in the comparison of two squared distances raises a point's term by δ at most. Where
// all chosen distances are 0 there are no nearer ones.
func clusterCost(points, centroids *graph.Node) *graph.Node {
	cost := distances(points, centroids, nearestByProduct(points, centroids))
	n, d := float64(points.Shape()[0]), float64(points.Shape()[1])
	atMost := ops.Mul(n, comparisonError(d, ops.Max(norms(centroids)), cost))
	isRight := ops.Or(ops.Le(atMost, ops.Mul(1e-10, cost)), ops.Eq(cost, 0))
	return autodiff.Cond(isRight, func() *graph.Node { return cost }, func() *graph.Node {
		return distances(points, centroids, nearestByDifference(points, centroids))
	})
}

// distances is the sum of the squared distances of the points to the centroids of the given indices.
func distances(points, centroids, indices *graph.Node) *graph.Node {
	return ops.Sum(ops.Square(ops.Sub(ops.Take(centroids, indices, 0), points)))
}

// nearestByProduct gives the index of the centroid c that is nearest to each point p: the one with the largest
// 2c·p − ‖c‖², since ‖p − c‖² = ‖p‖² − (2c·p − ‖c‖²).
func nearestByProduct(points, centroids *graph.Node) *graph.Node {
	return nearest(1<<21, points, centroids, func(points *graph.Node) *graph.Node {
		products := ops.MatMul(centroids, ops.Transpose(points))
		return ops.ArgMax(ops.Sub(ops.Mul(2, products), ops.ExpandDims(norms(centroids), 1)), 0)
	})
}

// norms are the ‖c‖² [k].
func norms(centroids *graph.Node) *graph.Node { return ops.Sum(ops.Square(centroids), 1) }

// comparisonError bounds the error of a difference of two of nearestByProduct's numbers, which have one of
// (γ_d + u)·(2‖c‖·‖p‖ + ‖c‖²) each, with γ_d ≈ d·u (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1).
// No ‖c‖² is above norm, and no ‖p‖ above the length of the chosen c and the distance from there, which is √cost at most.
func comparisonError(d float64, norm, cost *graph.Node) *graph.Node {
	c := ops.Sqrt(norm)
	p := ops.Add(c, ops.Sqrt(cost))
	return ops.Mul(2*(d+3)*0x1p-53, ops.Add(ops.Mul(2, ops.Mul(c, p)), norm))
}

// nearest asks of, which compares points with all centroids, for all points, or, where that is more than most numbers,
// for as many at a time as lead to half a megabyte.
func nearest(most int, points, centroids *graph.Node, of func(points *graph.Node) *graph.Node) *graph.Node {
	n, k := points.Shape()[0], centroids.Shape()[0]
	if n*k <= most {
		return of(points)
	}
	rows := max(32, 1<<16/k)
	return joined(inBlocks(rows, func(block []*graph.Node) *graph.Node { return of(block[0]) }, points))
}

// nearestByDifference does what nearestByProduct does, from squared differences, which cancel nothing.
func nearestByDifference(points, centroids *graph.Node) *graph.Node {
	return nearest(1<<16, points, centroids, func(points *graph.Node) *graph.Node {
		var squares *graph.Node // [k, n]
		for j := range points.Shape()[1] {
			apart := ops.Sub(ops.Transpose(ops.Slice(points, ops.All, ops.At(j))), ops.Slice(centroids, ops.All, ops.At(j)))
			if squares == nil {
				squares = ops.Square(apart)
			} else {
				squares = ops.MulAdd(apart, apart, squares)
			}
		}
		return ops.ArgMin(squares, 0)
	})
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
