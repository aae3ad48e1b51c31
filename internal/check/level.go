package check

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"

	"chainrule/graph"
	"chainrule/internal/compile"
	"chainrule/internal/exec"
	"chainrule/internal/rewrite"
	"chainrule/internal/sweep"
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
	level.list()
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
	xs      []int        // the inputs to differentiate by
	at      []coordinate // and all of their elements
	// typical is, for each element of the outputs, the size of what it is made of: it may cancel, and rounding is relative
	// to what cancels. It is nil for order 1, where that is not known.
	typical []float64
	groups  []cotangentGroup
}

// coordinate is one element of the arguments.
type coordinate struct {
	input, element int
	x              *float64
	at             float64
	unit           float64 // its size, or that of its neighbours where it is 0
	dir            float64 // its part in a direction
}

// cotangentGroup is random cotangents of a group of output elements, with the gradient for them. They have the units of the
// elements' rates of change, so that none hides another. Those of other elements are 0.
type cotangentGroup struct {
	elements []int
	cts      []exec.Value
	grads    []float64 // for each coordinate
	typical  float64   // the sum of its elements', in units of the cotangents
}

// mostGroups bounds the groups that outputs and inputs are checked in: with that many elements or fewer, each is alone.
const mostGroups = 16

// list lists the coordinates.
func (l *checkLevel) list() {
	for _, i := range l.xs {
		xs := graph.Elements[float64](l.values[i].Buf)
		around := 0.0
		for _, x := range xs {
			if !math.IsInf(x, 0) && !math.IsNaN(x) {
				around = max(around, math.Abs(x))
			}
		}
		for j := range xs {
			unit := math.Abs(xs[j])
			if !(unit > 0) || math.IsInf(unit, 1) {
				unit = around
			}
			if unit == 0 {
				unit = 1
			}
			l.at = append(l.at, coordinate{input: i, element: j, x: &xs[j], at: xs[j], unit: unit})
		}
	}
}

// random draws a number of size ½ to 1½, of either sign.
func (l *checkLevel) random() float64 {
	x := l.rng.Float64() + 0.5
	if l.rng.IntN(2) == 0 {
		return -x
	}
	return x
}

// feed adds an input, whose value is 0 yet.
func (l *checkLevel) feed(like *graph.Node) *graph.Node {
	n := like.Graph().Input("", like.DType(), like.Shape()...)
	l.inputs = append(l.inputs, n)
	l.values = append(l.values, exec.NewValue(like.Type()))
	return n
}

// check compares the gradients ctᵀ·∂y/∂x with differences, and with forward mode, by ⟨ct, J·t⟩ = ⟨Jᵀ·ct, t⟩, group by
// group. Then it goes to the next order.
func (l *checkLevel) check() error {
	d, err := l.newDifferences()
	if err != nil {
		return err
	}
	plain := len(l.inputs)
	var cts, wrt, tangents []*graph.Node
	for _, y := range l.outputs {
		cts = append(cts, l.feed(y))
	}
	if err := l.group(d); err != nil {
		return err
	}
	for _, i := range l.xs {
		wrt = append(wrt, l.inputs[i])
	}
	grads := sweep.Reverse(l.outputs, cts, wrt)
	for i, g := range grads {
		grads[i] = sweep.OrZeros(g, wrt[i])
	}
	afterCts := len(l.inputs)
	for _, x := range wrt {
		tangents = append(tangents, l.feed(x))
	}
	pushed := sweep.Forward(l.outputs, wrt, tangents)
	for i, t := range pushed {
		pushed[i] = sweep.OrZeros(t, l.outputs[i])
	}
	run, err := l.evaluator(slices.Concat(grads, pushed))
	if err != nil {
		return err
	}
	for g := range l.groups {
		copyAll(l.values[plain:afterCts], l.groups[g].cts)
		results, err := run()
		if err != nil {
			return err
		}
		l.groups[g].grads = flat(results[:len(grads)])
	}
	if err := d.compare(); err != nil {
		return err
	}
	if err := l.compareForward(run, l.values[afterCts:], len(grads)); err != nil {
		return err
	}
	l.inputs, l.values = l.inputs[:afterCts], l.values[:afterCts]
	l.next(grads, l.values[plain:])
	return nil
}

// next makes the gradients, for the cotangents of all groups together, the outputs of the next order.
func (l *checkLevel) next(grads []*graph.Node, cts []exec.Value) {
	l.outputs, l.typical = grads, l.nextTypical()
	for k := range cts {
		v := graph.Elements[float64](cts[k].Buf)
		clear(v)
		for _, g := range l.groups {
			for j, ct := range graph.Elements[float64](g.cts[k].Buf) {
				v[j] += ct
			}
		}
	}
}

