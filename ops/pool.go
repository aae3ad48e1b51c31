package ops

import (
	"math"
	"slices"

	"chainrule/graph"
)

// PoolOptions are those of pooling. Lists have one number for each axis of the image, or one for all.
type PoolOptions struct {
	Size         []int   // of the window
	Stride       []int   // Size without any
	Padding      Padding // at most half of what a window reaches over
	Dilation     []int   // the distance between the elements of a window, 1 without any
	Ceil         bool    // a last place for what is left over, if it begins on the image or the padding before it
	ChannelsLast bool
	// ExcludePadding divides AvgPool's sums by the number of elements on the image; else padding counts too, what lies
	// beyond it does not. Divisor, if it is not 0, is divided by instead.
	ExcludePadding bool
	Divisor        float64
}

// pool is the geometry of pooling one image.
type pool struct {
	size, stride, lo, hi, dilation, image, places []int
}

// geometry checks the options against an image [batch, channels, image…].
func (o PoolOptions) geometry(op string, x *graph.Node) pool {
	in, n := []*graph.Node{x}, x.Rank()-2
	if n < 1 || n > 3 {
		graph.Fail(op, in, "wants an image of rank 3 to 5, batch and channels included")
	}
	if len(o.Size) == 0 {
		graph.Fail(op, in, "the window has no size")
	}
	p := pool{size: perAxis(op, in, "size", o.Size, n, 1, 1), image: x.Shape()[2:]}
	p.stride, p.dilation = slices.Clone(p.size), perAxis(op, in, "dilation", o.Dilation, n, 1, 1)
	if len(o.Stride) > 0 {
		p.stride = perAxis(op, in, "stride", o.Stride, n, 1, 1)
	}
	reach := reaches(p.size, p.dilation)
	p.lo, p.hi = o.Padding.amounts(op, in, p.image, p.stride, reach)
	for i, d := range p.image {
		if o.Padding.mode == paddedBy && max(p.lo[i], p.hi[i]) > reach[i]/2 {
			graph.Fail(op, in, "padding %d is more than half of the window, which reaches over %d places", max(p.lo[i], p.hi[i]), reach[i])
		}
		room := d + p.lo[i] + p.hi[i] - reach[i]
		if room < 0 || d == 0 {
			graph.Fail(op, in, "the window reaches over %d places where the padded image has %d, on axis %d", reach[i], d+p.lo[i]+p.hi[i], i)
		}
		places := room/p.stride[i] + 1
		if o.Ceil && room%p.stride[i] > 0 && places*p.stride[i] < d+p.lo[i] {
			places++
		}
		p.places = append(p.places, places)
	}
	return p
}

// MaxPool is the largest element of each window, NaN if one is, of x: [batch, channels, image…], or channels last. Padding is
// never the largest. The first of equal elements gets the derivative. On an axis of length n there are
//
//	⌊(n + lo + hi − dilation·(k−1) − 1)/stride⌋ + 1
//
// places, with Ceil rounded up, but for a last one that would begin behind the image.
func MaxPool(x *graph.Node, o PoolOptions) *graph.Node {
	y, _ := MaxPoolIndices(x, o)
	return y
}

// MaxPoolIndices is MaxPool and, as an i64, where in its image (row-major, without channels) each largest element lies.
func MaxPoolIndices(x *graph.Node, o PoolOptions) (y, index *graph.Node) {
	const name = "max_pool"
	mustExist(name, x)
	x = channelsSecond(x, o.ChannelsLast)
	p := o.geometry(name, x)
	index = apply(&windowArgmaxOp, windowAttrs{
		Size: graph.MakeInts(p.size...), Stride: graph.MakeInts(p.stride...), Lo: graph.MakeInts(p.lo...),
		Dilation: graph.MakeInts(p.dilation...), Places: graph.MakeInts(p.places...),
	}, x)
	return channelsBack(atPlaces(x, index), o.ChannelsLast), channelsBack(index, o.ChannelsLast)
}

