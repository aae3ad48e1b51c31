package onnx

import (
	"math"
	"slices"

	"chainrule/graph"
	"chainrule/ops"
)

func init() {
	define(map[string]operator{
		"Resize":   {build: resize, static: []int{1, 2, 3}},
		"Upsample": {build: upsample, static: []int{1}},
	})
}

// sampler says where the elements of a resized axis come from.
type sampler struct {
	mode, coordinates, nearest string
	cubic, extrapolate         float64
	excludeOutside, antialias  bool
}

// axisSize is one axis being resized: from in to out elements, the scale that was asked for, and the part of the axis
// that is looked at, from lo to hi.
type axisSize struct {
	in, out int
	scale   float64
	lo, hi  float64
}

// source is the place in the input that element i of the output is taken from.
func (s *sampler) source(i int, a axisSize) float64 {
	x, in, out := float64(i), float64(a.in), a.scale*float64(a.in)
	switch s.coordinates {
	case "align_corners":
		if out <= 1 {
			return 0
		}
		return x * (in - 1) / (out - 1)
	case "asymmetric":
		return x / a.scale
	case "tf_crop_and_resize":
		if a.out == 1 {
			return (a.lo + a.hi) * (in - 1) / 2
		}
		return a.lo*(in-1) + x*(a.hi-a.lo)*(in-1)/(float64(a.out)-1)
	case "pytorch_half_pixel":
		if a.out == 1 {
			return -0.5
		}
	case "half_pixel_symmetric":
		adjust := float64(a.out) / out
		return in/2*(1-adjust) + (x+0.5)/a.scale - 0.5
	case "tf_half_pixel_for_nn":
		return (x + 0.5) / a.scale
	}
	return (x+0.5)/a.scale - 0.5
}

// pick is the whole number next to a place, by the rule for ties.
func (s *sampler) pick(x float64) int {
	switch s.nearest {
	case "floor":
		return int(math.Floor(x))
	case "ceil":
		return int(math.Ceil(x))
	case "round_prefer_ceil":
		return int(math.Floor(x + 0.5))
	}
	return int(math.Ceil(x - 0.5))
}

// kernel is the weight of an element at a distance.
func (s *sampler) kernel(d float64) float64 {
	d = math.Abs(d)
	if s.mode == "linear" {
		return max(0, 1-d)
	}
	a := s.cubic
	switch {
	case d <= 1:
		return ((a+2)*d-(a+3))*d*d + 1
	case d < 2:
		return ((a*d-5*a)*d+8*a)*d - 4*a
	}
	return 0
}

// weights is the matrix [out, in] that resizes an axis.
func (s *sampler) weights(a axisSize) []float64 {
	w := make([]float64, a.out*a.in)
	reach := map[string]float64{"linear": 1, "cubic": 2}[s.mode]
	stretch := 1.0 // antialiasing widens the kernel where the axis shrinks
	if s.antialias && a.scale < 1 {
		stretch = 1 / a.scale
	}
	for i := range a.out {
		row := w[i*a.in : (i+1)*a.in]
		x := s.source(i, a)
		total := 0.0
		for j := int(math.Floor(x - reach*stretch)); j <= int(math.Ceil(x+reach*stretch)); j++ {
			k := s.kernel((float64(j) - x) / stretch)
			if j < 0 || j >= a.in {
				if s.excludeOutside || s.antialias {
					continue
				}
			}
			row[min(max(j, 0), a.in-1)] += k
			total += k
		}
		for j := range row {
			row[j] /= total
		}
	}
	return w
}

