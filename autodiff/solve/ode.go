package solve

import (
	"math"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/internal/sweep"
	"chainrule/internal/tree"
	"chainrule/ops"
)

// ODEOption chooses how ODE solves.
type ODEOption func(*odeMethod)

type odeMethod struct {
	substeps int // of RK4 between two times, 0 for the adaptive method
	rtol     float64
	atol     []float64 // one for all unknowns, or one for each
	adjoint  bool
	limit    int
	unknowns string // see arrivedAttrs
}

// RK4 takes n steps, at least 1, of the classical Runge–Kutta method of order 4 between two times. A run in which y becomes
// no number fails with an *ODEError.
func RK4(n int) ODEOption {
	need("rk4", n > 0, "%d given, at least 1 wanted", n)
	return func(m *odeMethod) { m.substeps = n }
}

// DormandPrince takes steps of the method of Dormand and Prince (1980), of order 5 with an error estimate of order 4, as
// long as they may be for an error of at most
//
//	atolᵢ + rtol·|yᵢ|
//
// in every unknown yᵢ (Hairer, Nørsett and Wanner, Solving ordinary differential equations I, II.4, where the mean over the
// unknowns has to keep to it). There is one atol for all unknowns, or one for each, in the order of y's leaves, so that
// unknowns may have units of their own: what is far below its atol is not followed. It is the default, with 1e-6 and 1e-9.
// Numbers may be 0, but rtol and an atol not both.
//
// A run fails with an *ODEError where dy/dt is no number or steps become too small to go on, and with an error that matches
// ErrSteps if it needs more than 100,000 between two times.
func DormandPrince(rtol float64, atol ...float64) ODEOption {
	if len(atol) == 0 {
		atol = []float64{0}
	}
	for _, a := range atol {
		if !(rtol >= 0 && a >= 0 && rtol+a > 0) || math.IsInf(rtol+a, 1) {
			graph.Fail("dormand_prince", nil, "no error can be held within rtol %v and atol %v", rtol, a)
		}
	}
	return func(m *odeMethod) { m.substeps, m.rtol, m.atol = 0, rtol, atol }
}

// Adjoint computes reverse derivatives by solving the adjoint equation
//
//	ȧ = −aᵀ∂f/∂y,  p̄ = ∫ aᵀ∂f/∂p dt
//
// backward in time, with y beside it (Pontryagin 1962; Chen et al., Neural ordinary differential equations, 2018), so
// that no step need be kept. The gradient is as exact as the solver is. Without it, reverse mode differentiates the steps
// that were taken: the gradient is exact for them. Functions under Adjoint have no forward mode of their own, and f must
// use nothing from outside that a derivative is asked by.
func Adjoint() ODEOption { return func(m *odeMethod) { m.adjoint = true } }

// ODE returns a function that solves dy/dt = f(t, y, p) from y(times[0]) = y0 and gives y at all times: leaves [T, …] for
// times of [T], in rising or falling order. Y is a tree of floats of one type, which times have too, and f gives a tree like
// y; p is any tree.
//
// It has derivatives by y0, p and times. With the adaptive method they hold the sizes of the steps fixed, but for the one
// that ends at a time.
func ODE[Y, P any](f func(t *graph.Node, y Y, p P) Y, opts ...ODEOption) func(y0 Y, p P, times *graph.Node) Y {
	need("ode", f != nil, "the function is nil")
	m := odeMethod{rtol: 1e-6, atol: []float64{1e-9}, limit: 100_000}
	for _, o := range opts {
		need("ode", o != nil, "an option is nil")
		o(&m)
	}
	solve := func(a odeArgs[Y, P]) Y {
		flow := func(t, v *graph.Node) *graph.Node { return ravelLike("ode", f(t, treeFrom(v, a.Y0), a.P), a.Y0) }
		m := m
		m.unknowns = unknownsOf(tree.Leaves(a.Y0))
		return rowsOf(m.solve(flow, ravel("ode", a.Y0), a.Times), a.Y0)
	}
	if m.adjoint {
		solve = autodiff.CustomVJP(solve, adjointOf(f, m))
	}
	return func(y0 Y, p P, times *graph.Node) Y {
		if times == nil || times.Rank() != 1 || times.Shape()[0] == 0 || !times.DType().IsFloat() {
			graph.Fail("ode", nil, "times are a vector of floats, not %v", times)
		}
		for _, l := range tree.Leaves(y0) {
			if l.Node.DType() != times.DType() {
				graph.Fail("ode", nil, "times are %v, and the leaf of y0 is %s: convert one with Cast", times.DType(), l)
			}
		}
		return solve(odeArgs[Y, P]{y0, p, times})
	}
}

