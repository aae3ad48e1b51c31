package metrics

import (
	"fmt"

	"gonum.org/v1/gonum/stat"
)

// R2 is the coefficient of determination, 1 − Σ(y − x)²/Σ(y − ȳ)², of predictions x and targets y: 1 where all agree, 0 for
// the mean, and less for what is worse. Targets that are all alike are an error, and so are less than two.
func R2(predictions, targets []float64) (float64, error) {
	if len(predictions) != len(targets) || len(targets) < 2 {
		return 0, fmt.Errorf("metrics: %d predictions with %d targets, want two or more", len(predictions), len(targets))
	}
	mean, whole, left := stat.Mean(targets, nil), 0.0, 0.0
	for i, y := range targets {
		whole += (y - mean) * (y - mean)
		left += (y - predictions[i]) * (y - predictions[i])
	}
	if whole == 0 {
		return 0, fmt.Errorf("metrics: all targets are %v", mean)
	}
	return 1 - left/whole, nil
}
