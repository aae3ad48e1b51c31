package ops

import (
	"fmt"
	"slices"
	"unsafe"

	"chainrule/graph"
	"chainrule/internal/kernel/vec"
)

type axisAttrs struct{ Axis int }

// AxisOf returns the axis of a node n that Concat, or Take, made.
func AxisOf(n *graph.Node) int { return n.Attrs().(axisAttrs).Axis }

// Concat joins its operands along an axis. Their other dimensions agree.
func Concat(xs []*graph.Node, axis int) *graph.Node {
	mustExist(concatOp.Name, xs...)
	if len(xs) == 0 {
		graph.Fail(concatOp.Name, nil, "nothing to join")
	}
	a := mustBeAxis(concatOp.Name, axis, xs[0])
	if len(xs) == 1 {
		return xs[0]
	}
	return apply(&concatOp, axisAttrs{a}, xs...)
}

// Stack joins its operands, which have equal shapes, along a new axis.
func Stack(xs []*graph.Node, axis int) *graph.Node {
	expanded := make([]*graph.Node, len(xs))
	for i, x := range xs {
		expanded[i] = ExpandDims(x, axis)
	}
	if axis < 0 && len(xs) > 0 {
		axis += xs[0].Rank() + 1
	}
	return Concat(expanded, axis)
}

var concatOp graph.Op

func init() {
	join := func(name string, axis int, in ...graph.Arg) graph.Case {
		return graph.Case{Name: name, In: in, Attrs: axisAttrs{axis}}
	}
	define(&concatOp, graph.Op{
		Name: "concat", Doc: "the operands joined along an axis", Class: graph.Opaque, Copies: true, Arity: graph.Variadic,
		Attrs: axisAttrs{},
		Infer: func(in []*graph.Node, attrs any) (graph.Type, error) {
			axis := attrs.(axisAttrs).Axis
			t := graph.Type{DType: in[0].DType(), Shape: slices.Clone(in[0].Shape())}
			if axis < 0 || axis >= t.Rank() {
				return t, fmt.Errorf("axis %d is out of range for rank %d", axis, t.Rank())
			}
			for _, x := range in[1:] {
				if x.DType() != t.DType {
					return t, fmt.Errorf("element types %v and %v differ: convert one with Cast", t.DType, x.DType())
				}
				if x.Rank() != t.Rank() {
					return t, fmt.Errorf("ranks %d and %d differ", t.Rank(), x.Rank())
				}
				for i, d := range x.Shape() {
					switch {
					case i == axis:
						t.Shape[i] += d
					case d != t.Shape[i]:
						return t, fmt.Errorf("dimensions %d and %d of axis %d differ", t.Shape[i], d, i)
					}
				}
			}
			return t, nil
		},
		Kernel:  joinKernel,
		Depends: joinDepends,
		Derivative: LinearEach(func(n *graph.Node, i int, ct *graph.Node) *graph.Node {
			begins := partBegins(n)
			return Slice(ct, along(AxisOf(n), Range{Start: begins[i], Stop: begins[i+1]})...)
		}),
		Batch: func(n *graph.Node, in []*graph.Node, batched []bool) *graph.Node {
			return apply(&concatOp, axisAttrs{n.Attrs().(axisAttrs).Axis + 1}, allBatched(in, batched)...)
		},
		Cases: []graph.Case{
			join("rows", 0, arg(2, 3), arg(1, 3)), join("columns", 1, arg(2, 1), arg(2, 3), arg(2, 2)),
			join("empty part", 0, arg(0, 2), arg(2, 2)), join("i64", 0, ints(9, 2), ints(9, 3)),
			join("bool", 1, bools(2, 2), bools(2, 1)), join("single", 0, arg(3)),
		},
		BadCases: []graph.BadCase{
			bad(axisAttrs{0}, "dimensions 3 and 4 of axis 1 differ", f64(2, 3), f64(2, 4)),
			bad(axisAttrs{0}, "ranks 1 and 2 differ", f64(2), f64(2, 4)),
		},
	})
}

// partBegins returns where on the axis the operands of a node that Concat made begin, and last how long the axis is.
func partBegins(n *graph.Node) []int {
	return n.Memo("begins", func() any {
		axis := AxisOf(n)
		begins := make([]int, len(n.In())+1)
		for i, x := range n.In() {
			begins[i+1] = begins[i] + x.Shape()[axis]
		}
		return begins
	}).([]int)
}

// joinKernel copies runs of words, so that one loop serves all element types of a size.
func joinKernel(n *graph.Node) graph.Kernel {
	switch n.DType().Size() {
	case 8:
		return join[uint64](n)
	case 4:
		return join[uint32](n)
	default:
		return join[uint8](n)
	}
}

// joinBlock is how many elements of the result are written at a time: of narrow operands all columns, while its lines
// are in the first-level cache.
const joinBlock = 2048

// join binds a loop that copies, block by block and operand by operand, its run of each row of the result.
func join[Word uint8 | uint32 | uint64](n *graph.Node) graph.Kernel {
	axis := n.Attrs().(axisAttrs).Axis
	outer := graph.Size(n.Shape()[:axis])
	runs := make([]int, len(n.In()))
	row, narrow := 0, len(runs) >= 4
	for i, x := range n.In() {
		runs[i] = graph.Size(x.Shape()[axis:])
		row += runs[i]
		narrow = narrow && runs[i] == 1
	}
	block := max(1, joinBlock/max(1, row))
	if narrow && block >= 16 {
		return func(w *graph.Work, out graph.Buffer, in []graph.Buffer) error {
			interleave(w, unsafe.Slice((*Word)(out.Ptr), out.Len), in, block)
			return w.Err()
		}
	}
	pairs := len(runs) == 2 && runs[0] == 1 && runs[1] == 1
	return func(w *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		dst := wordsOf[Word](out)
		for from := 0; from < outer; from += block {
			if w.Stopped() {
				return graph.ErrStopped
			}
			to, at := min(from+block, outer), 0
			if pairs {
				pair(dst[2*from:2*to], wordsOf[Word](in[0])[from:to], wordsOf[Word](in[1])[from:to])
				continue
			}
			for i, run := range runs {
				src := wordsOf[Word](in[i])
				if run == 1 { // a call of copy would take longer than the copying
					for o, x := range src[from:to] {
						dst[(from+o)*row+at] = x
					}
				} else {
					for o := from; o < to; o++ {
						copy(dst[o*row+at:][:run], src[o*run:])
					}
				}
				at += run
			}
		}
		return nil
	}
}

func wordsOf[Word any](b graph.Buffer) []Word { return unsafe.Slice((*Word)(b.Ptr), b.Len) }

// pair writes rows of an element of each.
func pair[Word any](dst, a, b []Word) {
	for i, x := range a {
		row := dst[2*i:][:2]
		row[0], row[1] = x, b[i]
	}
}

// interleave writes rows that have one element of each operand. It collects block elements of each at a time, and
// transposes these.
func interleave[Word uint8 | uint32 | uint64](w *graph.Work, dst []Word, in []graph.Buffer, block int) {
	var collected [joinBlock]Word
	columns := len(in)
	rows := len(dst) / columns
	for from := 0; from < rows && !w.Stopped(); from += block {
		to := min(from+block, rows)
		for i, b := range in {
			copy(collected[i*block:], unsafe.Slice((*Word)(b.Ptr), b.Len)[from:to])
		}
		shape, strides := [...]int{to - from, columns}, [...]int{1, block}
		vec.CopyStrided(dst[from*columns:to*columns], shape[:], collected[:], 0, strides[:])
	}
}
