package ops

import (
	"fmt"
	"math"

	"chainrule/graph"
	"chainrule/internal/kernel/vec"
)

// windowAttrs are windows on the last axes of an operand: on axis i, place o has the elements o·stride − lo + k·dilation,
// k < size, that lie on the image. Adaptive windows are the bins of AdaptiveAvgPool.
type windowAttrs struct {
	Size, Stride, Lo, Dilation, Places graph.Ints
	Adaptive                           bool
}

var windowArgmaxOp graph.Op

// WindowArgmax is the index, on the image, of the largest element of each window: what MaxPoolIndices has beside the elements.
func WindowArgmax(x *graph.Node, o PoolOptions) *graph.Node {
	_, index := MaxPoolIndices(x, o)
	return index
}

func init() {
	of := func(name string, a windowAttrs, x graph.Arg) graph.Case {
		return graph.Case{Name: name, In: []graph.Arg{x}, Attrs: a}
	}
	define(&windowArgmaxOp, graph.Op{
		Name: "window_argmax", Doc: "index on the image of the largest element of each window", Class: graph.Opaque, Arity: 1,
		Attrs: windowAttrs{}, Infer: inferWindow,
		Kernel:     byDType{f32: windowArgmax[float32], f64: windowArgmax[float64], i64: windowArgmax[int64]}.ofInput,
		Derivative: NonDiff("its result is an index"), Batch: batchSame,
		Cases: []graph.Case{
			of("line", windowAttrs{"3", "2", "1", "1", "3", false}, arg(2, 5)),
			of("image", windowAttrs{"2,2", "2,2", "0,0", "1,1", "2,3", false}, arg(2, 3, 4, 6)),
			of("dilated", windowAttrs{"2,2", "1,2", "1,1", "2,1", "4,3", false}, arg(1, 4, 5)),
			of("volume", windowAttrs{"2,2,1", "1,2,1", "0,1,0", "1,1,1", "2,2,2", false}, arg(3, 3, 2)),
			of("bins", windowAttrs{Places: "2,3", Adaptive: true}, arg(2, 5, 4)),
			of("i64", windowAttrs{"2", "2", "0", "1", "3", false}, ints(4, 6)),
			of("none", windowAttrs{"2", "2", "0", "1", "3", false}, arg(0, 6)),
		},
		BadCases: []graph.BadCase{
			bad(windowAttrs{"2", "2", "0", "1", "4", false}, "a window on axis 0 lies beyond the image", f64(6)),
			bad(windowAttrs{"2,2", "2", "0", "1", "4", false}, "do not have one number for each axis", f64(6, 6)),
			bad(windowAttrs{"2", "2", "0", "1", "3", false}, "wants numbers", boolean(6)),
		},
	})
}

func inferWindow(in []*graph.Node, attrs any) (graph.Type, error) {
	a, x := attrs.(windowAttrs), in[0]
	places, lists := a.Places.Slice(), [][]int{a.Size.Slice(), a.Stride.Slice(), a.Lo.Slice(), a.Dilation.Slice()}
	n := len(places)
	if !isNumber(x.DType()) {
		return graph.Type{}, kindError("numbers, not bool")
	}
	for _, l := range lists {
		if len(l) != n && !a.Adaptive || n == 0 || n > x.Rank() || n > 3 {
			return graph.Type{}, fmt.Errorf("the attributes do not have one number for each axis")
		}
	}
	lead := x.Rank() - n
	for i, d := range x.Shape()[lead:] {
		if places[i] < 0 || d == 0 {
			return graph.Type{}, fmt.Errorf("%d places on an axis of length %d", places[i], d)
		}
		if err := a.fit(lists, i, d, places[i]); err != nil {
			return graph.Type{}, err
		}
	}
	return i64(append(x.Shape()[:lead:lead], places...)...), nil
}

// fit checks that each place of axis i, of length n, has an element on the image: those that begin on it do, and what begins
// before it is looked at.
func (a windowAttrs) fit(lists [][]int, i, n, places int) error {
	if a.Adaptive || places == 0 {
		return nil
	}
	limit := int(math.Sqrt(math.MaxInt)) / 2
	size, stride, lo, dilation := lists[0][i], lists[1][i], lists[2][i], lists[3][i]
	if min(size, stride, dilation) < 1 || lo < 0 || max(size, stride, dilation, n) > limit || lo > 1<<20 {
		return fmt.Errorf("a window of size %d, stride %d, dilation %d and padding %d on axis %d", size, stride, dilation, lo, i)
	}
	beyond := places-1 > (n-1+lo)/stride
	for o := 0; o < places && o*stride < lo; o++ {
		first, _, end := a.window(lists, i, o, n)
		beyond = beyond || first >= end
	}
	if beyond {
		return fmt.Errorf("a window on axis %d lies beyond the image", i)
	}
	return nil
}

// window has the elements first, first + step, … before end of place o on axis i, which has the length n.
func (a windowAttrs) window(lists [][]int, i, o, n int) (first, step, end int) {
	if a.Adaptive {
		first, end = bin(o, n, max(1, a.Places.Slice()[i]))
		return first, 1, end
	}
	size, stride, lo, dilation := lists[0][i], lists[1][i], lists[2][i], lists[3][i]
	first = o*stride - lo
	end = min(first+(size-1)*dilation+1, n)
	if first < 0 {
		first += (-first + dilation - 1) / dilation * dilation
	}
	return first, dilation, end
}

// A windowRow is a window on one axis.
type windowRow struct{ first, step, end int }

// windowArgmax binds the search. NaN is the largest, and the first of equals is taken.
func windowArgmax[T vec.Num](n *graph.Node) graph.Kernel {
	a, x := n.Attrs().(windowAttrs), n.In()[0]
	lists := [][]int{a.Size.Slice(), a.Stride.Slice(), a.Lo.Slice(), a.Dilation.Slice()}
	places := a.Places.Slice()
	image := [3]int{1, 1, 1}
	rows := [3][]windowRow{{{0, 1, 1}}, {{0, 1, 1}}, {{0, 1, 1}}}
	for i, d := range x.Shape()[x.Rank()-len(places):] {
		k := 3 - len(places) + i
		image[k], rows[k] = d, nil
		for o := range places[i] {
			first, step, end := a.window(lists, i, o, d)
			rows[k] = append(rows[k], windowRow{first, step, end})
		}
	}
	plane, results := graph.Size(image[:]), graph.Size(places)
	return func(w *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		dst, src := graph.Elements[int64](out), graph.Elements[T](in[0])
		for ; len(dst) > 0; dst, src = dst[results:], src[plane:] {
			if w.Stopped() {
				return graph.ErrStopped
			}
			argmaxPlane(dst[:results], src[:plane], image, rows)
		}
		return nil
	}
}

// argmaxPlane searches the windows of one image.
func argmaxPlane[T vec.Num](dst []int64, x []T, image [3]int, rows [3][]windowRow) {
	at := 0
	for _, d := range rows[0] {
		for _, h := range rows[1] {
			for _, c := range rows[2] {
				best := (d.first*image[1]+h.first)*image[2] + c.first
				largest := x[best]
				for i := d.first; i < d.end; i += d.step {
					for j := h.first; j < h.end; j += h.step {
						start := (i*image[1] + j) * image[2]
						for k := c.first; k < c.end; k += c.step {
							if v := x[start+k]; v > largest || v != v && largest == largest {
								largest, best = v, start+k
							}
						}
					}
				}
				dst[at] = int64(best)
				at++
			}
		}
	}
}
