package ops

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"chainrule/graph"
	"chainrule/internal/kernel/vec"
)

// Range picks the indices Start, Start+Step, … before Stop of one axis. Negative Start and Stop count from the
// end. The zero Step is 1. With a negative one the indices descend, to the one above Stop: Range{-1, End, -1} is the axis
// from its end to its start.
type Range struct{ Start, Stop, Step int }

// End as a Range's Stop is the end of the axis, or its start where the Step is negative.
const End = math.MaxInt / 2

// All picks a whole axis.
var All = Range{Stop: End}

// At picks one index, which must be in range, and keeps the axis, with length 1.
func At(i int) Range {
	if i == -1 {
		return Range{Start: -1, Stop: End, Step: one}
	}
	return Range{Start: i, Stop: i + 1, Step: one}
}

// one is the Step of a Range made by At.
const one = -End

// along picks a range of one axis, and all of those before it.
func along(axis int, r Range) []Range { return append(slices.Repeat([]Range{All}, axis), r) }

type sliceAttrs struct{ Start, Stop, Step graph.Ints }

// Slice picks a Range of each axis; axes without one are kept whole. As in Python, ranges that reach over the
// end are cut there. Those with negative steps pick the same indices and turn them around, see Flip.
func Slice(x *graph.Node, ranges ...Range) *graph.Node {
	mustExist(sliceOp.Name, x)
	if len(ranges) > x.Rank() {
		graph.Fail(sliceOp.Name, []*graph.Node{x}, "%d ranges for rank %d", len(ranges), x.Rank())
	}
	var start, stop, step, back []int
	for i, d := range x.Shape() {
		r := All
		if i < len(ranges) {
			r = ranges[i]
		}
		if r.Step == one {
			if r.Start < -d || r.Start >= d {
				graph.Fail(sliceOp.Name, []*graph.Node{x}, "index %d is out of range for axis %d", r.Start, i)
			}
			r.Step = 1
		}
		if r.Step < 0 {
			r = descending(r, d)
			back = append(back, i)
		}
		r.Step = max(r.Step, 1)
		lo, hi := clip(r.Start, d), clip(r.Stop, d)
		start, stop, step = append(start, lo), append(stop, max(lo, hi)), append(step, r.Step)
	}
	a := sliceAttrs{graph.MakeInts(start...), graph.MakeInts(stop...), graph.MakeInts(step...)}
	if x.Rank() == 0 {
		return x
	}
	y := apply(&sliceOp, a, x)
	if len(back) > 0 {
		y = Flip(y, back...)
	}
	return y
}

// descending is the range that picks the indices of one with a negative step, of an axis of length d, in ascending order.
func descending(r Range, d int) Range {
	bound := func(i int) int {
		if i < 0 {
			i += d
		}
		return min(max(i, -1), d-1)
	}
	first, stop, step := bound(r.Start), -1, -max(r.Step, -End)
	if r.Stop != End {
		stop = bound(r.Stop)
	}
	n := steps(stop, first, step)
	if n == 0 {
		return Range{Step: 1}
	}
	return Range{Start: first - (n-1)*step, Stop: first + 1, Step: step}
}

// Index is x[i], x[i][j], …: an element of x if there is an index for each axis, and else a row, of the shape of the
// axes that are left. As in Go an index is neither negative nor the length or more: it panics with a *graph.Error if one is,
// or if there are more than axes. Take has indices that are nodes.
func Index(x *graph.Node, indices ...int) *graph.Node {
	mustExist("index", x)
	if len(indices) == 0 {
		return x
	}
	if len(indices) > x.Rank() {
		graph.Fail("index", []*graph.Node{x}, "%d indices for rank %d", len(indices), x.Rank())
	}
	ranges := make([]Range, len(indices))
	for axis, i := range indices {
		if d := x.Shape()[axis]; i < 0 || i >= d {
			graph.Fail("index", []*graph.Node{x}, "index %d of axis %d, which has the length %d", i, axis, d)
		}
		ranges[axis] = At(i)
	}
	return Reshape(Slice(x, ranges...), x.Shape()[len(indices):]...)
}

func clip(i, d int) int {
	if i < 0 {
		i += d
	}
	return min(max(i, 0), d)
}

// steps returns the number of indices that a range picks.
func steps(start, stop, step int) int {
	if stop <= start {
		return 0
	}
	return (stop-start-1)/step + 1
}

