package autodiff_test

import (
	"testing"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// unrolled is what Scan does, by Go's loop. It wants at least one slice.
func unrolled(
	body func(c, x *graph.Node) (*graph.Node, *graph.Node), c, xs *graph.Node, backward bool,
) (*graph.Node, *graph.Node) {
	n := xs.Shape()[0]
	ys := make([]*graph.Node, n)
	for k := range n {
		if backward {
			k = n - 1 - k
		}
		c, ys[k] = body(c, sliceAt(xs, k))
	}
	return c, ops.Stack(ys, 0)
}

// end makes a scalar of a loop's results that depends on all of them, not linearly.
func end(results ...*graph.Node) *graph.Node {
	sum := ops.Sum(ops.Sin(results[0]))
	for i, r := range results[1:] {
		sum = ops.Add(sum, ops.Mean(ops.Mul(float64(2+i), ops.Square(r))))
	}
	return sum
}

// recurrent is the step of a recurrent network with weights w.
func recurrent(w *graph.Node) func(h, x *graph.Node) (*graph.Node, *graph.Node) {
	return func(h, x *graph.Node) (*graph.Node, *graph.Node) {
		h = ops.Tanh(ops.Add(ops.MatMul(h, w), x))
		return h, ops.Mul(h, x)
	}
}

func TestScanOptions(t *testing.T) {
	var twins []twin
	for name, opts := range map[string][]autodiff.LoopOption{
		"plain": nil, "every 1": {autodiff.CheckpointEvery(1)}, "every 2": {autodiff.CheckpointEvery(2)},
		"every 3": {autodiff.CheckpointEvery(3)}, "every 7": {autodiff.CheckpointEvery(7)},
		"every 5, all": {autodiff.CheckpointEvery(5)}, "every 100": {autodiff.CheckpointEvery(100)},
		"backward": {autodiff.Reversed()}, "backward every 2": {autodiff.Reversed(), autodiff.CheckpointEvery(2)},
	} {
		backward := len(opts) > 0 && name[0] == 'b'
		order := 2
		if name == "plain" || name == "backward every 2" {
			order = 3
		}
		twins = append(twins, twin{name: name, order: order,
			args: tensors(waves(1, 3, 3), waves(2, 2, 3), waves(3, 5, 2, 3)),
			built: func(p []*graph.Node) *graph.Node {
				return end(autodiff.Scan(recurrent(p[0]), p[1], p[2], opts...))
			},
			plain: func(p []*graph.Node) *graph.Node { return end(unrolled(recurrent(p[0]), p[1], p[2], backward)) },
		})
	}
	checkTwins(t, twins)
}

func TestScanBodies(t *testing.T) {
	type node = *graph.Node
	// each takes a carry and a slice, both vectors of 2, and a weight p, a vector of 2 from outside.
	bodies := map[string]func(p, c, x node) (node, node){
		"carry unused":         func(p, c, x node) (node, node) { return ops.Sin(x), ops.Mul(x, p) },
		"slice unused":         func(p, c, x node) (node, node) { return ops.Sin(ops.Mul(c, p)), ops.Square(c) },
		"carry passes":         func(p, c, x node) (node, node) { return c, ops.Mul(ops.Sin(ops.Mul(c, x)), p) },
		"carry is slice":       func(p, c, x node) (node, node) { return x, ops.Mul(c, ops.Sin(x)) },
		"result is carry":      func(p, c, x node) (node, node) { c = ops.Sin(ops.Add(c, x)); return c, c },
		"result is old carry":  func(p, c, x node) (node, node) { return ops.Sin(ops.Mul(p, ops.Add(c, x))), c },
		"result is slice":      func(p, c, x node) (node, node) { return ops.Mul(c, x), x },
		"result is constant":   func(p, c, x node) (node, node) { return ops.Sin(ops.Add(c, x)), ops.Exp(p) },
		"result is literal":    func(p, c, x node) (node, node) { return ops.Mul(ops.Sin(c), x), ops.Add(ops.Mul(0, x), 2) },
		"carry becomes weight": func(p, c, x node) (node, node) { return ops.Exp(p), ops.Mul(c, x) },
		"weight is the carry":  func(p, c, x node) (node, node) { return ops.Mul(ops.Sin(p), c), ops.Mul(p, ops.Mul(x, c)) },
		"stopped": func(p, c, x node) (node, node) {
			return ops.Sin(ops.Mul(c, ops.StopGradient(ops.Mul(p, c)))), ops.Mul(x, c)
		},
		"all stopped":         func(p, c, x node) (node, node) { return ops.StopGradient(ops.Sin(c)), ops.Mul(x, p) },
		"only the first step": func(p, c, x node) (node, node) { return ops.Mul(0, c), ops.Mul(c, ops.Mul(x, p)) },
		"rounded": func(p, c, x node) (node, node) {
			return ops.Add(ops.Floor(ops.Mul(3, c)), ops.Sin(ops.Mul(x, p))), c
		},
		"where": func(p, c, x node) (node, node) {
			y := ops.Where(ops.Gt(c, x), ops.Mul(c, p), ops.Sin(x))
			return y, ops.Mul(y, c)
		},
		"scalars": func(p, c, x node) (node, node) {
			return ops.Mul(c, ops.Sin(ops.Sum(ops.Mul(x, p)))), ops.Mul(ops.Mean(c), p)
		},
	}
	var twins []twin
	for name, body := range bodies {
		with := func(p node) func(c, x node) (node, node) {
			return func(c, x node) (node, node) { return body(p, c, x) }
		}
		twins = append(twins, twin{name: name, order: map[string]int{"weight is the carry": 3, "where": 3}[name],
			args:  tensors(waves(1, 2), waves(2, 2), waves(3, 4, 2)),
			built: func(p []node) node { return end(autodiff.Scan(with(p[0]), p[1], p[2])) },
			plain: func(p []node) node { return end(unrolled(with(p[0]), p[1], p[2], false)) },
		})
	}
	checkTwins(t, twins)
}
