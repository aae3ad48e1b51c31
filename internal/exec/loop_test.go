package exec_test

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/graph"
	"chainrule/internal/compile"
	"chainrule/internal/exec"
	"chainrule/internal/rewrite"
	"chainrule/ops"
)

// fill sets v to random numbers; integers are small, bools fair.
func fill(v exec.Value, rng *rand.Rand) exec.Value {
	for i := range v.Buf.Len {
		switch v.Type.DType {
		case graph.Int64:
			v.Set(i, float64(rng.Int64N(9)-4))
		case graph.Bool:
			v.Set(i, float64(rng.IntN(2)))
		default:
			v.Set(i, rng.Float64()*4-2)
		}
	}
	return v
}

func random(t graph.Type, rng *rand.Rand) exec.Value { return fill(exec.NewValue(t), rng) }

// matchReference runs outputs compiled and by the reference executor, on random inputs, and wants the same bits.
func matchReference(t *testing.T, rng *rand.Rand, outputs ...*graph.Node) {
	t.Helper()
	inputs := outputs[0].Graph().Inputs()
	program, err := compile.Compile(rewrite.Unit{Inputs: inputs, Outputs: outputs}, compile.Options{Verify: true})
	require.NoError(t, err)
	in, feeds := make([]exec.Value, len(inputs)), map[*graph.Node]exec.Value{}
	for i, n := range inputs {
		in[i] = random(n.Type(), rng)
		feeds[n] = in[i]
	}
	want, err := exec.Reference(outputs, feeds)
	require.NoError(t, err)
	dst := make([]exec.Value, len(outputs))
	for i, n := range outputs {
		dst[i] = random(n.Type(), rng)
	}
	require.NoError(t, program.Run(context.Background(), dst, in))
	for i := range dst {
		require.Equal(t, want[i].Bytes(), dst[i].Bytes(), "output %d of\n%s", i, graph.Text(outputs...))
	}
}

// shapeUnder returns a shape that broadcasts to the given one: leading axes dropped, others of length 1.
func shapeUnder(shape []int, rng *rand.Rand) []int {
	under := append([]int(nil), shape[rng.IntN(len(shape)+1)*rng.IntN(2):]...)
	for i := range under {
		if rng.IntN(2) == 0 {
			under[i] = 1
		}
	}
	return under
}

// The nested loop over broadcast operands, with axes dropped and merged, against operands stretched to full size.
func TestRandomBroadcasts(t *testing.T) {
	const seed = 5
	rng := rand.New(rand.NewPCG(seed, 0))
	loops := 0
	for range 3000 {
		shape := make([]int, rng.IntN(6))
		for i := range shape {
			shape[i] = []int{1, 1, 2, 3, 4, 5, 0}[rng.IntN(7-min(1, rng.IntN(4)))]
		}
		g := graph.New()
		d := []graph.DType{graph.Float32, graph.Float64, graph.Int64}[rng.IntN(3)]
		cond := g.Input("cond", graph.Bool, shapeUnder(shape, rng)...)
		a := g.Input("a", d, shapeUnder(shape, rng)...)
		b := g.Input("b", d, shapeUnder(shape, rng)...)
		where, clamp, sum := ops.Where(cond, a, b), ops.Clamp(a, b, 1), ops.Add(a, b)
		for _, n := range []*graph.Node{where, clamp, sum} {
			for _, x := range n.In() {
				if size := x.Type().Size(); size > 1 && size < n.Type().Size() {
					loops++
				}
			}
		}
		matchReference(t, rng, where, clamp, sum)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	require.Greater(t, loops, 1000, "too few of the broadcasts took the nested loop")
}
