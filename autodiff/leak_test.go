package autodiff_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// A node that depends on a variable of a body, and is used outside of it, is an error where it is differentiated. The
// derivative through it would be missing without a word.
func TestLeakedNodesHaveNoDerivative(t *testing.T) {
	var leaked node
	leaks := map[string]func(x node){
		"vmap": func(x node) {
			autodiff.Vmap(func(one node) node {
				leaked = ops.Sin(one) // leaks from vmap
				return leaked
			})(x)
		},
		"scan": func(x node) {
			autodiff.Scan(func(c, one node) (node, node) {
				leaked = ops.Sin(one) // leaks from scan
				return c, leaked
			}, ops.Sum(x), x)
		},
		"for": func(x node) {
			autodiff.For(2, func(_, c node) node {
				leaked = ops.Sum(ops.Sin(c)) // leaks from for
				return c
			}, x)
		},
		"custom": func(x node) {
			autodiff.CustomJVP(func(x node) node {
				leaked = ops.Sum(ops.Sin(x)) // leaks from custom
				return x
			}, func(_, _, t node) node { return t })(x)
		},
	}
	for name, leak := range leaks {
		f := func(x node) node {
			leak(x)
			return ops.Sum(ops.Add(x, ops.Mul(2, leaked)))
		}
		for mode, do := range map[string]func(x node){
			"gradient": func(x node) { autodiff.Grad(f)(x) },
			"tangent":  func(x node) { autodiff.JVP(f, x, x) },
			"hessian":  func(x node) { autodiff.Hessian(f)(x) },
			"examples": func(x node) { autodiff.Vmap(f)(ops.Stack([]*graph.Node{x, x}, 0)) },
		} {
			t.Run(name+" "+mode, func(t *testing.T) {
				err := graph.Try(func() { do(graph.New().Input("x", graph.Float64, 3)) })
				var wrong *graph.Error
				require.ErrorAs(t, err, &wrong)
				require.ErrorContains(t, err, "is used outside of it")
				require.Equal(t, lineOf(t, "leak_test.go", "// leaks from "+name), wrong.Source)
			})
		}
	}
	// What comes out of a function that is differentiated is a value like any other.
	slope := func(x node) node {
		var aux node
		autodiff.Grad(func(x node) node {
			aux = ops.Sum(ops.Sin(x))
			return ops.Sum(x)
		})(x)
		return aux
	}
	got := run1(t, autodiff.Grad(slope), []float64{0, 0})
	require.Equal(t, []float64{1, 1}, got)
}
