package optest

import (
	"testing"

	"chainrule/graph"
)

// The gradient of a logarithm of a determinant holds an inverse, which fails where the logarithm is −∞ and does not.
func TestDerivativeMayFail(t *testing.T) {
	for _, name := range []string{"logdet", "det", "inverse", "cholesky", "solve", "take"} {
		for _, in := range Instances(graph.Lookup(name)) {
			if err := compareZeros(t, in); err != nil {
				t.Errorf("%v: %v", in, err)
			}
		}
	}
}

func TestUndeclaredFailureIsFound(t *testing.T) {
	for _, name := range []string{"inverse", "cholesky", "solve"} {
		in := Instances(graph.Lookup(name))[0].with(func(op *graph.Op) { op.Fails = false })
		if err := compareZeros(t, in); err == nil {
			t.Errorf("%v fails at zeros without its record saying so, and nothing is found", in)
		}
	}
}

// compareZeros does what the fuzz target does, with zeros for arguments.
func compareZeros(t *testing.T, in Instance) error {
	for _, c := range newFuzzed(t, in) {
		feeds := c.feeds(in.Seed())
		for i := range in.args {
			feeds[i] = fill(in.args[i], func(int) float64 { return 0 })
		}
		if err := c.compare(feeds); err != nil {
			return err
		}
	}
	return nil
}
