package autodiff_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// cubes is x³ in Go, with a derivative by ops and calls counted.
func cubes(calls *atomic.Int64) func(x *graph.Node) *graph.Node {
	cube := func(x *graph.Node) *graph.Node {
		return autodiff.GoFunc("cube", func(out, in []*tensor.Dense) error {
			calls.Add(1)
			for i, v := range in[0].Float64s() {
				out[0].Float64s()[i] = v * v * v
			}
			return nil
		}, []graph.Type{x.Type()}, x)[0]
	}
	return autodiff.CustomVJP(cube, func(x, _, ct *graph.Node) *graph.Node { return ops.Mul(ct, ops.Mul(3, ops.Square(x))) })
}

func TestGoFuncDerivatives(t *testing.T) {
	var calls atomic.Int64
	cube := cubes(&calls)
	inLoop := func(f func(*graph.Node) *graph.Node) scalarFunc {
		return func(p []*graph.Node) *graph.Node {
			return end(byFor()(3, func(x *graph.Node) *graph.Node { return ops.Sin(ops.Add(f(x), p[1])) }, p[0]))
		}
	}
	plain := func(x *graph.Node) *graph.Node { return ops.Mul(x, ops.Square(x)) }
	checkTwins(t, []twin{
		{name: "alone", args: tensors(waves(1, 2, 2)), order: 3,
			built: func(p []*graph.Node) *graph.Node { return end(cube(p[0])) },
			plain: func(p []*graph.Node) *graph.Node { return end(plain(p[0])) }},
		{name: "in a loop", args: tensors(waves(1, 2), waves(2, 2)), built: inLoop(cube), plain: inLoop(plain)},
	})
	require.Positive(t, calls.Load())
}

func TestGoFuncIsNotCalledInVain(t *testing.T) {
	var calls atomic.Int64
	cube := cubes(&calls)
	run := func(f any, feeds ...any) {
		_, err := autodiff.Compile(f).Run(context.Background(), feeds...)
		require.NoError(t, err)
	}
	run(func(x *graph.Node) *graph.Node { cube(x); return ops.Sin(x) }, 2.0)
	branch := func(x *graph.Node) *graph.Node {
		return autodiff.Cond(ops.Gt(x, 0), func() *graph.Node { return cube(x) }, func() *graph.Node { return x })
	}
	run(branch, -1.0)
	run(autodiff.Grad(branch), -1.0)
	run(autodiff.Vmap(branch), []float64{-1, -2})
	run(func(x *graph.Node) *graph.Node { return byFor()(0, cube, x) }, 2.0)
	require.Zero(t, calls.Load())
	run(func(x *graph.Node) *graph.Node { return ops.Add(cube(x), cube(x)) }, 2.0)
	require.EqualValues(t, 2, calls.Load()) // two functions: what they do is not known to be the same
}

// TestGoFuncsOfOneName expects two functions of one name to stay apart, in loops that read the same.
func TestGoFuncsOfOneName(t *testing.T) {
	times := func(k float64) func(x *graph.Node) *graph.Node {
		return func(x *graph.Node) *graph.Node {
			return autodiff.GoFunc("times", func(out, in []*tensor.Dense) error {
				out[0].Float64s()[0] = k * in[0].Data().([]float64)[0]
				return nil
			}, []graph.Type{x.Type()}, x)[0]
		}
	}
	f := func(x *graph.Node) []*graph.Node {
		nested := func(k float64) *graph.Node {
			return byFor()(2, func(x *graph.Node) *graph.Node { return byFor()(1, times(k), x) }, x)
		}
		return []*graph.Node{byFor()(1, times(2), x), byFor()(1, times(3), x), nested(2), nested(3)}
	}
	out, err := autodiff.Compile(f).Run(context.Background(), []float64{1})
	require.NoError(t, err)
	require.Equal(t, []float64{2, 3, 4, 9}, flat(out))
}

func TestGoFuncErrors(t *testing.T) {
	broken := errors.New("broken")
	fails := func(x *graph.Node) *graph.Node {
		return autodiff.GoFunc("fails", func(_, in []*tensor.Dense) error {
			if in[0].Data().(float64) > 2 {
				return broken
			}
			return nil
		}, []graph.Type{x.Type()}, x)[0]
	}
	loop := func(x *graph.Node) *graph.Node {
		return byFor()(5, func(x *graph.Node) *graph.Node { return ops.Add(ops.Add(x, 1), fails(x)) }, x)
	}
	for _, f := range []func(*graph.Node) *graph.Node{fails, loop} {
		fn := autodiff.Compile(f)
		_, err := fn.Run(context.Background(), 3.0)
		require.ErrorIs(t, err, broken)
		require.ErrorContains(t, err, "gofunc_test.go:")
		_, err = fn.Run(context.Background(), -9.0) // and again
		require.NoError(t, err)
	}
}

// TestGoFuncSeesCopies has a function that writes on its input, and keeps what it was given.
func TestGoFuncSeesCopies(t *testing.T) {
	var kept *tensor.Dense
	f := func(x *graph.Node) (*graph.Node, *graph.Node) {
		y := autodiff.GoFunc("rude", func(out, in []*tensor.Dense) error {
			in[0].Float64s()[0], out[0].Float64s()[0] = 99, 1
			kept = out[0]
			return nil
		}, []graph.Type{graph.T(graph.Float64, 1)}, x)[0]
		return y, ops.Add(x, 1)
	}
	x := []float64{5}
	out, err := autodiff.Compile(f).Run(context.Background(), x)
	require.NoError(t, err)
	kept.Float64s()[0] = 7
	require.Equal(t, []float64{1, 6}, flat(out))
	require.Equal(t, []float64{5}, x)
}

// TestGoFuncThatReplacesItsResult: another tensor in the place of one that is to be filled is an error, and no zeros.
func TestGoFuncThatReplacesItsResult(t *testing.T) {
	x := graph.Const(graph.New(), []float64{1, 2}, 2)
	y := autodiff.GoFunc("hand over", func(out, in []*tensor.Dense) error {
		out[0] = in[0]
		return nil
	}, []graph.Type{x.Type()}, x)
	_, err := autodiff.Eval(y[0])
	require.ErrorContains(t, err, "hand over put another tensor in the place of result 0: fill the one that is there")
}
