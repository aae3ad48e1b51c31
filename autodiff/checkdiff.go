package autodiff

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/diff/fd"

	"chainrule/graph"
	"chainrule/internal/exec"
)

const (
	elementLimit = 256 // above it, derivatives are checked along directions
	directions   = 4

	stepRatio = 3 // between one step and the next; no power of two, so that periods and binary fractions do not repeat
	stepCount = 8
	noise     = 4 * 0x1p-52 // of a sum of values, relative to the sum of their sizes
	small     = 1e-9        // a derivative below it, relative to value over argument, need not be told from zero
)

// compareDifferences checks the gradient of ⟨ct, f⟩ against differences.
func (l *checkLevel) compareDifferences(grads, cts []exec.Value) error {
	fn, err := CompileGraph(l.inputs, l.outputs)
	if err != nil {
		return err
	}
	d := differences{level: l, fn: fn, cts: cts}
	for _, y := range l.outputs {
		d.dst = append(d.dst, exec.NewValue(y.Type()))
	}
	var all []coordinate
	for k, i := range l.xs {
		for j := range l.values[i].Buf.Len {
			x := &graph.Elements[float64](l.values[i].Buf)[j]
			all = append(all, coordinate{input: i, element: j, x: x, at: *x, grad: graph.Elements[float64](grads[k].Buf)[j]})
		}
	}
	if len(all) > elementLimit {
		for range directions {
			if err := d.direction(all); err != nil {
				return err
			}
		}
		return nil
	}
	for _, c := range all {
		if err := d.element(c); err != nil {
			return err
		}
	}
	return nil
}

// coordinate is one element of the arguments, its value and the derivative by it.
type coordinate struct {
	input, element int
	x              *float64
	at, grad       float64
	dir            float64 // its part in a direction
}

// differences evaluates ⟨ct, f(x + s·u)⟩.
type differences struct {
	level *checkLevel
	fn    *Function
	cts   []exec.Value
	dst   []exec.Value
	size  float64 // the largest Σ|ctⱼ·fⱼ| of one difference
	err   error   // of the last run that failed
}

// slope is a derivative by differences, and how far it may be off.
type slope struct{ value, err float64 }

// central is the central difference for one step, and what rounding may add to it.
func (d *differences) central(move func(s float64), h float64) (value, rounding float64) {
	d.size = 0
	value = fd.Derivative(func(s float64) float64 {
		move(s)
		if err := d.fn.cache[0].code.Run(context.Background(), d.dst, d.level.values); err != nil {
			d.err = err
			return math.NaN() // the step may have left what f is defined for
		}
		sum, size := dot(d.dst, d.cts)
		d.size = max(d.size, size)
		return sum
	}, 0, &fd.Settings{Formula: fd.Central, Step: h})
	return value, noise * d.size / h
}

// along is d/ds ⟨ct, f⟩ at s = 0, where move(s) sets the inputs, by central differences with smaller and smaller steps,
// extrapolated to zero (Ridders 1982, Accurate computation of F′(x) and F′(x)·F″(x), §2). In the tableau
//
//	a₀₀ = D(h)
//	a₁₀ = D(h/3)   a₁₁ = (9a₁₀ − a₀₀)/8
//	a₂₀ = D(h/9)   a₂₁ = (9a₂₀ − a₁₀)/8   a₂₂ = (81a₂₁ − a₁₁)/80
//
// column j is off by O(h²ʲ⁺²), and the largest distance of an entry from the two that it was made of bounds its error.
// It ends when good says so of the best entry.
func (d *differences) along(move func(s float64), first float64, good func(s slope) bool) slope {
	best := slope{math.NaN(), math.Inf(1)}
	defer func() { move(0) }()
	var row []float64 // the last row of the tableau
	for h, k := first, 0; k < stepCount; h, k = h/stepRatio, k+1 {
		value, rounding := d.central(move, h)
		if math.IsNaN(value) || math.IsInf(value, 0) {
			row = nil
			continue
		}
		next := []float64{value}
		weight := 1.0
		for j, old := range row {
			weight *= stepRatio * stepRatio
			a := (weight*next[j] - old) / (weight - 1)
			next = append(next, a)
			off := max(math.Abs(a-next[j]), math.Abs(a-old)) + rounding
			if off <= best.err {
				best = slope{a, off}
			}
		}
		row = next
		if good(best) {
			break
		}
	}
	return best
}

