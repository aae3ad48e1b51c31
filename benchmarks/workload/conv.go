package workload

import "math"

// A Window is what a convolution of square images is about: x is [batch, in, image, image], w is
// [out, in/groups, kernel, kernel], and the image is surrounded by ⌊kernel/2⌋ zeros.
type Window struct{ In, Out, Groups, Kernel, Stride, Image int }

// Padding is the number of zeros on each side, Places the length of the result.
func (w Window) Padding() int { return w.Kernel / 2 }
func (w Window) Places() int  { return (w.Image+2*w.Padding()-w.Kernel)/w.Stride + 1 }

// Shapes are those of x, w and y.
func (c Case) Shapes() (x, w, y []int) {
	v := c.Window
	return []int{c.Batch, v.In, v.Image, v.Image}, []int{v.Out, v.In / v.Groups, v.Kernel, v.Kernel},
		[]int{c.Batch, v.Out, v.Places(), v.Places()}
}

// KernelScale is that of the kernel: one over the root of the products in a sum, rounded to a power of two.
func (c Case) KernelScale() float64 {
	v := c.Window
	return math.Exp2(math.Round(math.Log2(float64(v.In/v.Groups*v.Kernel*v.Kernel)) / -2))
}

// convolved is Check of what is asked for, of x, stream A, the kernel, stream W, and the incoming gradient, stream B.
func (c Case) convolved() []Expected {
	v := c.Window
	xs, ws, ys := c.Shapes()
	size := func(s []int) int { return s[0] * s[1] * s[2] * s[3] }
	x, w, y := Fill[float64](AStream, size(xs), 1), Fill[float64](WeightStream, size(ws), c.KernelScale()), Fill[float64](BStream, size(ys), 1)
	out := make([]float64, len(map[string][]float64{"fwd": y, "gradx": x, "gradw": w}[c.Form]))
	in, perGroup := v.In/v.Groups, v.Out/v.Groups
	c.eachProduct(func(n, o, i, ky, kx, py, px, qy, qx int) {
		at := ((n*v.In+o/perGroup*in+i)*v.Image+qy)*v.Image + qx
		k := ((o*in+i)*v.Kernel+ky)*v.Kernel + kx
		to := ((n*v.Out+o)*v.Places()+py)*v.Places() + px
		switch c.Form {
		case "fwd":
			out[to] += x[at] * w[k]
		case "gradx":
			out[at] += y[to] * w[k]
		default:
			out[k] += x[at] * y[to]
		}
	})
	return []Expected{c.expect("the "+map[string]string{"fwd": "result", "gradx": "image", "gradw": "kernel"}[c.Form], Check(out))}
}

// eachProduct calls visit for every product of an element of the image with one of the kernel.
func (c Case) eachProduct(visit func(n, o, i, ky, kx, py, px, qy, qx int)) {
	v := c.Window
	for n := range c.Batch {
		for o := range v.Out {
			for i := range v.In / v.Groups {
				for ky := range v.Kernel {
					for kx := range v.Kernel {
						for py := range v.Places() {
							qy := py*v.Stride + ky - v.Padding()
							if qy < 0 || qy >= v.Image {
								continue
							}
							for px := range v.Places() {
								if qx := px*v.Stride + kx - v.Padding(); qx >= 0 && qx < v.Image {
									visit(n, o, i, ky, kx, py, px, qy, qx)
								}
							}
						}
					}
				}
			}
		}
	}
}
