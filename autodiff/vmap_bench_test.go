package autodiff_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// linear is a layer of weights [in, out] and biases [out].
type linear struct{ W, B node }

type labelledExample struct {
	Layers   []linear
	X, Label node
}

// crossEntropy is the cost of a net of ReLUs on one example.
func crossEntropy(p labelledExample) node {
	a := p.X
	for i, l := range p.Layers {
		if i > 0 {
			a = ops.ReLU(a)
		}
		a = ops.Add(ops.MatMul(a, l.W), l.B)
	}
	return ops.Sub(ops.LogSumExp(a), ops.Take(a, p.Label, 0))
}

// gradients by the layers of a net, for many examples at once, in three forms.
func batchGradient(p labelledExample) []linear {
	return autodiff.Grad(func(layers []linear) node {
		return ops.Mean(autodiff.Vmap(crossEntropy, autodiff.Unmapped("Layers"))(labelledExample{layers, p.X, p.Label}))
	})(p.Layers)
}

func perExampleGradients(p labelledExample) []linear {
	one := func(p labelledExample) []linear {
		return autodiff.Grad(func(layers []linear) node {
			return crossEntropy(labelledExample{layers, p.X, p.Label})
		})(p.Layers)
	}
	return autodiff.Vmap(one, autodiff.Unmapped("Layers"))(p)
}

// gradientNorms are the squared norms of the gradients of all examples, which need not be stored.
func gradientNorms(p labelledExample) node {
	var sum node
	for _, l := range perExampleGradients(p) {
		for _, g := range []node{l.W, l.B} {
			norms := ops.Sum(ops.Square(ops.Reshape(g, g.Shape()[0], -1)), 1)
			if sum == nil {
				sum = norms
			} else {
				sum = ops.Add(sum, norms)
			}
		}
	}
	return sum
}

// clippedMean is the mean of the gradients of all examples, each cut to length 1, which need not be stored either.
func clippedMean(p labelledExample) []linear {
	each := perExampleGradients(p)
	size := p.X.Shape()[0]
	factors := ops.Div(1, ops.Maximum(1, ops.Sqrt(gradientNorms(p))))
	mean := func(g node) node {
		factor := ops.Reshape(factors, append([]int{size}, slices.Repeat([]int{1}, g.Rank()-1)...)...)
		return ops.Mean(ops.Mul(g, factor), 0)
	}
	for i, l := range each {
		each[i] = linear{mean(l.W), mean(l.B)}
	}
	return each
}

// BenchmarkPerExampleGradients holds Vmap(Grad(f)) against the gradient of the mean over the same examples. The
// metric GB is what has to be written.
func BenchmarkPerExampleGradients(b *testing.B) {
	for _, widths := range [][]int{{784, 512, 256, 10}, {64, 32, 16, 10}} {
		for _, size := range []int{64} {
			name := fmt.Sprintf("net=%v/examples=%d/", widths, size)
			benchNet(b, name+"gradient=batch", widths, size, func(p labelledExample) []linear { return batchGradient(p) })
			benchNet(b, name+"gradient=each", widths, size, func(p labelledExample) []linear { return perExampleGradients(p) })
			benchNet(b, name+"gradient=norms", widths, size, func(p labelledExample) []linear {
				return []linear{{W: gradientNorms(p)}}
			})
			benchNet(b, name+"gradient=clipped", widths, size, clippedMean)
		}
	}
}

func benchNet(b *testing.B, name string, widths []int, size int, f func(labelledExample) []linear) {
	b.Run(name, func(b *testing.B) {
		g := graph.New()
		var inputs []node
		var feeds []*tensor.Dense
		input := func(d graph.DType, shape ...int) node {
			n := g.Input("", d, shape...)
			var backing any
			switch count := graph.Size(shape); d {
			case graph.Int64:
				backing = make([]int64, count)
			default:
				x := make([]float32, count)
				for i := range x {
					x[i] = float32(int64(i)*2654435761%1000)/5000 - 0.1
				}
				backing = x
			}
			inputs, feeds = append(inputs, n), append(feeds, tensor.New(tensor.WithShape(shape...), tensor.WithBacking(backing)))
			return n
		}
		p := labelledExample{X: input(graph.Float32, size, widths[0]), Label: input(graph.Int64, size)}
		for i := range widths[1:] {
			p.Layers = append(p.Layers,
				linear{input(graph.Float32, widths[i], widths[i+1]), input(graph.Float32, widths[i+1])})
		}
		var outputs []node
		var dst []*tensor.Dense
		bytes := 0
		for _, l := range f(p) {
			for _, n := range []node{l.W, l.B} {
				if n != nil {
					outputs, bytes = append(outputs, n), bytes+n.Type().Bytes()
					dst = append(dst, tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(n.Shape()...)))
				}
			}
		}
		fn, err := autodiff.CompileGraph(inputs, outputs)
		if err != nil {
			b.Fatal(err)
		}
		if err := fn.RunInto(context.Background(), dst, feeds); err != nil { // memory that is new costs more than the work
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			if err := fn.RunInto(context.Background(), dst, feeds); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(bytes)/1e9, "GB")
	})
}
