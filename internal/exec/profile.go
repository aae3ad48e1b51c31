package exec

import (
	"context"
	"slices"
	"time"
)

// Timing sums up how long something took in several rounds.
type Timing struct{ Least, Median time.Duration }

// Profile is how long a program and its steps take.
type Profile struct {
	Rounds int
	// Whole is the time of a run, in which nobody looks at the clock between the steps.
	Whole Timing
	// Steps has the time of each step of the plan, without that of looking at the clock.
	Steps []Timing
}

// A profile takes as many rounds as fit in its time, within these bounds.
const (
	profileTime  = 300 * time.Millisecond
	fewestRounds = 5
	mostRounds   = 201
)

// Profile runs the program several times over, on copies of the donated inputs, and measures it. Runs by the step
// alternate with whole ones, so that both see the same machine.
func (p *Program) Profile(ctx context.Context, in []Value) (*Profile, error) {
	r := p.rehearse(in)
	if err := p.Run(ctx, r.dst, r.in); err != nil { // what is fed fits, and caches are warm
		return nil, err
	}
	m := p.acquire()
	defer p.release(m)
	attach(m.inputs, r.in)
	attach(m.outputs, r.dst)
	defer func() {
		detach(m.inputs)
		detach(m.outputs)
	}()
	var whole []time.Duration
	steps := make([][]time.Duration, len(m.steps))
	clock := clockTime()
	for start := time.Now(); len(whole) < fewestRounds || len(whole) < mostRounds && time.Since(start) < profileTime; {
		r.restore()
		begin := time.Now()
		if err := m.execute(ctx, p.plan.Commit); err != nil {
			return nil, err
		}
		whole = append(whole, time.Since(begin))
		r.restore()
		for i := range m.steps {
			if err := context.Cause(ctx); err != nil {
				return nil, err
			}
			d, err := m.timeStep(i)
			if err != nil {
				return nil, err
			}
			steps[i] = append(steps[i], max(0, d-clock))
		}
	}
	profile := &Profile{Rounds: len(whole), Whole: timing(whole), Steps: make([]Timing, len(steps))}
	for i, d := range steps {
		profile.Steps[i] = timing(d)
	}
	return profile, nil
}

// timeStep runs a step as a program of its own.
func (m *machine) timeStep(i int) (time.Duration, error) {
	one := machine{steps: m.steps[i : i+1], work: m.work}
	start := time.Now()
	err := one.execute(context.Background(), 0)
	return time.Since(start), err
}

// clockTime is the least time that no step takes.
func clockTime() time.Duration {
	least := time.Hour
	var none machine
	for range 1000 {
		start := time.Now()
		none.execute(context.Background(), 0)
		least = min(least, time.Since(start))
	}
	return least
}

func timing(d []time.Duration) Timing {
	slices.Sort(d)
	return Timing{Least: d[0], Median: d[len(d)/2]}
}

// rehearsal is what a program may run on again and again: inputs whose donated ones are copies, and outputs.
type rehearsal struct {
	in, dst []Value
	donated []pair
}

type pair struct{ copy, original Value }

func (p *Program) rehearse(in []Value) *rehearsal {
	r := &rehearsal{in: slices.Clone(in), dst: make([]Value, len(p.plan.Outputs))}
	for i, t := range p.plan.Outputs {
		k := p.plan.Donated[i]
		if k < 0 || k >= len(in) { // Run says what is wrong with the latter
			r.dst[i] = NewValue(t)
			continue
		}
		r.in[k] = NewValue(in[k].Type)
		r.donated = append(r.donated, pair{r.in[k], in[k]})
		r.dst[i] = r.in[k]
	}
	r.restore()
	return r
}

// restore gives the copies their values of before the first run. It copies in pieces: Go moves more than a megabyte
// past the caches, and the next run would be slower than one that follows an update.
func (r *rehearsal) restore() {
	const piece = 1 << 16
	for _, d := range r.donated {
		for dst, src := d.copy.Bytes(), d.original.Bytes(); len(src) > 0; {
			n := copy(dst[:min(piece, len(dst))], src)
			dst, src = dst[n:], src[n:]
		}
	}
}
