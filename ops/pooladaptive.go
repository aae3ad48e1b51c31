package ops

import (
	"slices"

	"chainrule/graph"
)

// AdaptiveAvgPool cuts each axis of the images of x, [batch, channels, image…], into sizes bins, and returns their means: bin
// i of m on an axis of length n is ⌊i·n/m⌋ … ⌈(i+1)·n/m⌉ − 1. There is one size for each axis, or one for all.
func AdaptiveAvgPool(x *graph.Node, sizes []int, channelsLast bool) *graph.Node {
	const name = "adaptive_avg_pool"
	mustExist(name, x)
	x = channelsSecond(x, channelsLast)
	sizes = adaptiveSizes(name, x, sizes)
	for i, m := range sizes {
		x = resample(x, areaWeights(x.Shape()[2+i], m), m, 2+i)
	}
	return channelsBack(x, channelsLast)
}

// AdaptiveMaxPool is AdaptiveAvgPool with the largest elements in the place of means: see MaxPool.
func AdaptiveMaxPool(x *graph.Node, sizes []int, channelsLast bool) *graph.Node {
	y, _ := AdaptiveMaxPoolIndices(x, sizes, channelsLast)
	return y
}

// AdaptiveMaxPoolIndices is AdaptiveMaxPool and where the largest elements lie: see MaxPoolIndices.
func AdaptiveMaxPoolIndices(x *graph.Node, sizes []int, channelsLast bool) (y, index *graph.Node) {
	const name = "adaptive_max_pool"
	mustExist(name, x)
	x = channelsSecond(x, channelsLast)
	places := graph.MakeInts(adaptiveSizes(name, x, sizes)...)
	index = apply(&windowArgmaxOp, windowAttrs{Places: places, Adaptive: true}, x)
	return channelsBack(atPlaces(x, index), channelsLast), channelsBack(index, channelsLast)
}

func adaptiveSizes(name string, x *graph.Node, sizes []int) []int {
	in, n := []*graph.Node{x}, x.Rank()-2
	if n < 1 || n > 3 || len(sizes) == 0 {
		graph.Fail(name, in, "wants an image of rank 3 to 5, batch and channels included, and sizes")
	}
	if slices.Contains(x.Shape()[2:], 0) {
		graph.Fail(name, in, "the image is empty")
	}
	return perAxis(name, in, "size", sizes, n, 1, 1)
}

// bin is a part of an axis of length n, of m that it is cut into.
func bin(i, n, m int) (from, to int) { return i * n / m, ((i+1)*n + m - 1) / m }

// areaWeights are a matrix [m, n] that averages bins.
func areaWeights(n, m int) []float64 {
	weights := make([]float64, m*n)
	for i := range m {
		from, to := bin(i, n, m)
		for p := from; p < to; p++ {
			weights[i*n+p] = 1 / float64(to-from)
		}
	}
	return weights
}

// resample applies a matrix [m, n] to an axis of length n.
func resample(x *graph.Node, weights []float64, m, axis int) *graph.Node {
	n, last := x.Shape()[axis], x.Rank()-1
	matrix := constant(x, weights, m, n)
	if axis == last {
		return matmul(x, matrix, matmulAttrs{TransB: true})
	}
	if axis == last-1 {
		return MatMul(matrix, x)
	}
	return MoveAxis(matmul(MoveAxis(x, axis, last), matrix, matmulAttrs{TransB: true}), last, axis)
}
