package trace

import "chainrule/graph"

// Options say how a function is compiled and run.
type Options struct {
	Donations []Donation
	CacheSize int             // of a function's programs, 0 if it is not given
	PassesOff map[string]bool // passes and rules that are left out
	Workers   int
	Verify    bool               // after every pass
	Bad       func(float64) bool // what no result may have, see autodiff.DebugNaN; nil for nothing
	Finite    []int              // numbers of results that are to be finite, see autodiff.RequireFinite
}

// Donation lets a result overwrite an argument, both by number.
type Donation struct{ Arg, Result int }

// checkNumbers refuses numbers of arguments and results that a function does not have, or not twice.
func (s Options) checkNumbers(op string, args, results int) {
	toResult, toArg := map[int]int{}, map[int]int{}
	for _, d := range s.Donations {
		if d.Arg >= args || d.Result >= results {
			graph.Fail(op, nil, "Donate(%d, %d) of a function with %d arguments and %d results", d.Arg, d.Result, args, results)
		}
		if result, twice := toResult[d.Arg]; twice {
			graph.Fail(op, nil, "argument %d is donated twice, to results %d and %d", d.Arg, result, d.Result)
		}
		if arg, twice := toArg[d.Result]; twice {
			graph.Fail(op, nil, "two arguments, %d and %d, are donated to result %d", arg, d.Arg, d.Result)
		}
		toResult[d.Arg], toArg[d.Result] = d.Result, d.Arg
	}
	for _, r := range s.Finite {
		if r >= results {
			graph.Fail(op, nil, "RequireFinite(%d) of a function with %d results", r, results)
		}
	}
}
