package autodiff_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// forwardGrad is the derivative of a function of one number by forward mode.
func forwardGrad(f func(*graph.Node) *graph.Node) func(*graph.Node) *graph.Node {
	return func(x *graph.Node) *graph.Node {
		_, d := autodiff.JVP(f, x, ones(x))
		return d
	}
}

func elements(d *tensor.Dense) []float64 {
	if v, ok := d.Data().(float64); ok {
		return []float64{v}
	}
	return d.Data().([]float64)
}

// runAll is all results of f, one after the other.
func runAll(t *testing.T, f any, feeds ...any) (all []float64) {
	t.Helper()
	out, err := autodiff.Compile(f).Run(context.Background(), feeds...)
	require.NoError(t, err)
	for _, d := range out {
		all = append(all, elements(d)...)
	}
	return all
}

// run1 is the result of f.
func run1(t *testing.T, f any, feeds ...any) []float64 {
	t.Helper()
	return runAll(t, f, feeds...)
}

// lineOf is where a file of this package has a text, for the first time.
func lineOf(t *testing.T, file, text string) string {
	t.Helper()
	source, err := os.ReadFile(file)
	require.NoError(t, err)
	before, _, found := strings.Cut(string(source), text)
	require.True(t, found)
	return fmt.Sprintf("%s:%d", file, 1+strings.Count(before, "\n"))
}

func ones(x *graph.Node) *graph.Node { return ops.FullLike(x, 1) }

// along is JVP without the value.
func along[P, Q any](f func(P) Q) func(p, v P) Q {
	return func(p, v P) Q {
		_, t := autodiff.JVP(f, p, v)
		return t
	}
}
