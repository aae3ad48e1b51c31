package ops

import (
	"fmt"
	"math"
	"slices"

	"chainrule/graph"
	kernel "chainrule/internal/kernel/conv"
)

// ConvOptions are those of Conv and ConvTranspose. Lists have one number for each axis of the image, or one for all.
type ConvOptions struct {
	Stride   []int   // 1 without any
	Padding  Padding // none without any; Pads, PadsLoHi, Same, SameLower
	Dilation []int   // the distance between taps of the kernel, 1 without any
	Groups   int     // of channels that are convolved apart; 0 is 1
	// ChannelsLast says that the channels are the last axis of the image and of the result. Kernels are always
	// channels first.
	ChannelsLast bool
	// OutputPadding makes the result of ConvTranspose longer, at its end: by less than the stride or the dilation.
	OutputPadding []int
}

// Conv is the convolution of networks (a cross-correlation: the kernel is not turned around) in 1, 2 or 3 dimensions.
// x is [batch, channels, image…], or [batch, image…, channels] with ChannelsLast, w is [out, channels/groups, kernel…],
// and the result is [batch, out, places…]. On an axis of length n with the kernel k there are
//
//	⌊(n + lo + hi − dilation·(k−1) − 1)/stride⌋ + 1
//
// places; Same makes that ⌈n/stride⌉. It is an error if there is none. A bias is added by Add.
func Conv(x, w *graph.Node, o ConvOptions) *graph.Node {
	mustExist(convOp.Name, x, w)
	x = o.channelsFirst(convOp.Name, x, w)
	a, kernel := o.attrs(convOp.Name, x, w), w.Shape()[2:]
	stride, dilation := a.Stride.Slice(), a.Dilation.Slice()
	lo, hi := o.Padding.amounts(convOp.Name, []*graph.Node{x, w}, x.Shape()[2:], stride, reaches(kernel, dilation))
	a.Lo, a.Hi = graph.MakeInts(lo...), graph.MakeInts(hi...)
	return o.back(conv(a, x, w))
}

// ConvTranspose is the transpose of Conv in its image: what Conv makes of y is x's shape. x is [batch, channels, image…],
// or channels last, w is [channels, out/groups, kernel…], as PyTorch has it, and the result is [batch, out, places…].
// Padding is cut off the result. On an axis of length n there are
//
//	(n − 1)·stride − lo − hi + dilation·(k−1) + 1 + outputPadding
//
// places; Same makes that n·stride.
func ConvTranspose(x, w *graph.Node, o ConvOptions) *graph.Node {
	name := convTransposeOp.Name
	mustExist(name, x, w)
	x = o.channelsFirst(name, x, w)
	in := []*graph.Node{x, w}
	a, kernel, n := o.attrs(name, x, w), w.Shape()[2:], x.Rank()-2
	stride, dilation := a.Stride.Slice(), a.Dilation.Slice()
	extra := perAxis(name, in, "output padding", o.OutputPadding, n, 0, 0)
	sizes, same := make([]int, n), make([]int, n)
	for i, d := range x.Shape()[2:] {
		same[i] = d * stride[i]
		if extra[i] > 0 && extra[i] >= max(stride[i], dilation[i]) {
			graph.Fail(name, in, "output padding %d is not less than the stride or the dilation", extra[i])
		}
	}
	lo, hi := o.Padding.amounts(name, in, same, stride, reaches(kernel, dilation))
	for i, d := range x.Shape()[2:] {
		sizes[i] = (d-1)*stride[i] - lo[i] - hi[i] + dilation[i]*(kernel[i]-1) + 1 + extra[i]
		if o.Padding.mode != paddedBy {
			sizes[i] = same[i]
		}
		if hi[i] -= extra[i]; hi[i] < 0 || o.Padding.mode != paddedBy { // what lies behind the last tap is zero
			hi[i] = max(0, (d-1)*stride[i]+dilation[i]*(kernel[i]-1)+1-lo[i]-sizes[i])
		}
	}
	a.Lo, a.Hi, a.Size = graph.MakeInts(lo...), graph.MakeInts(hi...), graph.MakeInts(sizes...)
	return o.back(apply(&convTransposeOp, a, x, w))
}

// ConvWeight is the third of the kind: the sum over a batch of images x, [batch, channels, image…], and of what Conv makes of
// them, y, [batch, out, places…], that has the shape of the kernel, [out, channels/groups, kernel…]: the gradient by the
// kernel, if y is that by the result. The sizes of the kernel are given, and o is what Conv was given.
func ConvWeight(x, y *graph.Node, kernel []int, o ConvOptions) *graph.Node {
	name := convWeightOp.Name
	mustExist(name, x, y)
	x, y = o.channelsFirst(name, x, y), o.channelsFirst(name, y, x)
	in, n := []*graph.Node{x, y}, x.Rank()-2
	sizes := perAxis(name, in, "kernel", kernel, n, 1, 1)
	a := o.attrs(name, x, y)
	lo, hi := o.Padding.amounts(name, in, x.Shape()[2:], a.Stride.Slice(), reaches(sizes, a.Dilation.Slice()))
	a.Lo, a.Hi, a.Size = graph.MakeInts(lo...), graph.MakeInts(hi...), graph.MakeInts(sizes...)
	return apply(&convWeightOp, a, x, y)
}

