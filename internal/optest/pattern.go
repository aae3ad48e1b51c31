package optest

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/internal/exec"
	"chainrule/ops"
)

// checkPattern compares the pattern of the op's Jacobian with the Jacobian, taken column by column: every element that
// is not zero must be in the pattern. It does so by all inputs together, everything being fed, and by each with the
// others constant; then an op that is linear in it has nothing else in the pattern, unless it does not say which
// elements it uses.
func checkPattern(in Instance) error {
	wrt := in.wrt()
	if len(wrt) == 0 {
		return nil
	}
	if err := in.comparePattern(wrt, false); err != nil {
		return fmt.Errorf("%s: derivative by inputs %v: %w", in.Op.Name, wrt, err)
	}
	for _, i := range wrt {
		if err := in.comparePattern([]int{i}, true); err != nil {
			return fmt.Errorf("%s: derivative by input %d, the others constant: %w", in.Op.Name, i, err)
		}
	}
	return nil
}

// comparePattern is checkPattern by the inputs numbered in of, with the others constant or fed.
func (in Instance) comparePattern(of []int, constants bool) error {
	g, xs := graph.New(), make([]*graph.Node, len(in.args))
	feeds := map[*graph.Node]exec.Value{}
	for i, v := range in.values() {
		if constants && !slices.Contains(of, i) {
			xs[i] = v.Const(g)
			continue
		}
		xs[i] = g.Input("", v.Type.DType, v.Type.Shape...)
		feeds[xs[i]] = v
	}
	f := func(p []*graph.Node) *graph.Node { return in.apply(substitute(xs, of, p)...) }
	pattern := autodiff.JacobianPattern(f)(choose(xs, of))
	var tangents []*graph.Node
	for _, i := range of {
		t := g.Input("", xs[i].DType(), xs[i].Shape()...)
		feeds[t] = exec.NewValue(t.Type())
		tangents = append(tangents, t)
	}
	_, pushed := autodiff.JVP(f, choose(xs, of), tangents)
	exact := constants && (in.Op.Depends != nil || in.Op.Class == graph.Map || in.Op.Class == graph.View) &&
		isLinear(in.Op.Derivative)
	column := 0
	for _, t := range tangents {
		for e := range t.Type().Size() {
			feeds[t].Set(e, 1)
			results, err := exec.Reference([]*graph.Node{pushed}, feeds)
			if err != nil {
				return err
			}
			feeds[t].Set(e, 0)
			for row := range results[0].Buf.Len {
				is, listed := results[0].At(row) != 0, pattern.Find(row, column) >= 0
				if math.IsNaN(results[0].At(row)) { // as 0·NaN is, so that it says nothing
					continue
				}
				if is && !listed || exact && listed && !is {
					return fmt.Errorf("element %d has the derivative %g by element %d; it is in the pattern: %v",
						row, results[0].At(row), column, listed)
				}
			}
			column++
		}
	}
	return nil
}

func isLinear(d graph.Derivative) bool {
	switch d.(type) {
	case ops.Linear, ops.LinearEach, ops.Bilinear, ops.Multilinear:
		return true
	}
	return false
}

// forgetting makes an op forget what its result depends on.
func forgetting(t *testing.T, op *graph.Op) {
	noticed := 0
	for _, in := range Instances(op) {
		wrong := in.with(func(op *graph.Op) {
			rule := op.Depends
			op.Depends = func(n *graph.Node, i int, known graph.Known) graph.Dependence {
				d := rule(n, i, known)
				d.Group = make([]int32, n.Type().Size())
				for e := range d.Group {
					d.Group[e] = -1
				}
				return d
			}
		})
		if checkPattern(wrong) != nil {
			noticed++
		}
	}
	if noticed == 0 {
		t.Errorf("no case of %s notices that it forgets what its result depends on", op.Name)
	}
}
