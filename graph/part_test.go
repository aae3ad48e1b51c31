package graph_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/graph"
)

func TestOffsetsOfParts(t *testing.T) {
	parts := []graph.Type{f64(), graph.T(graph.Bool, 3), f64(9), f64(0), graph.T(graph.Float32, 16)}
	require.Equal(t, []int{0, 64, 128, 256, 256, 320}, graph.Offsets(parts)) // each on a cache line
	require.Equal(t, graph.T(graph.Packed, 320), graph.Pack(parts))
	require.Equal(t, []int{0}, graph.Offsets(nil))
	const most = math.MaxInt / 64 * 64 // of what an int does not count, as what follows it
	require.Equal(t, []int{0, 64, most, most}, graph.Offsets([]graph.Type{f64(), graph.T(graph.Packed, -1), f64()}))
	require.Equal(t, []int{0, most, most}, graph.Offsets([]graph.Type{graph.T(graph.Bool, math.MaxInt), f64()}))
	require.Equal(t, "packed[320]", graph.Pack(parts).String())
	parsed, err := graph.ParseType("packed[320]")
	require.NoError(t, err)
	require.True(t, parsed.Equal(graph.Pack(parts)))
}

func TestPackedIsNotForUsers(t *testing.T) {
	require.False(t, graph.Packed.Valid())
	require.Error(t, graph.Try(func() { graph.New().Input("x", graph.Packed, 64) }))
	g := graph.New()
	x := g.Input("x", graph.Float64)
	_, isPart := x.PartIndex()
	require.False(t, isPart)
	require.ErrorContains(t, graph.Try(func() { graph.Part(x, 0) }), "input has one result alone")
}
