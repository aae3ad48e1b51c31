package autodiff_test

import (
	"testing"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/internal/optest"
)

// TestSpoiledRulesAreNoticed proves that the sweep would notice control flow's rules with the wrong sign, or with
// examples in the wrong order.
func TestSpoiledRulesAreNoticed(t *testing.T) {
	for op, forms := range map[string][]string{
		"loop": {"pull", "push", "spread"}, "loop_grad": {"pull", "push", "spread"}, "cond": {"pull", "push", "spread"},
		"custom": {"pull", "push", "spread"}, "go": {"spread"},
	} {
		for _, form := range forms {
			record := graph.Lookup(op)
			restore := autodiff.Spoil(record, form)
			if optest.Fault(record) == nil {
				t.Errorf("no case of %s notices that its %s is wrong", op, form)
			}
			restore()
		}
	}
}
