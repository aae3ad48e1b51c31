package autodiff

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/diff/fd"

	"chainrule/graph"
	"chainrule/internal/exec"
)

// Check compares the derivatives of f, a function as Compile takes it, at the given arguments with differences, to
// second order, as Checker does with its defaults. It is meant for tests of your own functions.
//
// Choose arguments away from kinks, such as 0 for Relu and ties for Max: there the derivative is one of many that
// could be chosen, and differences are none of them. They are away if a step of a thousandth of them does not reach one.
func Check(f any, args ...any) error { return Checker{}.Check(f, args...) }

// Checker checks derivatives. Its zero value has useful defaults.
//
// Everything is computed in f64, f32 arguments too. Each order compares, for random cotangents ct: ctᵀ·∂f/∂x, as
// the reverse sweep gives it, with central differences of fourth order (five points), element by element for up
// to 256 elements and along random directions beyond; and ⟨ct, J·t⟩, forward, with ⟨Jᵀ·ct, t⟩, reverse, to
// rounding. The next order does the same to x ↦ ctᵀ·∂f/∂x.
type Checker struct {
	// Order is the highest derivative to check, 2 if it is 0.
	Order int
	// Tol is the relative difference allowed between derivatives and differences, 1e-6 if it is 0.
	Tol float64
	// Step is the relative step of the differences, 1e-3 if it is 0: h = Step·max(|x|, 0.001), or Step where
	// x is 0. Smooth functions leave an error of about Step⁴.
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
	// Got is what the reverse sweep gave, Want the other number, Tol the absolute difference allowed.
	Got, Want, Tol float64
}

func (e *CheckError) Error() string {
	where := "along a random direction"
	if e.Element != nil {
		where = fmt.Sprintf("with respect to %s at %v", e.Input, e.Element)
	}
	return fmt.Sprintf("autodiff: derivative of order %d %s is %.12g, but %.12g by %s (%.3g apart, %.3g allowed)",
		e.Order, where, e.Got, e.Want, e.Against, math.Abs(e.Got-e.Want), e.Tol)
}

// Check returns a *CheckError for the first derivative that differs, or why f could not be run.
func (c Checker) Check(f any, args ...any) error {
	c.fill()
	fn := Compile(f)
	leaves, shape, err := fn.flatten(args)
	if err != nil {
		return err
	}
	values, err := ingestAll(leaves)
	if err != nil {
		return err
	}
	for i, v := range values {
		values[i] = widen(v)
	}
	t, err := fn.trace(values, shape)
	if err != nil {
		return err
	}
	return c.check(t.outputs, t.inputs, values)
}

// CheckGraph is Check for a graph built by hand, to which it adds the derivatives. Inputs lists the graph's inputs,
// of which floats are f64, and feeds has a value for each.
func (c Checker) CheckGraph(outputs, inputs []*graph.Node, feeds ...any) error {
	c.fill()
	if len(feeds) != len(inputs) {
		return fmt.Errorf("autodiff: %d values fed, %d wanted", len(feeds), len(inputs))
	}
	leaves := make([]feedLeaf, len(feeds))
	for i, f := range feeds {
		leaves[i].value = f
	}
	values, err := ingestAll(leaves)
	if err != nil {
		return err
	}
	for i, v := range values {
		values[i] = widen(v)
		if !values[i].Type.Equal(inputs[i].Type()) {
			return &exec.FeedError{Index: i, Name: inputs[i].Name(),
				Reason: fmt.Sprintf("fed %v, wants %v", values[i].Type, inputs[i].Type())}
		}
	}
	return c.check(outputs, inputs, values)
}

func (c *Checker) fill() {
	if c.Order == 0 {
		c.Order = 2
	}
	if c.Tol == 0 {
		c.Tol = 1e-6
	}
	if c.Step == 0 {
		c.Step = 1e-3
	}
}

// widen converts f32 to f64 and copies, so that elements can be perturbed.
func widen(v exec.Value) exec.Value {
	t := v.Type
	if t.DType != graph.Float32 {
		w := exec.NewValue(t)
		copy(w.Bytes(), v.Bytes())
		return w
	}
	w := exec.NewValue(graph.T(graph.Float64, t.Shape...))
	for i, x := range graph.Elements[float32](v.Buf) {
		graph.Elements[float64](w.Buf)[i] = float64(x)
	}
	return w
}

