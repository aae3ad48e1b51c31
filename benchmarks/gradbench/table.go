package main

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"time"
)

// measured are the cases of the table: three sizes of each eval, the middle ones those that others publish most.
func measured() []sample {
	g := newGenerator(1)
	return slices.Concat([]sample{
		g.llsq(1024, 128), g.llsq(8196, 128), g.llsq(16392, 128),
		g.lse(10000), g.lse(160000), g.lse(1280000),
		g.gmm(2, 5, 1000), g.gmm(10, 25, 1000), g.gmm(64, 25, 1000),
		g.kmeans(10, 1000, 8), g.kmeans(100, 10000, 8), g.kmeans(1000, 10000, 16),
		g.det(5), g.det(9), g.det(11),
		g.ba(49, 7776, 31843), g.ba(372, 47423, 204472), g.ba(539, 65220, 277273),
		g.ht(544, 100, false), g.ht(10000, 100, false), g.ht(10000, 12800, true),
		g.ode(1000, 100), g.ode(10000, 100), g.ode(100000, 100),
		g.lstm(2, 1024), g.lstm(4, 4096), g.lstm(6, 8192),
	},
		allModes(func(modes string) sample { return particleCase(modes, 0) }),
		allModes(func(modes string) sample { return saddleCase(modes, []float64{1, 1}) }))
}

// tabulate measures the cases that match, and prints a table in Markdown.
func tabulate(w io.Writer, only string, seconds float64) error {
	wanted, err := regexp.Compile(only)
	if err != nil {
		return err
	}
	const head = "| eval | case | prepare, ms | primal, ms: least (median) | gradient, ms | ratio | error |\n"
	if _, err := fmt.Fprintln(w, head+"| --- | --- | --- | --- | --- | --- | --- |"); err != nil {
		return err
	}
	for _, s := range measured() {
		if !wanted.MatchString(s.module + " " + s.name) {
			continue
		}
		row, err := s.measure(time.Duration(seconds * float64(time.Second)))
		if err != nil {
			return fmt.Errorf("%s %s: %w", s.module, s.name, err)
		}
		if _, err := fmt.Fprintln(w, row); err != nil {
			return err
		}
	}
	return nil
}

// mostError is the relative error from which on an answer is wrong, and not timed.
const mostError = 1e-9

// measure checks a case's answers, then runs the primal, if there is one, and the gradient in turns.
func (s sample) measure(atLeast time.Duration) (row string, err error) {
	names, wants := []string{s.gradient}, []func(int) float64{s.slope}
	if s.primal != "" {
		names, wants = append(names, s.primal), append(wants, s.value)
	}
	all := make([]*evaluation, len(names))
	worst := 0.0
	for i, name := range names {
		if all[i], err = modules[s.module][name](s.text()); err != nil {
			return "", err
		}
		if _, err := all[i].once(); err != nil {
			return "", err
		}
		worst = math.Max(worst, s.differs(all[i], wants[i], []int{24, 1}[i]))
	}
	if !(worst <= mostError) {
		return "", fmt.Errorf("an element is off by %.1e of itself", worst)
	}
	const fewest = 7
	times := make([][]time.Duration, len(all))
	for start := time.Now(); len(times[0]) < fewest || time.Since(start) < atLeast; {
		for i, e := range all {
			took, err := e.once()
			if err != nil {
				return "", err
			}
			times[i] = append(times[i], took)
		}
	}
	gradient, primal, ratio := newSummary(times[0]), "–", "–"
	if len(all) == 2 {
		p := newSummary(times[1])
		primal, ratio = p.String(), fmt.Sprintf("%.2f", gradient.least/p.least)
	}
	return fmt.Sprintf("| %s | %s | %.1f | %s | %v | %s | %.0e |",
		s.module, s.name, milliseconds(all[0].prepare), primal, gradient, ratio, worst), nil
}

// differs is the largest relative difference of elements, drawn by lot where there are more than count, from those of
// the reference.
func (s sample) differs(e *evaluation, want func(i int) float64, count int) (worst float64) {
	var got []float64
	for _, r := range e.results {
		got = append(got, r.floats()...)
	}
	draw := rand.New(rand.NewPCG(1, uint64(len(got))))
	for range count {
		i := draw.IntN(len(got))
		worst = math.Max(worst, distance(got[i], want(i)))
	}
	return worst
}

// summary is times in milliseconds.
type summary struct{ least, median float64 }

func newSummary(times []time.Duration) summary {
	slices.Sort(times)
	return summary{milliseconds(times[0]), milliseconds(times[len(times)/2])}
}

func (s summary) String() string { return fmt.Sprintf("%.3g (%.3g)", s.least, s.median) }

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
