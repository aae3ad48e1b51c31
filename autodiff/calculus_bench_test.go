package autodiff_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chainrule/autodiff"
)

// benchmark runs f, compiled, on one core, and reports the least time of a run beside the mean: other programs on the
// machine only ever add to it.
func benchmark(b *testing.B, f any, feeds ...any) {
	run, _, err := autodiff.Compile(f, autodiff.Workers(1)).Bind(feeds...)
	require.NoError(b, err)
	require.NoError(b, run(context.Background()))
	least := timed(b, run)
	for b.Loop() {
		least = min(least, timed(b, run))
	}
	b.ReportMetric(least, "least-ns/op")
}

func timed(b *testing.B, run func(context.Context) error) float64 {
	start := time.Now()
	if err := run(context.Background()); err != nil {
		b.Fatal(err)
	}
	return float64(time.Since(start).Nanoseconds())
}
