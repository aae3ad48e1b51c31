package check

import (
	"errors"

	"chainrule/graph"
	"chainrule/internal/control"
	"chainrule/internal/exec"
	"chainrule/internal/sweep"
)

// Check is check that names the op at fault.
func (c Checker) Check(outputs, inputs []*graph.Node, values []exec.Value) error {
	err := c.try(outputs, inputs, values)
	var wrong *Wrong
	if errors.As(err, &wrong) {
		if op := (Checker{wrong.Order, c.Tol, c.Step, c.Seed}).culprit(outputs, inputs, values); op != nil {
			wrong.Op, wrong.Source = op.Title(), op.Source()
		}
	}
	return err
}

// try is check that returns why there is no derivative.
func (c Checker) try(outputs, inputs []*graph.Node, values []exec.Value) (err error) {
	if failed := graph.Try(func() { err = c.check(outputs, inputs, values) }); failed != nil {
		return failed
	}
	return err
}

// culprit is the first node whose op has a derivative that differs when it is checked alone, with the values that it
// has in the graph, nil if none does. Nodes that hold functions are searched.
func (c Checker) culprit(outputs, inputs []*graph.Node, values []exec.Value) *graph.Node {
	var suspects, operands []*graph.Node
	listed := map[*graph.Node]int{}
	for _, y := range graph.Topo(outputs...) {
		_, isPart := y.PartIndex()
		if isPart || y.IsAlias() || y.Op().Derivative == nil || y.DType() != graph.Float64 && sweep.RuleOf(y) == nil {
			continue
		}
		y = control.Traced(y)
		suspects = append(suspects, y)
		for _, x := range y.In() {
			if _, seen := listed[x]; !seen {
				listed[x] = len(operands)
				operands = append(operands, x)
			}
		}
	}
	at, err := evaluate(inputs, operands, values)
	if err != nil {
		return nil
	}
	for _, y := range suspects {
		in := make([]exec.Value, len(y.In()))
		for i, x := range y.In() {
			in[i] = at[listed[x]]
		}
		if found := c.culpritWithin(y, in); found != nil {
			return found
		}
		if _, custom := y.Attrs().(control.Custom); (custom || sweep.RuleOf(y) == nil) && c.differs(y, in) {
			return y
		}
	}
	return nil
}

// differs reports whether the derivative of y alone differs, at values of its inputs.
func (c Checker) differs(y *graph.Node, at []exec.Value) bool {
	g := graph.New()
	var xs []*graph.Node
	var vs []exec.Value
	in := make([]*graph.Node, len(y.In()))
	for i, x := range y.In() {
		if a, custom := y.Attrs().(control.Custom); custom && i >= a.Args { // no derivative is asked by these
			in[i] = at[i].Const(g)
			continue
		}
		in[i] = g.Input(x.Name(), x.DType(), x.Shape()...)
		xs, vs = append(xs, in[i]), append(vs, Widen(at[i])) // a copy: steps are taken in it
	}
	outputs := []*graph.Node{g.Copy(y, in...)}
	if y.Op().Parts != nil {
		outputs = graph.PartsOf(outputs[0])
	}
	var wrong *Wrong
	return errors.As(c.try(outputs, xs, vs), &wrong)
}

// culpritWithin is the culprit in the function that a node runs first, at values of the node's inputs.
func (c Checker) culpritWithin(y *graph.Node, at []exec.Value) *graph.Node {
	h, _ := control.HeldBy(y)
	if h.Enter == nil {
		return nil
	}
	f, args := h.Enter(at)
	s := sweep.Unfold(f)
	return c.culprit(s.Outputs, s.Inputs, args[:len(s.Inputs)])
}
