package ops

import (
	"math"
	"slices"

	"chainrule/graph"
)

// SegmentSum adds up the entries of x along an axis by segments: segment, an i64 vector as long as the axis, has the number
// of each one's, from 0 to count−1, in any order. The axis then has the length count; the sum of an empty segment is 0.
// Running it with a number out of range, or a negative one, is an error, ErrIndex.
func SegmentSum(x, segment *graph.Node, count, axis int) *graph.Node {
	a, at := segments("segment_sum", x, segment, count, axis)
	return ScatterAdd(x, at, count, a)
}

// SegmentMean is SegmentSum over the number of entries. That of an empty segment is 0.
func SegmentMean(x, segment *graph.Node, count, axis int) *graph.Node {
	a, at := segments("segment_mean", x, segment, count, axis)
	if !x.DType().IsFloat() {
		graph.Fail("segment_mean", []*graph.Node{x}, "wants f32 or f64")
	}
	size := ScatterAdd(BroadcastTo(like(x, 1), at.Shape()...), at, count, 0)
	behind := slices.Repeat([]int{1}, x.Rank()-a-1)
	return Div(ScatterAdd(x, at, count, a), Reshape(Maximum(size, 1), append([]int{count}, behind...)...))
}

// SegmentMax is the greatest entry of each segment, elementwise, NaN if one is. Equal ones share the derivative. That of an
// empty segment is −Inf, or the least i64. See SegmentSum.
func SegmentMax(x, segment *graph.Node, count, axis int) *graph.Node {
	return segmentExtreme("segment_max", x, segment, count, axis)
}

// SegmentMin is the least entry of each segment, elementwise, NaN if one is. Equal ones share the derivative. That of an
// empty segment is +Inf, or the greatest i64. See SegmentSum.
func SegmentMin(x, segment *graph.Node, count, axis int) *graph.Node {
	return segmentExtreme("segment_min", x, segment, count, axis)
}

func segmentExtreme(op string, x, segment *graph.Node, count, axis int) *graph.Node {
	a, at := segments(op, x, segment, count, axis)
	how, empty := UpdateMax, lowest(x)
	if op == "segment_min" {
		how, empty = UpdateMin, highest(x)
	}
	shape := slices.Clone(x.Shape())
	shape[a] = count
	return put(putAttrs{string(how), a, 0}, BroadcastTo(empty, shape...), at, x)
}

// lowest and highest are the bounds of x's element type.
func lowest(x *graph.Node) *graph.Node {
	if x.DType() == graph.Int64 {
		return x.Graph().ScalarInt(graph.Int64, math.MinInt64)
	}
	return like(x, math.Inf(-1))
}

func highest(x *graph.Node) *graph.Node {
	if x.DType() == graph.Int64 {
		return x.Graph().ScalarInt(graph.Int64, math.MaxInt64)
	}
	return like(x, math.Inf(1))
}

// segments checks what the functions of segments are given.
func segments(op string, x, segment *graph.Node, count, axis int) (a int, at *graph.Node) {
	mustExist(op, x, segment)
	a = mustBeAxis(op, axis, x)
	if segment.Rank() != 1 || segment.Shape()[0] != x.Shape()[a] {
		graph.Fail(op, []*graph.Node{x, segment}, "wants the numbers of %d segments, of the entries along axis %d", x.Shape()[a], a)
	}
	return a, strictIndex(op, segment, count)
}