type odeArgs[Y, P any] struct {
	Y0    Y
	P     P
	Times *graph.Node
}

// rowsOf is a tree like the given one of the rows of a matrix: leaves [T, …].
func rowsOf[Y any](rows *graph.Node, like Y) Y {
	at, n := 0, rows.Shape()[0]
	return tree.Map(like, func(_ int, x *graph.Node) *graph.Node {
		from := at
		at += x.Type().Size()
		part := ops.Slice(rows, ops.Range{Start: 0, Stop: n}, ops.Range{Start: from, Stop: at})
		return ops.Reshape(part, append([]int{n}, x.Shape()...)...)
	})
}

// instant is a solution at a time.
type instant struct{ T, Y *graph.Node }

// flow is dy/dt as a function of t and y, vectors.
type flow func(t, y *graph.Node) *graph.Node

// solve returns y at all times, [T, n].
func (m odeMethod) solve(f flow, y0, times *graph.Node) *graph.Node {
	start := instant{entryOf(times, 0), y0}
	first := ops.ExpandDims(y0, 0)
	if times.Shape()[0] == 1 {
		return first
	}
	if y0.Type().Size() == 0 { // nothing moves, and there is no error to choose a step by
		return ops.BroadcastTo(first, times.Shape()[0], 0)
	}
	atol := m.absolute(y0)
	_, rest := autodiff.Scan(func(c instant, end *graph.Node) (instant, *graph.Node) {
		y := m.advance(f, c, end, atol)
		return instant{end, y}, y
	}, start, ops.Slice(times, ops.Range{Start: 1, Stop: times.Shape()[0]}), autodiff.LoopName("ode"))
	if m.substeps > 0 {
		rest = m.checkedRows(rest, times)
	}
	return ops.Concat([]*graph.Node{first, rest}, 0)
}

// entryOf is one element of a vector.
func entryOf(v *graph.Node, i int) *graph.Node { return ops.Squeeze(ops.Slice(v, ops.At(i)), 0) }

// absolute is the absolute tolerances for y, a number or a vector.
func (m odeMethod) absolute(y *graph.Node) *graph.Node {
	if len(m.atol) == 1 {
		return y.Graph().Scalar(y.DType(), m.atol[0])
	}
	if m.substeps == 0 && len(m.atol) != y.Type().Size() {
		graph.Fail("ode", nil, "%d absolute tolerances for %d unknowns", len(m.atol), y.Type().Size())
	}
	return ops.Cast(graph.Const(y.Graph(), m.atol, len(m.atol)), y.DType())
}

// advance takes y to the time end, within absolute tolerances if the method is adaptive.
func (m odeMethod) advance(f flow, from instant, end, atol *graph.Node) *graph.Node {
	if m.substeps > 0 {
		return m.rk4(f, from, end)
	}
	return m.dormandPrince(f, from, end, atol)
}

