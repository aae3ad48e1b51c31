package autodiff_test

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// wrong derivatives show which rule was asked.
func TestCustomRulesAreUsed(t *testing.T) {
	ones := func(x *graph.Node) *graph.Node { return ops.Add(ops.Mul(x, 0), 1) }
	forward := func(f func(*graph.Node) *graph.Node) func(*graph.Node) *graph.Node {
		return func(x *graph.Node) *graph.Node {
			_, d := autodiff.JVP(f, x, ones(x))
			return d
		}
	}
	vjp := autodiff.CustomVJP(func(x *graph.Node) *graph.Node { return ops.Sin(x) },
		func(x, y, ct *graph.Node) *graph.Node { return ops.Mul(ops.Mul(ct, 3), ops.Mul(x, y)) })
	jvp := autodiff.CustomJVP(func(x *graph.Node) *graph.Node { return ops.Sin(x) },
		func(x, y, dx *graph.Node) *graph.Node { return ops.Mul(ops.Mul(dx, 3), ops.Mul(x, y)) })
	s := math.Sin(2)
	for name, f := range map[string]func(*graph.Node) *graph.Node{"vjp": vjp, "jvp": jvp} {
		grad := autodiff.Grad(f)
		for mode, g := range map[string]func(*graph.Node) *graph.Node{"r": grad, "f": forward(f)} {
			require.InDelta(t, 6*s, oneOf(t, g, 2.0), 16*eps, name+mode) // some roundings of numbers up to 6, and 32
			// (3·x·y)′ = 3·y + 3·x·y′ with y′ = 3·x·y
			for second, h := range map[string]func(*graph.Node) *graph.Node{"r": autodiff.Grad(g), "f": forward(g)} {
				require.InDelta(t, 3*s+6*6*s, oneOf(t, h, 2.0), 128*eps, name+mode+second)
			}
		}
		require.InDelta(t, s, oneOf(t, f, 2.0), eps)
		all, err := autodiff.Compile(autodiff.Vmap(grad)).Run(context.Background(), []float64{2, 3})
		require.NoError(t, err)
		require.InDeltaSlice(t, []float64{6 * s, 9 * math.Sin(3)}, all[0].Data(), 16*eps)
	}
}

func oneOf(t *testing.T, f any, feeds ...any) float64 {
	t.Helper()
	out, err := autodiff.Compile(f, autodiff.Verified()).Run(context.Background(), feeds...)
	require.NoError(t, err)
	return flat(out[:1])[0]
}

// TestCustomOfTrees has arguments and results that are trees with an Int64, whose derivatives are right.
func TestCustomOfTrees(t *testing.T) {
	type in struct{ X, Y, N *graph.Node }
	type out struct{ Product, Count, Sum *graph.Node }
	f := func(p in) out {
		return out{ops.Mul(ops.Mul(p.X, p.Y), ops.Cast(p.N, graph.Float64)), ops.Add(p.N, 1), ops.Add(ops.Sin(p.X), p.Y)}
	}
	vjp := autodiff.CustomVJP(f, func(p in, v, ct out) in {
		n := ops.Cast(p.N, graph.Float64)
		require.Nil(t, ct.Count)
		return in{X: ops.Add(ops.Mul(ct.Product, ops.Mul(p.Y, n)), ops.Mul(ct.Sum, ops.Cos(p.X))),
			Y: ops.Add(ops.Mul(ct.Product, ops.Mul(p.X, n)), ct.Sum)}
	})
	jvp := autodiff.CustomJVP(f, func(p in, v out, d in) out {
		n := ops.Cast(p.N, graph.Float64)
		require.Nil(t, d.N)
		return out{Product: ops.Mul(n, ops.Add(ops.Mul(d.X, p.Y), ops.Mul(p.X, d.Y))),
			Sum: ops.Add(ops.Mul(d.X, ops.Cos(p.X)), d.Y)}
	})
	var twins []twin
	for name, custom := range map[string]func(in) out{"vjp": vjp, "jvp": jvp} {
		use := func(f func(in) out) scalarFunc {
			return func(p []*graph.Node) *graph.Node {
				r := f(in{p[0], p[1], p[0].Graph().Scalar(graph.Int64, 3)})
				return ops.Add(end(r.Product, r.Sum), ops.Cast(r.Count, graph.Float64))
			}
		}
		one := func(f func(in) out) scalarFunc { // one result alone
			return func(p []*graph.Node) *graph.Node {
				return end(f(in{p[0], p[1], p[0].Graph().Scalar(graph.Int64, 2)}).Sum)
			}
		}
		args := tensors(waves(1, 2), waves(2, 2))
		twins = append(twins, twin{name: name, args: args, built: use(custom), plain: use(f), order: 3},
			twin{name: name + " of one result", args: args, built: one(custom), plain: one(f)})
	}
	checkTwins(t, twins)
}

// TestCustomCaptures has derivatives that use values from outside, by which they may be differentiated again.
func TestCustomCaptures(t *testing.T) {
	with := func(k *graph.Node) func(x *graph.Node) *graph.Node {
		return autodiff.CustomVJP(func(x *graph.Node) *graph.Node { return ops.Sin(x) },
			func(x, y, ct *graph.Node) *graph.Node { return ops.Mul(ct, ops.Mul(k, ops.Cos(x))) })
	}
	// d/dk d/dx sin x = cos x, by the user's rule k·cos x.
	f := func(k *graph.Node) *graph.Node {
		return autodiff.Grad(func(x *graph.Node) *graph.Node { return with(k)(x) })(k.Graph().Scalar(graph.Float64, 0.7))
	}
	require.InDelta(t, math.Cos(0.7), oneOf(t, autodiff.Grad(f), 5.0), 2*eps)
	uses := func(x *graph.Node) *graph.Node {
		return autodiff.CustomVJP(func(y *graph.Node) *graph.Node { return ops.Mul(x, y) },
			func(y, v, ct *graph.Node) *graph.Node { return ct })(x)
	}
	_, err := autodiff.Compile(uses).Run(context.Background(), 2.0)
	require.NoError(t, err)
	_, err = autodiff.Compile(autodiff.Grad(uses)).Run(context.Background(), 2.0)
	var refused *graph.Error
	require.True(t, errors.As(err, &refused))
	require.Contains(t, refused.Reason, "make it part of the argument")
	require.Contains(t, refused.Source, "custom_test.go")
}

// TestCustomIsReplaced expects the compiler to put the function in the node's place.
func TestCustomIsReplaced(t *testing.T) {
	f := autodiff.CustomVJP(func(x *graph.Node) *graph.Node { return ops.Mul(ops.Add(x, 1), 2) },
		func(x, y, ct *graph.Node) *graph.Node { return ct })
	fn := autodiff.Compile(f)
	out, err := fn.Run(context.Background(), []float64{1, 2})
	require.NoError(t, err)
	require.Equal(t, []float64{4, 6}, out[0].Data())
	require.Equal(t, []string{"add", "mul"}, fn.Ops())
}
