package optim

import (
	"math"

	"chainrule/graph"
	"chainrule/ops"
)

// Rate is the length of a step: At returns it, a float64 scalar, for the step at hand.
type Rate interface {
	At(s *Step) *graph.Node
}

// Schedule is a rate that depends on the number of steps that were made alone: t, a float64 scalar, is 0 at the first. So it is
// the same after training is resumed.
type Schedule func(t *graph.Node) *graph.Node

// At implements Rate.
func (f Schedule) At(s *Step) *graph.Node { return f(ops.Sub(s.Number(), 1)) }

// Constant is the same rate at all steps.
func Constant(rate float64) Schedule {
	finite("constant", rate)
	return func(t *graph.Node) *graph.Node { return ops.FullLike(t, rate) }
}

// StepDecay is base·gamma^⌊t/size⌋ (PyTorch's StepLR).
func StepDecay(base float64, size int, gamma float64) Schedule {
	finite("step_decay", base, gamma)
	atLeast("step_decay", size, 1)
	return func(t *graph.Node) *graph.Node {
		return ops.Mul(base, ops.Pow(gamma, ops.Floor(ops.Div(t, float64(size)))))
	}
}

// MultiStep is base, multiplied by gamma at each of the milestones (PyTorch's MultiStepLR).
func MultiStep(base float64, milestones []int, gamma float64) Schedule {
	finite("multi_step", base, gamma)
	return func(t *graph.Node) *graph.Node {
		rate := ops.FullLike(t, base)
		for _, m := range milestones {
			rate = ops.Where(ops.Ge(t, float64(m)), ops.Mul(rate, gamma), rate)
		}
		return rate
	}
}

// Exponential is base·gammaᵗ.
func Exponential(base, gamma float64) Schedule {
	finite("exponential", base, gamma)
	return func(t *graph.Node) *graph.Node { return ops.Mul(base, ops.Pow(gamma, t)) }
}

// Polynomial falls from base to 0 in the given number of steps as base·(1 − t/steps)^power, and stays there.
func Polynomial(base float64, steps int, power float64) Schedule {
	finite("polynomial", base, power)
	atLeast("polynomial", steps, 1)
	return func(t *graph.Node) *graph.Node {
		return ops.Mul(base, ops.Pow(ops.Sub(1, share(t, steps)), power))
	}
}

// Linear goes from base·from to base·to in the given number of steps, and stays there (PyTorch's LinearLR).
func Linear(base, from, to float64, steps int) Schedule {
	finite("linear", base, from, to)
	atLeast("linear", steps, 1)
	return func(t *graph.Node) *graph.Node {
		return ops.Mul(base, ops.Add(from, ops.Mul(to-from, share(t, steps))))
	}
}

// Held is base·factor for the given number of steps, and base from then on (PyTorch's ConstantLR).
func Held(base, factor float64, steps int) Schedule {
	finite("held", base, factor)
	return func(t *graph.Node) *graph.Node {
		return ops.Where(ops.Lt(t, float64(steps)), ops.FullLike(t, base*factor), base)
	}
}

// Cosine is floor + (base − floor)·(1 + cos(π·t/steps))/2 (Loshchilov and Hutter 2017, equation 5): it falls from base to
// floor in the given number of steps, and rises again to base in as many, and so on (PyTorch's CosineAnnealingLR).
// [WarmupCosine] stays at its floor.
func Cosine(base float64, steps int, floor float64) Schedule {
	finite("cosine", base, floor)
	atLeast("cosine", steps, 1)
	return func(t *graph.Node) *graph.Node {
		wave := ops.Cos(ops.Mul(math.Pi/float64(steps), t))
		return ops.Add(floor, ops.Mul((base-floor)/2, ops.Add(1, wave)))
	}
}