// compare finds the slope where move(s) sets the inputs, with first steps of each unit in turn until it is known well
// enough, and compares it with got, which may itself be off by slack. It returns what is wrong, or nil.
func (d *differences) compare(move func(s float64), got, slack float64, unit ...float64) *CheckError {
	l := d.level
	d.err = nil
	sharp := func(s slope) bool { return s.err <= l.Tol/10*math.Abs(s.value) || s.value == 0 && got == 0 }
	allowed := func(s slope) float64 { return l.Tol*max(math.Abs(got), math.Abs(s.value)) + 2*s.err + slack }
	best, least := slope{math.NaN(), math.Inf(1)}, 0.0 // least is what may count as zero
	for _, u := range unit {
		s := d.along(move, l.Step*u, func(s slope) bool { return sharp(s) && math.Abs(got-s.value) <= allowed(s) })
		if sharp(s) || s.err < best.err {
			best, least = s, max(least, small*d.size/u)
		}
		if sharp(best) {
			break
		}
	}
	settled := sharp(best) || best.err <= least
	if settled && math.Abs(got-best.value) <= allowed(best) {
		return nil
	}
	return &CheckError{Order: l.order, Against: "differences", Got: got, Want: best.value, Tol: allowed(best), Unsettled: !settled}
}

// element checks the derivative by one element. Steps are relative to max(|x|, 1) first; then to x, for functions
// with an edge or a pole at 0; then wide, for what rounding hides from small steps.
func (d *differences) element(c coordinate) error {
	wide := max(math.Abs(c.at), 1)
	units := []float64{wide}
	if x := math.Abs(c.at); x > 0 && x < 1 {
		units = append(units, x)
	}
	units = append(units, 64*wide)
	wrong := d.compare(func(s float64) { *c.x = c.at + s }, c.grad, 0, units...)
	if wrong == nil {
		return nil
	}
	if wrong.Unsettled && math.IsNaN(wrong.Want) && d.err != nil {
		return d.err
	}
	return d.at(c, wrong)
}

// at says of an error which element it belongs to.
func (d *differences) at(c coordinate, wrong *CheckError) *CheckError {
	n := d.level.inputs[c.input]
	wrong.Input = fmt.Sprintf("input %d, %v,", c.input, n)
	wrong.Element = unravel(c.element, n.Shape())
	return wrong
}

// direction checks the derivative along a random direction, in which every element moves in proportion to its size.
// If it differs, the elements are halved until one is left that does.
func (d *differences) direction(all []coordinate) error {
	for i := range all {
		size := max(math.Abs(all[i].at), 1e-3)
		if all[i].at == 0 {
			size = 1
		}
		all[i].dir = size * (d.level.rng.Float64() + 0.5)
		if d.level.rng.IntN(2) == 0 {
			all[i].dir *= -1
		}
	}
	wrong := d.part(all)
	if wrong == nil {
		return nil
	}
	if wrong.Unsettled && math.IsNaN(wrong.Want) && d.err != nil {
		return d.err
	}
	for some := all; len(some) > 1; {
		half := some[:len(some)/2]
		if d.part(half) == nil {
			if half = some[len(some)/2:]; d.part(half) == nil {
				return wrong
			}
		}
		if some = half; len(some) == 1 {
			if alone := d.element(some[0]); alone != nil {
				return alone
			}
		}
	}
	return wrong
}

// part checks the derivative along a direction, in some coordinates only.
func (d *differences) part(some []coordinate) *CheckError {
	var got, size float64
	for _, c := range some {
		got += c.dir * c.grad
		size += math.Abs(c.dir * c.grad)
	}
	return d.compare(func(s float64) {
		for _, c := range some {
			*c.x = c.at + s*c.dir
		}
	}, got, noise*size*math.Sqrt(float64(len(some))), 1)
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