var sliceOp graph.Op

func init() {
	pick := func(name string, x graph.Arg, start, stop, step graph.Ints) graph.Case {
		return graph.Case{Name: name, In: []graph.Arg{x}, Attrs: sliceAttrs{start, stop, step}}
	}
	define(&sliceOp, graph.Op{
		Name: "slice", Doc: "a range of each axis of x", Class: graph.View, Arity: 1, Attrs: sliceAttrs{},
		Infer: func(in []*graph.Node, attrs any) (graph.Type, error) {
			a := attrs.(sliceAttrs)
			start, stop, step := a.Start.Slice(), a.Stop.Slice(), a.Step.Slice()
			t := graph.Type{DType: in[0].DType(), Shape: make([]int, len(start))}
			if len(start) != in[0].Rank() || len(stop) != len(start) || len(step) != len(start) {
				return t, fmt.Errorf("ranges for %d axes where the rank is %d", len(start), in[0].Rank())
			}
			for i, d := range in[0].Shape() {
				if start[i] < 0 || stop[i] < start[i] || stop[i] > d || step[i] < 1 {
					return t, fmt.Errorf("axis %d of length %d has no range %d:%d:%d", i, d, start[i], stop[i], step[i])
				}
				t.Shape[i] = steps(start[i], stop[i], step[i])
			}
			return t, nil
		},
		Layout: func(n *graph.Node) graph.Layout {
			a := n.Attrs().(sliceAttrs)
			start, step := a.Start.Slice(), a.Step.Slice()
			l := graph.Layout{Strides: graph.Strides(n.In()[0].Shape())}
			for i := range l.Strides {
				l.Offset += start[i] * l.Strides[i]
				if n.Shape()[i] > 1 { // else the step is not taken, and may be of any size
					l.Strides[i] *= step[i]
				}
			}
			if n.Type().Size() == 0 {
				l.Offset = 0
			}
			return l
		},
		Derivative: Linear{func(n, ct *graph.Node) *graph.Node {
			a := n.Attrs().(sliceAttrs)
			lo, gap := a.Start.Slice(), a.Step.Slice()
			hi := make([]int, len(lo))
			for i, d := range n.In()[0].Shape() {
				gap[i]--
				hi[i] = d - padded(lo[i], n.Shape()[i], 0, gap[i])
			}
			return Pad(ct, lo, hi, gap)
		}},
		Batch: func(n *graph.Node, in []*graph.Node, _ []bool) *graph.Node {
			a, size := n.Attrs().(sliceAttrs), in[0].Shape()[0]
			return apply(&sliceOp, sliceAttrs{prepend(0, a.Start), prepend(size, a.Stop), prepend(1, a.Step)}, in[0])
		},
		Cases: []graph.Case{
			pick("rows", arg(5, 3), "1,0", "4,3", "1,1"), pick("steps", arg(7, 4), "0,1", "7,4", "3,2"),
			pick("nothing", arg(5), "2", "2", "1"), pick("one", arg(2, 3), "1,2", "2,3", "1,1"),
			pick("bool", bools(4), "0", "4", "2"),
		},
		BadCases: []graph.BadCase{
			bad(sliceAttrs{"0", "4", "1"}, "axis 0 of length 3 has no range 0:4:1", f64(3)),
			bad(sliceAttrs{"0,0", "1,1", "1,1"}, "where the rank is 1", f64(3)),
		},
	})
}

type padAttrs struct{ Lo, Hi, Gap graph.Ints }

// Pad surrounds x with zeros: lo[i] before and hi[i] after it on axis i, and gap[i] between its elements.
func Pad(x *graph.Node, lo, hi, gap []int) *graph.Node {
	mustExist(padOp.Name, x)
	if x.Rank() == 0 {
		return x
	}
	return apply(&padOp, padAttrs{graph.MakeInts(lo...), graph.MakeInts(hi...), graph.MakeInts(gap...)}, x)
}

// PaddingOf returns what Pad was given for n.
func PaddingOf(n *graph.Node) (lo, hi, gap []int) {
	a := n.Attrs().(padAttrs)
	return a.Lo.Slice(), a.Hi.Slice(), a.Gap.Slice()
}

// padded is the length that an axis of length n gets.
func padded(lo, n, hi, gap int) int { return lo + n + max(0, n-1)*gap + hi }

