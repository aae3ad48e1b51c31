package house

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestGradientsLinkNoOptimisers: a program that takes gradients, or trains a network, does not pay for what it does not
// use.
func TestGradientsLinkNoOptimisers(t *testing.T) {
	for _, p := range []string{"chainrule/autodiff", "chainrule/nn/train"} {
		out, err := exec.Command("go", "list", "-deps", p).Output()
		if err != nil {
			t.Fatal(err)
		}
		deps := strings.Fields(string(out))
		if !slices.Contains(deps, "chainrule/graph") {
			t.Fatalf("%s does not depend on graph: %v", p, deps)
		}
		for _, unwanted := range []string{"gonum.org/v1/gonum/optimize", "chainrule/autodiff/gonum", "chainrule/autodiff/solve"} {
			if slices.Contains(deps, unwanted) {
				t.Errorf("%s depends on %s", p, unwanted)
			}
		}
	}
}
