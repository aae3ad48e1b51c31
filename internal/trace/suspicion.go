package trace

import (
	"context"
	"errors"

	"chainrule/graph"
	"chainrule/internal/exec"
)

// errOptimised is possible where an exact rewrite takes away what a NaN would have come through.
var errOptimised = errors.New("autodiff: a result is not finite, but it is if the graph is computed as it was traced")

// suspicion is what a program that looks for NaNs needs besides its code.
type suspicion struct {
	bad     func(float64) bool
	outputs []*graph.Node // as traced
	// leaves of results that are to be finite, and the numbers of these results
	finite, results []int
}

// Run computes dst from in, which are as exec.Program.Run wants them.
func (p *Program) Run(ctx context.Context, dst, in []exec.Value) error {
	if ctx == nil {
		return errors.New("autodiff: the context is nil")
	}
	if p.suspicion == nil {
		return p.Code.Run(ctx, dst, in)
	}
	return p.runSuspicious(ctx, dst, in)
}

// runSuspicious runs code that donates nothing, and looks at the results before it overwrites what is donated.
func (p *Program) runSuspicious(ctx context.Context, dst, in []exec.Value) error {
	made := make([]exec.Value, len(dst))
	for i, v := range dst {
		made[i] = v
		if p.donated[i] >= 0 {
			made[i] = exec.NewValue(v.Type)
		}
	}
	if err := p.Code.Run(ctx, made, in); err != nil {
		return err
	}
	for i := range made {
		if exec.FirstBad(made[i], p.suspicion.bad) >= 0 {
			return p.blame(ctx, in)
		}
	}
	if err := checkFinite(made, p.suspicion.finite, p.suspicion.results); err != nil {
		return err
	}
	for i, k := range p.donated {
		if k >= 0 {
			copy(dst[i].Bytes(), made[i].Bytes())
		}
	}
	return nil
}

// blame returns the error of a run on in that gave something bad.
func (p *Program) blame(ctx context.Context, in []exec.Value) error {
	feeds := map[*graph.Node]exec.Value{}
	for j, x := range p.Inputs {
		feeds[x] = in[j]
	}
	work := graph.Work{Stop: ctx.Done(), Context: ctx}
	found, err := exec.Blame(&work, p.suspicion.outputs, feeds, p.suspicion.bad)
	if errors.Is(err, graph.ErrStopped) {
		return context.Cause(ctx)
	}
	if err != nil {
		return err
	}
	if found == nil {
		return errOptimised
	}
	return found
}
