package check

import (
	"context"
	"fmt"
	"math"
	"slices"

	"chainrule/graph"
	"chainrule/internal/exec"
)

const (
	elementLimit = 256 // above it, derivatives are checked along directions

	stepRatio = 3 // between one step and the next; no power of two, so that periods and binary fractions do not repeat
	stepCount = 8
	noise     = 4 * eps // of a sum of values, relative to the sum of their sizes
	small     = 1e-9    // a derivative below it, relative to value over argument, need not be told from zero
	leastRate = 1e-3    // relative to its size, at which an output is taken to change: rounding would be magnified else
)

// differences evaluates ⟨ct, f(x + s·u)⟩ for every group of cotangents.
type differences struct {
	level  *checkLevel
	code   *exec.Program
	values []exec.Value
	dst    []exec.Value
	sizes  []float64 // for each group, the largest Σ|ctⱼ·fⱼ| of one difference
	err    error     // of the last run that failed
}

// newDifferences prepares differences of the level's outputs by its inputs.
func (l *checkLevel) newDifferences() (*differences, error) {
	code, err := compiled(l.inputs, l.outputs)
	if err != nil {
		return nil, err
	}
	d := &differences{level: l, code: code, values: slices.Clone(l.values)}
	for _, y := range l.outputs {
		d.dst = append(d.dst, exec.NewValue(y.Type()))
	}
	return d, nil
}

// run computes the outputs.
func (d *differences) run() error {
	return d.code.Run(context.Background(), d.dst, d.values)
}

// rates are, for each element of the outputs, how fast it changes where all coordinates move by random parts of their units,
// or 0 where that is no number, and its size.
func (d *differences) rates() (rates, sizes []float64, err error) {
	if err := d.run(); err != nil {
		return nil, nil, err
	}
	l := d.level
	sizes = flat(d.dst)
	rates = make([]float64, len(sizes))
	for i := range l.at {
		l.at[i].dir = l.random() * l.at[i].unit
	}
	const h = 1e-4
	for _, s := range []float64{h, -h} {
		l.move(l.at, s)
		if err := d.run(); err != nil {
			clear(rates) // the step has left what f is defined for
			break
		}
		for j, y := range flat(d.dst) {
			rates[j] += math.Copysign(y, s*y) / (2 * h)
		}
	}
	l.move(l.at, 0)
	for j := range rates {
		if rates[j], sizes[j] = math.Abs(rates[j]), math.Abs(sizes[j]); !isFinite(rates[j]) {
			rates[j] = 0
		}
		if !isFinite(sizes[j]) {
			sizes[j] = 0
		}
	}
	return rates, sizes, nil
}

func isFinite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// move sets coordinates to what they are plus s of their direction.
func (l *checkLevel) move(some []coordinate, s float64) {
	for _, c := range some {
		*c.x = c.at + s*c.dir
	}
}

// compare checks the gradients of all groups, element by element or along directions.
func (d *differences) compare() error {
	l := d.level
	if len(l.at) <= elementLimit {
		for i := range l.at {
			if err := d.element(i); err != nil {
				return err
			}
		}
		return nil
	}
	for i := range l.at {
		l.at[i].dir = l.random() * l.at[i].unit
	}
	for _, some := range partition(l.sensitivities()) {
		if err := d.direction(some); err != nil {
			return err
		}
	}
	return nil
}

// slope is a derivative by differences, and how far it may be off.
type slope struct{ value, err float64 }

// central are the central differences of all groups for one step, and what rounding may add to them.
func (d *differences) central(move func(s float64), h float64) (values, rounding []float64) {
	groups := d.level.groups
	values, rounding, d.sizes = make([]float64, len(groups)), make([]float64, len(groups)), make([]float64, len(groups))
	for _, s := range []float64{h, -h} {
		move(s)
		err := d.run()
		y := flat(d.dst)
		for g, group := range groups {
			if err != nil {
				d.err, values[g] = err, math.NaN() // the step may have left what f is defined for
				continue
			}
			sum, size := dot(y, flat(group.cts), group.elements)
			values[g] += sum / (2 * s)
			d.sizes[g] = max(d.sizes[g], size)
		}
	}
	for g := range groups {
		size := d.sizes[g]
		if d.level.order > 1 { // gradients may be what is left of terms that cancel
			size = max(size, groups[g].typical)
		}
		rounding[g] = noise * size / h
	}
	return values, rounding
}