var padOp graph.Op

func init() {
	with := func(name string, x graph.Arg, lo, hi, gap graph.Ints) graph.Case {
		return graph.Case{Name: name, In: []graph.Arg{x}, Attrs: padAttrs{lo, hi, gap}}
	}
	define(&padOp, graph.Op{
		Name: "pad", Doc: "x with zeros around and between its elements", Class: graph.Opaque, Copies: true, Arity: 1, Attrs: padAttrs{},
		Infer: func(in []*graph.Node, attrs any) (graph.Type, error) {
			a := attrs.(padAttrs)
			lo, hi, gap := a.Lo.Slice(), a.Hi.Slice(), a.Gap.Slice()
			t := graph.Type{DType: in[0].DType(), Shape: make([]int, len(lo))}
			if len(lo) != in[0].Rank() || len(hi) != len(lo) || len(gap) != len(lo) {
				return t, fmt.Errorf("padding for %d axes where the rank is %d", len(lo), in[0].Rank())
			}
			for i, d := range in[0].Shape() {
				if lo[i] < 0 || hi[i] < 0 || gap[i] < 0 {
					return t, errors.New("negative padding")
				}
				if limit := math.MaxInt / 8; lo[i] > limit || hi[i] > limit || gap[i] > limit/max(1, d) {
					return t, errors.New("the padding is too large")
				}
				t.Shape[i] = padded(lo[i], d, hi[i], gap[i])
			}
			return t, nil
		},
		Kernel:  byDType{place[float32], place[float64], place[int64], place[bool]}.ofResult,
		Depends: padDepends,
		Derivative: Linear{func(n, ct *graph.Node) *graph.Node {
			a := n.Attrs().(padAttrs)
			lo, gap := a.Lo.Slice(), a.Gap.Slice()
			ranges := make([]Range, len(lo))
			for i, d := range n.In()[0].Shape() {
				ranges[i] = Range{lo[i], padded(lo[i], d, 0, gap[i]), gap[i] + 1}
			}
			return Slice(ct, ranges...)
		}},
		Batch: func(n *graph.Node, in []*graph.Node, _ []bool) *graph.Node {
			a := n.Attrs().(padAttrs)
			return apply(&padOp, padAttrs{prepend(0, a.Lo), prepend(0, a.Hi), prepend(0, a.Gap)}, in[0])
		},
		Cases: []graph.Case{
			with("around", arg(2, 3), "1,0", "0,2", "0,0"), with("between", arg(3, 2), "0,1", "1,0", "2,1"),
			with("empty", arg(0), "2", "1", "3"), with("i64", ints(5, 3), "1", "1", "1"),
		},
		BadCases: []graph.BadCase{
			bad(padAttrs{"-1", "0", "0"}, "negative padding", f64(3)),
			bad(padAttrs{"1,1", "0,0", "0,0"}, "where the rank is 1", f64(3)),
		},
	})
}

// place binds the copy of x to its places among zeros.
func place[T graph.Element](n *graph.Node) graph.Kernel {
	a := n.Attrs().(padAttrs)
	lo, gap := a.Lo.Slice(), a.Gap.Slice()
	shape := n.In()[0].Shape()
	strides := graph.Strides(n.Shape())
	offset := 0
	for i := range strides {
		offset += lo[i] * strides[i]
		strides[i] *= gap[i] + 1
	}
	whole, rest := slices.Clone(shape), slices.Clone(shape) // rows of x that are placed before a look at Stop, the last
	row, rows := 1, 0
	if len(shape) > 0 && graph.Size(shape) > elementsUnstopped {
		row = graph.Size(shape[1:])
		rows = min(shape[0], max(1, elementsUnstopped/row))
		whole[0], rest[0] = rows, shape[0]%rows
	}
	return func(w *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		dst, x, at := graph.Elements[T](out), graph.Elements[T](in[0]), offset
		clear(dst)
		for ; rows > 0 && len(x) >= rows*row; at += rows * strides[0] {
			if w.Stopped() {
				return graph.ErrStopped
			}
			vec.PlaceStrided(dst, at, strides, x[:rows*row], whole)
			x = x[rows*row:]
		}
		if rows == 0 || len(x) > 0 {
			vec.PlaceStrided(dst, at, strides, x, rest)
		}
		return nil
	}
}
