package ops

import (
	"math"

	"chainrule/graph"
)

// Resampling says how Interpolate finds an element between others.
type Resampling uint8

const (
	InterpolateNearest      Resampling = iota // the element at ⌊o·n/m⌋, as PyTorch has it
	InterpolateNearestExact                   // the element at ⌊(o + ½)·n/m⌋, whose centre is nearest
	InterpolateLinear                         // between two: linear, bilinear, trilinear
	InterpolateCubic                          // between four, with Keys' kernel, a = −¾ (−½ with Antialias), IEEE Trans. ASSP 29 (1981)
	InterpolateArea                           // the mean of the elements that a place covers: AdaptiveAvgPool
)

// InterpolateOptions are those of Interpolate: Size or Scale, one number for each axis of the image or one for all.
type InterpolateOptions struct {
	Size  []int
	Scale []float64 // of lengths, ⌊n·scale⌋
	Mode  Resampling
	// AlignCorners has the centres of the outermost elements stay where they are; else their edges do (half-pixel centres).
	AlignCorners bool
	// Antialias widens the kernels of InterpolateLinear and InterpolateCubic where an axis gets shorter.
	Antialias bool
	// Ratio has coordinates follow from the ratio of lengths, in the place of the Scale that was given.
	Ratio        bool
	ChannelsLast bool
}

// Interpolate resamples the images of x, [batch, channels, image…] or channels last, to other sizes, axis by axis, as PyTorch
// does.
func Interpolate(x *graph.Node, o InterpolateOptions) *graph.Node {
	const name = "interpolate"
	mustExist(name, x)
	x = channelsSecond(x, o.ChannelsLast)
	in, n := []*graph.Node{x}, x.Rank()-2
	if n < 1 || (len(o.Size) == 0) == (len(o.Scale) == 0) {
		graph.Fail(name, in, "wants an image beside batch and channels, and either sizes or scales")
	}
	for i := range n {
		axis := 2 + i
		length := x.Shape()[axis]
		m, ratio := o.length(name, in, i, length)
		if length == 0 {
			graph.Fail(name, in, "axis %d is empty", axis)
		}
		if o.Mode == InterpolateNearest || o.Mode == InterpolateNearestExact {
			index := make([]int64, m)
			for k := range index {
				index[k] = int64(min(o.nearest(k, length, m, ratio), length-1))
			}
			x = Take(x, graph.Const(x.Graph(), index, m), axis)
			continue
		}
		if !x.DType().IsFloat() {
			graph.Fail(name, in, "wants f32 or f64")
		}
		x = resample(x, o.weights(length, m, ratio), m, axis)
	}
	return channelsBack(x, o.ChannelsLast)
}

// length is that of axis i of the result, and how far its elements are apart on the image; 0 stands for the ratio of lengths.
func (o InterpolateOptions) length(name string, in []*graph.Node, i, n int) (m int, ratio float64) {
	if len(o.Size) > 0 {
		return perAxis(name, in, "size", o.Size, in[0].Rank()-2, 1, 1)[i], 0
	}
	if len(o.Scale) != 1 && len(o.Scale) != in[0].Rank()-2 {
		graph.Fail(name, in, "%d scales for %d axes", len(o.Scale), in[0].Rank()-2)
	}
	scale := o.Scale[min(i, len(o.Scale)-1)]
	exact := float64(n) * scale
	m = int(math.Floor(exact))
	if whole := math.Round(exact); math.Abs(exact-whole) <= 4e-16*whole { // a scale like 15/11 is rounded, and so is 11 times it
		m = int(whole)
	}
	if !(scale > 0) || m < 1 || exact > 1<<40 {
		graph.Fail(name, in, "scale %v of an axis of length %d", scale, n)
	}
	if o.Ratio {
		return m, 0
	}
	return m, 1 / scale
}

// nearest is the element of n that stands at place k of m.
func (o InterpolateOptions) nearest(k, n, m int, ratio float64) int {
	switch {
	case ratio != 0 && o.Mode == InterpolateNearest:
		return int(math.Floor(float64(k) * ratio))
	case ratio != 0:
		return int(math.Floor((float64(k) + 0.5) * ratio))
	case o.Mode == InterpolateNearest:
		return k * n / m
	}
	return (2*k + 1) * n / (2 * m)
}

// weights are the matrix [m, n] of an axis.
func (o InterpolateOptions) weights(n, m int, ratio float64) []float64 {
	if o.Mode == InterpolateArea {
		return areaWeights(n, m)
	}
	switch {
	case o.AlignCorners && m > 1:
		ratio = float64(n-1) / float64(m-1)
	case o.AlignCorners:
		ratio = 0
	case ratio == 0:
		ratio = float64(n) / float64(m)
	}
	if o.Antialias {
		return o.smooth(n, m, ratio)
	}
	weights := make([]float64, m*n)
	for k := range m {
		place := (float64(k)+0.5)*ratio - 0.5
		if o.AlignCorners {
			place = float64(k) * ratio
		}
		if o.Mode == InterpolateLinear {
			place = max(place, 0)
		}
		at := math.Floor(place)
		for p := int(at) - 1; p <= int(at)+2; p++ {
			weights[k*n+min(max(p, 0), n-1)] += o.kernel(place - float64(p))
		}
	}
	return weights
}

// smooth are weights of kernels as wide as the distance of elements on the image.
func (o InterpolateOptions) smooth(n, m int, ratio float64) []float64 {
	weights := make([]float64, m*n)
	wide := max(ratio, 1)
	support := wide
	if o.Mode == InterpolateCubic {
		support = 2 * wide
	}
	for k := range m {
		centre := (float64(k) + 0.5) * ratio
		row, sum := weights[k*n:][:n], 0.0
		for p := max(0, int(centre-support+0.5)); p < min(n, int(centre+support+0.5)); p++ {
			row[p] = o.kernel((float64(p) - centre + 0.5) / wide)
			sum += row[p]
		}
		for p := range row {
			row[p] /= sum
		}
	}
	return weights
}

// kernel is the weight of an element at the distance t.
func (o InterpolateOptions) kernel(t float64) float64 {
	t = math.Abs(t)
	if o.Mode == InterpolateLinear {
		return max(0, 1-t)
	}
	a := -0.75
	if o.Antialias {
		a = -0.5
	}
	switch {
	case t <= 1:
		return float64((float64((a+2)*t)-(a+3))*t)*t + 1
	case t < 2:
		return a * float64(float64(float64(t-5)*t+8)*t-4)
	}
	return 0
}
