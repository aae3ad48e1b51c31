package compile_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/internal/compile"
	"chainrule/internal/rewrite"
)

// TestOrderOfPasses swaps the passes of every pair that has an order: that is an error which names both, and so is a pipeline
// without one of them. Every pass has a place, and none may change it with its neighbour.
func TestOrderOfPasses(t *testing.T) {
	require.NoError(t, compile.CheckOrder(compile.Pipeline))
	ordered := map[string]bool{}
	at := func(name string) int {
		ordered[name] = true
		return slices.IndexFunc(compile.Pipeline, func(p rewrite.Pass) bool { return p.Name == name })
	}
	for _, pair := range compile.Order() {
		swapped := slices.Clone(compile.Pipeline)
		i, j := at(pair[0]), at(pair[1])
		swapped[i], swapped[j] = swapped[j], swapped[i]
		require.ErrorContains(t, compile.CheckOrder(swapped), "has to come before", "%v", pair)
		without := slices.Delete(slices.Clone(compile.Pipeline), i, i+1)
		require.ErrorContains(t, compile.CheckOrder(without), "there is no pass", "%v", pair)
	}
	for i, p := range compile.Pipeline {
		require.True(t, ordered[p.Name], "%s has no place", p.Name)
		if i > 0 {
			swapped := slices.Clone(compile.Pipeline)
			swapped[i-1], swapped[i] = swapped[i], swapped[i-1]
			require.Error(t, compile.CheckOrder(swapped), "%s may come before %s", p.Name, compile.Pipeline[i-1].Name)
		}
	}
}
