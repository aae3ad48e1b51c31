package ops

import (
	"slices"

	"chainrule/graph"
)

// Standardise returns (x − mean) / √(variance + eps) over the given axes, all without any, with the variance that divides by
// the number of elements. The mean is taken off before squares are, so a large one costs no digits. Eps is not negative; where
// x is constant and eps is not 0, the result and its derivatives are 0 and finite.
func Standardise(x *graph.Node, eps float64, axes ...int) *graph.Node {
	distance, variance := moments("standardise", x, eps, axes)
	return Mul(distance, Rsqrt(Add(KeepDims(variance, x, axes...), eps)))
}

// moments gives distances from the mean over the axes, and their mean square.
func moments(name string, x *graph.Node, eps float64, axes []int) (distance, variance *graph.Node) {
	mustExist(name, x)
	if !x.DType().IsFloat() || !(eps >= 0) {
		graph.Fail(name, []*graph.Node{x}, "wants floats and an eps of 0 or more, not %v", eps)
	}
	distance = Sub(x, KeepDims(Mean(x, axes...), x, axes...))
	return distance, Mean(Square(distance), axes...)
}

// affine is y·weight + bias, either of which may be nil, for none.
func affine(y, weight, bias *graph.Node) *graph.Node {
	switch {
	case weight != nil && bias != nil:
		return MulAdd(y, weight, bias)
	case weight != nil:
		return Mul(y, weight)
	case bias != nil:
		return Add(y, bias)
	}
	return y
}

// LayerNorm returns Standardise over the last axes, the last one without any given, times weight plus bias, which broadcast
// against x and are nil for none (Ba, Kiros, Hinton 2016, Layer normalization).
func LayerNorm(x, weight, bias *graph.Node, eps float64, axes ...int) *graph.Node {
	mustExist("layer_norm", x)
	return affine(Standardise(x, eps, lastWithout(axes)...), weight, bias)
}

// RMSNorm returns x / √(mean x² + eps) over the axes, the last one without any given, times weight, which broadcasts against
// x and is nil for none (Zhang, Sennrich 2019, Root mean square layer normalization).
func RMSNorm(x, weight *graph.Node, eps float64, axes ...int) *graph.Node {
	mustExist("rms_norm", x)
	axes = lastWithout(axes)
	if !x.DType().IsFloat() || !(eps >= 0) {
		graph.Fail("rms_norm", []*graph.Node{x}, "wants floats and an eps of 0 or more, not %v", eps)
	}
	scale := Rsqrt(Add(KeepDims(Mean(Square(x), axes...), x, axes...), eps))
	return affine(Mul(x, scale), weight, nil)
}

func lastWithout(axes []int) []int {
	if len(axes) == 0 {
		return []int{-1}
	}
	return axes
}

// GroupNorm standardises x, of shape [N, C, …], over groups of C/groups channels and all that lies behind them, and scales
// and shifts each channel by weight and bias, of shape [C], nil for none (Wu, He 2018, Group normalization).
func GroupNorm(x, weight, bias *graph.Node, groups int, eps float64) *graph.Node {
	c := channels("group_norm", x)
	if groups < 1 || c%groups != 0 {
		graph.Fail("group_norm", []*graph.Node{x}, "%d groups do not divide %d channels", groups, c)
	}
	size := 1
	for _, n := range x.Shape()[1:] {
		size *= n
	}
	y := Standardise(Reshape(x, x.Shape()[0], groups, size/groups), eps, -1)
	return perChannel(Reshape(y, x.Shape()...), weight, bias)
}

// InstanceNorm standardises each channel of each example of x, of shape [N, C, …], over what lies behind them, and scales
// and shifts each channel by weight and bias, of shape [C], nil for none (Ulyanov, Vedaldi, Lempitsky 2016).
func InstanceNorm(x, weight, bias *graph.Node, eps float64) *graph.Node {
	return GroupNorm(x, weight, bias, channels("instance_norm", x), eps)
}

// BatchNorm standardises each channel of x, of shape [N, C, …], over all other axes, and scales and shifts it by weight and
// bias, of shape [C], nil for none (Ioffe, Szegedy 2015, Batch normalization). It returns the mean and the variance too, of
// shape [C], the latter divided by the number of elements.
func BatchNorm(x, weight, bias *graph.Node, eps float64) (y, mean, variance *graph.Node) {
	channels("batch_norm", x)
	axes := []int{0}
	for a := 2; a < x.Rank(); a++ {
		axes = append(axes, a)
	}
	distance, variance := moments("batch_norm", x, eps, axes)
	scale := Rsqrt(Add(variance, eps))
	if weight != nil {
		scale = Mul(weight, scale)
	}
	return perChannel(distance, scale, bias), Mean(x, axes...), variance
}

// BatchNormWith is BatchNorm with a mean and a variance that are given, of shape [C]: what is used once training is over.
func BatchNormWith(x, mean, variance, weight, bias *graph.Node, eps float64) *graph.Node {
	channels("batch_norm_with", x)
	mustExist("batch_norm_with", mean, variance)
	scale := Rsqrt(Add(variance, eps))
	if weight != nil {
		scale = Mul(weight, scale)
	}
	return perChannel(Sub(x, alongChannels(x, mean)), scale, bias)
}

// channels is the length of axis 1.
func channels(name string, x *graph.Node) int {
	mustExist(name, x)
	if x.Rank() < 2 {
		graph.Fail(name, []*graph.Node{x}, "wants a shape [N, C, …]")
	}
	return x.Shape()[1]
}

// perChannel is y·weight + bias for vectors along axis 1.
func perChannel(y, weight, bias *graph.Node) *graph.Node {
	return affine(y, alongChannels(y, weight), alongChannels(y, bias))
}

// alongChannels lays a vector along axis 1 of x.
func alongChannels(x, v *graph.Node) *graph.Node {
	if v == nil {
		return nil
	}
	if v.Rank() != 1 || v.Shape()[0] != x.Shape()[1] {
		graph.Fail("per_channel", []*graph.Node{x, v}, "want a vector of %d channels", x.Shape()[1])
	}
	return Reshape(v, append([]int{v.Shape()[0]}, slices.Repeat([]int{1}, x.Rank()-2)...)...)
}