func (m odeMethod) rk4(f flow, from instant, end *graph.Node) *graph.Node {
	h := ops.Div(ops.Sub(end, from.T), m.substeps)
	half := ops.Mul(0.5, h)
	last := autodiff.For(m.substeps, func(i *graph.Node, y *graph.Node) *graph.Node {
		t := ops.Add(from.T, ops.Mul(ops.Cast(i, h.DType()), h))
		k1 := f(t, y)
		k2 := f(ops.Add(t, half), plus(y, half, k1))
		k3 := f(ops.Add(t, half), plus(y, half, k2))
		k4 := f(ops.Add(t, h), plus(y, h, k3))
		sum := ops.Add(ops.Add(k1, ops.Mul(2, ops.Add(k2, k3))), k4)
		return plus(y, ops.Div(h, 6), sum)
	}, from.Y, autodiff.LoopName("ode"))
	return last
}

// plus is y + h·k.
func plus(y, h, k *graph.Node) *graph.Node { return ops.Add(y, ops.Mul(h, k)) }

// The coefficients of Dormand and Prince: stage i begins at the fraction of the step that row i adds up to. The last row is
// the solution of order 5, whose slope is the first of the next step.
var dormandPrince = [][]float64{
	{1. / 5},
	{3. / 40, 9. / 40},
	{44. / 45, -56. / 15, 32. / 9},
	{19372. / 6561, -25360. / 2187, 64448. / 6561, -212. / 729},
	{9017. / 3168, -355. / 33, 46732. / 5247, 49. / 176, -5103. / 18656},
	{35. / 384, 0, 500. / 1113, 125. / 192, -2187. / 6784, 11. / 84},
}

// dormandPrinceAt are those fractions, exactly.
var dormandPrinceAt = []float64{1. / 5, 3. / 10, 4. / 5, 8. / 9, 1, 1}

// dormandPrinceError is the solution of order 5 less that of order 4.
var dormandPrinceError = []float64{71. / 57600, 0, -71. / 16695, 71. / 1920, -17253. / 339200, 22. / 525, -1. / 40}

// stride is where the adaptive method is: K is the slope there, H the size of the next step, and Err the error of the
// last one accepted as a fraction of what is allowed. Off is that of the last one tried, for each unknown.
type stride struct{ T, Y, K, H, Err, Off, More, Bad *graph.Node }

func (m odeMethod) dormandPrince(f flow, from instant, end, atol *graph.Node) *graph.Node {
	k := f(from.T, from.Y)
	bad := ops.Not(ops.And(ops.And(finite(end), finite(from.Y)), finite(k)))
	h := ops.StopGradient(m.firstStep(from, k, end, atol))
	start := stride{from.T, from.Y, k, h, ops.FullLike(from.T, 1e-4), ops.FullLike(k, 0), ops.Not(bad), bad}
	// There is a step even to a time that equals the last one: y does not move, but it has a derivative by both times.
	last := autodiff.While(
		func(c stride) *graph.Node { return c.More },
		func(c stride) stride { return m.try(f, c, end, atol) },
		start, autodiff.RecordAllSteps(), autodiff.MaxSteps(m.limit), autodiff.LoopName("ode"))
	off := autodiff.Cond(last.Bad, func() *graph.Node { // of the slopes just after, one may be no number, and make all errors be none
		h := ops.Mul(10, last.H)
		after := f(ops.Add(last.T, h), plus(last.Y, h, last.K))
		return ops.StopGradient(ops.Where(finite(after), last.Off, after))
	}, func() *graph.Node { return last.Off })
	return m.checked(arrival{Y: last.Y, K: last.K, Off: off, T: last.T, End: end, Bad: last.Bad})
}