// resized brings one axis of x to another length.
func (s *sampler) resized(x node, axis int, a axisSize) node {
	if a.in == a.out && a.scale == 1 && s.coordinates != "tf_crop_and_resize" {
		return x
	}
	if s.mode == "nearest" {
		index := make([]int64, a.out)
		for i := range index {
			index[i] = int64(min(max(s.pick(s.source(i, a)), 0), a.in-1))
		}
		x = ops.Take(x, graph.Const(x.Graph(), index, a.out), axis)
	} else {
		w := ops.Cast(graph.Const(x.Graph(), s.weights(a), a.out, a.in), x.DType())
		x = ops.MoveAxis(ops.MatMul(ops.MoveAxis(x, axis, -1), ops.Transpose(w)), -1, axis)
	}
	if s.coordinates != "tf_crop_and_resize" {
		return x
	}
	inside := make([]bool, a.out)
	for i := range inside {
		at := s.source(i, a)
		inside[i] = at >= 0 && at <= float64(a.in-1)
	}
	shape := slices.Repeat([]int{1}, x.Rank())
	shape[axis] = a.out
	return ops.Where(graph.Const(x.Graph(), inside, shape...), x, s.extrapolate)
}

// resize has the scales as its second input in version 10, and since then a region, scales, and sizes.
func resize(c *call) []value {
	x := c.x(0)
	s := &sampler{mode: c.string("mode", "nearest"), coordinates: c.string("coordinate_transformation_mode", "half_pixel"),
		nearest: c.string("nearest_mode", "round_prefer_floor"), cubic: c.float("cubic_coeff_a", -0.75),
		extrapolate: c.float("extrapolation_value", 0), excludeOutside: c.flag("exclude_outside"), antialias: c.flag("antialias")}
	if c.version() < 11 {
		s.coordinates, s.nearest = "asymmetric", "floor"
		return c.one(c.rescaled(s, x, c.floats(1)))
	}
	axes := c.list("axes")
	if axes == nil {
		axes = from(0, x.Rank())
	}
	var region []float64
	if c.has(1) && s.coordinates == "tf_crop_and_resize" {
		region = c.floats(1)
	}
	sizes, scales := c.targets(axes, x)
	for k, a := range axes {
		a = c.axis(a, x.Rank())
		size := axisSize{in: x.Shape()[a], out: sizes[k], scale: scales[k], hi: 1}
		if region != nil {
			size.lo, size.hi = region[k], region[len(axes)+k]
		}
		x = s.resized(x, a, size)
	}
	return c.one(x)
}

// targets are the lengths and scales of axes, one given and the other computed.
func (c *call) targets(axes []int, x node) (sizes []int, scales []float64) {
	if c.has(3) {
		sizes = c.ints(3)
		ratio := func(k int) float64 { return float64(sizes[k]) / float64(x.Shape()[c.axis(axes[k], x.Rank())]) }
		if policy := c.string("keep_aspect_ratio_policy", "stretch"); policy != "stretch" {
			best := ratio(0)
			for k := range axes {
				if policy == "not_larger" {
					best = min(best, ratio(k))
				} else {
					best = max(best, ratio(k))
				}
			}
			for k, a := range axes {
				sizes[k] = int(math.Round(best * float64(x.Shape()[c.axis(a, x.Rank())])))
				scales = append(scales, best)
			}
			return sizes, scales
		}
		for k := range axes {
			scales = append(scales, ratio(k))
		}
		return sizes, scales
	}
	scales = c.floats(2)
	if len(scales) != len(axes) {
		c.fail("%d scales for %d axes", len(scales), len(axes))
	}
	for k, a := range axes {
		sizes = append(sizes, int(math.Floor(scales[k]*float64(x.Shape()[c.axis(a, x.Rank())]))))
	}
	return sizes, scales
}

func (c *call) rescaled(s *sampler, x node, scales []float64) node {
	if len(scales) != x.Rank() {
		c.fail("%d scales for %d axes", len(scales), x.Rank())
	}
	for a, scale := range scales {
		n := x.Shape()[a]
		x = s.resized(x, a, axisSize{in: n, out: int(math.Floor(scale * float64(n))), scale: scale})
	}
	return x
}

// upsample is Resize as it was before version 10.
func upsample(c *call) []value {
	s := &sampler{mode: c.string("mode", "nearest"), coordinates: "asymmetric", nearest: "floor"}
	if c.version() >= 9 {
		return c.one(c.rescaled(s, c.x(0), c.floats(1)))
	}
	var scales []float64
	for _, v := range c.attr("scales").GetFloats() {
		scales = append(scales, float64(v))
	}
	return c.one(c.rescaled(s, c.x(0), scales))
}
