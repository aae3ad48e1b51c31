package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"chainrule/autodiff"
)

// modules are the evals' modules that are offered.
var modules = map[string]module{
	"hello":  hello,
	"llsq":   llsq,
	"lse":    lse,
	"gmm":    gmm,
	"kmeans": kmeans,
	"det":    det,
	"ba":     ba,
	"ht":     ht,
}

// module is the functions of a module by name.
type module map[string]function

// function evaluates a message's input, as often as that wants.
type function func(input []byte) (output any, timings []timing, err error)

// plan is a function on nodes with what it is fed, as autodiff.Compile and Function.Bind take them, and what becomes of
// its results.
type plan struct {
	f      any
	feeds  []any
	output func(results []result) any
}

// runs is the part of an input that says how often to evaluate it: at least MinRuns times, and until the evaluations
// have taken MinSeconds.
type runs struct {
	MinRuns    int     `json:"min_runs"`
	MinSeconds float64 `json:"min_seconds"`
}

func (r runs) wanted() runs { return r }

// mostRuns and mostSeconds are more than the suite asks for.
const (
	mostRuns    = 1 << 20
	mostSeconds = 3600
)

// planned is the function that makes its plan from an input of type In.
func planned[In interface{ wanted() runs }](of func(In) (plan, error)) function {
	return func(input []byte) (any, []timing, error) {
		start := time.Now()
		var in In
		if err := json.Unmarshal(input, &in); err != nil {
			return nil, nil, fmt.Errorf("the input cannot be read: %w", err)
		}
		wanted := in.wanted()
		if wanted.MinRuns > mostRuns || wanted.MinSeconds > mostSeconds {
			return nil, nil, fmt.Errorf("%d runs and %g seconds are too much to ask for", wanted.MinRuns, wanted.MinSeconds)
		}
		p, err := of(in)
		if err != nil {
			return nil, nil, err
		}
		run, results, err := autodiff.Compile(p.f, autodiff.Workers(1)).Bind(p.feeds...)
		if err != nil {
			return nil, nil, err
		}
		timings := []timing{{"prepare", int64(time.Since(start))}}
		timings, err = repeat(run, wanted, timings)
		if err != nil {
			return nil, nil, err
		}
		answers := make([]result, len(results))
		for i, r := range results {
			answers[i] = result{r}
		}
		return p.output(answers), timings, nil
	}
}

// repeat evaluates, and adds the time of each evaluation to timings.
func repeat(run func(context.Context) error, wanted runs, timings []timing) ([]timing, error) {
	least := time.Duration(math.Max(0, wanted.MinSeconds) * float64(time.Second))
	var total time.Duration
	for i := 0; i < max(1, wanted.MinRuns) || total < least && i < mostRuns; i++ {
		start := time.Now()
		if err := run(context.Background()); err != nil {
			return nil, err
		}
		took := time.Since(start)
		total += took
		timings = append(timings, timing{"evaluate", int64(took)})
	}
	return timings, nil
}

// mostElements bounds the arrays that an input may lead to, so that an absurd one is answered and not died of.
const mostElements = 1 << 27

// fits reports, as an error, sizes that are negative or whose product is too large.
func fits(sizes ...int) error {
	product := 1.0
	for _, n := range sizes {
		if n < 0 {
			return fmt.Errorf("a size is %d", n)
		}
		product *= float64(n)
	}
	if product > mostElements {
		return fmt.Errorf("an array of the sizes %v is too large", sizes)
	}
	return nil
}
