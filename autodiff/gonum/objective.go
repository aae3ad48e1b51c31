package gonum

import (
	"math"
	"sync"
	"sync/atomic"

	"gonum.org/v1/gonum/mat"

	"chainrule/autodiff"
	"chainrule/graph"
)

// Objective is a function from an f64 vector to a number, with its gradient and Hessian, compiled for optimisers. Its
// methods have the signatures of gonum's optimize.Problem:
//
//	optimize.Problem{Func: o.Func, Grad: o.Grad, Hess: o.Hess}
//
// Each call is one run of a compiled program, straight into the caller's memory, and allocates nothing. It is safe for
// concurrent use.
type Objective struct {
	value, both *program // both computes the value and the gradient
	hess        func() (*program, error)
	numbers     sync.Pool // of *[1]float64
	failed      atomic.Pointer[error]
}

// NewObjective compiles f, whose argument is an f64 vector of length n and whose result is an f64 scalar. Data that f
// uses beside x are constants of x's graph. What is wrong with f is the error; the Hessian is compiled when it is first
// asked for.
func NewObjective(f func(x *graph.Node) *graph.Node, n int, opts ...autodiff.MatrixOption) (*Objective, error) {
	if f == nil {
		return nil, errNoFunction
	}
	one := func(f func(x *graph.Node) *graph.Node) (*program, error) {
		return compile(func(x *graph.Node) []*graph.Node { return []*graph.Node{f(x)} }, n, opts)
	}
	value, err := one(f)
	if err != nil {
		return nil, err
	}
	valueAndGrad := autodiff.ValueAndGrad(f, only[autodiff.GradOption](opts)...)
	both, err := compile(func(x *graph.Node) []*graph.Node {
		y, grad := valueAndGrad(x)
		return []*graph.Node{y, grad}
	}, n, opts)
	if err != nil {
		return nil, err
	}
	hess := func() (*program, error) { return one(autodiff.Hessian(f, only[autodiff.JacobianOption](opts)...)) }
	return &Objective{value: value, both: both, hess: sync.OnceValues(hess)}, nil
}

// Func returns f(x), or NaN if it cannot be computed; then Err says why.
func (o *Objective) Func(x []float64) float64 {
	y := o.number()
	defer o.numbers.Put(y)
	if !o.keep(o.value.run(x, vector(y[:]))) {
		return math.NaN()
	}
	return y[0]
}

func (o *Objective) number() *[1]float64 {
	if y, ok := o.numbers.Get().(*[1]float64); ok {
		return y
	}
	return new([1]float64)
}

// ValueAndGrad is Func that computes the gradient at x into grad, of the same length, in the same run.
func (o *Objective) ValueAndGrad(grad, x []float64) float64 {
	y := o.number()
	defer o.numbers.Put(y)
	if !o.keep(o.both.run(x, vector(y[:]), vector(grad))) {
		return math.NaN()
	}
	return y[0]
}

// Grad computes the gradient at x into grad, of the same length.
func (o *Objective) Grad(grad, x []float64) { o.ValueAndGrad(grad, x) }

// Hess computes the Hessian at x into hess, of as many rows.
func (o *Objective) Hess(hess *mat.SymDense, x []float64) {
	p, err := o.hess()
	if o.keep(err) {
		raw := hess.RawSymmetric()
		o.keep(p.run(x, matrix{raw.Data, raw.N, raw.N, raw.Stride}))
	}
}

// Err returns the first error of any run, such as an index out of range, or nil. An optimiser that is to stop there
// asks for it in its Status function.
func (o *Objective) Err() error {
	if err := o.failed.Load(); err != nil {
		return *err
	}
	return nil
}

// keep keeps the first error, and reports whether there was none.
func (o *Objective) keep(err error) bool {
	if err == nil {
		return true
	}
	first := err // on the heap only now
	o.failed.CompareAndSwap(nil, &first)
	return false
}
