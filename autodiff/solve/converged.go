package solve

import (
	"errors"
	"fmt"
	"strings"

	"chainrule/graph"
	"chainrule/internal/exec"
	"chainrule/internal/sweep"
	"chainrule/ops"
)

// ConvergenceError says that Root, FixedPoint, Minimize or LeastSquares found nothing: see AllowUnconverged.
type ConvergenceError struct {
	// Solver is "root", "fixed_point", "minimize" or "least_squares".
	Solver string
	// Steps is the number of steps that it made.
	Steps int
	// Residual is what should be 0, the largest magnitude among its elements: f(p, x) of Root, the last change of x of
	// FixedPoint, and the slope of Minimize. For LeastSquares it is the cosine of the angle between the residuals and what
	// the columns of their Jacobian span. It may be an infinity or NaN.
	Residual float64
	// Reason says why it went no further.
	Reason string
	// Undetermined is a direction that the unknowns can be moved in without a change of LeastSquares' residuals, if that is
	// the reason: a number for each element of x's leaves, in its unit. The one that moves the residuals most by itself is 1.
	Undetermined []float64
	// Example is the number of the example under Vmap, −1 without; Failed lists those of all examples that have come to
	// nothing, of which it is the first. With AllowUnconverged the others have their results.
	Example int
	Failed  []int
}

func (e *ConvergenceError) Error() string {
	example := ""
	if e.Example >= 0 {
		example = fmt.Sprintf(" for example %d", e.Example)
	}
	others := ""
	if len(e.Failed) > 1 {
		others = fmt.Sprintf("; of the examples %v did not", e.Failed)
	}
	return fmt.Sprintf("%s did not converge%s after %d steps, residual %.3g: %s%s", e.Solver, example, e.Steps, e.Residual, e.Reason, others)
}

// AllowUnconverged makes a solver give what it has come to when its steps are used up or help no more, not an error.
func AllowUnconverged() Option { return func(s *solver) { s.anyway = true } }

// Ending is how a solver ended: 0 is good.
type Ending int64

// String says why it ended, "converged" for a good end.
func (e Ending) String() string {
	if e >= 0 && e < Ending(len(reasons)) { // the op takes any numbers
		return reasons[e]
	}
	return "how it ended is not known"
}

const (
	running Ending = iota - 1
	good
	stepsUsed
	noStep
	notFinite
	isSingular
	noMinimum
	notDetermined
	notUnique
	undetermined
)

// reasons are what errors say of endings.
var reasons = [...]string{
	good: "converged", stepsUsed: "the steps are used up", noStep: "no part of a step makes it smaller", notFinite: "a number is not finite",
	isSingular: "the matrix of the next step is singular", noMinimum: "the function curves down there: it is no minimum",
	notDetermined: "the function does not curve up there in all directions: the minimum is not determined",
	notUnique:     "the equations do not determine the unknowns there: their Jacobian is singular to working precision",
	undetermined:  "the residuals do not determine the unknowns there: the columns of their Jacobian are dependent to working precision",
}

// outcome is what a solver has come to: where, what should be 0 there, how it ended, and after how many steps; and, from
// least squares, a direction that is not determined.
type outcome struct{ X, Residual, End, Steps, Loose *graph.Node }

// startOf is a solver's outcome before it does anything.
func startOf(x *graph.Node) outcome { return outcome{X: x, End: code(x, good), Steps: zero(x)} }

// checked is the x of an outcome that will do.
func (s solver) checked(o outcome) *graph.Node {
	if s.anyway {
		return o.X
	}
	if o.Loose == nil {
		o.Loose = ops.FullLike(o.X, 0)
	}
	return o.X.Graph().Apply(&convergedOp, convergedAttrs{s.name, s.unknowns}, o.X, o.Residual, o.End, o.Steps, o.Loose)
}

// convergedAttrs has the unknowns' paths and sizes as arrivedAttrs has them, if errors name them.
type convergedAttrs struct{ Solver, Unknowns string }

// Title is how errors call the op.
func (a convergedAttrs) Title() string { return a.Solver }

var convergedOp graph.Op