// along is d/ds ⟨ct, f⟩ at s = 0 for each group, where move(s) sets the inputs, by central differences with smaller and
// smaller steps, extrapolated to zero (Ridders 1982, Accurate computation of F′(x) and F′(x)·F″(x), §2). In the tableau
//
//	a₀₀ = D(h)
//	a₁₀ = D(h/3)   a₁₁ = (9a₁₀ − a₀₀)/8
//	a₂₀ = D(h/9)   a₂₁ = (9a₂₀ − a₁₀)/8   a₂₂ = (81a₂₁ − a₁₁)/80
//
// column j is off by O(h²ʲ⁺²), and the largest distance of an entry from the two that it was made of bounds its error.
// It ends when good says so of the best entry of every group.
func (d *differences) along(move func(s float64), first float64, good func(g int, s slope) bool) []slope {
	best := make([]slope, len(d.level.groups))
	rows := make([][]float64, len(best)) // the last row of each tableau
	for g := range best {
		best[g] = slope{math.NaN(), math.Inf(1)}
	}
	defer func() { move(0) }()
	for h, k := first, 0; k < stepCount; h, k = h/stepRatio, k+1 {
		values, rounding := d.central(move, h)
		done := true
		for g, value := range values {
			if !isFinite(value) {
				rows[g], done = nil, false
				continue
			}
			rows[g] = best[g].extend(rows[g], value, rounding[g])
			done = done && good(g, best[g])
		}
		if done {
			break
		}
	}
	return best
}

// extend adds a row to a tableau, and makes s its best entry.
func (s *slope) extend(row []float64, value, rounding float64) []float64 {
	next, weight := []float64{value}, 1.0
	for j, old := range row {
		weight *= stepRatio * stepRatio
		a := (weight*next[j] - old) / (weight - 1)
		next = append(next, a)
		if off := max(math.Abs(a-next[j]), math.Abs(a-old)) + rounding; off <= s.err {
			*s = slope{a, off}
		}
	}
	return next
}

// verify finds the slopes where move(s) sets the inputs, with first steps of each unit in turn until they are known well
// enough, and compares them with got, which may itself be off by slack, and by blur in derivatives of derivatives and where differences are
// nothing but rounding: got may be what is left of terms that cancel. It returns the first that is wrong, or nil. Where nothing moves at
// all, larger steps are tried too.
func (d *differences) verify(move func(s float64), got, slack, blur []float64, units ...float64) *Wrong {
	l := d.level
	d.err = nil
	sharp := func(s slope) bool { return s.err <= l.Tol/10*math.Abs(s.value) && s.value != 0 }
	allowed := func(g int, s slope) float64 {
		tol := l.Tol*max(math.Abs(got[g]), math.Abs(s.value)) + 2*s.err + slack[g]
		if l.order > 1 || s.value != 0 && math.Abs(s.value) <= s.err {
			tol += blur[g]
		}
		return tol
	}
	best, least := make([]slope, len(got)), make([]float64, len(got)) // least is what may count as zero
	for g := range best {
		best[g] = slope{math.NaN(), math.Inf(1)}
	}
	for k, u := range units {
		still := func(g int, s slope) bool { return s.value == 0 && got[g] == 0 }
		slopes := d.along(move, l.Step*u, func(g int, s slope) bool {
			return still(g, s) || sharp(best[g]) || sharp(s) && math.Abs(got[g]-s.value) <= allowed(g, s)
		})
		done := true
		for g, s := range slopes {
			if sharp(best[g]) {
				continue
			}
			if sharp(s) || s.err < best[g].err || math.IsNaN(best[g].value) {
				best[g], least[g] = s, max(least[g], small*max(d.sizes[g], l.groups[g].typical)/u)
			}
			done = done && (sharp(s) || still(g, s) && (u >= 1 || k == len(units)-1))
		}
		if done {
			break
		}
	}
	for g, s := range best {
		settled := sharp(s) || s.err <= max(least[g], 100*slack[g]) || s.value == 0 && got[g] == 0
		if !settled || !(math.Abs(got[g]-s.value) <= allowed(g, s)) {
			return d.wrong(g, got[g], s.value, allowed(g, s), !settled)
		}
	}
	return nil
}

