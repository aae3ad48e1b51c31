package ops_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// TestEighBeyondItsOrders: third derivatives of a function of eigenvectors, and fourth ones of one of eigenvalues, are right
// where all eigenvalues are apart, and errors that name eigh where two are equal or nearly so, in all modes.
func TestEighBeyondItsOrders(t *testing.T) {
	direction := []float64{0.5, 1, -0.25, 2, -1, 0.75, 0.125, 1.5, -0.5}
	along := func(f func(x *graph.Node) *graph.Node, forward bool) func(x *graph.Node) *graph.Node {
		return func(x *graph.Node) *graph.Node {
			v := graph.Const(x.Graph(), direction, 3, 3)
			if forward {
				_, d := autodiff.JVP(f, x, v)
				return d
			}
			return ops.Sum(ops.Mul(v, autodiff.Grad(f, autodiff.AllowUnreachable())(x)))
		}
	}
	for _, c := range []struct {
		name      string
		of, plain func(x *graph.Node) *graph.Node
		orders    int
	}{
		{"vectors", func(x *graph.Node) *graph.Node { return weighted(function(x, ops.Exp)) },
			func(x *graph.Node) *graph.Node { return weighted(exponential(symmetric(x))) }, 2},
		{"values", byValues(func(w *graph.Node) *graph.Node { return ops.Sum(ops.Exp(w)) }),
			func(x *graph.Node) *graph.Node { return ops.Trace(exponential(symmetric(x))) }, 3},
	} {
		for mode := range 4 { // which of the last two orders are forward
			of, plain := c.of, c.plain
			for k := range c.orders + 1 {
				forward := k < 2 && mode>>k&1 == 1
				of, plain = along(of, forward), along(plain, forward)
				for name, w := range map[string][]float64{"equal": rotated(1, 1, 2), "near": rotated(1, 1+1e-9, 2), "apart": rotated(0.25, 1, 2)} {
					x := graph.Const(graph.New(), w, 3, 3)
					if k == c.orders && name != "apart" {
						_, err := autodiff.Eval(of(x))
						require.ErrorContains(t, err, "eigenvalues, or singular values, ", "%s, mode %d, %s", c.name, mode, name)
						continue
					}
					values := eval(t, of(x), plain(x))
					if got, want := values[0][0], values[1][0]; !(math.Abs(got-want) <= 1e-4*(1+math.Abs(want))) {
						t.Errorf("%s, mode %d, %s: derivative %d is %v, want %v", c.name, mode, name, k+1, got, want)
					}
				}
			}
		}
	}
}

// TestEyeOfTooManyRows is refused before its rows are counted out.
func TestEyeOfTooManyRows(t *testing.T) {
	refused(t, "eye: a matrix of 268435456 rows is more than the memory that there is",
		func() { ops.Eye(graph.New(), graph.Float64, 1<<28) })
}
