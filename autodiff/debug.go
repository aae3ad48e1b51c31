package autodiff

import (
	"context"
	"errors"
	"math"

	"chainrule/graph"
	"chainrule/internal/exec"
)

type (
	// NaNError says where a NaN, or an infinity, was born: see DebugNaN.
	NaNError = exec.NaNError
	// NaNOperand is an operand of the op that made it.
	NaNOperand = exec.NaNOperand
)

// DebugNaN makes runs fail whose results have a NaN, with a *NaNError that says where the NaN was born: the op, the
// user's line, forward or in which derivative, and the numbers that it was made of.
//
// The results are looked at after every run. When they have a NaN, the graph is computed once more as it was traced,
// node by node, and the NaN is followed back from the result to the op whose operands had none. A NaN that does not reach a result, such as one that Where does not choose, is no error.
// Neither is an infinity: −Inf is a fine logarithm of zero, and masks are made of it; see DebugInf. If the NaN
// was fed, the error says so.
//
// As long as there is none, it costs that look, the rewrites that may round differently, which are left out of the
// program, and a copy: arguments that are donated are updated when all is well, so that a run that fails leaves them as
// they were. RunInto leaves its other results as computed.
func DebugNaN() ProgramOption { return debug(math.IsNaN) }

// DebugInf is DebugNaN for results that have a NaN or an infinity, and finds where the first that was either was born.
func DebugInf() ProgramOption {
	return debug(func(x float64) bool { return math.IsNaN(x) || math.IsInf(x, 0) })
}

func debug(bad func(float64) bool) ProgramOption {
	return programOption{func(s *settings) {
		s.passesOff["fast"] = true
		if also := s.bad; also != nil {
			s.bad = func(x float64) bool { return bad(x) || also(x) }
			return
		}
		s.bad = bad
	}}
}

// errOptimised is possible where an exact rewrite takes away what a NaN would have come through.
var errOptimised = errors.New("autodiff: a result is not finite, but it is if the graph is computed as it was traced")

// suspicion is what a program that looks for NaNs needs besides its code.
type suspicion struct {
	bad     func(float64) bool
	outputs []*graph.Node // as traced
	// leaves of results that are to be finite, and the numbers of these results
	finite, results []int
}

// run computes dst from in, which are as exec.Program.Run wants them.
func (p *program) run(ctx context.Context, dst, in []exec.Value) error {
	if ctx == nil {
		return errors.New("autodiff: the context is nil")
	}
	if p.suspicion == nil {
		return p.code.Run(ctx, dst, in)
	}
	return p.runSuspicious(ctx, dst, in)
}

// runSuspicious runs code that donates nothing, and looks at the results before it overwrites what is donated.
func (p *program) runSuspicious(ctx context.Context, dst, in []exec.Value) error {
	made := make([]exec.Value, len(dst))
	for i, v := range dst {
		made[i] = v
		if p.donated[i] >= 0 {
			made[i] = exec.NewValue(v.Type)
		}
	}
	if err := p.code.Run(ctx, made, in); err != nil {
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
func (p *program) blame(ctx context.Context, in []exec.Value) error {
	feeds := map[*graph.Node]exec.Value{}
	for j, x := range p.inputs {
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
