//go:build !race

package optim_test

import (
	"testing"

	"chainrule/nn/optim"
)

// The race detector makes every sync.Pool forget things now and then, so this test holds without it.
func TestUpdateAllocatesNothing(t *testing.T) {
	for _, rule := range []optim.Rule{optim.Adam{}, optim.Chain(optim.AdamW{}, optim.ClipGlobalNorm(1)),
		optim.EMA{Rule: optim.Accumulate{Rule: optim.Adam{}, Every: 2}}} {
		step := newUpdate(t, rule, 1000)
		var failed error
		if n := testing.AllocsPerRun(50, func() { failed = step() }); n != 0 || failed != nil {
			t.Errorf("%T: %v allocations, error %v", rule, n, failed)
		}
	}
}
