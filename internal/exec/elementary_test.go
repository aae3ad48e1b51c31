package exec_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/graph"
	"chainrule/internal/compile"
	"chainrule/internal/exec"
	"chainrule/internal/rewrite"
)

// Elementary ops of scalars give the bits that their kernels give, at every combination of special values, in groups of
// either float type.
func TestElementary(t *testing.T) {
	tried := map[graph.Elementary]bool{}
	for _, op := range graph.Ops() {
		if op.Elementary == graph.NotElementary {
			continue
		}
		for _, d := range []graph.DType{graph.Float32, graph.Float64, graph.Int64, graph.Bool} {
			for _, others := range []graph.DType{graph.Float32, graph.Float64} {
				if elementaryAgrees(t, op, d, others) {
					tried[op.Elementary] = true
				}
			}
		}
	}
	for e := graph.ElementaryAdd; e <= graph.ElementaryWhere; e++ {
		require.True(t, tried[e], "no op is elementary number %d", e)
	}
}

// elementaryAgrees compares op on scalars of type d, among two members of the type of the others that make the group
// theirs, with the reference. It is false if op does not take d.
func elementaryAgrees(t *testing.T, op *graph.Op, d, others graph.DType) bool {
	g := graph.New()
	in := make([]*graph.Node, op.Arity)
	for i := range in {
		in[i] = g.Input(fmt.Sprint("x", i), d)
	}
	if op.Elementary == graph.ElementaryWhere {
		in[0] = g.Input("cond", graph.Bool)
	}
	if _, err := op.Infer(in, nil); err != nil {
		return false
	}
	y := g.Apply(op, nil, in...)
	tanh := graph.Lookup("tanh")
	z := g.Input("z", others)
	first := g.Apply(tanh, nil, z)
	second := g.Apply(tanh, nil, first)
	outputs := []*graph.Node{y, second, g.Apply(tanh, nil, second)}
	inputs := g.Inputs()
	program, err := compile.Compile(rewrite.Unit{Inputs: inputs, Outputs: outputs}, compile.Options{})
	require.NoError(t, err)
	values := make([]exec.Value, len(inputs))
	for i, n := range inputs {
		values[i] = exec.NewValue(n.Type())
	}
	dst := make([]exec.Value, len(outputs))
	for i, n := range outputs {
		dst[i] = exec.NewValue(n.Type())
	}
	var try func(k int)
	try = func(k int) {
		if k < len(inputs) {
			for c := range specials(values[k]) {
				setSpecial(values[k], c)
				try(k + 1)
			}
			return
		}
		feeds := map[*graph.Node]exec.Value{}
		for i, n := range inputs {
			feeds[n] = values[i]
		}
		want, err := exec.Reference(outputs, feeds)
		require.NoError(t, err)
		require.NoError(t, program.Run(context.Background(), dst, values))
		if math.IsNaN(want[0].At(0)) && math.IsNaN(dst[0].At(0)) {
			return // of two NaNs, an instruction may give either
		}
		require.Equal(t, want[0].Bytes(), dst[0].Bytes(), "%s of %v", graph.Text(y), copies(values))
	}
	try(0)
	return true
}

var special = []float64{0, math.Copysign(0, -1), 1, -1, 0.1, -3e-310, 1e308, math.Inf(1), math.Inf(-1), math.NaN()}

var specialInts = []int64{0, 1, -1, 7, math.MaxInt64, math.MinInt64}

func specials(v exec.Value) int {
	switch v.Type.DType {
	case graph.Bool:
		return 2
	case graph.Int64:
		return len(specialInts)
	}
	return len(special)
}

func setSpecial(v exec.Value, c int) {
	switch v.Type.DType {
	case graph.Bool:
		v.Set(0, float64(c))
	case graph.Int64:
		graph.Elements[int64](v.Buf)[0] = specialInts[c]
	default:
		v.Set(0, special[c])
	}
}
