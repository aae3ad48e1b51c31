package ops_test

import (
	"math"
	"slices"

	"chainrule/graph"
	"chainrule/ops"
)

// resized applies a matrix [n, length] to an axis.
func resized(c *torchCall, x *graph.Node, a, n int, weights []float64) *graph.Node {
	m := c.floats(weights, n, x.Shape()[a])
	return ops.MoveAxis(ops.MatMul(ops.MoveAxis(x, a, x.Rank()-1), ops.Transpose(m)), x.Rank()-1, a)
}

// areaWeights average over the parts that n places have of a length.
func areaWeights(length, n int) []float64 {
	weights := make([]float64, n*length)
	for o := range n {
		from, to := o*length/n, ((o+1)*length+n-1)/n
		for p := from; p < to; p++ {
			weights[o*length+p] = 1 / float64(to-from)
		}
	}
	return weights
}

// padded is pad in its four modes: pairs of numbers from the last axis on, negative ones crop.
func padded(c *torchCall, x *graph.Node) *graph.Node {
	pairs, mode := c.ints(0, "pad"), c.text(1, "mode", "constant")
	for i := range len(pairs) / 2 {
		dim, lo, hi := x.Rank()-1-i, pairs[2*i], pairs[2*i+1]
		length := x.Shape()[dim]
		if mode == "constant" {
			x = along(x, dim, ops.Range{Start: max(-lo, 0), Stop: length - max(-hi, 0)})
			x = filled(c, x, dim, max(lo, 0), max(hi, 0))
			continue
		}
		index := make([]int, length+lo+hi)
		for k := range index {
			index[k] = beyond(k-lo, length, mode)
		}
		x = ops.Take(x, c.indices(index, len(index)), dim)
	}
	return x
}

func beyond(p, length int, mode string) int {
	switch {
	case mode == "circular":
		return ((p % length) + length) % length
	case mode == "replicate":
		return min(max(p, 0), length-1)
	case p < 0:
		return -p
	case p >= length:
		return 2*(length-1) - p
	}
	return p
}

func filled(c *torchCall, x *graph.Node, dim, lo, hi int) *graph.Node {
	part := func(n int) *graph.Node {
		shape := slices.Clone(x.Shape())
		shape[dim] = n
		return ops.Full(c.g, graph.Float64, c.float(2, "value", 0), shape...)
	}
	return ops.Concat([]*graph.Node{part(lo), x, part(hi)}, dim)
}

// interpolate is a matrix for each axis of the image.
func interpolate(c *torchCall, x *graph.Node) *graph.Node {
	mode, align := c.text(2, "mode", "nearest"), c.bool(3, "align_corners", false)
	sizes := c.ints(0, "size")
	scales, _ := c.get(1, "scale_factor").([]any)
	for i := range x.Rank() - 2 {
		a := 2 + i
		length := x.Shape()[a]
		var n int
		ratio := 0.0 // of an image's step to the result's
		if sizes != nil {
			n = sizes[min(i, len(sizes)-1)]
			ratio = float64(length) / float64(n)
		} else {
			scale := c.float(1, "scale_factor", 1)
			if scales != nil {
				scale = scales[i].(float64)
			}
			n, ratio = int(math.Floor(float64(length)*scale)), 1/scale
		}
		x = resized(c, x, a, n, resizeWeights(mode, align, length, n, ratio))
	}
	return x
}

func resizeWeights(mode string, align bool, length, n int, ratio float64) []float64 {
	if mode == "area" {
		return areaWeights(length, n)
	}
	weights := make([]float64, n*length)
	for o := range n {
		add := func(p int, w float64) { weights[o*length+min(max(p, 0), length-1)] += w }
		if mode == "nearest" {
			add(int(math.Floor(float64(o)*ratio)), 1)
			continue
		}
		place := (float64(o)+0.5)*ratio - 0.5
		if align {
			place = float64(o) * float64(length-1) / float64(max(n-1, 1))
		}
		if mode != "bicubic" {
			place = max(place, 0)
			at := math.Floor(place)
			add(int(at), 1-(place-at))
			add(int(at)+1, place-at)
			continue
		}
		at := math.Floor(place)
		for k := -1; k <= 2; k++ {
			add(int(at)+k, cubic(place-at-float64(k)))
		}
	}
	return weights
}

// cubic is Keys' kernel with a = −3/4 (1981).
func cubic(t float64) float64 {
	const a = -0.75
	switch t = math.Abs(t); {
	case t <= 1:
		return ((a+2)*t-(a+3))*t*t + 1
	case t < 2:
		return a * (((t-5)*t+8)*t - 4)
	}
	return 0
}
