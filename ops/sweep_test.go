package ops_test

import (
	"testing"

	_ "chainrule/autodiff/solve" // has ops of its own
	"chainrule/internal/optest"
)

// TestSweep checks everything that follows from an op's record: see package optest.
func TestSweep(t *testing.T) { optest.Sweep(t, ".", "../graph", "../autodiff", "../autodiff/solve") }

// TestNegatedDerivativesAreNoticed proves that the sweep can fail.
func TestNegatedDerivativesAreNoticed(t *testing.T) { optest.Negation(t) }

// TestCarelessRulesAreNoticed proves it for what where does not choose.
func TestCarelessRulesAreNoticed(t *testing.T) { optest.Careless(t) }

// FuzzOps compares compiled with reference on arbitrary data.
func FuzzOps(f *testing.F) { optest.Fuzz(f) }

// BenchmarkOps times compiled ops.
func BenchmarkOps(b *testing.B) { optest.Benchmark(b) }
