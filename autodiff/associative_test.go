package autodiff_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// affineMap is x ↦ a·x + b, elementwise; compositions of such maps are one again, and do not commute.
type affineMap struct{ A, B *graph.Node }

func then(p, q affineMap) affineMap {
	return affineMap{ops.Mul(p.A, q.A), ops.Add(ops.Mul(p.B, q.A), q.B)}
}

// TestAssociativeScan holds compositions of maps against a loop over numbers, for all lengths, both directions and axes.
func TestAssociativeScan(t *testing.T) {
	const columns = 2
	for n := 1; n < 19; n++ {
		for _, reverse := range []bool{false, true} {
			a, b := make([]float64, n*columns), make([]float64, n*columns)
			for i := range a {
				a[i], b[i] = math.Sin(float64(i+1)), math.Cos(float64(i))
			}
			g := graph.New()
			x := affineMap{graph.Const(g, a, n, columns), graph.Const(g, b, n, columns)}
			rows := autodiff.AssociativeScan(then, x, reverse, 0)
			x.A, x.B = ops.Transpose(x.A), ops.Transpose(x.B)
			other := autodiff.AssociativeScan(then, x, reverse, -1)
			results, err := autodiff.Eval(rows.A, rows.B, ops.Transpose(other.A), ops.Transpose(other.B))
			if err != nil {
				t.Fatal(err)
			}
			for c := range columns {
				p, q := 1.0, 0.0
				for k := range n {
					i := k*columns + c
					if reverse {
						i = (n-1-k)*columns + c
					}
					p, q = p*a[i], q*a[i]+b[i]
					for j, want := range []float64{p, q, p, q} {
						if got := results[j].Data().([]float64)[i]; math.Abs(got-want) > 1e-14*float64(n) {
							t.Errorf("%d elements, reverse %v, result %d at %d: %v, want %v", n, reverse, j, i, got, want)
						}
					}
				}
			}
		}
	}
}

// TestAssociativeScanDerivatives checks derivatives to second order, and that it maps over examples.
func TestAssociativeScanDerivatives(t *testing.T) {
	f := func(x affineMap) *graph.Node {
		y := autodiff.AssociativeScan(then, x, true, 0)
		return ops.Sum(ops.Mul(y.B, ops.Add(y.A, 1)))
	}
	g := graph.New()
	x := affineMap{graph.Const(g, []float64{0.5, -1, 2, 0, 1.5}, 5), graph.Const(g, []float64{1, 2, -1, 0.5, 3}, 5)}
	values, err := autodiff.Eval(x.A, x.B)
	if err != nil {
		t.Fatal(err)
	}
	if err := autodiff.Check(func(a, b *graph.Node) *graph.Node { return f(affineMap{a, b}) }, values[0], values[1]); err != nil {
		t.Error(err)
	}
}

// TestAssociativeScanRefuses: what does not fit.
func TestAssociativeScanRefuses(t *testing.T) {
	g := graph.New()
	x := graph.Const(g, []float64{1, 2, 3}, 3)
	for want, build := range map[string]func(){
		"associative_scan: axis 0 has the lengths 3 and 2": func() {
			autodiff.AssociativeScan(then, affineMap{x, ops.Slice(x, ops.Range{Stop: 2})}, false, 0)
		},
		"associative_scan: the function gives a f64 for f64[1]": func() {
			autodiff.AssociativeScan(func(a, b *graph.Node) *graph.Node { return ops.Sum(a) }, x, false, 0)
		},
		"associative_scan: axis 1 is out of range": func() {
			autodiff.AssociativeScan(func(a, b *graph.Node) *graph.Node { return ops.Add(a, b) }, x, false, 1)
		},
		"associative_scan: the tree has no leaves": func() {
			autodiff.AssociativeScan(func(a, b []*graph.Node) []*graph.Node { return a }, nil, false, 0)
		},
	} {
		require.ErrorContains(t, graph.Try(build), want)
	}
}
