package optest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"chainrule/graph"
	"chainrule/ops"
)

// negated is a rule with the sign of its derivative by one input turned. It has no JVP, so that the transposed
// reverse form agrees with it: only differences can tell.
type negated struct {
	graph.Derivative
	input int
}

func (r negated) VJP(n *graph.Node, i int, ct *graph.Node) *graph.Node {
	ct = r.Derivative.VJP(n, i, ct)
	if i == r.input {
		ct = ops.Neg(ct)
	}
	return ct
}

func (negated) JVP(*graph.Node, []*graph.Node) *graph.Node { return nil }

// backward is a rule with the sign of its JVP turned.
type backward struct {
	graph.Derivative
	own *bool
}

func (r backward) JVP(n *graph.Node, t []*graph.Node) *graph.Node {
	if y := r.Derivative.JVP(n, t); y != nil {
		*r.own = true
		return ops.Neg(y)
	}
	return nil
}

// Negation proves that the sweep would notice a derivative with the wrong sign: for every op and input, some case
// fails once it is negated, and says which op and input are wrong. It does the same for the forward forms, and for
// batching rules that give the examples in the wrong order, and for dependences that are not told.
func Negation(t *testing.T) {
	for _, op := range graph.Ops() {
		if isBuilt(op) {
			continue // package autodiff's tests turn its signs
		}
		for _, i := range inputsOf(op) {
			t.Run(fmt.Sprintf("%s/%d", op.Name, i), func(t *testing.T) { negation(t, op, i) })
		}
		if op.Batch != nil && len(Instances(op)) > 0 {
			t.Run(op.Name+"/vmap", func(t *testing.T) { shuffling(t, op) })
		}
		if op.Depends != nil && len(inputsOf(op)) > 0 {
			t.Run(op.Name+"/pattern", func(t *testing.T) { forgetting(t, op) })
		}
	}
}

// inputsOf lists the inputs by which some case of the op has a derivative.
func inputsOf(op *graph.Op) []int {
	var list []int
	for _, in := range Instances(op) {
		if w := in.wrt(); len(w) > len(list) {
			list = w
		}
	}
	return list
}

// negation expects the checks to notice, and to name op and input, when the derivative by input i has the wrong sign.
func negation(t *testing.T, op *graph.Op, i int) {
	names := fmt.Sprintf("%s: derivative by input %d:", op.Name, i)
	noticed, forward := 0, 0
	compared := false // with differences; where no case is, tests of its own hold the op's derivative
	own := false      // whether there is a forward form that does not follow from the reverse one
	for _, in := range Instances(op) {
		wrong := in.with(func(op *graph.Op) { op.Derivative = negated{op.Derivative, i} })
		nothing := slices.ContainsFunc(in.Case.In, func(a graph.Arg) bool { return graph.Size(a.Shape) == 0 })
		compared = compared || !in.excused("differences") && !nothing
		if err := checkDifferences(wrong); err != nil && !in.excused("differences") {
			noticed++
			if !strings.HasPrefix(err.Error(), names) {
				t.Errorf("%v: the message does not start with %q: %v", in, names, err)
			}
		}
		wrong = in.with(func(op *graph.Op) { op.Derivative = backward{op.Derivative, &own} })
		if err := checkForward(wrong); err != nil {
			forward++
			if !strings.HasPrefix(err.Error(), op.Name+": tangents of inputs [") {
				t.Errorf("%v: the message does not name op and inputs: %v", in, err)
			}
		}
	}
	if noticed == 0 && compared {
		t.Errorf("no case of %s notices that its derivative by input %d is negated", op.Name, i)
	}
	if own && forward == 0 {
		t.Errorf("no case of %s notices that its forward form is negated", op.Name)
	}
}

// shuffling gives an op a batching rule that swaps the first two examples.
func shuffling(t *testing.T, op *graph.Op) {
	noticed := 0
	for _, in := range Instances(op) {
		wrong := in.with(func(op *graph.Op) {
			rule := op.Batch
			op.Batch = func(n *graph.Node, in []*graph.Node, batched []bool) *graph.Node {
				y := rule(n, in, batched)
				return ops.Concat([]*graph.Node{ops.Slice(y, ops.Range{Start: 1, Stop: 2}), ops.Slice(y, ops.Range{Stop: 1}), ops.Slice(y, ops.Range{Start: 2, Stop: ops.End})}, 0)
			}
		})
		if err := checkVmap(wrong); err != nil {
			noticed++
			if !strings.HasPrefix(err.Error(), op.Name+": ") || !strings.Contains(err.Error(), " examples of inputs [") {
				t.Errorf("%v: the message does not name op and inputs: %v", in, err)
			}
		}
	}
	if noticed == 0 {
		t.Errorf("no case of %s notices that its batching rule swaps examples", op.Name)
	}
}

// Fault is the first that the checks of derivatives and of Vmap find on an op's cases, nil if there is none. Package
// autodiff's tests turn the signs of rules that no other package sees.
func Fault(op *graph.Op) error {
	of := []string{"differences", "second differences", "forward", "vmap"}
	for _, in := range Instances(op) {
		for _, c := range checks {
			if !slices.Contains(of, c.name) || in.excused(c.name) {
				continue
			}
			if err := recovered(in, c.run); err != nil {
				return err
			}
		}
	}
	return nil
}
