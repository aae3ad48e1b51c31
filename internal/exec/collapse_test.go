package exec

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCollapse(t *testing.T) {
	type steps = [][]int
	for _, c := range []struct {
		name   string
		shape  []int
		steps  steps
		counts []int
		want   steps
	}{
		{name: "row of a matrix", shape: []int{3, 5}, steps: steps{{5, 1}, {0, 1}}, counts: []int{3, 5}, want: steps{{5, 1}, {0, 1}}},
		{name: "all of one", shape: []int{2, 3, 4}, steps: steps{{12, 4, 1}, {0, 0, 0}}, counts: []int{24}, want: steps{{1}, {0}}},
		{name: "leading axes", shape: []int{2, 3, 4}, steps: steps{{12, 4, 1}, {0, 0, 1}}, counts: []int{6, 4}, want: steps{{4, 1}, {0, 1}}},
		{name: "trailing axes", shape: []int{2, 3, 4}, steps: steps{{12, 4, 1}, {1, 0, 0}}, counts: []int{2, 12}, want: steps{{12, 1}, {1, 0}}},
		{name: "middle", shape: []int{2, 3, 4}, steps: steps{{12, 4, 1}, {4, 0, 1}}, counts: []int{2, 3, 4}, want: steps{{12, 4, 1}, {4, 0, 1}}},
		{name: "ones", shape: []int{1, 3, 1, 4}, steps: steps{{12, 4, 4, 1}, {0, 0, 0, 1}}, counts: []int{3, 4}, want: steps{{4, 1}, {0, 1}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			counts, got := collapse(c.shape, c.steps)
			require.Equal(t, c.counts, counts)
			require.Equal(t, c.want, steps(got))
		})
	}
}
