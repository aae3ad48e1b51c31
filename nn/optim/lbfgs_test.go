package optim_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"chainrule/autodiff"
	"chainrule/internal/golden"
	"chainrule/nn/optim"
	"chainrule/ops"
)

// runLBFGS makes 20 steps on vectors of all parameters.
func runLBFGS(file *golden.File, c golden.Optimiser) error {
	start, f := problems(file, c.Problem)
	var x []float64
	for _, d := range start {
		x = append(x, d.Float64s()...)
	}
	fn := autodiff.Compile(func(x node) (node, node) {
		return autodiff.ValueAndGrad(func(x node) node {
			var p []node
			at := 0
			for _, d := range start {
				n := d.Shape().TotalSize()
				p = append(p, ops.Reshape(ops.Slice(x, ops.Range{Start: at, Stop: at + n}), d.Shape()...))
				at += n
			}
			return f(p)
		})(x)
	})
	eval := func(x, grad []float64) (float64, error) {
		out, err := fn.Run(context.Background(), slices.Clone(x))
		if err != nil {
			return 0, err
		}
		copy(grad, out[1].Float64s())
		return out[0].Float64s()[0], nil
	}
	o := optim.LBFGS{
		Rate: c.Args.Float("lr", 1), Iterations: c.Args.Int("max_iter", 20), History: c.Args.Int("history_size", 100),
		StrongWolfe: c.Args.Text("line_search_fn", "") == "strong_wolfe",
	}
	var losses []float64
	for i := range 20 {
		loss, err := o.Step(x, eval)
		if err != nil {
			return err
		}
		losses = append(losses, loss)
		if i == 0 {
			if err := nearAll(cut(x, c.First), c.First, 1e-9); err != nil {
				return fmt.Errorf("after the first step: %w", err)
			}
		}
	}
	end, err := eval(x, make([]float64, len(x)))
	if err != nil {
		return err
	}
	scale := 0.0
	for _, v := range c.Losses {
		scale = max(scale, math.Abs(v))
	}
	if err := golden.Near(append(losses, end), c.Losses, max(1e-9, 10*c.Spread.Losses/scale)); err != nil {
		return fmt.Errorf("losses: %w", err)
	}
	return nearAll(cut(x, c.Final), c.Final, max(1e-9, 10*c.Spread.Final))
}

// An error of the function ends the step.
func TestLBFGSStops(t *testing.T) {
	calls := 0
	o := optim.LBFGS{StrongWolfe: true}
	_, err := o.Step([]float64{1}, func(x, grad []float64) (float64, error) {
		if calls++; calls == 3 {
			return 0, errEnough
		}
		grad[0] = 2e-3 * x[0]
		return 1e-3 * x[0] * x[0], nil
	})
	if !errors.Is(err, errEnough) || calls != 3 {
		t.Errorf("error %v after %d calls", err, calls)
	}
}

var errEnough = errors.New("enough")
