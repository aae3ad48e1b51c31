package gonum

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// program is a compiled function of one f64 vector with f64 results.
type program struct {
	fn    *autodiff.Function
	n     int
	out   []graph.Type
	calls sync.Pool // of *call
}

// call is what one run needs: its results go to lists that lie in it, so that nothing is allocated.
type call struct {
	in    mat.VecDense
	out   [][]float64
	whole []float64 // for a matrix whose rows are apart
}

var errNoFunction = errors.New("gonum: the function is nil")

// compile compiles f for vectors of length n.
func compile(f func(x *graph.Node) []*graph.Node, n int, opts []autodiff.MatrixOption) (*program, error) {
	if n < 0 {
		return nil, fmt.Errorf("gonum: a vector of length %d", n)
	}
	p := &program{n: n}
	x := graph.New().Input("x", graph.Float64, n)
	var flat []*graph.Node
	err := graph.Try(func() {
		for _, y := range f(x) {
			if y == nil || y.DType() != graph.Float64 {
				graph.Fail("compile", nil, "the result %v is no f64", y)
			}
			p.out, flat = append(p.out, y.Type()), append(flat, ops.Reshape(y, -1))
		}
	})
	if err == nil {
		p.fn, err = autodiff.CompileGraph([]*graph.Node{x}, flat, only[autodiff.CompileOption](opts)...)
	}
	return p, err
}

// only lists the options that a function takes.
func only[O any](opts []autodiff.MatrixOption) (list []O) {
	for _, o := range opts {
		if fits, ok := o.(O); ok || o == nil {
			list = append(list, fits) // nil is refused there
		}
	}
	return list
}

// matrix is memory for a matrix whose rows begin stride elements apart. A vector is one row.
type matrix struct {
	data               []float64
	rows, cols, stride int
}

func vector(data []float64) matrix { return matrix{data, 1, len(data), len(data)} }

// apart reports whether there are elements between the rows that are not the matrix's.
func (b matrix) apart() bool { return b.rows > 1 && b.stride > b.cols }

// run computes the results at x into dst, of which the last one's rows may be apart. It allocates nothing.
func (p *program) run(x []float64, dst ...matrix) error {
	if len(x) != p.n {
		return &autodiff.FeedError{Name: "x", Reason: fmt.Sprintf("fed f64[%d], wants f64[%d]", len(x), p.n)}
	}
	c, ok := p.calls.Get().(*call)
	if !ok {
		c = new(call)
	}
	defer p.calls.Put(c)
	c.in.SetRawVector(blas64.Vector{N: p.n, Data: x, Inc: 1})
	c.out = c.out[:0]
	for i, b := range dst {
		size := p.out[i].Size()
		if b.rows*b.cols != size {
			return fmt.Errorf("gonum: %d×%d elements for result %d, which is %v", b.rows, b.cols, i, p.out[i])
		}
		if b.apart() && cap(c.whole) < size {
			c.whole = make([]float64, size)
		}
		if b.apart() {
			b.data = c.whole
		}
		c.out = append(c.out, b.data[:size])
	}
	var out any = &c.out
	if len(dst) == 1 {
		out = &c.out[0]
	}
	if err := p.fn.RunTo(context.Background(), out, &c.in); err != nil {
		return err
	}
	for _, b := range dst {
		for k := 0; b.apart() && k < b.rows; k++ {
			copy(b.data[k*b.stride:][:b.cols], c.whole[k*b.cols:])
		}
	}
	return nil
}
