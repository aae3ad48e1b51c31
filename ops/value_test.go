package ops_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/internal/exec"
	"chainrule/ops"
)

// The tests of this package that are written by hand build graphs of constants and look at what comes out.

// node is short for the operands of generic constructors.
type node = *graph.Node

var (
	nan   = math.NaN()
	inf   = math.Inf(1)
	minus = math.Copysign(0, -1)
)

// floats are the element types that tests of values run in.
var floats = []graph.DType{graph.Float32, graph.Float64}

func constant(g *graph.Graph, d graph.DType, data []float64, shape ...int) *graph.Node {
	switch d {
	case graph.Float32:
		return graph.Const(g, convert[float32](data), shape...)
	case graph.Int64:
		return graph.Const(g, convert[int64](data), shape...)
	case graph.Bool:
		truth := make([]bool, len(data))
		for i, x := range data {
			truth[i] = x != 0
		}
		return graph.Const(g, truth, shape...)
	}
	return graph.Const(g, data, shape...)
}

func convert[T float32 | int64](data []float64) []T {
	out := make([]T, len(data))
	for i, x := range data {
		out[i] = T(x)
	}
	return out
}

// eval computes nodes and returns their elements.
func eval(t *testing.T, nodes ...*graph.Node) [][]float64 {
	t.Helper()
	results, err := autodiff.Eval(nodes...)
	if err != nil {
		t.Fatal(err)
	}
	out := make([][]float64, len(nodes))
	for i, r := range results {
		out[i] = elements(r)
	}
	return out
}

// elements returns a tensor's elements as float64s, bools as 0 and 1.
func elements(d *tensor.Dense) []float64 {
	v, err := exec.Ingest(d)
	if err != nil {
		panic(err)
	}
	switch v.Type.DType {
	case graph.Float32:
		return widen(graph.Elements[float32](v.Buf))
	case graph.Float64:
		return slices.Clone(graph.Elements[float64](v.Buf))
	case graph.Int64:
		return widen(graph.Elements[int64](v.Buf))
	}
	out := make([]float64, v.Buf.Len)
	for i, x := range graph.Elements[bool](v.Buf) {
		if x {
			out[i] = 1
		}
	}
	return out
}

func widen[T float32 | int64](data []T) []float64 {
	out := make([]float64, len(data))
	for i, x := range data {
		out[i] = float64(x)
	}
	return out
}

// grad is the gradient of Σ f(xs) by each of xs.
func grad(f func(xs []*graph.Node) *graph.Node, xs ...*graph.Node) []*graph.Node {
	y, pull := autodiff.VJP(f, xs, autodiff.AllowUnreachable())
	return pull(ops.BroadcastTo(y.Graph().Scalar(y.DType(), 1), y.Shape()...))
}

// agree compares: special values, 0 and −0 exactly, others to 8 roundings of the element type.
func agree(d graph.DType, got, want []float64) error {
	eps := 0x1p-52
	if d == graph.Float32 {
		eps = 0x1p-23
	}
	if len(got) != len(want) {
		return fmt.Errorf("got %v, want %v", got, want)
	}
	for i, w := range want {
		same := got[i] == w && math.Signbit(got[i]) == math.Signbit(w) || math.IsNaN(got[i]) && math.IsNaN(w)
		if !same && (w == 0 || math.IsInf(w, 0) || !(math.Abs(got[i]-w) <= 8*eps*math.Abs(w))) {
			return fmt.Errorf("got %v, want %v: element %d differs", got, want, i)
		}
	}
	return nil
}

// expect checks a node's shape and elements.
func expect(t *testing.T, n *graph.Node, shape []int, want []float64) {
	t.Helper()
	if !slices.Equal(n.Shape(), shape) {
		t.Errorf("%v has not shape %v", n, shape)
		return
	}
	if err := agree(n.DType(), eval(t, n)[0], want); err != nil {
		t.Errorf("%v: %v", n, err)
	}
}

// refused expects build to panic with a *graph.Error that holds want, and names this package's file.
func refused(t *testing.T, want string, build func()) {
	t.Helper()
	err := graph.Try(build)
	if err == nil {
		t.Errorf("nothing refused, want %q", want)
		return
	}
	if !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "_test.go:") {
		t.Errorf("refused with %q, want %q and the line of this test", err, want)
	}
}
