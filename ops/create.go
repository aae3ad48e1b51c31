package ops

import (
	"math"

	"chainrule/graph"
	"chainrule/internal/kernel/memory"
)

// Tensors without operands are constants of a graph.

// Full returns a tensor of the given shape in which every element is v.
func Full[V Number](g *graph.Graph, d graph.DType, v V, shape ...int) *graph.Node {
	return BroadcastTo(number("full", g, d, v), shape...)
}

// Zeros returns a tensor of zeros.
func Zeros(g *graph.Graph, d graph.DType, shape ...int) *graph.Node { return Full(g, d, 0, shape...) }

// Ones returns a tensor of ones.
func Ones(g *graph.Graph, d graph.DType, shape ...int) *graph.Node { return Full(g, d, 1, shape...) }

// FullLike returns a tensor of x's type in which every element is v.
func FullLike[V Number](x *graph.Node, v V) *graph.Node {
	mustExist("full_like", x)
	return BroadcastTo(number("full_like", x.Graph(), x.DType(), v, x), x.Shape()...)
}

// Arange returns the i64 vector 0, 1, … n−1.
func Arange(g *graph.Graph, n int) *graph.Node {
	if n < 0 {
		graph.Fail("arange", nil, "%d elements", n)
	}
	mustFit("arange", n, 8)
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
	for _, end := range []float64{lo, hi} {
		if err := d.Holds(end); err != nil {
			graph.Fail("linspace", nil, "the end %v", err)
		}
	}
	unit := 1.0
	if math.IsInf(hi-lo, 0) {
		unit = 2 // in which the distance does not overflow
	}
	mustFit("linspace", n, 8)
	numbers := make([]float64, n)
	for i := range numbers {
		if t := float64(i) / float64(max(1, n-1)); t < 0.5 {
			numbers[i] = (lo/unit + float64(t*(hi/unit-lo/unit))) * unit
		} else {
			numbers[i] = (hi/unit - float64((1-t)*(hi/unit-lo/unit))) * unit
		}
	}
	return Cast(graph.Const(g, numbers, n), d)
}

// mustFit refuses constants that no memory holds.
func mustFit(op string, count, size int) {
	if !memory.Fits(count, size) {
		graph.Fail(op, nil, "%d elements of %d bytes are more than the memory that there is", count, size)
	}
}

// Eye returns the n × n identity matrix.
func Eye(g *graph.Graph, d graph.DType, n int) *graph.Node {
	const long = 1 << 26 // rows whose numbers take a while to write down
	if n >= long && d.Valid() && !memory.Fits(n, n) {
		graph.Fail("eye", nil, "a matrix of %d rows is more than the memory that there is", n)
	}
	return OneHot(Arange(g, n), n, d)
}
