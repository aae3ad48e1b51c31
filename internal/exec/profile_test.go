package exec_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"chainrule/graph"
	"chainrule/internal/exec"
	"chainrule/internal/rewrite"
	"chainrule/ops"
)

func TestProfile(t *testing.T) {
	for _, d := range []graph.DType{graph.Float32, graph.Float64} {
		u := layer(d)
		p := mustCompile(t, u)
		dst, in := feedsOf(u, 1)
		require.NoError(t, p.Run(context.Background(), dst, in))
		want := copies(dst)
		_, in = feedsOf(u, 1)
		before := copies(in)

		start := time.Now()
		profile, err := p.Profile(context.Background(), in)
		spent := time.Since(start)
		require.NoError(t, err)
		require.Equal(t, before, copies(in), "donated inputs are as they were")
		require.Len(t, profile.Steps, len(p.Plan().Steps))
		require.GreaterOrEqual(t, profile.Rounds, 5)
		sum := profile.Whole.Least
		for _, s := range profile.Steps {
			assert.GreaterOrEqual(t, s.Least, time.Duration(0))
			assert.LessOrEqual(t, s.Least, s.Median)
			sum += s.Least
		}
		assert.Positive(t, profile.Whole.Least)
		assert.LessOrEqual(t, profile.Whole.Least, profile.Whole.Median)
		assert.LessOrEqual(t, sum*time.Duration(profile.Rounds), spent, "it took as long as it says at least")

		// What a profile leaves behind does not show in the next run, and costs it nothing.
		dst, in = feedsOf(u, 1)
		require.NoError(t, p.Run(context.Background(), dst, in))
		require.Equal(t, want, copies(dst))
		allocs := testing.AllocsPerRun(100, func() {
			if err := p.Run(context.Background(), dst, in); err != nil {
				t.Error(err)
			}
		})
		require.Zero(t, allocs)
	}
}

// Every round begins with the values fed: a product by 2 in place, done 200 times over, would be infinite, and a
// step that fails on that would not be measured.
func TestProfileRestoresDonatedInputs(t *testing.T) {
	g := graph.New()
	i, table := g.Input("i", graph.Int64, 1), g.Input("table", graph.Float64, 3)
	u := rewrite.Unit{Inputs: []*graph.Node{i, table}, Outputs: []*graph.Node{ops.Add(i, 1), ops.Take(table, i, 0)},
		Donated: []int{0, -1}}
	p := mustCompile(t, u)
	_, in := feedsOf(u, 1)
	graph.Elements[int64](in[0].Buf)[0] = 2 // the last that is legal
	_, err := p.Profile(context.Background(), in)
	require.NoError(t, err)
	require.Equal(t, int64(2), graph.Elements[int64](in[0].Buf)[0])

	graph.Elements[int64](in[0].Buf)[0] = 3
	_, err = p.Profile(context.Background(), in)
	require.ErrorIs(t, err, ops.ErrIndex)
	require.Equal(t, int64(3), graph.Elements[int64](in[0].Buf)[0])
}

func TestProfileRefuses(t *testing.T) {
	u := layer(graph.Float64)
	p := mustCompile(t, u)
	_, in := feedsOf(u, 1)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := p.Profile(ctx, in)
	require.ErrorIs(t, err, context.Canceled)
	_, err = p.Profile(context.Background(), in[:1])
	require.ErrorContains(t, err, "1 inputs fed, 3 wanted")
	wrong := append([]exec.Value(nil), in...)
	wrong[1] = exec.NewValue(graph.T(graph.Float32, 3, 4))
	_, err = p.Profile(context.Background(), wrong)
	var feed *exec.FeedError
	require.ErrorAs(t, err, &feed)
	_, err = p.Profile(context.Background(), in)
	require.NoError(t, err, "a failed profile leaves the program as it was")
}
