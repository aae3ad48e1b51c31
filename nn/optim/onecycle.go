package optim

import (
	"math"

	"chainrule/graph"
	"chainrule/ops"
)

// OneCycle goes up to a large rate and down to a tiny one in Steps steps, and stays there (Smith and Topin 2018; PyTorch's
// OneCycleLR). Momentum goes down and up at the same time.
type OneCycle struct {
	Max         float64 // the largest rate
	Steps       int     // in all, 2 or more
	Peak        float64 // the share of the steps up to Max; 0 stands for 0.3
	Linear      bool    // straight lines, not cosines
	Div         float64 // the first rate is Max/Div; 0 stands for 25
	FinalDiv    float64 // the last rate is the first/FinalDiv; 0 stands for 1e4
	ThreePhases bool    // down to the first rate in as many steps as up, then to the last
	MaxMomentum float64 // at the least rate; 0 stands for 0.95
	MinMomentum float64 // at the largest rate; 0 stands for 0.85
}

// Rate is the schedule of the rate.
func (o OneCycle) Rate() Schedule {
	finite("one_cycle", o.Max)
	first := o.Max / or(o.Div, 25)
	last := first / or(o.FinalDiv, 1e4)
	if o.ThreePhases {
		return o.phases(first, o.Max, first, last)
	}
	return o.phases(first, o.Max, last)
}

// Momentum is the schedule of the momentum: of SGD's, or of Adam's Beta1.
func (o OneCycle) Momentum() Schedule {
	high, low := or(o.MaxMomentum, 0.95), or(o.MinMomentum, 0.85)
	if o.ThreePhases {
		return o.phases(high, low, high, high)
	}
	return o.phases(high, low, high)
}

// phases goes through values at the ends of the phases.
func (o OneCycle) phases(values ...float64) Schedule {
	atLeast("one_cycle", o.Steps, 2)
	peak := or(o.Peak, 0.3)
	check("one_cycle", "the peak", peak, 0, 1)
	ends := []float64{0, peak*float64(o.Steps) - 1}
	if o.ThreePhases {
		ends = append(ends, 2*peak*float64(o.Steps)-2)
	}
	ends = append(ends, float64(o.Steps-1))
	return func(t *graph.Node) *graph.Node {
		var out *graph.Node
		for i := len(values) - 1; i > 0; i-- {
			gone := ops.Div(ops.Sub(t, ends[i-1]), ends[i]-ends[i-1])
			if i == len(values)-1 {
				gone = ops.Minimum(gone, 1)
			}
			if !o.Linear {
				gone = ops.Mul(0.5, ops.Sub(1, ops.Cos(ops.Mul(math.Pi, gone))))
			}
			v := ops.Add(values[i-1], ops.Mul(values[i]-values[i-1], gone))
			if out == nil {
				out = v
				continue
			}
			out = ops.Where(ops.Le(t, ends[i]), v, out)
		}
		return out
	}
}