// channelsFirst refuses what is no image and its kernel, and returns the image with channels first.
func (o ConvOptions) channelsFirst(op string, x, w *graph.Node) *graph.Node {
	if n := x.Rank() - 2; n < 1 || n > 3 || w.Rank() != x.Rank() {
		graph.Fail(op, []*graph.Node{x, w}, "wants an image of rank 3 to 5, batch and channels included, and a kernel of that rank")
	}
	if o.ChannelsLast {
		return MoveAxis(x, -1, 1)
	}
	return x
}

func (o ConvOptions) back(y *graph.Node) *graph.Node {
	if o.ChannelsLast {
		return MoveAxis(y, 1, -1)
	}
	return y
}

// attrs are the attributes but for padding and size.
func (o ConvOptions) attrs(op string, x, w *graph.Node) convAttrs {
	in, n := []*graph.Node{x, w}, x.Rank()-2
	if o.Groups < 0 {
		graph.Fail(op, in, "%d groups", o.Groups)
	}
	return convAttrs{
		Stride:   graph.MakeInts(perAxis(op, in, "stride", o.Stride, n, 1, 1)...),
		Dilation: graph.MakeInts(perAxis(op, in, "dilation", o.Dilation, n, 1, 1)...),
		Groups:   max(1, o.Groups),
	}
}

func reaches(kernel, dilation []int) []int {
	reach := slices.Clone(kernel)
	for i, k := range kernel {
		reach[i] = dilation[i]*(k-1) + 1
	}
	return reach
}

// convAttrs are those of the three convolutions: y of x and w, x of y and w, w of x and y. Size is that of the
// image, kernel or result that is computed, without channels.
type convAttrs struct {
	Stride, Lo, Hi, Dilation graph.Ints
	Groups                   int
	Size                     graph.Ints
}

// convAxes are lists of the attributes, by axes of the image.
type convAxes struct{ stride, lo, hi, dilation []int }

func (a convAttrs) axes() convAxes {
	return convAxes{a.Stride.Slice(), a.Lo.Slice(), a.Hi.Slice(), a.Dilation.Slice()}
}

// places is how often the kernel k fits on an axis of length n.
func (a convAxes) places(i, n, k int) int {
	room := n + a.lo[i] + a.hi[i] - a.dilation[i]*(k-1) - 1
	if room < 0 {
		return 0
	}
	return room/a.stride[i] + 1
}

func (a convAxes) allPlaces(x, w []int) []int {
	if len(a.stride) != len(x) || len(w) != len(x) {
		return nil // check says so
	}
	all := make([]int, len(x))
	for i := range all {
		all[i] = a.places(i, x[i], w[i])
	}
	return all
}

// check holds the attributes against the number of axes, and sizes of the image x and the kernel w against those of the
// result y.
func (a convAxes) check(x, w, y []int) error {
	n := len(x)
	for _, l := range [][]int{a.stride, a.lo, a.hi, a.dilation, w} {
		if len(l) != n {
			return fmt.Errorf("numbers for %d axes where the image has %d", len(l), n)
		}
	}
	for i := range n {
		if a.stride[i] < 1 || a.dilation[i] < 1 || a.lo[i] < 0 || a.hi[i] < 0 || w[i] < 1 {
			return fmt.Errorf("axis %d of the image: a stride, a dilation or a kernel below 1, or negative padding", i)
		}
		if limit := math.MaxInt / 1024; max(a.stride[i], a.lo[i], a.hi[i]) > limit || a.dilation[i] > limit/w[i] {
			return fmt.Errorf("axis %d of the image: too large a stride, dilation or padding", i)
		}
		switch places := a.places(i, x[i], w[i]); {
		case x[i] < 0:
			return fmt.Errorf("axis %d of the image would have the length %d", i, x[i])
		case places == 0:
			return fmt.Errorf("the kernel reaches over %d places where the padded image has %d, on axis %d",
				a.dilation[i]*(w[i]-1)+1, x[i]+a.lo[i]+a.hi[i], i)
		case len(y) != n || places != y[i]:
			return fmt.Errorf("places %v where the kernel has %d on axis %d of the image", y, places, i)
		}
	}
	return nil
}

// operands checks what two operands of a convolution have in common.
func (a convAttrs) operands(in []*graph.Node) error {
	p, q := in[0], in[1]
	switch {
	case !p.DType().IsFloat():
		return kindError("f32 or f64")
	case p.DType() != q.DType():
		return fmt.Errorf("element types %v and %v differ: convert one with Cast", p.DType(), q.DType())
	case p.Rank() < 3 || p.Rank() > 5 || q.Rank() != p.Rank():
		return kindError("operands of one rank, 3 to 5")
	case a.Groups < 1:
		return fmt.Errorf("%d groups", a.Groups)
	}
	return nil
}

// convShape is the shape of a convolution of x and w with the result y, all as shapes.
func convShape(a convAttrs, x, w, y []int) *kernel.Shape {
	s := &kernel.Shape{Batch: x[0], Groups: a.Groups, In: w[1], Out: w[0] / a.Groups}
	n, axes := len(x)-2, a.axes()
	for i := range 3 {
		s.X[i], s.K[i], s.Y[i], s.Stride[i], s.Dilation[i] = 1, 1, 1, 1, 1
		if j := i - 3 + n; j >= 0 {
			s.X[i], s.K[i], s.Y[i] = x[2+j], w[2+j], y[2+j]
			s.Stride[i], s.Dilation[i], s.Lo[i] = axes.stride[j], axes.dilation[j], axes.lo[j]
		}
	}
	return s
}
