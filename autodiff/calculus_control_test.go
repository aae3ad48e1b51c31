package autodiff_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/autodiff"
	"chainrule/ops"
)

// The calculus goes through control flow: derivatives of a loop, or of a branch, are those of its steps written out.
func TestCalculusThroughControlFlow(t *testing.T) {
	step := func(h, x node) node { return ops.Sin(ops.Add(ops.Mul(h, x), ops.Sum(x))) }
	for name, pair := range map[string][2]func(x node) node{
		"For": {
			func(x node) node {
				return autodiff.For(3, func(_, h node) node { return step(h, x) }, x)
			},
			func(x node) node { return step(step(step(x, x), x), x) },
		},
		"Scan": {
			func(x node) node {
				h, ys := autodiff.Scan(func(h, xi node) (node, node) {
					h = step(h, xi)
					return h, ops.Sum(h)
				}, x, ops.Stack([]node{x, ops.Square(x)}, 0))
				return ops.Add(h, ys)
			},
			func(x node) node {
				a := step(x, x)
				b := step(a, ops.Square(x))
				return ops.Add(b, ops.Stack([]node{ops.Sum(a), ops.Sum(b)}, 0))
			},
		},
		"Checkpoint": {
			autodiff.Checkpoint(func(x node) node { return step(x, x) }),
			func(x node) node { return step(x, x) },
		},
		"Cond": {
			func(x node) node {
				return autodiff.Cond(ops.Gt(ops.Sum(x), 0), func() node { return step(x, x) }, func() node { return x })
			},
			func(x node) node { return step(x, x) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			all := func(f func(x node) node) func(x node) []node {
				g := func(x node) node { return ops.Sum(ops.Exp(f(x))) }
				return func(x node) []node {
					along := func(s node) node { return f(ops.Add(x, s)) }
					return append(autodiff.Derivatives(along, 3)(ops.Squeeze(ops.Slice(ops.Mul(x, 0), ops.At(0)), 0)),
						autodiff.Jacobian(f, autodiff.ForwardMode())(x), autodiff.Jacobian(f, autodiff.ReverseMode())(x),
						autodiff.Hessian(g)(x), autodiff.Hessian(g, autodiff.ReverseMode())(x),
						autodiff.HVP(g)(x, x), autodiff.Laplacian(g)(x),
						autodiff.Grad(func(x node) node { return autodiff.Laplacian(g)(x) })(x))
				}
			}
			x := []float64{0.5, 0.25}
			loop, plain := evaluate(t, all(pair[0]), x), evaluate(t, all(pair[1]), x)
			require.NoError(t, autodiff.Check(pair[0], x))
			require.Len(t, loop, 11)
			for i := range plain {
				size := 1.0
				for _, v := range plain[i] {
					size = max(size, v, -v)
				}
				// The same sums of products, perhaps in another order.
				require.InDeltaSlice(t, plain[i], loop[i], 256*eps*size, "derivative %d", i)
			}
		})
	}
}
