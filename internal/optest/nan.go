package optest

import (
	"fmt"
	"math"

	"chainrule/graph"
	"chainrule/internal/exec"
)

// checkNaN puts a NaN in the place of each float element in turn. Where the result then is NaN, so is the derivative by
// that element: a rule that chooses by comparisons, all false for a NaN, must not hide it. The same holds of an elementwise
// op's derivatives by the other inputs. Slopes that do not depend on the element are excused, as those of a sum are.
func checkNaN(in Instance) error {
	if in.Case.Build != nil || !in.all(graph.Float64) {
		return nil
	}
	wrt := in.wrt()
	for k, i := range wrt {
		for e := range min(in.args[i].Size(), 8) {
			y, grads, err := in.slopesAt(i, e, math.NaN())
			if err != nil || !hasNaN(y) {
				continue // it refuses NaN, or has no use for it
			}
			moves := in.dependsOn(i, e)
			for other, g := range grads {
				seen := other == k && math.IsNaN(g.At(e)) || other != k && (in.Op.Class != graph.Map || hasNaN(g))
				if !seen && moves(other, e, other == k) {
					return fmt.Errorf("%s: with NaN for element %d of input %d the result is NaN, the derivative by input %d is not",
						in.Op.Name, e, i, wrt[other])
				}
			}
		}
	}
	return nil
}

// slopesAt is the gradient of the sum with x for an element of an input.
func (in Instance) slopesAt(input, element int, x float64) (y exec.Value, grads []exec.Value, err error) {
	values := in.values()
	values[input].Set(element, x)
	return in.gradient(values, func(t graph.Type) exec.Value { return fill(t, func(int) float64 { return 1 }) })
}

// dependsOn tells whether the derivatives by an input, or by one element of it, depend on an element of an input.
func (in Instance) dependsOn(input, element int) func(k, e int, one bool) bool {
	var all [][]exec.Value
	for _, x := range []float64{0.75, -1e3, 1e3} {
		if _, grads, err := in.slopesAt(input, element, x); err == nil {
			all = append(all, grads)
		}
	}
	return func(k, e int, one bool) bool {
		for _, grads := range all[1:] {
			for at := range grads[k].Buf.Len {
				g, first := grads[k].At(at), all[0][k].At(at)
				if (at == e || !one) && !(math.Abs(g-first) <= 1e-9*max(1, math.Abs(first))) {
					return true
				}
			}
		}
		return false
	}
}

func hasNaN(v exec.Value) bool {
	for i := range v.Buf.Len {
		if v.Type.DType.IsFloat() && math.IsNaN(v.At(i)) {
			return true
		}
	}
	return false
}
