package optest

import (
	"fmt"
	"math"

	"chainrule/graph"
	"chainrule/internal/exec"
)

// checkKinks checks the first derivative where there is none in the usual sense: wherever the function has finite
// slopes on both sides of an element, the derivative that the rule gives lies between them.
func checkKinks(in Instance) error {
	if !in.Case.Kinked || !in.all(graph.Float64) {
		return nil
	}
	values := in.values()
	ones := func(t graph.Type) exec.Value { return fill(t, func(int) float64 { return 1 }) }
	_, grads, err := in.gradient(values, ones)
	if err != nil {
		return err
	}
	for k, i := range in.wrt() {
		for j := range values[i].Buf.Len {
			left, err := in.slope(values, i, j, -1)
			if err != nil {
				return err
			}
			right, err := in.slope(values, i, j, 1)
			if err != nil {
				return err
			}
			if math.IsNaN(left+right) || math.IsInf(left+right, 0) {
				continue
			}
			// Each slope is off by half a step times the curvature: 1e-4 is room for one of up to 200.
			slack := 1e-4 * max(1, math.Abs(left), math.Abs(right))
			if g := grads[k].At(j); !(g >= min(left, right)-slack && g <= max(left, right)+slack) {
				return fmt.Errorf("%s: derivative by input %d at element %d is %v, outside of the slopes %v and %v "+
					"on its sides", in.Op.Name, i, j, g, left, right)
			}
		}
	}
	return nil
}

// slope is (Σy(x ± h) − Σy(x)) / ±h in one element of one input.
func (in Instance) slope(values []exec.Value, input, element int, side float64) (float64, error) {
	const h = 1e-6
	total := func() (float64, error) {
		y, _, err := in.as(graph.Float64).gradient(values, func(t graph.Type) exec.Value { return exec.NewValue(t) })
		sum := 0.0
		for i := range y.Buf.Len {
			sum += y.At(i)
		}
		return sum, err
	}
	x := graph.Elements[float64](values[input].Buf)
	centre, err := total()
	if err != nil {
		return 0, err
	}
	old := x[element]
	x[element] += side * h
	moved, err := total()
	x[element] = old
	return (moved - centre) / (side * h), err
}
