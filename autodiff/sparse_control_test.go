package autodiff_test

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// Loops and branches are followed, functions with a derivative of the user's taken to depend on all that they are given.
// The pattern of a loop's gradient is full.
func TestSparseThroughControlFlow(t *testing.T) {
	const n = 5
	x := point(rand.New(rand.NewPCG(9, 0)), n)
	entries := map[string]int{"for": n, "while": n, "scan": n * (n + 1) / 2, "back": n * (n + 1) / 2, "cond": n,
		"mixing": n * n, "checkpoint": n, "custom": n * n}
	for name, f := range map[string]func(x node) node{
		"mixing": func(x node) node { // an element more with each step
			return autodiff.While(func(c node) node { return ops.Lt(ops.Sum(c), 1e3) }, func(c node) node {
				rest := ops.Slice(c, ops.Range{Stop: n - 1})
				return ops.Add(c, ops.Concat([]*graph.Node{ops.Slice(c, ops.Range{Start: n - 1, Stop: n}), rest}, 0))
			}, x, autodiff.MaxSteps(20))
		},
		"while": func(x node) node {
			return autodiff.While(func(c node) node { return ops.Lt(ops.Sum(c), 10) },
				func(c node) node { return ops.Add(c, ops.Square(c)) }, x, autodiff.MaxSteps(50))
		},
		"back": func(x node) node {
			_, y := autodiff.Scan(func(c, x node) (node, node) {
				c = ops.Mul(c, x)
				return c, ops.Sin(c)
			}, x.Graph().Scalar(graph.Float64, 1), x, autodiff.Reversed())
			return y
		},
		"for": func(x node) node {
			return autodiff.For(3, func(_, c node) node { return ops.Mul(c, ops.Sin(c)) }, x)
		},
		"scan": func(x node) node {
			_, y := autodiff.Scan(func(c, x node) (node, node) {
				c = ops.Add(ops.Mul(0.5, c), ops.Square(x))
				return c, ops.Mul(c, x)
			}, x.Graph().Scalar(graph.Float64, 0), x)
			return y
		},
		"cond": func(x node) node {
			return autodiff.Cond(ops.Gt(ops.Sum(x), 0), func() node { return ops.Exp(x) }, func() node { return ops.Mul(x, 2) })
		},
		"checkpoint": func(x node) node { return autodiff.Checkpoint(func(x node) node { return ops.Square(ops.Sin(x)) })(x) },
		"custom": func(x node) node {
			return autodiff.CustomVJP(ops.Exp, func(_, y, ct node) node { return ops.Mul(ct, y) })(x)
		},
	} {
		loss := func(x node) node { return ops.Sum(ops.Square(f(x))) }
		dense := evaluate(t, func(x node) (j, h node) { return autodiff.Jacobian(f)(x), autodiff.Hessian(loss)(x) }, x)
		for _, opt := range []autodiff.MatrixOption{autodiff.ForwardMode(), autodiff.ReverseMode()} {
			m, err := autodiff.SparseJacobian(f, opt).Eval(context.Background(), x)
			require.NoError(t, err, name)
			compareDense(t, name, dense[0], m)
			require.Equal(t, entries[name], m.NNZ(), name)
		}
		m, err := autodiff.SparseHessian(loss).Eval(context.Background(), x)
		require.NoError(t, err, name)
		compareDense(t, name, dense[1], m)
	}
}