func (c Checker) check(outputs, inputs []*graph.Node, values []exec.Value) error {
	rng := rand.New(rand.NewPCG(c.Seed, 1))
	level := checkLevel{Checker: c, rng: rng, inputs: inputs, values: values}
	for i, x := range inputs {
		if x.DType() == graph.Float64 {
			level.xs = append(level.xs, i)
		}
	}
	for _, y := range outputs {
		if y.DType().IsFloat() {
			level.outputs = append(level.outputs, y)
		}
	}
	for level.order = 1; level.order <= c.Order && len(level.outputs) > 0; level.order++ {
		if err := level.check(); err != nil {
			return err
		}
	}
	return nil
}

// checkLevel is the check of one order. Its outputs become those of the next.
type checkLevel struct {
	Checker
	rng     *rand.Rand
	order   int
	outputs []*graph.Node
	inputs  []*graph.Node
	values  []exec.Value
	xs      []int // the inputs to differentiate by
}

func (l *checkLevel) random(t graph.Type) exec.Value {
	v := exec.NewValue(graph.T(graph.Float64, t.Shape...))
	for i := range graph.Elements[float64](v.Buf) {
		graph.Elements[float64](v.Buf)[i] = l.rng.Float64() + 0.5
		if l.rng.IntN(2) == 0 {
			graph.Elements[float64](v.Buf)[i] *= -1
		}
	}
	return v
}

// feed adds an input with a random value.
func (l *checkLevel) feed(like *graph.Node) *graph.Node {
	n := like.Graph().Input("", like.DType(), like.Shape()...)
	l.inputs = append(l.inputs, n)
	l.values = append(l.values, l.random(like.Type()))
	return n
}

func (l *checkLevel) check() error {
	plain := len(l.inputs)
	var cts, wrt, tangents []*graph.Node
	for _, y := range l.outputs {
		cts = append(cts, l.feed(y))
	}
	ctValues := l.values[plain:]
	for _, i := range l.xs {
		wrt = append(wrt, l.inputs[i])
	}
	grads := reverse(l.outputs, cts, wrt)
	for i, g := range grads {
		if g == nil {
			grads[i] = zeros(wrt[i])
		}
	}
	afterCts := len(l.inputs)
	for _, x := range wrt {
		tangents = append(tangents, l.feed(x))
	}
	pushed := forward(l.outputs, wrt, tangents)
	for i, t := range pushed {
		if t == nil {
			pushed[i] = zeros(l.outputs[i])
		}
	}
	results, err := l.run(append(append([]*graph.Node(nil), grads...), pushed...), l.values)
	if err != nil {
		return err
	}
	gradValues, pushedValues := results[:len(grads)], results[len(grads):]
	if err := l.compareForward(gradValues, l.values[afterCts:], pushedValues, ctValues); err != nil {
		return err
	}
	l.inputs, l.values = l.inputs[:afterCts], l.values[:afterCts]
	if err := l.compareDifferences(gradValues, ctValues); err != nil {
		return err
	}
	l.outputs = grads
	return nil
}

func (l *checkLevel) run(outputs []*graph.Node, values []exec.Value) ([]exec.Value, error) {
	fn, err := CompileGraph(l.inputs[:len(values)], outputs)
	if err != nil {
		return nil, err
	}
	dst := make([]exec.Value, len(outputs))
	for i, n := range outputs {
		dst[i] = exec.NewValue(n.Type())
	}
	return dst, fn.cache[0].code.Run(context.Background(), dst, values)
}

// dot is Σ aᵢ·bᵢ over all values, and the sum of the terms' sizes.
func dot(a, b []exec.Value) (sum, size float64) {
	for i := range a {
		x, y := graph.Elements[float64](a[i].Buf), graph.Elements[float64](b[i].Buf)
		for j := range x {
			sum += x[j] * y[j]
			size += math.Abs(x[j] * y[j])
		}
	}
	return sum, size
}

// compareForward checks ⟨Jᵀ·ct, t⟩ = ⟨ct, J·t⟩, which rounding alone may spoil.
func (l *checkLevel) compareForward(grads, tangents, pushed, cts []exec.Value) error {
	got, size := dot(grads, tangents)
	want, size2 := dot(pushed, cts)
	tol := 1e-10 * (size + size2)
	if !close(got, want, tol) {
		return &CheckError{Order: l.order, Against: "forward mode", Got: got, Want: want, Tol: tol}
	}
	return nil
}

// close reports whether a and b agree; infinities and NaNs agree with themselves.
func close(a, b, tol float64) bool {
	return a == b || math.Abs(a-b) <= tol || math.IsNaN(a) && math.IsNaN(b)
}

const (
	elementLimit = 256
	directions   = 4
)