// wrong is the error of a group, of the partial derivative itself where the group is one element.
func (d *differences) wrong(g int, got, want, tol float64, unsettled bool) *Wrong {
	l := d.level
	e := &Wrong{Order: l.order, Against: "differences", Got: got, Want: want, Tol: tol, Unsettled: unsettled}
	if group := l.groups[g]; len(group.elements) == 1 {
		at := group.elements[0]
		ct := flat(group.cts)[at]
		e.Got, e.Want, e.Tol = got/ct, want/ct, tol/math.Abs(ct)
		for k, y := range l.outputs {
			if size := y.Type().Size(); at >= size {
				at -= size
				continue
			}
			e.Output = fmt.Sprintf("result %d at %v", k, graph.IndexOf(at, y.Shape()))
			break
		}
	}
	return e
}

// element checks the derivatives by one element. Steps are relative to its size first, for functions with an edge or a pole
// at 0 and for units of its own; then wider, for what rounding hides from small steps. Where it is 0 its size is not known.
func (d *differences) element(i int) error {
	c := d.level.at[i]
	units := []float64{c.unit}
	for u := 1e3 * c.unit; u < 1; u *= 1e3 {
		units = append(units, u)
	}
	if c.unit < 1 {
		units = append(units, 1)
	}
	units = append(units, 64*max(c.unit, 1))
	if c.at == 0 {
		units = append(units, 1e-3, 1e-6, 1e-9, 1e-12, 1e6)
	}
	n := len(d.level.groups)
	got, slack, blur := make([]float64, n), make([]float64, n), make([]float64, n)
	for g, group := range d.level.groups {
		got[g] = group.grads[i]
		blur[g] = 16 * eps * group.typical / c.unit
		slack[g] = 16 * eps * d.level.largest(group) / c.unit
	}
	wrong := d.verify(func(s float64) { *c.x = c.at + s }, got, slack, blur, units...)
	if wrong == nil {
		return nil
	}
	if wrong.Unsettled && math.IsNaN(wrong.Want) && d.err != nil {
		return d.err
	}
	x := d.level.inputs[c.input]
	wrong.Input = fmt.Sprintf("input %d, %v,", c.input, x)
	wrong.Element = graph.IndexOf(c.element, x.Shape())
	return wrong
}

// direction checks the derivatives along a random direction, in which some elements move in proportion to their sizes.
// If one differs, the elements are halved until one is left that does.
func (d *differences) direction(some []int) error {
	wrong := d.part(some)
	if wrong == nil {
		return nil
	}
	if wrong.Unsettled && math.IsNaN(wrong.Want) && d.err != nil {
		return d.err
	}
	for len(some) > 1 {
		half := some[:len(some)/2]
		if d.part(half) == nil {
			if half = some[len(some)/2:]; d.part(half) == nil {
				return wrong
			}
		}
		some = half
	}
	if alone := d.element(some[0]); alone != nil {
		return alone
	}
	return wrong
}

// part checks the derivatives along the direction, in some coordinates only.
func (d *differences) part(some []int) *Wrong {
	l := d.level
	moved := make([]coordinate, len(some))
	for k, i := range some {
		moved[k] = l.at[i]
	}
	got, slack := make([]float64, len(l.groups)), make([]float64, len(l.groups))
	for g, group := range l.groups {
		var size float64
		for k, i := range some {
			got[g] += moved[k].dir * group.grads[i]
			size += math.Abs(moved[k].dir * group.grads[i])
		}
		slack[g] = noise * size * math.Sqrt(float64(len(some)))
	}
	return d.verify(func(s float64) { l.move(moved, s) }, got, slack, slack, 1)
}
