package graph_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/graph"
)

// TestBroadcastStrides places every element of a broadcast tensor by counting, without strides.
func TestBroadcastStrides(t *testing.T) {
	for _, c := range []struct{ own, whole []int }{
		{nil, nil}, {nil, []int{3}}, {[]int{1}, []int{3}}, {[]int{3}, []int{2, 3}}, {[]int{2, 1}, []int{2, 3}},
		{[]int{1, 3, 1}, []int{4, 2, 3, 5}}, {[]int{2, 3}, []int{2, 3}}, {[]int{0, 1}, []int{0, 4}},
	} {
		number := map[string]int{} // of own's elements, by index, counted row by row
		for i := range graph.Size(c.own) {
			number[fmt.Sprint(graph.IndexOf(i, c.own))] = i
		}
		strides := graph.BroadcastStrides(c.own, c.whole)
		for i := range graph.Size(c.whole) {
			index, at := graph.IndexOf(i, c.whole), 0
			for axis, step := range strides {
				at += index[axis] * step
			}
			own := index[len(c.whole)-len(c.own):]
			for axis, d := range c.own {
				own[axis] = min(own[axis], d-1)
			}
			require.Equal(t, number[fmt.Sprint(own)], at, "%v in %v at %v", c.own, c.whole, index)
		}
	}
	require.Equal(t, []int{1, 0, 2}, graph.IndexOf(14, []int{2, 4, 3})) // 1·12 + 0·3 + 2
}
