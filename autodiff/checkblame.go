package autodiff

import (
	"errors"

	"chainrule/graph"
	"chainrule/internal/exec"
)

// checkAndBlame is check that names the op at fault.
func (c Checker) checkAndBlame(outputs, inputs []*graph.Node, values []exec.Value) error {
	err := c.check(outputs, inputs, values)
	var wrong *CheckError
	if errors.As(err, &wrong) {
		if op := (Checker{wrong.Order, c.Tol, c.Step, c.Seed}).culprit(outputs, inputs, values); op != nil {
			wrong.Op, wrong.Source = op.Op().Name, op.Source()
		}
	}
	return err
}

// culprit is the first node whose op has a derivative that differs when it is checked alone, with the values that it
// has in the graph, nil if none does.
func (c Checker) culprit(outputs, inputs []*graph.Node, values []exec.Value) *graph.Node {
	var suspects, operands []*graph.Node
	listed := map[*graph.Node]int{}
	for _, y := range graph.Topo(outputs...) {
		if y.DType() != graph.Float64 || y.IsAlias() || y.Op().Derivative == nil || rulesOf(y) != nil {
			continue
		}
		if _, isPart := y.PartIndex(); isPart {
			continue
		}
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
		g := graph.New()
		var xs []*graph.Node
		var vs []exec.Value
		for _, x := range y.In() {
			xs = append(xs, g.Input(x.Name(), x.DType(), x.Shape()...))
			vs = append(vs, widen(at[listed[x]])) // a copy: steps are taken in it
		}
		var wrong *CheckError
		if errors.As(c.check([]*graph.Node{g.Copy(y, xs...)}, xs, vs), &wrong) {
			return y
		}
	}
	return nil
}
