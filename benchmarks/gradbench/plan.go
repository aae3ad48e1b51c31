package main

import (
	"context"
	"fmt"
	"time"

	"chainrule/autodiff"
)

// modules are the evals' modules that are offered.
var modules = map[string]module{
	"hello":    hello,
	"llsq":     llsq,
	"lse":      lse,
	"gmm":      gmm,
	"kmeans":   kmeans,
	"det":      det,
	"ba":       ba,
	"ht":       ht,
	"ode":      ode,
	"lstm":     lstm,
	"particle": particle,
	"saddle":   saddle,
}

// module is the functions of a module by name.
type module map[string]function

// function prepares its evaluation for a message's input.
type function func(input []byte) (*evaluation, error)

// plan is a function on nodes with what it is fed, as autodiff.Compile and Function.Bind take them, and what becomes of
// its results.
type plan struct {
	f      any
	feeds  []any
	output func(results []result) any
}

// evaluation is a plan that is ready to run.
type evaluation struct {
	run     func(context.Context) error
	results []result
	output  func(results []result) any
	wanted  runs
	prepare time.Duration
	most    time.Duration // for one run
}

// runs is the part of an input that says how often to evaluate it: at least MinRuns times, and until the evaluations
// have taken MinSeconds.
type runs struct {
	MinRuns    int     `json:"min_runs"`
	MinSeconds float64 `json:"min_seconds"`
}

func (r runs) wanted() runs { return r }

// mostRuns and mostSeconds are more than the suite asks for. No evaluation may take longer than mostSeconds either: some
// inputs lead to loops without an end, such as a particle that flies off.
const (
	mostRuns    = 1 << 20
	mostSeconds = 600
)

// planned is the function that makes its plan from an input of type In.
func planned[In interface{ wanted() runs }](of func(In) (plan, error)) function {
	return func(input []byte) (*evaluation, error) {
		var in In
		if err := decode(input, &in); err != nil {
			return nil, fmt.Errorf("the input cannot be read: %w", err)
		}
		start := time.Now()
		e := &evaluation{wanted: in.wanted(), most: mostSeconds * time.Second}
		if e.wanted.MinRuns > mostRuns || e.wanted.MinSeconds > mostSeconds {
			return nil, fmt.Errorf("%d runs, %g seconds: too much to ask for", e.wanted.MinRuns, e.wanted.MinSeconds)
		}
		p, err := of(in)
		if err != nil {
			return nil, err
		}
		run, results, err := autodiff.Compile(p.f, autodiff.Workers(1)).Bind(p.feeds...)
		if err != nil {
			return nil, err
		}
		for _, r := range results {
			e.results = append(e.results, result{r})
		}
		e.run, e.output, e.prepare = run, p.output, time.Since(start)
		return e, nil
	}
}

// repeat runs as often as the input wants, and returns the output and the times.
func (e *evaluation) repeat() (output any, timings []timing, err error) {
	timings = []timing{{"prepare", int64(e.prepare)}}
	least := time.Duration(e.wanted.MinSeconds * float64(time.Second))
	var total time.Duration
	for i := 0; i < max(1, e.wanted.MinRuns) || total < least && i < mostRuns; i++ {
		took, err := e.once()
		if err != nil {
			return nil, nil, err
		}
		total += took
		timings = append(timings, timing{"evaluate", int64(took)})
	}
	return e.output(e.results), timings, nil
}

func (e *evaluation) once() (time.Duration, error) {
	ctx, cancel := context.WithTimeout(context.Background(), e.most)
	defer cancel()
	start := time.Now()
	err := e.run(ctx)
	return time.Since(start), err
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
