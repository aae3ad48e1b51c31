package autodiff

import (
	"context"
	"fmt"
	"sync"

	"chainrule/graph"
	"chainrule/internal/exec"
	"chainrule/internal/tree"
)

// vectorProgram is a compiled function of one f64 vector with f64 results.
type vectorProgram struct {
	fn      *Function
	in      graph.Type
	out     []graph.Type
	buffers sync.Pool // of *[]float64, each as long as the largest result
}

// newVectorProgram compiles f for vectors of length n.
func newVectorProgram[Q any](f func(x *graph.Node) Q, n int, s settings) (*vectorProgram, error) {
	if n < 0 {
		return nil, fmt.Errorf("autodiff: a vector of length %d", n)
	}
	x := graph.New().Input("x", graph.Float64, n)
	p := &vectorProgram{in: x.Type()}
	var outputs []*graph.Node
	err := graph.Try(func() {
		needFunc("compile", f == nil)
		y := f(x)
		for _, l := range tree.Leaves(y) {
			checkGraph("compile", l, x.Graph().Alias(x))
			if l.Node.DType() != graph.Float64 {
				graph.Fail("compile", nil, "the result %s is no f64", l)
			}
			outputs = append(outputs, l.Node)
			p.out = append(p.out, l.Node.Type())
		}
	})
	if err != nil {
		return nil, err
	}
	p.fn, err = newGraphFunction([]*graph.Node{x}, outputs, s)
	return p, err
}

// matrix is memory for a matrix whose rows begin stride elements apart. A vector is one row.
type matrix struct {
	data               []float64
	rows, cols, stride int
}

func vector(data []float64) matrix { return matrix{data, 1, len(data), len(data)} }

// apart reports whether there are elements between the rows that are not the matrix's.
func (b matrix) apart() bool { return b.rows > 1 && b.stride > b.cols }

// run computes the results at x into dst. It allocates nothing if the lengths are right.
func (p *vectorProgram) run(x []float64, dst ...matrix) error {
	c := newCall()
	defer c.done()
	t := p.in
	if len(x) != t.Size() {
		t = graph.T(graph.Float64, len(x))
	}
	c.in = append(c.in, exec.Value{Type: t, Buf: graph.BufferOf(x)})
	var spread *[]float64 // what is computed for the one matrix whose rows are apart
	for i, b := range dst {
		size, data := p.out[i].Size(), b.data
		if b.rows*b.cols != size {
			return fmt.Errorf("autodiff: %d×%d elements for result %d, which is %v", b.rows, b.cols, i, p.out[i])
		}
		if b.apart() {
			spread = p.buffer()
			defer p.buffers.Put(spread)
			data = *spread
		}
		v := exec.Value{Type: p.out[i], Buf: graph.BufferOf(data[:size])}
		if exec.Overlaps(v, c.in, c.out) {
			return fmt.Errorf("autodiff: result %d shares memory with x or another result", i)
		}
		c.out = append(c.out, v)
	}
	if err := p.fn.only().run(context.Background(), c.out, c.in); err != nil || spread == nil {
		return err
	}
	for _, b := range dst {
		for k := 0; b.apart() && k < b.rows; k++ {
			copy(b.data[k*b.stride:][:b.cols], (*spread)[k*b.cols:])
		}
	}
	return nil
}

// buffer is memory for the largest result.
func (p *vectorProgram) buffer() *[]float64 {
	if b, ok := p.buffers.Get().(*[]float64); ok {
		return b
	}
	size := 0
	for _, t := range p.out {
		size = max(size, t.Size())
	}
	b := make([]float64, size)
	return &b
}