// Warmup is base·(t + 1)/steps up to base, and base from then on: the first step is made with base/steps, not with 0.
func Warmup(base float64, steps int) Schedule {
	finite("warmup", base)
	atLeast("warmup", steps, 1)
	return func(t *graph.Node) *graph.Node { return ops.Mul(base, warm(t, steps)) }
}

// WarmupCosine is [Warmup], and then half a cosine from base to base·floor, which is reached after total steps in all and
// stays.
func WarmupCosine(base float64, steps, total int, floor float64) Schedule {
	finite("warmup_cosine", base, floor)
	atLeast("warmup_cosine", steps, 1)
	atLeast("warmup_cosine", total, steps+1)
	return func(t *graph.Node) *graph.Node {
		gone := share(ops.Maximum(ops.Sub(t, float64(steps)), 0), total-steps)
		falling := ops.Add(floor, ops.Mul((1-floor)/2, ops.Add(1, ops.Cos(ops.Mul(math.Pi, gone)))))
		return ops.Mul(base, ops.Where(ops.Lt(t, float64(steps)), warm(t, steps), falling))
	}
}

// WarmupInverseSqrt is [Warmup], and then base·√(steps/(t + 1)) (Vaswani et al. 2017, equation 3).
func WarmupInverseSqrt(base float64, steps int) Schedule {
	finite("warmup_inverse_sqrt", base)
	atLeast("warmup_inverse_sqrt", steps, 1)
	return func(t *graph.Node) *graph.Node {
		return ops.Mul(base, ops.Minimum(warm(t, steps), ops.Sqrt(ops.Div(float64(steps), ops.Add(t, 1)))))
	}
}

// Joined is the first schedule up to the first milestone, then the second, and so on, each counting from its own 0.
// There is one schedule more than milestones, which rise.
func Joined(schedules []Schedule, milestones ...int) Schedule {
	if len(schedules) != len(milestones)+1 {
		graph.Fail("joined", nil, "%d schedules with %d milestones between", len(schedules), len(milestones))
	}
	return func(t *graph.Node) *graph.Node {
		rate := schedules[0](t)
		for i, m := range milestones {
			if i > 0 && m <= milestones[i-1] {
				graph.Fail("joined", nil, "milestones %v do not rise", milestones)
			}
			// Before its milestone a schedule is not used, and need not be defined.
			later := schedules[i+1](ops.Maximum(ops.Sub(t, float64(m)), 0))
			rate = ops.Where(ops.Ge(t, float64(m)), later, rate)
		}
		return rate
	}
}

// Product multiplies schedules: of all but one the base is 1 then (PyTorch's ChainedScheduler).
func Product(schedules ...Schedule) Schedule {
	return func(t *graph.Node) *graph.Node {
		rate := ops.FullLike(t, 1)
		for _, f := range schedules {
			rate = ops.Mul(rate, f(t))
		}
		return rate
	}
}

// share is t/steps, 1 at most.
func share(t *graph.Node, steps int) *graph.Node {
	return ops.Minimum(ops.Div(t, float64(steps)), 1)
}

func warm(t *graph.Node, steps int) *graph.Node { return share(ops.Add(t, 1), steps) }

// rateOf is a rule's rate in a step, or its default.
func rateOf(rule string, r Rate, otherwise float64, s *Step) *graph.Node {
	if r == nil && otherwise == 0 {
		graph.Fail(rule, nil, "there is no rate")
	}
	if r == nil {
		r = Constant(otherwise)
	}
	rate := r.At(s)
	if rate == nil || !rate.Type().Equal(graph.T(graph.Float64)) {
		graph.Fail(rule, nil, "the rate is no float64 scalar")
	}
	return rate
}

func finite(schedule string, numbers ...float64) {
	for _, v := range numbers {
		if v-v != 0 {
			graph.Fail(schedule, nil, "a number is %v", v)
		}
	}
}

func atLeast(schedule string, n, least int) {
	if n < least {
		graph.Fail(schedule, nil, "%d steps, want %d or more", n, least)
	}
}
