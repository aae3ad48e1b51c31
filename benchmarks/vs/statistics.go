package main

import (
	"math"
	"slices"

	"chainrule/benchmarks/workload"
)

// median is the middle of a list, NaN of an empty one.
func median(list []float64) float64 {
	if len(list) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(list))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// Median is the median of all samples.
func (r *result) Median() float64 { return median(slices.Concat(r.Rounds...)) }

// Least is the least sample.
func (r *result) Least() float64 {
	all := slices.Concat(r.Rounds...)
	if len(all) == 0 {
		return math.NaN()
	}
	return slices.Min(all)
}

// Share is how much of the machine's peak the least time reaches, NaN where there is no such share.
func (r *result) Share(c workload.Case) float64 {
	if r.Peak == 0 || c.FLOPs() == 0 {
		return math.NaN()
	}
	return c.FLOPs() / (r.Least() * 1e-6 * r.Peak)
}

// ratio is how many times longer a result takes than another: the median over rounds of the quotient of a round's
// medians. What slows the machine down for some time slows both, and cancels.
func ratio(r, other *result) float64 {
	var quotients []float64
	for i := range min(len(r.Rounds), len(other.Rounds)) {
		quotients = append(quotients, median(r.Rounds[i])/median(other.Rounds[i]))
	}
	return median(quotients)
}

// of returns the result of a peer that was timed, or nil.
func of(name string, results []*result) *result {
	for _, r := range results {
		if r.Peer == name && r.Status == statusTimed {
			return r
		}
	}
	return nil
}
