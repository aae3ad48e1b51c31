package ops

import (
	"chainrule/graph"
)

// Tensors without operands are constants of a graph.

// Full returns a tensor of the given shape in which every element is v.
func Full(g *graph.Graph, d graph.DType, v float64, shape ...int) *graph.Node {
	return BroadcastTo(g.Scalar(d, v), shape...)
}

// Zeros returns a tensor of zeros.
func Zeros(g *graph.Graph, d graph.DType, shape ...int) *graph.Node { return Full(g, d, 0, shape...) }

// Ones returns a tensor of ones.
func Ones(g *graph.Graph, d graph.DType, shape ...int) *graph.Node { return Full(g, d, 1, shape...) }

// FullLike returns a tensor of x's type in which every element is v.
func FullLike(x *graph.Node, v float64) *graph.Node {
	mustExist("full_like", x)
	return Full(x.Graph(), x.DType(), v, x.Shape()...)
}

// Arange returns the i64 vector 0, 1, … n−1.
func Arange(g *graph.Graph, n int) *graph.Node {
	if n < 0 {
		graph.Fail("arange", nil, "%d elements", n)
	}
	numbers := make([]int64, n)
	for i := range numbers {
		numbers[i] = int64(i)
	}
	return graph.Const(g, numbers, n)
}

// Linspace returns n numbers from lo to hi, both included, at equal distances; one number is lo.
func Linspace(g *graph.Graph, d graph.DType, lo, hi float64, n int) *graph.Node {
	if n < 0 || !d.IsFloat() {
		graph.Fail("linspace", nil, "%d elements of type %v", n, d)
	}
	numbers := make([]float64, n)
	for i := range numbers {
		if t := float64(i) / float64(max(1, n-1)); t < 0.5 {
			numbers[i] = lo + t*(hi-lo)
		} else {
			numbers[i] = hi - (1-t)*(hi-lo)
		}
	}
	return Cast(graph.Const(g, numbers, n), d)
}

// Eye returns the n × n identity matrix.
func Eye(g *graph.Graph, d graph.DType, n int) *graph.Node { return OneHot(Arange(g, n), n, d) }
