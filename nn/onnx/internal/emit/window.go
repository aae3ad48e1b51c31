package emit

import (
	"slices"

	"chainrule/graph"
)

// windows are the ops on windows of images.
var windows = map[string]writer{
	"conv":           writeConv,
	"conv_transpose": writeConvTranspose,
	"conv_weight":    writeConvWeight,
	"window_argmax":  writeWindowArgMax,
}

func writeConv(e *emitter, n *graph.Node, in []string) string {
	return e.op("Conv", attrs{"strides": intsOf(n, "Stride"), "dilations": intsOf(n, "Dilation"), "group": intOf(n, "Groups"),
		"pads": slices.Concat(intsOf(n, "Lo"), intsOf(n, "Hi"))}, in...)
}

// ends is how far windows reach behind an image: negative if some of it is left over.
func ends(image, places, size, stride, dilation, lo []int) []int {
	hi := make([]int, len(image))
	for i := range hi {
		hi[i] = (places[i]-1)*stride[i] + (size[i]-1)*dilation[i] + 1 - lo[i] - image[i]
	}
	return hi
}

func writeConvTranspose(e *emitter, n *graph.Node, in []string) string {
	stride, dilation, lo := intsOf(n, "Stride"), intsOf(n, "Dilation"), intsOf(n, "Lo")
	y, w := n.In()[0].Shape(), n.In()[1].Shape()
	hi := ends(n.Shape()[2:], y[2:], w[2:], stride, dilation, lo)
	extra := make([]int, len(hi))
	for i := range hi {
		extra[i], hi[i] = max(0, -hi[i]), max(0, hi[i])
	}
	return e.op("ConvTranspose", attrs{"strides": stride, "dilations": dilation, "group": intOf(n, "Groups"),
		"pads": slices.Concat(lo, hi), "output_padding": extra}, in...)
}

// writeConvWeight is a convolution of images, with channels for the batch, by what comes back to the places: they are taps,
// as far apart as the stride, and the kernel's taps are places. Groups are those of the channels.
func writeConvWeight(e *emitter, n *graph.Node, in []string) string {
	x, y, w, groups := n.In()[0].Shape(), n.In()[1].Shape(), n.Shape(), intOf(n, "Groups")
	axes := make([]int, len(x)-2)
	for i := range axes {
		axes[i] = i
	}
	turn := func(name string, shape []int, perm ...int) string {
		apart := e.op("Reshape", nil, name, e.ints(slices.Concat([]int{shape[0], groups, shape[1] / groups}, shape[2:])...))
		for _, a := range axes {
			perm = append(perm, 3+a)
		}
		return e.op("Transpose", attrs{"perm": perm}, apart)
	}
	images := e.op("Reshape", nil, turn(in[0], x, 2, 1, 0), e.ints(slices.Concat([]int{x[1] / groups, groups * x[0]}, x[2:])...))
	taps := e.op("Reshape", nil, turn(in[1], y, 1, 2, 0), e.ints(slices.Concat([]int{y[1], y[0]}, y[2:])...))
	z := e.op("Conv", attrs{"strides": intsOf(n, "Dilation"), "dilations": intsOf(n, "Stride"), "group": groups,
		"pads": slices.Concat(intsOf(n, "Lo"), intsOf(n, "Hi"))}, images, taps)
	var from, spatial []int
	for a := range axes {
		from, spatial = append(from, 0), append(spatial, 2+a)
	}
	z = e.op("Slice", nil, z, e.ints(from...), e.ints(w[2:]...), e.ints(spatial...))
	return e.op("Transpose", attrs{"perm": slices.Concat([]int{1, 0}, spatial)}, z)
}

// writeWindowArgMax takes the second result of MaxPool, which counts over all images, apart.
func writeWindowArgMax(e *emitter, n *graph.Node, in []string) string {
	if boolOf(n, "Adaptive") {
		e.refuse(n, "windows of different lengths")
		return ""
	}
	image := n.In()[0].Shape()
	size := intsOf(n, "Size")
	image = image[len(image)-len(size):]
	hi := ends(image, intsOf(n, "Places"), size, intsOf(n, "Stride"), intsOf(n, "Dilation"), intsOf(n, "Lo"))
	for i := range hi {
		hi[i] = max(0, hi[i])
	}
	x := e.op("Reshape", nil, in[0], e.ints(slices.Concat([]int{1, -1}, image)...))
	names := []string{e.fresh("largest"), e.fresh("places")}
	e.several(names, "MaxPool", attrs{"kernel_shape": size, "strides": intsOf(n, "Stride"), "dilations": intsOf(n, "Dilation"),
		"pads": slices.Concat(intsOf(n, "Lo"), hi)}, x)
	y := e.op("Mod", nil, names[1], e.number(graph.Int64, float64(graph.Size(image))))
	return e.op("Reshape", nil, y, e.ints(n.Shape()...))
}
