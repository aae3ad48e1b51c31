package optest

import (
	"fmt"
	"math/rand/v2"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/internal/exec"
	"chainrule/ops"
)

// checkForward compares a rule's own JVP with the transpose of its VJP, element by element and for tangents of
// each set of its inputs, those with a kink included: both come from the same partials, so that rounding alone
// tells them apart.
func checkForward(in Instance) error {
	wrt := in.wrt()
	for set := 1; set < 1<<min(len(wrt), 4); set++ {
		var of []int
		for k, i := range wrt {
			if set&(1<<k) != 0 {
				of = append(of, i)
			}
		}
		own, size, err := in.tangent(of)
		if err != nil {
			return err
		}
		transposed, err := in.transposed(of)
		if err != nil {
			return err
		}
		if err := near(own, transposed, 64*size*epsilon(own.Type.DType)); err != nil {
			return fmt.Errorf("%s: tangents of inputs %v: forward and transposed reverse disagree: %w", in.Op.Name, of, err)
		}
	}
	return nil
}

// transposed is J·t by the rule's reverse form alone.
func (in Instance) transposed(of []int) (exec.Value, error) {
	if !isBuilt(in.Op) {
		result, _, err := in.with(func(op *graph.Op) { op.Derivative = reverseOnly{op.Derivative} }).tangent(of)
		return result, err
	}
	g := graph.New()
	xs, feeds, _ := in.fed(g)
	ts := in.tangents(g, xs, of, feeds)
	f := func(p []*graph.Node) *graph.Node { return in.apply(substitute(xs, of, p)...) }
	y, pull := autodiff.VJP(f, choose(xs, of))
	zero := ops.BroadcastTo(g.Scalar(y.DType(), 0), y.Shape()...)
	_, push := autodiff.VJP(pull, zero)
	results, err := exec.Reference([]*graph.Node{push(ts)}, feeds)
	if err != nil {
		return exec.Value{}, err
	}
	return results[0], nil
}

func epsilon(d graph.DType) float64 {
	if d == graph.Float32 {
		return eps32
	}
	return 0x1p-52
}

// reverseOnly is a rule without its JVP.
type reverseOnly struct{ graph.Derivative }

func (reverseOnly) JVP(*graph.Node, []*graph.Node) *graph.Node { return nil }

// fed are inputs of g with the instance's values, and the size of the largest argument.
func (in Instance) fed(g *graph.Graph) (xs []*graph.Node, feeds map[*graph.Node]exec.Value, size int) {
	xs, feeds, size = in.inputs(g), map[*graph.Node]exec.Value{}, 1
	for i, v := range in.values() {
		feeds[xs[i]] = v
		size = max(size, v.Buf.Len)
	}
	return xs, feeds, size
}

// tangents are inputs of g, for tangents of the given arguments.
func (in Instance) tangents(
	g *graph.Graph, xs []*graph.Node, of []int, feeds map[*graph.Node]exec.Value,
) []*graph.Node {
	rng := rand.New(rand.NewPCG(in.Seed(), 3))
	var ts []*graph.Node
	for _, i := range of {
		t := g.Input("", xs[i].DType(), xs[i].Shape()...)
		feeds[t] = directions(rng, t.Type())
		ts = append(ts, t)
	}
	return ts
}

// tangent is J·t for tangents of the given inputs, and the size of the largest argument.
func (in Instance) tangent(of []int) (exec.Value, float64, error) {
	g := graph.New()
	xs, feeds, size := in.fed(g)
	ts := in.tangents(g, xs, of, feeds)
	_, pushed := autodiff.JVP(func(p []*graph.Node) *graph.Node { return in.apply(substitute(xs, of, p)...) },
		choose(xs, of), ts)
	results, err := exec.Reference([]*graph.Node{pushed}, feeds)
	if err != nil {
		return exec.Value{}, 0, err
	}
	return results[0], float64(size), nil
}
