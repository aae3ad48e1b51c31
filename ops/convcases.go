package ops

import "chainrule/graph"

// The cases that the three convolutions share: each is x, w and y, of which an op gets two.

var (
	convCase2  = convAttrs{Stride: "1,1", Lo: "1,1", Hi: "1,1", Dilation: "2,2", Groups: 1, Size: "6,6"}
	convGroups = convAttrs{Stride: "1", Lo: "0", Hi: "0", Dilation: "1", Groups: 2, Size: "6"}
)

func convSized(size graph.Ints) convAttrs {
	return convAttrs{Stride: "1", Lo: "0", Hi: "0", Dilation: "1", Groups: 1, Size: size}
}

// convCases are those of conv, conv_transpose (1) or conv_weight (2).
func convCases(which int) []graph.Case {
	of := func(name string, a convAttrs, x, w, y []int) graph.Case {
		c := graph.Case{Name: name}
		switch which {
		case 0:
			c.In, a.Size = []graph.Arg{arg(x...), arg(w...)}, graph.MakeInts(y[2:]...)
		case 1:
			c.In, a.Size = []graph.Arg{arg(y...), arg(w...)}, graph.MakeInts(x[2:]...)
		default:
			c.In, a.Size = []graph.Arg{arg(x...), arg(y...)}, graph.MakeInts(w[2:]...)
		}
		c.Attrs = a
		return c
	}
	return []graph.Case{
		of("line", convAttrs{Stride: "1", Lo: "0", Hi: "0", Dilation: "1", Groups: 1}, []int{2, 3, 7}, []int{2, 3, 3}, []int{2, 2, 5}),
		of("padded", convAttrs{Stride: "1", Lo: "2", Hi: "1", Dilation: "1", Groups: 1}, []int{1, 2, 5}, []int{3, 2, 3}, []int{1, 3, 6}),
		of("image", convAttrs{Stride: "1,1", Lo: "1,1", Hi: "1,1", Dilation: "1,1", Groups: 1},
			[]int{2, 2, 4, 5}, []int{3, 2, 3, 3}, []int{2, 3, 4, 5}),
		of("stride", convAttrs{Stride: "2,3", Lo: "1,0", Hi: "0,1", Dilation: "1,1", Groups: 1},
			[]int{1, 2, 6, 7}, []int{2, 2, 3, 2}, []int{1, 2, 3, 3}),
		of("dilation", convAttrs{Stride: "1,2", Lo: "2,1", Hi: "1,2", Dilation: "2,3", Groups: 1},
			[]int{1, 1, 5, 6}, []int{2, 1, 3, 2}, []int{1, 2, 4, 3}),
		of("groups", convAttrs{Stride: "2", Lo: "1", Hi: "1", Dilation: "1", Groups: 2}, []int{2, 4, 5}, []int{6, 2, 3}, []int{2, 6, 3}),
		of("depthwise", convAttrs{Stride: "1,1", Lo: "1,1", Hi: "1,1", Dilation: "1,1", Groups: 3},
			[]int{1, 3, 3, 4}, []int{3, 1, 3, 3}, []int{1, 3, 3, 4}),
		of("skipping", convAttrs{Stride: "3", Lo: "0", Hi: "0", Dilation: "1", Groups: 1}, []int{1, 2, 8}, []int{2, 2, 2}, []int{1, 2, 3}),
		of("one tap", convAttrs{Stride: "1,1", Lo: "0,0", Hi: "0,0", Dilation: "1,1", Groups: 1},
			[]int{2, 3, 2, 3}, []int{4, 3, 1, 1}, []int{2, 4, 2, 3}),
		of("volume", convAttrs{Stride: "1,2,1", Lo: "0,1,0", Hi: "1,0,0", Dilation: "1,1,2", Groups: 1},
			[]int{1, 2, 3, 4, 5}, []int{2, 2, 2, 3, 2}, []int{1, 2, 3, 2, 3}),
		of("no images", convAttrs{Stride: "1", Lo: "0", Hi: "0", Dilation: "1", Groups: 1}, []int{0, 2, 4}, []int{2, 2, 3}, []int{0, 2, 2}),
		of("no channels", convAttrs{Stride: "1", Lo: "0", Hi: "0", Dilation: "1", Groups: 1}, []int{1, 0, 4}, []int{2, 0, 3}, []int{1, 2, 2}),
		of("zeros alone", convAttrs{Stride: "1", Lo: "1", Hi: "2", Dilation: "1", Groups: 1}, []int{1, 2, 0}, []int{2, 2, 2}, []int{1, 2, 2}),
	}
}