// MaxUnpool puts the elements of y where MaxPoolIndices found them, on images of the given sizes, and zeros elsewhere. What
// several windows found is added.
func MaxUnpool(y, index *graph.Node, sizes []int, channelsLast bool) *graph.Node {
	const name = "max_unpool"
	mustExist(name, y, index)
	y, index = channelsSecond(y, channelsLast), channelsSecond(index, channelsLast)
	if len(sizes) != y.Rank()-2 || !slices.Equal(y.Shape(), index.Shape()) {
		graph.Fail(name, []*graph.Node{y, index}, "wants indices of the shape of the elements, and %d sizes", y.Rank()-2)
	}
	flat := slices.Concat(y.Shape()[:2], []int{graph.Size(y.Shape()[2:])})
	x := apply(&scatterAddOp, scatterAttrs{Axis: 2, Length: graph.Size(sizes), Batch: 2}, Reshape(y, flat...), Reshape(index, flat...))
	return channelsBack(Reshape(x, slices.Concat(y.Shape()[:2], sizes)...), channelsLast)
}

// atPlaces picks elements of images by their indices.
func atPlaces(x, index *graph.Node) *graph.Node {
	lead, places := x.Shape()[:2], index.Shape()[2:]
	flat := Reshape(x, slices.Concat(lead, []int{graph.Size(x.Shape()[2:])})...)
	at := Reshape(index, slices.Concat(lead, []int{graph.Size(places)})...)
	return Reshape(TakeAlong(flat, at, -1), index.Shape()...)
}

// AvgPool is the mean of each window of x, [batch, channels, image…] or channels last: see MaxPool for the places.
func AvgPool(x *graph.Node, o PoolOptions) *graph.Node {
	const name = "avg_pool"
	mustExist(name, x)
	if !x.DType().IsFloat() {
		graph.Fail(name, []*graph.Node{x}, "wants f32 or f64")
	}
	x = channelsSecond(x, o.ChannelsLast)
	p := o.geometry(name, x)
	y := windowSums(x, p)
	if o.Divisor != 0 {
		return channelsBack(Div(y, o.Divisor), o.ChannelsLast)
	}
	counts := []float64{1}
	for i := range p.image { // the number of elements of a window is a product over axes
		var next []float64
		for _, c := range counts {
			for place := range p.places[i] {
				next = append(next, c*p.count(i, place, o.ExcludePadding))
			}
		}
		counts = next
	}
	return channelsBack(Div(y, constant(x, counts, p.places...)), o.ChannelsLast)
}

// count is how many elements a window has on axis i.
func (p pool) count(i, place int, onImage bool) float64 {
	count, from := 0, place*p.stride[i]-p.lo[i]
	for k := range p.size[i] {
		at := from + k*p.dilation[i]
		if at < p.image[i] && at >= 0 || !onImage && at < p.image[i]+p.hi[i] {
			count++
		}
	}
	return float64(count)
}

// windowSums adds up windows: a convolution of each channel with ones.
func windowSums(x *graph.Node, p pool) *graph.Node {
	hi := slices.Clone(p.hi)
	for i, reach := range reaches(p.size, p.dilation) {
		hi[i] = max(0, (p.places[i]-1)*p.stride[i]+reach-p.image[i]-p.lo[i])
	}
	a := convAttrs{
		Stride: graph.MakeInts(p.stride...), Dilation: graph.MakeInts(p.dilation...), Groups: 1,
		Lo: graph.MakeInts(p.lo...), Hi: graph.MakeInts(hi...),
	}
	lead := x.Shape()[:2]
	one := Full(x.Graph(), x.DType(), 1, slices.Concat([]int{1, 1}, p.size)...)
	y := conv(a, Reshape(x, slices.Concat([]int{lead[0] * lead[1], 1}, p.image)...), one)
	return Reshape(y, slices.Concat(lead, p.places)...)
}

// LPPool is (Σ |x|^norm)^(1/norm) over each window: see MaxPool for the places.
func LPPool(x *graph.Node, norm float64, o PoolOptions) *graph.Node {
	mustExist("lp_pool", x)
	if !(norm > 0) || math.IsInf(norm, 1) {
		graph.Fail("lp_pool", []*graph.Node{x}, "the norm %v is not a positive number: MaxPool has that of infinity", norm)
	}
	o.Divisor = 1
	return Pow(AvgPool(Pow(Abs(x), norm), o), 1/norm)
}

// channelsSecond takes channels from the end to their place, channelsBack back again.
func channelsSecond(x *graph.Node, last bool) *graph.Node {
	if last && x.Rank() > 2 {
		return MoveAxis(x, -1, 1)
	}
	return x
}

func channelsBack(y *graph.Node, last bool) *graph.Node {
	if last {
		return MoveAxis(y, 1, -1)
	}
	return y
}

// constant has x's graph and element type.
func constant(x *graph.Node, data []float64, shape ...int) *graph.Node {
	return Cast(graph.Const(x.Graph(), data, shape...), x.DType())
}