// try makes a step if its error is small enough, and chooses the size of the next one by a PI controller (Hairer and
// Wanner, Solving ordinary differential equations II, IV.2). A step whose error is no number, since f is none somewhere in
// it, is one that is too long.
func (m odeMethod) try(f flow, c stride, end, atol *graph.Node) stride {
	left := ops.Sub(end, c.T)
	ends := ops.Ge(ops.Mul(1.0000001, ops.Abs(c.H)), ops.Abs(left))
	h := ops.Where(ends, left, c.H)
	t := ops.Where(ends, end, ops.Add(c.T, h))
	ks := []*graph.Node{c.K}
	y := c.Y
	for i, row := range dormandPrince {
		y = plus(c.Y, h, combined(row, ks))
		ks = append(ks, f(ops.Add(c.T, ops.Mul(dormandPrinceAt[i], h)), y))
	}
	off := ops.StopGradient(m.scaled(ops.Mul(h, combined(dormandPrinceError, ks)), c.Y, y, atol))
	err := largest(off)
	tiny := ops.Not(ops.Or(ends, ops.Gt(ops.Abs(c.H), leastStep(c.T))))
	good := ops.And(ops.Le(err, 1), ops.Not(tiny))
	wild := ops.Not(finite(err))
	const safety, slow, fast = 0.9, 0.2, 5.0
	err = ops.Maximum(err, 1e-10)
	grow := ops.Mul(safety, ops.Mul(ops.Pow(err, -0.17), ops.Pow(c.Err, 0.04)))
	shrink := ops.Where(wild, slow, ops.Maximum(ops.Minimum(ops.Mul(safety, ops.Pow(err, -0.2)), 1), slow))
	factor := ops.Where(good, ops.Minimum(grow, fast), shrink)
	next := ops.StopGradient(ops.Mul(ops.Where(ends, ops.Where(good, c.H, h), h), factor))
	return stride{
		T: ops.Where(good, t, c.T), Y: ops.Where(good, y, c.Y), K: ops.Where(good, ks[len(ks)-1], c.K),
		H: next, Err: ops.Where(good, ops.Maximum(err, 1e-4), c.Err), Off: off,
		More: ops.Not(ops.Or(tiny, ops.And(good, ends))), Bad: tiny,
	}
}

// leastStep is a step that rounding of the time leaves little of.
func leastStep(t *graph.Node) *graph.Node { return ops.Mul(10*epsOf(t), ops.Abs(t)) }

// finite reports whether all numbers in x are.
func finite(x *graph.Node) *graph.Node { return ops.Lt(largest(x), math.Inf(1)) }

// combined is Σ cᵢkᵢ.
func combined(c []float64, ks []*graph.Node) (sum *graph.Node) {
	for i, v := range c {
		if v != 0 {
			sum = sweep.Sum(sum, ops.Mul(v, ks[i]))
		}
	}
	return sum
}

// scaled is an error over what is allowed, unknown by unknown.
func (m odeMethod) scaled(err, y, next, atol *graph.Node) *graph.Node {
	allowed := ops.Add(atol, ops.Mul(m.rtol, ops.Maximum(ops.Abs(y), ops.Abs(next))))
	return ops.Where(ops.Eq(err, 0), 0, ops.Div(err, allowed)) // nothing of nothing is good
}

// firstStep guesses the size of the first step (Hairer, Nørsett and Wanner, Solving ordinary differential equations I,
// II.4): a hundredth of the time in which y would change by its own size. It is a part of the whole time where that says
// nothing, or very little.
func (m odeMethod) firstStep(from instant, k, end, atol *graph.Node) *graph.Node {
	size, slope := largest(m.scaled(from.Y, from.Y, from.Y, atol)), largest(m.scaled(k, from.Y, from.Y, atol))
	all := ops.Sub(end, from.T)
	tiny := ops.Or(ops.Lt(size, 1e-5), ops.Lt(slope, 1e-5))
	h := ops.Where(tiny, ops.Mul(1e-6, ops.Abs(all)), ops.Mul(0.01, ops.Div(size, ops.Where(tiny, 1, slope))))
	h = ops.Maximum(h, ops.Maximum(ops.Mul(1e-12, ops.Abs(all)), ops.Mul(2, leastStep(from.T))))
	return ops.Mul(ops.Sign(all), ops.Minimum(h, ops.Abs(all)))
}
