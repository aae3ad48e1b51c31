package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// NIST asks a program for at least four correct digits; eight are what double precision leaves of eleven where the
// columns of the Jacobian are nearly dependent, as in Lanczos3.
const wantDigits = 8

func TestCertifiedValues(t *testing.T) {
	list, err := problems()
	require.NoError(t, err)
	require.Len(t, list, 10)
	for _, p := range list {
		fn := fitter(p)
		for k, start := range p.Starts {
			var f fit
			require.NoError(t, fn.RunTo(t.Context(), &f, start), "%s from start %d", p.Name, k+1)
			require.Greater(t, digits(f.X, p.Certified), float64(wantDigits), "%s parameters", p.Name)
			require.Greater(t, digits(f.Deviations, p.Deviations), float64(wantDigits), "%s deviations", p.Name)
			require.Greater(t, digits([]float64{f.RSS}, []float64{p.RSS}), float64(wantDigits), "%s sum of squares", p.Name)
		}
	}
}

func TestReport(t *testing.T) {
	var b strings.Builder
	require.NoError(t, run(&b))
	require.Equal(t, 1+2*10, strings.Count(b.String(), "\n"))
	require.Contains(t, b.String(), "MGH17          1")
}
