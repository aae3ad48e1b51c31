package main

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/autodiff"
)

// Points that are compared in blocks have the neighbours that a loop over all pairs finds, those of the rest too.
func TestNearestInBlocks(t *testing.T) {
	const n, k = 1100, 2000 // 34 blocks of 32 points and 12 more
	g := newGenerator(8)
	points, centroids := g.uniform(n), g.uniform(k)
	want := make([]int64, n)
	for i, p := range points {
		least := math.Inf(1)
		for j, c := range centroids {
			if d := (p - c) * (p - c); d < least {
				least, want[i] = d, int64(j)
			}
		}
	}
	for name, f := range map[string]any{"by product": nearestByProduct, "by difference": nearestByDifference} {
		out, err := autodiff.Compile(f).Run(context.Background(), dense(points, n, 1), dense(centroids, k, 1))
		require.NoError(t, err, name)
		got := out[0].Int64s()
		require.Len(t, got, n, name)
		for i, j := range got { // rounding may choose another one that is as near
			d, least := math.Abs(points[i]-centroids[j]), math.Abs(points[i]-centroids[want[i]])
			require.InDelta(t, least*least, d*d, 1e-14, "%s: point %d", name, i)
		}
	}
}
