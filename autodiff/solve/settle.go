package solve

import (
	"math"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// The end of least squares: Newton steps, and what is said of the point that they come to. They are made in the
// coordinates y = R·D·x of the Jacobian J = Q·R·D, in which the Hessian of ½‖f‖² is 1 + B, with
//
//	B = R⁻ᵀD⁻¹·(Σ rᵢ·∇²rᵢ)·D⁻¹R⁻¹,
//
// so that the condition of J is not squared.

// bent is the factors at a point, and the eigenvalues W and vectors V of 1 + B.
type bent struct {
	factors
	Res, Jac, W, V *graph.Node
}

func bentAt(f func(*graph.Node) *graph.Node, x *graph.Node) bent {
	r, jac := f(x), autodiff.Jacobian(f)(x)
	b := bent{factors: factorsOf(jac, r, columnNorms(jac)), Res: r, Jac: jac}
	fixed := ops.StopGradient(r)
	curves := autodiff.Hessian(func(v *graph.Node) *graph.Node { return ops.Sum(ops.Mul(fixed, f(v))) })(x)
	curves = ops.Div(curves, ops.Mul(ops.ExpandDims(b.Scale, 0), ops.ExpandDims(b.Scale, 1)))
	half := ops.TriangularSolve(b.R, curves, false, true)
	h := ops.Add(eye(b.R), ops.TriangularSolve(b.R, ops.Transpose(half), false, true))
	b.W, b.V = ops.Eigh(ops.Where(finite(h), h, 0))
	return b
}

// edge is how large an eigenvalue of 1 + B must be for its sign to be more than rounding.
func (b bent) edge() *graph.Node {
	return ops.Mul(16*float64(b.R.Shape()[0])*epsOf(b.R), ops.Maximum(1, largest(b.W)))
}

func (b bent) upward() *graph.Node { return ops.Gt(ops.Min(b.W), b.edge()) }

// newton is the Newton step in the coordinates y and in x.
func (b bent) newton() (y, x *graph.Node) {
	w := ops.Where(b.upward(), b.W, 1)
	y = ops.Neg(ops.MatMul(b.V, ops.Div(project(b.V, b.Along), w)))
	return y, ops.Div(back(b.R, y), b.Scale)
}

// settled is where Newton steps are.
type settled struct {
	X, Near, Total *graph.Node // the best point so far, and there the squares of Qᵀr and of r
	Fault, Loose   *graph.Node // what else is wrong at X, and a direction that moves no residual
	Floor          *graph.Node // the square of what rounding leaves of Qᵀr
	Next, Expect   *graph.Node // the next point to look at, and the residuals that the linear model expects there
	Short          *graph.Node // whether the step to it is so short that what it misses is rounding
	N, End         *graph.Node
}

// settle makes Newton steps from where steps have come to an end, as long as they bring the residuals nearer to a right
// angle with the columns of the Jacobian, and says what is there.
func (s solver) settle(f func(*graph.Node) *graph.Node, from outcome) outcome {
	x := from.X
	last := repeat(s,
		func(c settled) *graph.Node { return is(c.End, running) },
		func(c settled) settled { return s.refine(f, c) },
		func(c *settled) **graph.Node { return &c.N },
		settled{X: x, Next: x, Expect: f(x), Near: like(x, math.Inf(1)), Total: like(x, 0), Floor: like(x, 0), Fault: code(x, good),
			Loose: x, Short: no(x), N: zero(x), End: code(x, running)})
	right := ops.Or(ops.Le(last.Near, ops.Mul(epsOf(x), last.Total)), ops.Le(last.Near, last.Floor))
	end := endOf(x, good, when{ops.Not(is(last.Fault, good)), running}, when{ops.Not(right), noStep})
	end = ops.Where(is(end, running), last.Fault, end)
	return outcome{
		X: last.X, Residual: ops.Sqrt(ops.Div(last.Near, orOne(last.Total))), Loose: last.Loose,
		End:   ops.Where(is(from.End, good), end, from.End),
		Steps: ops.Where(is(from.End, good), ops.Add(from.Steps, last.N), from.Steps),
	}
}

// refine looks at the next point, and makes a step from there.
func (s solver) refine(f func(*graph.Node) *graph.Node, c settled) settled {
	x := c.Next
	at := bentAt(f, x)
	near := squares(at.Along)
	y, step := at.newton()
	fault, loose := at.faults()
	better := ops.Lt(near, c.Near)
	rows := squares(ops.MatMul(ops.Abs(at.Jac), ops.Abs(x)))            // what the residuals are made of
	missed := ops.Where(c.Short, squares(ops.Sub(at.Res, c.Expect)), 0) // by so short a step, that is rounding
	return settled{
		X: ops.Where(better, x, c.X), Next: ops.Add(x, step), Expect: ops.Add(at.Res, ops.MatMul(at.Jac, step)),
		Short: ops.Le(squares(y), ops.Mul(math.Pow(s.tol(x), 2), rows)),
		Near:  ops.Where(better, near, c.Near), Total: ops.Where(better, squares(at.Res), c.Total),
		Floor: ops.Maximum(c.Floor, ops.Add(ops.Mul(64, missed), ops.Mul(math.Pow(16*epsOf(x), 2), rows))),
		Fault: ops.Where(better, fault, c.Fault), Loose: ops.Where(better, loose, c.Loose),
		End: endOf(x, good, when{ops.And(ops.Lt(near, ops.Mul(0.25, c.Near)), at.upward()), running}),
	}
}

// faults says what is wrong at a point, whatever the angle is, and which direction of the unknowns moves no residual if there
// is one: the component that moves them most is 1.
func (b bent) faults() (fault, loose *graph.Node) {
	inverse := back(b.R, eye(b.R))
	n, most := float64(b.R.Shape()[0]), largest(inverse)
	inverse = ops.Div(inverse, most)
	dependent := ops.Not(ops.Lt(ops.Mul(ops.Mul(16*n*epsOf(b.R), most), ops.Sqrt(squares(inverse))), 1))
	gram := ops.MatMul(inverse, ops.Transpose(inverse))
	_, v := ops.Eigh(ops.Where(finite(gram), gram, 0))
	v = row(ops.Transpose(v), b.R.Shape()[0]-1)
	fault = endOf(b.R, good,
		when{ops.Not(finite(b.Jac)), notFinite},
		when{dependent, undetermined},
		when{ops.Lt(ops.Min(b.W), ops.Neg(b.edge())), noMinimum},
		when{ops.Not(b.upward()), notDetermined})
	v = ops.Where(ops.Lt(ops.Abs(v), math.Sqrt(epsOf(b.R))), 0, v)
	loose = ops.Div(v, b.Scale)
	most = ops.ArgMax(ops.Cast(ops.Ge(ops.Abs(v), ops.Mul(0.99, largest(v))), graph.Int64)) // the first of equal ones, but for rounding
	return fault, ops.Div(loose, ops.Take(loose, most, 0))
}
