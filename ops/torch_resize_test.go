package ops_test

import (
	"math"

	"chainrule/graph"
	"chainrule/ops"
)

// padded is pad in its four modes: pairs of numbers from the last axis on, negative ones crop.
func padded(c *torchCall, x *graph.Node) *graph.Node {
	pairs, lo, hi := c.ints(0, "pad"), make([]int, x.Rank()), make([]int, x.Rank())
	for i := range len(pairs) / 2 {
		lo[x.Rank()-1-i], hi[x.Rank()-1-i] = pairs[2*i], pairs[2*i+1]
	}
	switch mode := c.text(1, "mode", "constant"); mode {
	case "constant":
		return ops.PadConstant(x, c.float(2, "value", 0), lo, hi)
	default:
		return ops.PadMode(x, map[string]ops.PadKind{"reflect": ops.Reflect, "replicate": ops.Edge, "circular": ops.Wrap}[mode], lo, hi)
	}
}

func interpolate(c *torchCall, x *graph.Node) *graph.Node {
	o := ops.InterpolateOptions{Size: c.ints(0, "size"), AlignCorners: c.bool(3, "align_corners", false)}
	o.Mode = map[string]ops.Resampling{
		"nearest": ops.InterpolateNearest, "nearest-exact": ops.InterpolateNearestExact, "linear": ops.InterpolateLinear,
		"bilinear": ops.InterpolateLinear, "trilinear": ops.InterpolateLinear, "bicubic": ops.InterpolateCubic,
		"area": ops.InterpolateArea,
	}[c.text(2, "mode", "nearest")]
	if o.Size == nil {
		scales, several := c.get(1, "scale_factor").([]any)
		for _, s := range scales {
			o.Scale = append(o.Scale, s.(float64))
		}
		if !several {
			o.Scale = []float64{c.float(1, "scale_factor", math.NaN())}
		}
	}
	return ops.Interpolate(x, o)
}
