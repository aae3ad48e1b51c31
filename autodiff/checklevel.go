package autodiff

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"

	"chainrule/graph"
	"chainrule/internal/exec"
)

// check compares the derivatives of the outputs by the inputs, at the given values, order by order.
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
	if len(level.xs) == 0 || len(level.outputs) == 0 {
		return errors.New("autodiff: there is no derivative to check: no argument or no result is a float")
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

// random draws numbers of size ½ to 1½, of both signs.
func (l *checkLevel) random(t graph.Type) exec.Value {
	v := exec.NewValue(graph.T(graph.Float64, t.Shape...))
	for i := range v.Buf.Len {
		x := l.rng.Float64() + 0.5
		if l.rng.IntN(2) == 0 {
			x = -x
		}
		v.Set(i, x)
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

// check compares the gradients ctᵀ·∂y/∂x for random cotangents ct with forward mode, by ⟨ct, J·t⟩ = ⟨Jᵀ·ct, t⟩, and with
// differences. Then the gradients are the outputs of the next order.
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
		grads[i] = filled(g, wrt[i])
	}
	afterCts := len(l.inputs)
	for _, x := range wrt {
		tangents = append(tangents, l.feed(x))
	}
	pushed := forward(l.outputs, wrt, tangents)
	for i, t := range pushed {
		pushed[i] = filled(t, l.outputs[i])
	}
	results, err := evaluate(l.inputs, slices.Concat(grads, pushed), l.values)
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

// evaluate computes outputs for values of the inputs.
func evaluate(inputs, outputs []*graph.Node, values []exec.Value) ([]exec.Value, error) {
	fn, err := CompileGraph(inputs, outputs)
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