// compareDifferences checks the gradient g of ⟨ct, f⟩ against differences.
func (l *checkLevel) compareDifferences(grads, cts []exec.Value) error {
	fn, err := CompileGraph(l.inputs, l.outputs)
	if err != nil {
		return err
	}
	d := differences{level: l, fn: fn, cts: cts}
	for _, y := range l.outputs {
		d.dst = append(d.dst, exec.NewValue(y.Type()))
	}
	total := 0
	for _, i := range l.xs {
		total += l.values[i].Buf.Len
	}
	if total > elementLimit {
		for range directions {
			if err := d.direction(grads); err != nil {
				return err
			}
		}
		return nil
	}
	for k, i := range l.xs {
		for j := range l.values[i].Buf.Len {
			if err := d.element(grads[k], i, j); err != nil {
				return err
			}
		}
	}
	return nil
}

// differences evaluates ⟨ct, f(x + s·u)⟩.
type differences struct {
	level *checkLevel
	fn    *Function
	cts   []exec.Value
	dst   []exec.Value
	size  float64 // the largest Σ|ctⱼ·fⱼ| seen
	err   error
}

// fivePoint is the central difference of fourth order.
var fivePoint = fd.Formula{
	Stencil:    []fd.Point{{Loc: -2, Coeff: 1. / 12}, {Loc: -1, Coeff: -8. / 12}, {Loc: 1, Coeff: 8. / 12}, {Loc: 2, Coeff: -1. / 12}},
	Derivative: 1, Step: 1e-3,
}

// along is d/ds ⟨ct, f⟩ where move(s) sets the inputs, and the error that rounding of f may leave in it.
func (d *differences) along(move func(s float64)) (slope, rounding float64) {
	d.size = 0
	slope = fd.Derivative(func(s float64) float64 {
		move(s)
		if err := d.fn.cache[0].code.Run(context.Background(), d.dst, d.level.values); err != nil {
			d.err = err
		}
		sum, size := dot(d.dst, d.cts)
		d.size = max(d.size, size)
		return sum
	}, 0, &fd.Settings{Formula: fivePoint, Step: d.level.Step})
	move(0)
	return slope, 64 * 0x1p-52 * d.size / d.level.Step
}

// scale is the size of a step from x, before Step.
func scale(x float64) float64 {
	if x == 0 {
		return 1
	}
	return max(math.Abs(x), 1e-3)
}

func (d *differences) element(grad exec.Value, input, j int) error {
	x := &graph.Elements[float64](d.level.values[input].Buf)[j]
	at := *x
	u := scale(at)
	slope, rounding := d.along(func(s float64) { *x = at + s*u })
	got, want := graph.Elements[float64](grad.Buf)[j], slope/u
	tol := d.level.Tol*max(math.Abs(got), math.Abs(want), 1e-2) + rounding/u
	if d.err != nil || close(got, want, tol) {
		return d.err
	}
	n := d.level.inputs[input]
	return &CheckError{Order: d.level.order, Against: "differences", Input: fmt.Sprintf("input %d, %v,", input, n),
		Element: unravel(j, n.Shape()), Got: got, Want: want, Tol: tol}
}

func (d *differences) direction(grads []exec.Value) error {
	var at, u [][]float64
	var got, size float64
	for k, i := range d.level.xs {
		x := graph.Elements[float64](d.level.values[i].Buf)
		dir := graph.Elements[float64](d.level.random(d.level.inputs[i].Type()).Buf)
		for j := range x {
			dir[j] *= scale(x[j])
			term := dir[j] * graph.Elements[float64](grads[k].Buf)[j]
			got += term
			size += math.Abs(term)
		}
		at, u = append(at, append([]float64(nil), x...)), append(u, dir)
	}
	want, rounding := d.along(func(s float64) {
		for k, i := range d.level.xs {
			for j := range at[k] {
				graph.Elements[float64](d.level.values[i].Buf)[j] = at[k][j] + s*u[k][j]
			}
		}
	})
	tol := d.level.Tol*max(size, math.Abs(want), 1e-2) + rounding
	if d.err != nil || close(got, want, tol) {
		return d.err
	}
	return &CheckError{Order: d.level.order, Against: "differences", Got: got, Want: want, Tol: tol}
}

// unravel turns a row-major position into an index for each axis.
func unravel(at int, shape []int) []int {
	index := make([]int, len(shape))
	for i := len(shape) - 1; i >= 0; i-- {
		index[i] = at % shape[i]
		at /= shape[i]
	}
	return index
}
