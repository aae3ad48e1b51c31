package optest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/internal/exec"
)

// checkDifferences compares the op's derivatives by each input alone, in f64, with central differences.
func checkDifferences(in Instance) error {
	if !in.all(graph.Float64) {
		return nil
	}
	for _, i := range in.wrt() {
		if err := in.differences(1, func(k int) bool { return k == i }); err != nil {
			return fmt.Errorf("%s: derivative by input %d: %w", in.Op.Name, i, err)
		}
	}
	return nil
}

// checkSecondDifferences compares its derivatives of the first and second order, by all inputs together.
func checkSecondDifferences(in Instance) error {
	if !in.all(graph.Float64) || len(in.wrt()) == 0 {
		return nil
	}
	if err := in.differences(2, func(int) bool { return true }); err != nil {
		return fmt.Errorf("%s: derivatives by all inputs: %w", in.Op.Name, err)
	}
	return nil
}

// all reports whether every float that the op meets has type d.
func (in Instance) all(d graph.DType) bool {
	wrong := func(t graph.DType) bool { return t.IsFloat() && t != d }
	return !wrong(in.node().DType()) && !slices.ContainsFunc(in.args, func(t graph.Type) bool { return wrong(t.DType) })
}

// differences runs autodiff's Checker by the arguments that vary, with the others constant.
func (in Instance) differences(order int, vary func(i int) bool) error {
	g := graph.New()
	xs := make([]*graph.Node, len(in.args))
	var inputs []*graph.Node
	var feeds []any
	for i, v := range in.values() {
		if !vary(i) {
			xs[i] = v.Const(g)
			continue
		}
		xs[i] = g.Input(fmt.Sprintf("x%d", i), v.Type.DType, v.Type.Shape...)
		inputs, feeds = append(inputs, xs[i]), append(feeds, v)
	}
	checker := autodiff.Checker{Order: order, Seed: in.Seed(), Step: 1e-3 / max(1, in.largest()/8)}
	return checker.CheckGraph([]*graph.Node{in.apply(xs...)}, inputs, feeds...)
}

// largest is the size of the largest finite float argument. The steps of differences are relative to arguments, but
// a function bends as it does, however far from 0 it is.
func (in Instance) largest() float64 {
	size := 0.0
	for _, v := range in.values() {
		for i := range v.Buf.Len {
			if x := math.Abs(v.At(i)); v.Type.DType.IsFloat() && !math.IsInf(x, 0) {
				size = max(size, x)
			}
		}
	}
	return size
}

// gradient returns the op's value and ctᵀ·∂y/∂x by each input of wrt, computed by the reference executor.
func (in Instance) gradient(
	values []exec.Value, ct func(graph.Type) exec.Value,
) (y exec.Value, grads []exec.Value, err error) {
	g := graph.New()
	xs := in.inputs(g)
	feeds := map[*graph.Node]exec.Value{}
	for i, x := range xs {
		feeds[x] = values[i]
	}
	wrt := in.wrt()
	var outputs []*graph.Node
	if len(wrt) == 0 {
		outputs = []*graph.Node{in.apply(xs...)}
	} else {
		value, pull := autodiff.VJP(func(p []*graph.Node) *graph.Node {
			return in.apply(substitute(xs, wrt, p)...)
		}, choose(xs, wrt))
		c := g.Input("ct", value.DType(), value.Shape()...)
		feeds[c] = ct(value.Type())
		outputs = append([]*graph.Node{value}, pull(c)...)
	}
	results, err := exec.Reference(outputs, feeds)
	if err != nil {
		return y, nil, err
	}
	return results[0], results[1:], nil
}

func choose(xs []*graph.Node, at []int) []*graph.Node {
	chosen := make([]*graph.Node, len(at))
	for k, i := range at {
		chosen[k] = xs[i]
	}
	return chosen
}

// substitute puts p in the places at of xs.
func substitute(xs []*graph.Node, at []int, p []*graph.Node) []*graph.Node {
	out := slices.Clone(xs)
	for k, i := range at {
		out[i] = p[k]
	}
	return out
}

const eps32 = 0x1p-23

// checkPrecision compares f32's value and gradients with f64's on the same numbers. The bound is relative to the
// largest element: 8 roundings for the op and its rule, one for every element that a reduction or product may add up,
// which the size of the largest argument bounds, and all that times the largest argument, as exp has it.
func checkPrecision(in Instance) error {
	wide := in.as(graph.Float64)
	if in.DType != graph.Float32 || slices.EqualFunc(in.args, wide.args, graph.Type.Equal) {
		return nil
	}
	ct := func(t graph.Type) exec.Value { return directions(rand.New(rand.NewPCG(in.Seed(), 2)), t) }
	y, grads, err := in.gradient(in.values(), ct)
	if err != nil {
		return err
	}
	y64, grads64, err := wide.gradient(wide.values(), ct)
	if err != nil {
		return err
	}
	terms := 0
	for _, t := range in.args {
		terms = max(terms, t.Size())
	}
	tol := float64(8+terms) * eps32 * max(1, in.largest())
	if err := near(y, y64, tol); err != nil {
		return fmt.Errorf("f32 and f64: value: %w", err)
	}
	for k, i := range in.wrt() {
		if err := near(grads[k], grads64[k], tol); err != nil {
			return fmt.Errorf("%s: f32 and f64: derivative by input %d: %w", in.Op.Name, i, err)
		}
	}
	return nil
}

// near allows a difference of tol relative to the largest finite element.
func near(got, want exec.Value, tol float64) error {
	size := 0.0
	for i := range want.Buf.Len {
		if x := math.Abs(want.At(i)); !math.IsInf(x, 0) {
			size = max(size, x)
		}
	}
	for i := range want.Buf.Len {
		g, w := got.At(i), want.At(i)
		if g != w && !(math.Abs(g-w) <= tol*size) && !(math.IsNaN(g) && math.IsNaN(w)) {
			return fmt.Errorf("element %d is %v, want %v: differs by %.3g, %.3g allowed", i, g, w,
				math.Abs(g-w), tol*size)
		}
	}
	return nil
}
