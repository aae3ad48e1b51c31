package autodiff

import (
	"context"
	"fmt"
	"sync"

	"chainrule/graph"
	"chainrule/internal/exec"
)

// vectorProgram is a compiled function of one f64 vector with f64 results.
type vectorProgram struct {
	fn      *Function
	in      graph.Type
	out     []graph.Type
	buffers sync.Pool // of *[]float64, each as long as the largest result
}

func newVectorProgram[Q any](f func(x *graph.Node) Q, n int, opts []Option) (*vectorProgram, error) {
	if n < 0 {
		return nil, fmt.Errorf("autodiff: a vector of length %d", n)
	}
	x := graph.New().Input("x", graph.Float64, n)
	p := &vectorProgram{in: x.Type()}
	var outputs []*graph.Node
	err := graph.Try(func() {
		y := f(x)
		for _, l := range leavesOf(y) {
			checkGraph("compile", l, x.Graph().Alias(x))
			if l.node.DType() != graph.Float64 {
				graph.Fail("compile", nil, "the result %s is no f64", l)
			}
			outputs = append(outputs, l.node)
			p.out = append(p.out, l.node.Type())
		}
	})
	if err != nil {
		return nil, err
	}
	p.fn, err = CompileGraph([]*graph.Node{x}, outputs, opts...)
	return p, err
}

// rows is memory for a matrix of the given number of columns, whose rows begin stride elements apart, or for a vector,
// which is one row.
type rows struct {
	data         []float64
	cols, stride int
}

func vector(data []float64) rows { return rows{data, len(data), len(data)} }

// run computes the results at x into dst. It allocates nothing if the lengths are right.
func (p *vectorProgram) run(x []float64, dst ...rows) error {
	c, _ := calls.Get().(*call)
	if c == nil {
		c = &call{}
	}
	defer c.done()
	t := p.in
	if len(x) != t.Size() {
		t = graph.T(graph.Float64, len(x))
	}
	c.in = append(c.in, exec.Value{Type: t, Buf: graph.BufferOf(x)})
	var spread *[]float64 // the one result whose rows are apart
	for i, r := range dst {
		size, data := p.out[i].Size(), r.data
		switch {
		case size > 0 && r.stride > r.cols && size > r.cols:
			spread = p.buffer()
			defer p.buffers.Put(spread)
			data = *spread
		case len(data) < size || r.cols == len(data) && len(data) != size:
			return fmt.Errorf("autodiff: %d elements for result %d, which has %d", len(data), i, size)
		}
		v := exec.Value{Type: p.out[i], Buf: graph.BufferOf(data[:size])}
		if exec.Overlaps(v, c.in, c.out) {
			return fmt.Errorf("autodiff: result %d shares memory with x or another result", i)
		}
		c.out = append(c.out, v)
	}
	if err := p.fn.cache[0].code.Run(context.Background(), c.out, c.in); err != nil || spread == nil {
		return err
	}
	for i, r := range dst {
		for k := 0; r.stride > r.cols && k*r.cols < p.out[i].Size(); k++ {
			copy(r.data[k*r.stride:][:r.cols], (*spread)[k*r.cols:])
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
