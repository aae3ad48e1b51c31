package conv

import "chainrule/internal/kernel/gemm"

// Float is an element type of an image.
type Float = gemm.Float

// A Shape is what a convolution is about. In and Out count the channels of one group. Images of fewer than three
// dimensions have leading ones of size 1, with stride and dilation 1.
type Shape struct {
	Batch, Groups, In, Out int
	X, K, Y                [3]int // sizes of the image, the kernel and the result
	Stride, Lo, Dilation   [3]int // Lo is how many zeros lie before the image
}

func size(d [3]int) int { return d[0] * d[1] * d[2] }

// Flops counts the operations of one convolution: a multiplication and an addition for each product.
func (s *Shape) Flops() float64 {
	return 2 * float64(s.Batch*s.Groups*s.In*s.Out) * float64(size(s.K)*size(s.Y))
}