func init() {
	convergedOp = graph.Op{
		Name:  "converged",
		Doc:   "its first operand, unless a solver has not come to an end",
		Arity: 5, Class: graph.Opaque, Attrs: convergedAttrs{}, Fails: true,
		Infer: func(in []*graph.Node, _ any) (graph.Type, error) {
			if !in[0].DType().IsFloat() || in[1].DType() != in[0].DType() || in[2].DType() != graph.Int64 || in[3].DType() != graph.Int64 ||
				!in[4].Type().Equal(in[0].Type()) {
				return graph.Type{}, errors.New("wants floats, their residual, its ending, a number of steps and a direction")
			}
			for _, x := range in[1:4] {
				if x.Type().Size() != in[1].Type().Size() {
					return graph.Type{}, errors.New("the shapes of residual, ending and number of steps differ")
				}
			}
			return in[0].Type(), nil
		},
		Kernel:     convergedKernel,
		Derivative: ops.NonDiff("it is the result of a solver, whose derivative is the implicit one"),
		Batch:      allRepeated,
		Cases: []graph.Case{{Name: "good", Attrs: convergedAttrs{"root", ""}, In: []graph.Arg{
			{Shape: []int{3}}, {}, {DType: graph.Int64, Data: []float64{float64(good)}}, {DType: graph.Int64, Data: []float64{9}}, {Shape: []int{3}}}}},
		BadCases: []graph.BadCase{{
			In:   []graph.Type{graph.T(graph.Float64, 3), graph.T(graph.Float64), graph.T(graph.Int64), graph.T(graph.Float64), graph.T(graph.Float64, 3)},
			Want: "wants floats, their residual, its ending, a number of steps and a direction",
		}, {
			In:   []graph.Type{graph.T(graph.Float64, 3), graph.T(graph.Float64, 2), graph.T(graph.Int64), graph.T(graph.Int64, 2), graph.T(graph.Float64, 3)},
			Want: "the shapes of residual, ending and number of steps differ",
		}},
	}
	graph.Register(&convergedOp)
}

// allRepeated is the batching rule of an op that takes examples beside each other, all its operands for each of them.
func allRepeated(n *graph.Node, in []*graph.Node, batched []bool) *graph.Node {
	size := 0
	for i, x := range in {
		if batched[i] {
			size = x.Shape()[0]
		}
	}
	all := make([]*graph.Node, len(in))
	for i, x := range in {
		all[i] = x
		if !batched[i] {
			all[i] = sweep.Repeated(x, size)
		}
	}
	return n.Graph().Apply(n.Op(), n.Attrs(), all...)
}

func convergedKernel(n *graph.Node) graph.Kernel {
	if n.DType() == graph.Float64 {
		return convergedAt[float64](n)
	}
	return convergedAt[float32](n)
}

func convergedAt[F float32 | float64](n *graph.Node) graph.Kernel {
	attrs, one, t := n.Attrs().(convergedAttrs), n.In()[2].Rank() == 0, n.Type()
	return func(_ *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		endings := graph.Elements[int64](in[2])
		for i, end := range endings {
			if end == int64(good) {
				continue
			}
			e := &ConvergenceError{Solver: attrs.Solver, Steps: int(graph.Elements[int64](in[3])[i]),
				Residual: float64(graph.Elements[F](in[1])[i]), Reason: Ending(end).String(), Example: i}
			if Ending(end) == undetermined {
				size := in[4].Len / len(endings)
				for _, v := range graph.Elements[F](in[4])[i*size:][:size] {
					e.Undetermined = append(e.Undetermined, float64(v))
				}
				e.Reason += moves(e.Undetermined, attrs.Unknowns)
			}
			if one {
				e.Example = -1
				return e
			}
			for k, end := range endings[i:] {
				if end != int64(good) {
					e.Failed = append(e.Failed, i+k)
				}
			}
			return e
		}
		copy(exec.Value{Type: t, Buf: out}.Bytes(), exec.Value{Type: t, Buf: in[0]}.Bytes())
		return nil
	}
}

// moves says which way, and names up to eight unknowns.
func moves(direction []float64, unknowns string) string {
	var parts []string
	for i, v := range direction {
		if v != 0 && len(parts) < 8 {
			name := arrivedAttrs{unknowns}.name(i)
			if unknowns == "=1" {
				name = "the unknown"
			}
			parts = append(parts, fmt.Sprintf("%s by %.3g", name, v))
		}
	}
	return "; moving " + strings.Join(parts, ", ") + " changes no residual"
}