// group makes the groups of output elements, of like units, and their cotangents.
func (l *checkLevel) group(d *differences) error {
	rates, sizes, err := d.rates()
	if err != nil {
		return err
	}
	if l.typical == nil {
		l.typical = make([]float64, len(sizes))
	}
	for j, size := range sizes {
		l.typical[j] = max(l.typical[j], size)
		rates[j] = max(rates[j], leastRate*l.typical[j])
		if rates[j] < 1e-290 { // its reciprocal is not finite
			rates[j] = 1
		}
	}
	l.groups = nil
	for _, elements := range partition(rates) {
		g := cotangentGroup{elements: elements}
		all := make([]float64, len(rates))
		for _, j := range elements {
			all[j] = l.random() / rates[j]
			g.typical += math.Abs(all[j]) * l.typical[j]
		}
		for _, y := range l.outputs {
			v := exec.NewValue(y.Type())
			all = all[copy(graph.Elements[float64](v.Buf), all):]
			g.cts = append(g.cts, v)
		}
		l.groups = append(l.groups, g)
	}
	return nil
}

// nextTypical is typical for the gradients.
func (l *checkLevel) nextTypical() []float64 {
	typical := make([]float64, len(l.at))
	for _, g := range l.groups {
		for i, c := range l.at {
			typical[i] += g.typical / c.unit
		}
	}
	return typical
}

// partition groups the indices of sizes so that those of like size are together.
func partition(sizes []float64) [][]int {
	order := make([]int, len(sizes))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case sizes[a] < sizes[b]:
			return -1
		case sizes[a] > sizes[b]:
			return 1
		}
		return 0
	})
	if len(order) == 0 {
		return nil
	}
	most := (len(order) + mostGroups - 1) / mostGroups
	return slices.Collect(slices.Chunk(order, most))
}

// sensitivities are, for each coordinate, the largest change of a group when it moves by its unit.
func (l *checkLevel) sensitivities() []float64 {
	most := make([]float64, len(l.at))
	for _, g := range l.groups {
		for i, c := range l.at {
			if s := math.Abs(g.grads[i] * c.unit); s > most[i] {
				most[i] = s
			}
		}
	}
	return most
}

// evaluator compiles outputs, and returns a function that computes them for the values that the inputs have then.
func (l *checkLevel) evaluator(outputs []*graph.Node) (func() ([]exec.Value, error), error) {
	code, err := compiled(l.inputs, outputs)
	if err != nil {
		return nil, err
	}
	dst := make([]exec.Value, len(outputs))
	for i, n := range outputs {
		dst[i] = exec.NewValue(n.Type())
	}
	values := slices.Clone(l.values)
	return func() ([]exec.Value, error) { return dst, code.Run(context.Background(), dst, values) }, nil
}

// compiled is the program for outputs, of inputs.
func compiled(inputs, outputs []*graph.Node) (*exec.Program, error) {
	return compile.Compile(rewrite.Unit{Inputs: inputs, Outputs: outputs}, compile.Options{Workers: runtime.GOMAXPROCS(0)})
}

// evaluate computes outputs for values of the inputs.
func evaluate(inputs, outputs []*graph.Node, values []exec.Value) ([]exec.Value, error) {
	run, err := (&checkLevel{inputs: inputs, values: values}).evaluator(outputs)
	if err != nil {
		return nil, err
	}
	return run()
}

// compareForward checks ⟨Jᵀ·ct, t⟩ = ⟨ct, J·t⟩ for each group of outputs and each group of inputs, which rounding alone may
// spoil. Tangents have the arguments' units.
func (l *checkLevel) compareForward(run func() ([]exec.Value, error), tangents []exec.Value, from int) error {
	for _, moved := range partition(l.sensitivities()) {
		t := make([]float64, len(l.at))
		for _, i := range moved {
			t[i] = l.random() * l.at[i].unit
		}
		rest := t
		for _, v := range tangents {
			rest = rest[copy(graph.Elements[float64](v.Buf), rest):]
		}
		results, err := run()
		if err != nil {
			return err
		}
		pushed := flat(results[from:])
		for _, g := range l.groups {
			got, size := dot(g.grads, t, moved)
			want, size2 := dot(pushed, flat(g.cts), g.elements)
			tol := 1e-10*(size+size2) + 16*eps*(g.typical+l.largest(g))
			if !close(got, want, tol) {
				return &Wrong{Order: l.order, Against: "forward mode", Got: got, Want: want, Tol: tol}
			}
		}
	}
	return nil
}

// largest is the largest finite change of a group when one coordinate moves by its unit.
func (l *checkLevel) largest(g cotangentGroup) float64 {
	most := 0.0
	for i, c := range l.at {
		if s := math.Abs(g.grads[i] * c.unit); s > most && !math.IsInf(s, 1) {
			most = s
		}
	}
	return most
}

// eps is the distance from 1 to the next f64.
const eps = 0x1p-52

// dot is Σ aᵢ·bᵢ over the elements given, and the sum of the terms' sizes.
func dot(a, b []float64, elements []int) (sum, size float64) {
	for _, i := range elements {
		sum += a[i] * b[i]
		size += math.Abs(a[i] * b[i])
	}
	return sum, size
}

// flat lists the elements of all values.
func flat(values []exec.Value) []float64 {
	var all []float64
	for _, v := range values {
		all = append(all, graph.Elements[float64](v.Buf)...)
	}
	return all
}

func copyAll(dst, src []exec.Value) {
	for i, v := range src {
		copy(dst[i].Bytes(), v.Bytes())
	}
}

// close reports whether a and b agree; infinities and NaNs agree with themselves.
func close(a, b, tol float64) bool {
	return a == b || math.Abs(a-b) <= tol || math.IsNaN(a) && math.IsNaN(b)
}
