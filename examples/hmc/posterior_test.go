package main

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// exact integrates the posterior of μ and τ on a grid: given both, effects are N(μ, σ² + τ²), so the schools need no sampling.
func exact() (mu, tau float64) {
	total := 0.0
	for m := -20.0; m <= 30; m += 0.1 {
		for t := 0.025; t <= 80; t += 0.05 {
			log := -m*m/50 - math.Log1p(t*t/25)
			for i, y := range effects {
				variance := deviations[i]*deviations[i] + t*t
				log -= 0.5 * (math.Log(variance) + (y-m)*(y-m)/variance)
			}
			weight := math.Exp(log + 30)
			total += weight
			mu += weight * m
			tau += weight * t
		}
	}
	return mu / total, tau / total
}

// The means of all draws are those of the posterior. 16,000 draws with deviations of 3.3 and 3.2, a tenth of which count as
// independent, have means that are off by 0.08.
func TestPosterior(t *testing.T) {
	wantMu, wantTau := exact()
	mu, tau, accepted, err := sample(7)
	require.NoError(t, err)
	require.Len(t, mu, chains*draws)
	require.InDelta(t, wantMu, mean(mu), 4*0.08)
	require.InDelta(t, wantTau, mean(tau), 4*0.08)
	require.Greater(t, accepted, 0.8)
	t.Log(wantMu, mean(mu), wantTau, mean(tau))
	other, _, _, err := sample(8)
	require.NoError(t, err)
	require.NotEqual(t, mu, other)
}
