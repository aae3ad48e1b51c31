package autodiff_test

import (
	"context"
	"errors"
	"math"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// What no machine has the memory for is an error that names the value and its line; so is what GOMEMLIMIT forbids.
func TestMoreThanTheMemory(t *testing.T) {
	type N = *graph.Node
	huge := func(x N, n int) N { return ops.Sort(ops.BroadcastTo(x, n), 0) } // of a sort nothing is fused
	const n = 1 << 25
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(100 << 20))
	for _, c := range []struct {
		name, want string
		f          any
	}{
		{"result", "broadcast_to: the program needs 256 MiB of memory, and there are 100 MiB",
			func(x N) N { return ops.BroadcastTo(x, n) }},
		{"between", "the program needs", func(x N) N { return ops.Sum(huge(x, n)) }},
		{"gradient", "the program needs", func(x N) N {
			return autodiff.Grad(func(x N) N { return ops.Sum(ops.Mul(huge(x, n), huge(ops.Sin(x), n))) })(x)
		}},
		{"arange", "arange: 33554432 elements of 8 bytes are more", func(x N) N {
			return ops.Add(x, ops.Sum(ops.Cast(ops.Arange(x.Graph(), n), graph.Float64)))
		}},
		{"linspace", "linspace: 33554432 elements", func(x N) N {
			return ops.Add(x, ops.Sum(ops.Linspace(x.Graph(), graph.Float64, 0, 1, n)))
		}},
		{"sum of a broadcast", "the program needs", func(x N) N {
			return ops.Sum(ops.BroadcastTo(ops.Mul(x, ops.Cast(ops.Arange(x.Graph(), 2), graph.Float64)), math.MaxInt/64, 2))
		}},
		{"more than an int counts", "the program needs", func(x N) N {
			y, z := huge(x, math.MaxInt/32), huge(ops.Sin(x), math.MaxInt/32)
			return ops.Add(ops.Sum(ops.Mul(y, z)), ops.Sum(ops.Sub(y, z)))
		}},
		{"tape beyond an int", "is too large", func(x N) N {
			return autodiff.Grad(func(x N) N {
				return ops.Sum(autodiff.For(math.MaxInt/16, func(_, c N) N { return ops.Sin(c) }, ops.BroadcastTo(x, 100)))
			})(x)
		}},
		{"segment beyond an int", "the program needs", func(x N) N {
			return autodiff.Grad(func(x N) N {
				return autodiff.For(math.MaxInt, func(_, c N) N { return ops.Sin(c) }, x, autodiff.CheckpointEvery(math.MaxInt))
			})(x)
		}},
		{"checkpoints beyond an int", "the program needs", func(x N) N {
			return autodiff.Grad(func(x N) N {
				return autodiff.For(math.MaxInt, func(_, c N) N { return ops.Sin(c) }, x, autodiff.CheckpointEvery(2))
			})(x)
		}},
		{"in a loop", "the program needs", func(x N) N {
			return autodiff.For(3, func(_, c N) N { return ops.Mean(huge(c, n)) }, x)
		}},
		{"tape of a loop", "the program needs", func(x N) N {
			return autodiff.Grad(func(x N) N {
				return ops.Sum(autodiff.For(n, func(_, c N) N { return ops.Sin(c) }, ops.BroadcastTo(x, 100)))
			})(x)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := autodiff.Compile(c.f).Run(context.Background(), tensor.New(tensor.FromScalar(0.5)))
			var e *graph.Error
			require.True(t, errors.As(err, &e), "%v", err)
			require.ErrorContains(t, err, c.want)
			require.Contains(t, e.Source, "room_test.go")
		})
	}
}
