package exec_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/graph"
	"chainrule/internal/compile"
	"chainrule/internal/exec"
	"chainrule/internal/rewrite"
	"chainrule/ops"
)

// A plan with its steps on scalars joined does what it did: random arithmetic on a few numbers, of which results
// overwrite inputs crosswise, with now and then a step that is none on scalars between.
func TestJoinScalars(t *testing.T) {
	const seed = 8
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	shorter := 0
	for range 300 {
		u := scalarUnit(rng)
		plan, err := compile.Plan(u, compile.Options{Verify: true})
		require.NoError(t, err)
		joined := exec.JoinScalars(plan)
		if len(joined.Steps) < len(plan.Steps) {
			shorter++
		}
		var results [2][][]byte
		inputs := rng.Uint64()
		for i, p := range []exec.Plan{plan, joined} {
			program := exec.NewProgram(p)
			program.Spoil(0xff)
			dst, in := feedsOf(u, inputs)
			require.NoError(t, program.Run(context.Background(), dst, in))
			results[i] = copies(append(dst, in...))
		}
		require.Equal(t, results[0], results[1], "%s", graph.Text(u.Outputs...))
	}
	require.Greater(t, shorter, 150)
}

// scalarUnit is arithmetic on numbers. Its outputs overwrite inputs, nodes among them more than once.
func scalarUnit(rng *rand.Rand) rewrite.Unit {
	g := graph.New()
	var u rewrite.Unit
	for range 2 + rng.IntN(3) {
		u.Inputs = append(u.Inputs, g.Input("", graph.Float64))
	}
	nodes := slices.Clone(u.Inputs)
	pick := func() *graph.Node { return nodes[len(nodes)-1-rng.IntN(min(len(nodes), 6))] }
	for range 1 + rng.IntN(12) {
		var n *graph.Node
		switch rng.IntN(8) {
		case 0:
			n = ops.Sum(ops.Mul(pick(), graph.Const(g, []float64{1, 2, 3}, 3)))
		case 1:
			n = ops.Where(ops.Lt(pick(), pick()), pick(), pick())
		case 2:
			n = ops.Tanh(pick())
		case 3:
			n = ops.MulAdd(pick(), pick(), pick())
		case 4:
			n = ops.Reshape(ops.Neg(ops.Reshape(pick(), 1)))
		default:
			n = ops.Sub(pick(), ops.Mul(pick(), pick()))
		}
		nodes = append(nodes, n)
	}
	for _, i := range rng.Perm(len(u.Inputs)) {
		u.Outputs = append(u.Outputs, nodes[rng.IntN(len(nodes))])
		if rng.IntN(4) == 0 {
			i = -1
		}
		u.Donated = append(u.Donated, i)
	}
	return u
}
