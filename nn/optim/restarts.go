package optim

import (
	"math"

	"chainrule/graph"
	"chainrule/ops"
)

// WarmRestarts falls from base to floor as half a cosine in steps, 1/times as long as the next time, and begins anew:
// PyTorch's CosineAnnealingWarmRestarts (Loshchilov and Hutter 2017). times is 1 or more.
func WarmRestarts(base float64, steps, times int, floor float64) Schedule {
	finite("warm_restarts", base, floor)
	atLeast("warm_restarts", steps, 1)
	atLeast("warm_restarts", times, 1)
	return func(t *graph.Node) *graph.Node {
		gone, length := ops.FloorMod(t, float64(steps)), ops.FullLike(t, float64(steps))
		if times > 1 {
			gone, length = restart(t, float64(steps), float64(times))
		}
		wave := ops.Cos(ops.Mul(math.Pi, ops.Div(gone, length)))
		return ops.Add(floor, ops.Mul((base-floor)/2, ops.Add(1, wave)))
	}
}

// restart is how long ago the last restart was and how long until the next one from there, for lengths n, n·k, n·k², …
func restart(t *graph.Node, n, k float64) (gone, length *graph.Node) {
	power := func(i *graph.Node) *graph.Node { return ops.Round(ops.Pow(k, i)) }
	begin := func(i *graph.Node) *graph.Node { return ops.Mul(n/(k-1), ops.Sub(power(i), 1)) }
	// The logarithm may round to the wrong side of a whole number.
	i := ops.Floor(ops.Div(ops.Log(ops.Add(1, ops.Mul((k-1)/n, t))), math.Log(k)))
	i = ops.Where(ops.Gt(begin(i), t), ops.Sub(i, 1), i)
	i = ops.Where(ops.Le(begin(ops.Add(i, 1)), t), ops.Add(i, 1), i)
	return ops.Sub(t, begin(i)), ops.Mul(n, power(i))
}
