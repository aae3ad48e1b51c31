package autodiff

import (
	"errors"
	"fmt"
	"math"

	"chainrule/graph"
	"chainrule/internal/check"
	"chainrule/internal/exec"
	"chainrule/internal/trace"
)

// Check compares the derivatives of f, a function as Compile takes it, at the given arguments with differences, to
// second order, as Checker does with its defaults. It is meant for tests of your own functions.
//
// Choose arguments away from kinks, such as 0 for ReLU and ties for Max: there the derivative is one of many that
// could be chosen, and differences are none of them.
func Check(f any, args ...any) error { return Checker{}.Check(f, args...) }

// Checker checks derivatives. Its zero value has useful defaults.
//
// Everything is computed in f64, f32 arguments too. Each order compares, for random cotangents ct: ctᵀ·∂f/∂x, as
// the reverse sweep gives it, with central differences, element by element for up to 256 elements and along random
// directions beyond; and ⟨ct, J·t⟩, forward, with ⟨Jᵀ·ct, t⟩, reverse, to rounding. The next order does the same to
// x ↦ ctᵀ·∂f/∂x.
//
// Elements of results and arguments may have units of their own: up to 16 of each are compared one by one, and more in as
// many groups of like units, in which cotangents are relative to how fast each result changes and tangents to the size of
// each argument.
//
// Differences are extrapolated to a step of zero, which also tells how far they are off (see differences.along), so
// that arguments of 10⁻³ and of 10³ do equally well. Where they do not settle, that is an error too.
type Checker struct {
	// Order is the highest derivative to check, 2 if it is 0.
	Order int
	// Tol is the relative difference allowed between derivatives and differences, 1e-6 if it is 0.
	Tol float64
	// Step is the first, largest step of the differences, relative to max(|x|, 1), 1e-2 if it is 0. Others are tried
	// where differences do not settle.
	Step float64
	// Seed chooses the cotangents and directions.
	Seed uint64
}

// CheckError is a derivative that differs.
type CheckError struct {
	// Order is the order of the derivative, and Against what it was compared with: "differences" or "forward mode".
	Order   int
	Against string
	// Input is the argument's index and name; Element the index in it, nil for a sum along a direction.
	Input   string
	Element []int
	// Output is the result's index and the element's in it, where one alone was compared; results of the second order are the
	// gradient's.
	Output string
	// Got is what the reverse sweep gave, Want the other number, Tol the absolute difference allowed.
	Got, Want, Tol float64
	// Unsettled says that differences with smaller and smaller steps do not come to a number: Want is the best of them,
	// and Tol how far off it may be. The function has a kink or an edge there, or rounds too much to tell.
	Unsettled bool
	// Op is the first op whose derivative at the values that it meets differs on its own, and Source the line that
	// built it; both are empty if none does. It is "custom_vjp" or "custom_jvp" where a rule of the user's is wrong. Bodies
	// of loops and branches are looked into, at the values of the first step.
	Op, Source string
}

func (e *CheckError) Error() string {
	where := "along a random direction"
	if e.Element != nil {
		where = fmt.Sprintf("with respect to %s at %v", e.Input, e.Element)
	}
	if e.Output != "" {
		where += " of " + e.Output
	}
	apart := fmt.Sprintf("%.3g apart, %.3g allowed", math.Abs(e.Got-e.Want), e.Tol)
	if e.Unsettled {
		apart = fmt.Sprintf("which do not settle, by %.3g: is there a kink?", e.Tol)
	}
	blame := ""
	if e.Op != "" {
		blame = fmt.Sprintf("; that of %s at %s is off on its own", e.Op, e.Source)
	}
	return fmt.Sprintf("autodiff: derivative of order %d %s is %.12g, but %.12g by %s (%s)%s",
		e.Order, where, e.Got, e.Want, e.Against, apart, blame)
}

// Check returns a *CheckError for the first derivative that differs, or why f could not be run.
func (c Checker) Check(f any, args ...any) error {
	if err := c.fill(); err != nil {
		return err
	}
	fn := trace.New(f, apply[CompileOption](nil).Options)
	fed := trace.MakeCall()
	if err := fed.Read(fn, args); err != nil {
		return err
	}
	for i, v := range fed.In {
		fed.In[i] = check.Widen(v)
	}
	t, err := fn.Trace(fed)
	if err != nil {
		return err
	}
	return c.run(t.Nodes, t.Inputs, fed.In)
}

// CheckGraph is Check for a graph built by hand, to which it adds the derivatives. Inputs lists the graph's inputs,
// of which floats are f64, and feeds has a value for each.
func (c Checker) CheckGraph(outputs, inputs []*graph.Node, feeds ...any) error {
	if err := c.fill(); err != nil {
		return err
	}
	if len(feeds) != len(inputs) {
		return fmt.Errorf("autodiff: %d values fed, %d wanted", len(feeds), len(inputs))
	}
	values := make([]exec.Value, len(feeds))
	for i, f := range feeds {
		v, err := exec.Ingest(f)
		if err != nil {
			return &exec.FeedError{Index: i, Err: err}
		}
		values[i] = check.Widen(v)
		if !values[i].Type.Equal(inputs[i].Type()) {
			return &exec.FeedError{Index: i, Name: inputs[i].Name(),
				Reason: fmt.Sprintf("fed %v, wants %v", values[i].Type, inputs[i].Type())}
		}
	}
	return c.run(outputs, inputs, values)
}

// fill puts defaults in the place of zeros. It is an error if there is something else that says nothing.
func (c *Checker) fill() error {
	positive := func(x float64) bool { return x > 0 && !math.IsInf(x, 1) }
	if c.Order == 0 {
		c.Order = 2
	}
	if c.Tol == 0 {
		c.Tol = 1e-6
	}
	if c.Step == 0 {
		c.Step = 1e-2
	}
	if c.Order < 0 || !positive(c.Tol) || !positive(c.Step) {
		return fmt.Errorf("autodiff: a check to order %d within %v from steps of %v: they must be positive", c.Order, c.Tol, c.Step)
	}
	return nil
}

// run is the check itself.
func (c Checker) run(outputs, inputs []*graph.Node, values []exec.Value) error {
	err := check.Checker(c).Check(outputs, inputs, values)
	if wrong, ok := errors.AsType[*check.Wrong](err); ok {
		return (*CheckError)(wrong)
	}
	return err
}
