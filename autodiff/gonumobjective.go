package autodiff

import (
	"math"
	"sync"
	"sync/atomic"

	"gonum.org/v1/gonum/mat"

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
	value, grad *vectorProgram
	hess        func() (*vectorProgram, error)
	failed      atomic.Pointer[error]
}

// NewObjective compiles f, whose argument is an f64 vector of length n and whose result is an f64 scalar. Data that f
// uses beside x are constants of x's graph. What is wrong with f is the error; the Hessian is compiled when it is first
// asked for.
func NewObjective(f func(x *graph.Node) *graph.Node, n int, opts ...MatrixOption) (*Objective, error) {
	s := apply(opts)
	value, err := newVectorProgram(f, n, s)
	if err != nil {
		return nil, err
	}
	grad, err := newVectorProgram(func(x *graph.Node) *graph.Node {
		_, grad := valueAndGrad(f, s)(x)
		return grad
	}, n, s)
	if err != nil {
		return nil, err
	}
	hess := func() (*vectorProgram, error) {
		return newVectorProgram(func(x *graph.Node) *graph.Node { return hessian(f, x, s).Of[0][0] }, n, s)
	}
	return &Objective{value: value, grad: grad, hess: sync.OnceValues(hess)}, nil
}

// Func returns f(x), or NaN if it cannot be computed; then Err says why.
func (o *Objective) Func(x []float64) float64 {
	y := o.value.buffer()
	defer o.value.buffers.Put(y)
	if !o.keep(o.value.run(x, vector(*y))) {
		return math.NaN()
	}
	return (*y)[0]
}

// Grad computes the gradient at x into grad, of the same length.
func (o *Objective) Grad(grad, x []float64) { o.keep(o.grad.run(x, vector(grad))) }

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
