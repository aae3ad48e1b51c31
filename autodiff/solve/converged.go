package solve

import (
	"errors"
	"fmt"

	"chainrule/graph"
	"chainrule/internal/exec"
	"chainrule/internal/sweep"
	"chainrule/ops"
)

// ConvergenceError says that Root, FixedPoint or Minimize found nothing: see AllowUnconverged.
type ConvergenceError struct {
	// Solver is "root", "fixed_point" or "minimize".
	Solver string
	// Steps is the number of steps that it made.
	Steps int
	// Residual is what should be 0, the largest magnitude among its elements: f(p, x) of Root, the last change of x of
	// FixedPoint, and the slope of Minimize. It may be an infinity or NaN.
	Residual float64
	// Reason says why it went no further.
	Reason string
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

// ending says how a solver ended.
type ending int64

const (
	running ending = iota - 1
	good
	stepsUsed
	noStep
	notFinite
	isSingular
	noMinimum
	notDetermined
	notUnique
)

// reasons are what errors say of endings.
var reasons = [...]string{
	good: "", stepsUsed: "the steps are used up", noStep: "no part of a step makes it smaller", notFinite: "a number is not finite",
	isSingular: "the matrix of the next step is singular", noMinimum: "the function curves down there: it is no minimum",
	notDetermined: "the function does not curve up there in all directions: the minimum is not determined",
	notUnique:     "the equations do not determine the unknowns there: their Jacobian is singular to working precision",
}

// outcome is what a solver has come to: where, what should be 0 there, how it ended, and after how many steps.
type outcome struct{ X, Residual, End, Steps *graph.Node }

// startOf is a solver's outcome before it does anything.
func startOf(x *graph.Node) outcome { return outcome{X: x, End: code(x, good), Steps: zero(x)} }

// checked is the x of an outcome that will do.
func (s solver) checked(o outcome) *graph.Node {
	if s.anyway {
		return o.X
	}
	return o.X.Graph().Apply(&convergedOp, convergedAttrs{s.name}, o.X, o.Residual, o.End, o.Steps)
}

type convergedAttrs struct{ Solver string }

// Title is how errors call the op.
func (a convergedAttrs) Title() string { return a.Solver }

var convergedOp graph.Op

func init() {
	convergedOp = graph.Op{
		Name:  "converged",
		Doc:   "its first operand, unless a solver has not come to an end",
		Arity: 4, Class: graph.Opaque, Attrs: convergedAttrs{}, Fails: true,
		Infer: func(in []*graph.Node, _ any) (graph.Type, error) {
			if !in[0].DType().IsFloat() || in[1].DType() != in[0].DType() || in[2].DType() != graph.Int64 || in[3].DType() != graph.Int64 {
				return graph.Type{}, errors.New("wants floats, their residual, its ending and a number of steps")
			}
			for _, x := range in[1:] {
				if x.Type().Size() != in[1].Type().Size() {
					return graph.Type{}, errors.New("the shapes of residual, ending and number of steps differ")
				}
			}
			return in[0].Type(), nil
		},
		Kernel:     convergedKernel,
		Derivative: ops.NonDiff("it is the result of a solver, whose derivative is the implicit one"),
		Batch:      allRepeated,
		Cases: []graph.Case{{Name: "good", Attrs: convergedAttrs{"root"}, In: []graph.Arg{
			{Shape: []int{3}}, {}, {DType: graph.Int64, Data: []float64{float64(good)}}, {DType: graph.Int64, Data: []float64{9}}}}},
		BadCases: []graph.BadCase{{
			In:   []graph.Type{graph.T(graph.Float64, 3), graph.T(graph.Float64), graph.T(graph.Int64), graph.T(graph.Float64)},
			Want: "wants floats, their residual, its ending and a number of steps",
		}, {
			In:   []graph.Type{graph.T(graph.Float64, 3), graph.T(graph.Float64, 2), graph.T(graph.Int64), graph.T(graph.Int64, 2)},
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
	name, one, t := n.Attrs().(convergedAttrs).Solver, n.In()[2].Rank() == 0, n.Type()
	wide := n.DType() == graph.Float64
	return func(_ *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		endings := graph.Elements[int64](in[2])
		for i, end := range endings {
			if end == int64(good) {
				continue
			}
			e := &ConvergenceError{Solver: name, Steps: int(graph.Elements[int64](in[3])[i]), Example: i}
			if wide {
				e.Residual = graph.Elements[float64](in[1])[i]
			} else {
				e.Residual = float64(graph.Elements[float32](in[1])[i])
			}
			if e.Reason = "how it ended is not known"; end >= 0 && end < int64(len(reasons)) { // the op takes any numbers
				e.Reason = reasons[end]
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
