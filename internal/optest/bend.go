package optest

import (
	"fmt"
	"math"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/internal/exec"
	"chainrule/ops"
)

// corners are where rules put one number in the place of another, if they do.
var corners = []float64{0, 1, -1, 0.5, 2, -3}

// checkBends looks at second derivatives of an elementwise op at all combinations of corners, kinks among them. The order
// of two derivatives must not matter, and where the slope by an input changes at the same rate on both sides of a point, the
// second derivative is that rate.
func checkBends(in Instance) error {
	wrt := in.wrt()
	if in.Op.Class != graph.Map || isLinear(in.Op.Derivative) || len(wrt) != len(in.args) || !in.all(graph.Float64) ||
		in.Case.Name != in.Op.Cases[0].Name {
		return nil
	}
	size := int(math.Pow(float64(len(corners)), float64(len(wrt))))
	points := make([][]float64, len(wrt))
	for i := range points {
		every := int(math.Pow(float64(len(corners)), float64(i)))
		for e := range size {
			points[i] = append(points[i], corners[e/every%len(corners)])
		}
	}
	slopes, bends, err := in.secondOrder(points)
	if err != nil {
		return err
	}
	for j := range wrt {
		const h = 1e-6
		rates := [2][][]float64{}
		for side, step := range []float64{-h, h} {
			moved := append([][]float64(nil), points...)
			moved[j] = nil
			for _, x := range points[j] {
				moved[j] = append(moved[j], x+step)
			}
			there, _, err := in.secondOrder(moved)
			if err != nil {
				return err
			}
			for i := range wrt {
				var rate []float64
				for e := range size {
					rate = append(rate, (there[i][e]-slopes[i][e])/step)
				}
				rates[side] = append(rates[side], rate)
			}
		}
		for i := range wrt {
			for e := range size {
				at := make([]float64, len(wrt))
				for k := range at {
					at[k] = points[k][e]
				}
				got, other := bends[i][j][e], bends[j][i][e]
				if math.Abs(got-other) > 1e-12*max(1, math.Abs(got), math.Abs(other)) || math.IsNaN(got) != math.IsNaN(other) ||
					math.IsInf(got, 0) && got != other {
					return fmt.Errorf("%s: at %v the second derivative by inputs %d and %d is %v, in the other order %v",
						in.Op.Name, at, i, j, got, other)
				}
				// A rate is off by half a step times the third derivative, and by roundings over the step.
				left, right := rates[0][i][e], rates[1][i][e]
				slack := 1e-4 * max(1, math.Abs(left))
				if math.Abs(left) < 1e4 && math.Abs(left-right) < slack && !(math.Abs(got-left) < slack) {
					return fmt.Errorf("%s: at %v the second derivative by inputs %d and %d is %v; the slope changes at the rate %v",
						in.Op.Name, at, i, j, got, left)
				}
			}
		}
	}
	return nil
}

// secondOrder returns an elementwise op's slopes by each input at the given points, and the slopes of these.
func (in Instance) secondOrder(points [][]float64) (slopes [][]float64, bends [][][]float64, err error) {
	g := graph.New()
	feeds := map[*graph.Node]exec.Value{}
	xs := make([]*graph.Node, len(points))
	for i, p := range points {
		xs[i] = g.Input("", graph.Float64, len(p))
		feeds[xs[i]] = fill(xs[i].Type(), func(e int) float64 { return p[e] })
	}
	pullOnes := func(f func(xs []*graph.Node) *graph.Node, xs []*graph.Node) []*graph.Node {
		y, pull := autodiff.VJP(f, xs, autodiff.AllowUnreachable())
		return pull(ops.BroadcastTo(g.Scalar(y.DType(), 1), y.Shape()...))
	}
	slope := func(xs []*graph.Node) []*graph.Node {
		return pullOnes(func(xs []*graph.Node) *graph.Node { return in.apply(xs...) }, xs)
	}
	outputs := slope(xs)
	for i := range xs {
		outputs = append(outputs, pullOnes(func(xs []*graph.Node) *graph.Node { return slope(xs)[i] }, xs)...)
	}
	results, err := exec.Reference(outputs, feeds)
	if err != nil {
		return nil, nil, err
	}
	lists := make([][]float64, len(results))
	for k, v := range results {
		for e := range v.Buf.Len {
			lists[k] = append(lists[k], v.At(e))
		}
	}
	n := len(xs)
	for i := range xs {
		bends = append(bends, lists[n+i*n:n+(i+1)*n])
	}
	return lists[:n], bends, nil
}
