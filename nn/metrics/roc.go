package metrics

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// ROCAUC is the area under the curve of true against false positives: the probability that a sample that is positive has a
// larger score than one that is not, where equal scores count one half. It is an error if one kind is missing, or a score
// is NaN.
func ROCAUC(scores []float64, positive []bool) (float64, error) {
	if len(scores) != len(positive) {
		return 0, fmt.Errorf("metrics: %d scores with %d labels", len(scores), len(positive))
	}
	order := make([]int, len(scores))
	positives := 0
	for i := range order {
		if order[i] = i; math.IsNaN(scores[i]) {
			return 0, fmt.Errorf("metrics: score %d is NaN", i)
		}
		if positive[i] {
			positives++
		}
	}
	negatives := len(scores) - positives
	if positives == 0 || negatives == 0 {
		return 0, errors.New("metrics: all samples are of one kind")
	}
	slices.SortFunc(order, func(a, b int) int {
		switch {
		case scores[a] < scores[b]:
			return -1
		case scores[a] > scores[b]:
			return 1
		}
		return 0
	})
	// Twice the number of pairs in the right order: whole numbers, so that no order of sums matters.
	pairs, below := 0, 0
	for from := 0; from < len(order); {
		to, up, down := from, 0, 0
		for ; to < len(order) && scores[order[to]] == scores[order[from]]; to++ {
			if positive[order[to]] {
				up++
			} else {
				down++
			}
		}
		pairs += up * (2*below + down)
		below += down
		from = to
	}
	return float64(pairs) / 2 / float64(positives) / float64(negatives), nil
}
