package ops_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/internal/optest"
	"chainrule/ops"
)

// vector and whole make constants of the graph of what is tested.
func vector(g *graph.Graph, data ...float64) *graph.Node { return graph.Const(g, data, len(data)) }

func whole(g *graph.Graph, data ...int64) *graph.Node { return graph.Const(g, data, len(data)) }

// TestGather has the forms of ONNX's GatherND, and of indices from the end.
func TestGather(t *testing.T) {
	g := graph.New()
	x := graph.Const(g, []float64{0, 1, 2, 3, 4, 5, 6, 7}, 2, 2, 2)
	at := func(data []int64, shape ...int) *graph.Node { return graph.Const(g, data, shape...) }
	expect(t, ops.Gather(x, at([]int64{0, 1, 1, 0}, 2, 2), 0), []int{2, 2}, []float64{2, 3, 4, 5})
	expect(t, ops.Gather(x, at([]int64{-1, 0, 1}, 3), 0), nil, []float64{5})
	expect(t, ops.Gather(x, at([]int64{1, 0}, 2, 1), 1), []int{2, 2}, []float64{2, 3, 4, 5})
	expect(t, ops.Gather(x, at(nil, 3, 0), 0), []int{3, 2, 2, 2}, slices.Repeat([]float64{0, 1, 2, 3, 4, 5, 6, 7}, 3))
	expect(t, ops.Take(vector(g, 10, 20, 30), whole(g, -1, 0), 0), []int{2}, []float64{30, 10})
	refused(t, "tuples of 4 indices for 3 axes", func() { ops.Gather(x, at([]int64{0, 0, 0, 0}, 4), 0) })
	refused(t, "do not agree on 1 leading axes", func() { ops.Gather(x, at([]int64{0, 0, 0}, 3, 1), 1) })
}

// TestPutAgainstLoops holds every update, along an axis in the middle, against a loop over elements.
func TestPutAgainstLoops(t *testing.T) {
	const outer, length, inner = 2, 4, 3
	index := []int64{1, -1, 1, 0, 1}
	x, u := make([]float64, outer*length*inner), make([]float64, outer*len(index)*inner)
	for i := range x {
		x[i] = math.Round(64*math.Sin(float64(i))) / 64 // sums and products are exact
	}
	for i := range u {
		u[i] = math.Round(64*math.Cos(float64(3*i))) / 64
	}
	u[4], u[7] = nan, x[1]
	for how, f := range map[ops.Update]func(a, b float64) float64{
		ops.UpdateSet: func(_, b float64) float64 { return b }, ops.UpdateAdd: func(a, b float64) float64 { return a + b },
		ops.UpdateMultiply: func(a, b float64) float64 { return a * b }, ops.UpdateMin: math.Min, ops.UpdateMax: math.Max,
	} {
		want := slices.Clone(x)
		for o := range outer {
			for k, at := range index {
				for i := range inner {
					e := (o*length+(int(at)+length)%length)*inner + i
					want[e] = f(want[e], u[(o*len(index)+k)*inner+i])
				}
			}
		}
		g := graph.New()
		nx, nu, ni := graph.Const(g, x, outer, length, inner), graph.Const(g, u, outer, 5, inner), whole(g, index...)
		shape := []int{outer, length, inner}
		expect(t, ops.Put(nx, ni, nu, how, 1), shape, want)
		expect(t, ops.PutAlong(nx, ops.BroadcastTo(ops.Reshape(ni, 5, 1), outer, 5, inner), nu, how, -2), shape, want)
		tuples := ops.Stack([]*graph.Node{ // the same by pairs of indices
			ops.BroadcastTo(graph.Const(g, []int64{0, 1}, 2, 1), outer, 5), ops.BroadcastTo(ni, outer, 5)}, 2)
		expect(t, ops.Scatter(nx, tuples, nu, how, 0), shape, want)
		expect(t, ops.Scatter(nx, ops.BroadcastTo(ops.Reshape(ni, 5, 1), outer, 5, 1), nu, how, 1), shape, want)
	}
}

// TestScatter has the cases of ONNX's ScatterND and updates that broadcast.
func TestScatter(t *testing.T) {
	g := graph.New()
	x, twice := vector(g, 1, 2, 3), graph.Const(g, []int64{0, 0}, 2, 1)
	expect(t, ops.Scatter(x, twice, vector(g, 10, 5), ops.UpdateAdd, 0), []int{3}, []float64{16, 2, 3})
	expect(t, ops.Scatter(x, twice, vector(g, 10, 5), ops.UpdateSet, 0), []int{3}, []float64{5, 2, 3})
	expect(t, ops.Scatter(x, twice, g.Scalar(graph.Float64, 7), ops.UpdateMultiply, 0), []int{3}, []float64{49, 2, 3})
	refused(t, "scatter: the updates' shape [3] does not broadcast to [2]", func() { ops.Scatter(x, twice, x, ops.UpdateSet, 0) })
	refused(t, `no update is called "swap"`, func() { ops.Put(x, whole(g, 1), g.Scalar(graph.Float64, 7), "swap", 0) })
	refused(t, "axis 1 is out of range", func() { ops.Put(x, whole(g, 1), x, ops.UpdateSet, 1) })
	refused(t, "ranks 1 and 2 differ", func() { ops.PutAlong(x, twice, x, ops.UpdateSet, 0) })
}

// TestPutFails: an index out of range leaves what is updated in place as it was.
func TestPutFails(t *testing.T) {
	for name, f := range map[string]func(x, index *graph.Node) *graph.Node{
		"put": func(x, i *graph.Node) *graph.Node { return ops.Put(x, i, ops.FullLike(x, 9), ops.UpdateSet, 0) },
		"scatter": func(x, i *graph.Node) *graph.Node {
			return ops.Scatter(x, ops.ExpandDims(i, 1), ops.FullLike(x, 9), ops.UpdateMax, 0)
		},
		"segments": func(x, i *graph.Node) *graph.Node { return ops.SegmentSum(x, i, 3, 0) },
	} {
		fn := autodiff.Compile(f, autodiff.Donate(0, 0))
		x := tensor.New(tensor.WithShape(3), tensor.WithBacking([]float64{1, 2, 3}))
		_, err := fn.Run(context.Background(), x, []int64{0, 1, -4})
		if !errors.Is(err, ops.ErrIndex) || !strings.Contains(err.Error(), "index -4, at position 2") {
			t.Errorf("%s: %v, want ErrIndex with the index and its position", name, err)
		}
		if got := elements(x); !slices.Equal(got, []float64{1, 2, 3}) {
			t.Errorf("%s: the failed run left %v", name, got)
		}
	}
	g := graph.New()
	if _, err := autodiff.Eval(ops.BinCount(whole(g, 0, -1), 2)); !errors.Is(err, ops.ErrIndex) {
		t.Errorf("a negative number is counted: %v", err)
	}
}

// TestSegments has segments out of order, an empty one, and NaN.
func TestSegments(t *testing.T) {
	g := graph.New()
	x, at := graph.Const(g, []float64{1, 2, 3, 4, 5, nan}, 3, 2), whole(g, 3, 0, 3)
	expect(t, ops.SegmentSum(x, at, 4, 0), []int{4, 2}, []float64{3, 4, 0, 0, 0, 0, 6, nan})
	expect(t, ops.SegmentMean(x, at, 4, 0), []int{4, 2}, []float64{3, 4, 0, 0, 0, 0, 3, nan})
	expect(t, ops.SegmentMax(x, at, 4, 0), []int{4, 2}, []float64{3, 4, -inf, -inf, -inf, -inf, 5, nan})
	expect(t, ops.SegmentMin(x, at, 4, 0), []int{4, 2}, []float64{3, 4, inf, inf, inf, inf, 1, nan})
	expect(t, ops.SegmentSum(x, whole(g, 1, 1), 2, -1), []int{3, 2}, []float64{0, 3, 0, 7, 0, nan})
	expect(t, ops.SegmentMax(whole(g, 5, 7), whole(g, 0, 0), 2, 0), []int{2}, []float64{7, math.MinInt64})
	refused(t, "segment_sum: wants the numbers of 3 segments", func() { ops.SegmentSum(x, whole(g, 1, 1), 2, 0) })
	refused(t, "a length of 0 or more, not -1", func() { ops.SegmentSum(x, at, -1, 0) })
}

// TestSelections has masks, places, and different elements, with more and less room than there is need for.
func TestSelections(t *testing.T) {
	g := graph.New()
	x := graph.Const(g, []float64{3, 0, 1, 0, 3, nan}, 2, 3)
	positive := ops.Gt(x, 0)
	all := func(nodes ...*graph.Node) []*graph.Node { return nodes }
	two := func(a, b *graph.Node) []*graph.Node { return all(a, b) }
	four := func(a, b, c, d *graph.Node) []*graph.Node { return all(a, b, c, d) }
	for _, c := range []struct {
		got  []*graph.Node
		want [][]float64
	}{
		{all(ops.MaskedFill(x, positive, -1)), [][]float64{{-1, 0, -1, 0, -1, nan}}},
		{two(ops.MaskedSelect(x, positive, 4)), [][]float64{{3, 1, 3, 0}, {3}}},
		{two(ops.MaskedSelect(x, positive, 2)), [][]float64{{3, 1}, {3}}},
		{two(ops.Nonzero(x, 5)), [][]float64{{0, 0, 0, 2, 1, 1, 1, 2, 0, 0}, {4}}},
		{two(ops.Nonzero(positive, 1)), [][]float64{{0, 0}, {3}}},
		{four(ops.Unique(x, 4)), [][]float64{{0, 1, 3, nan}, {2, 0, 1, 0, 2, 3}, {2, 1, 2, 1}, {4}}},
		{four(ops.Unique(x, 6)), [][]float64{{0, 1, 3, nan, nan, nan}, {2, 0, 1, 0, 2, 3}, {2, 1, 2, 1, 0, 0}, {4}}},
		{four(ops.Unique(x, 2)), [][]float64{{0, 1}, {2, 0, 1, 0, 2, 2}, {2, 1}, {4}}},
		{four(ops.Unique(whole(g, 7, 7), 1)), [][]float64{{7}, {0, 0}, {2}, {1}}},
		{all(ops.SearchSorted(vector(g, 1, 2, 2, 3), vector(g, 0, 2, 2.5, 4, nan), false)), [][]float64{{0, 1, 3, 4, 4}}},
		{all(ops.SearchSorted(vector(g, 1, 2, 2, 3), vector(g, 0, 2, 2.5, 4, nan), true)), [][]float64{{0, 3, 3, 4, 4}}},
		{all(ops.BinCount(whole(g, 1, 1, 3, 0), 5)), [][]float64{{1, 2, 0, 1, 0}}},
		{all(ops.Histogram(vector(g, 1, 2, 3, 1.5, 0, 4, nan, 2.5), vector(g, 1, 2, 3))), [][]float64{{2, 3}}},
		{all(ops.Roll(graph.Const(g, []float64{1, 2, 3, 4, 5, 6}, 2, 3), []int{1, -1}, []int{0, 1})), [][]float64{{5, 6, 4, 2, 3, 1}}},
	} {
		for i, got := range eval(t, c.got...) {
			if err := agree(graph.Float64, got, c.want[i]); err != nil {
				t.Errorf("result %d of %v: %v", i, c.got[i], err)
			}
		}
	}
	refused(t, "nonzero: the size -1 is negative", func() { ops.Nonzero(x, -1) })
	refused(t, "masked_select: wants a bool of x's shape", func() { ops.MaskedSelect(x, x, 1) })
	refused(t, "roll: 1 shifts for 2 axes", func() { ops.Roll(x, []int{1}, []int{0, 1}) })
	refused(t, "histogram: wants a vector of two edges", func() { ops.Histogram(x, vector(g, 1)) })
	refused(t, "unique: 0 of 6 elements", func() { ops.Unique(x, 0) })
}

// TestDescendingRanges has Python's slices with negative steps: no Stop there is End here.
func TestDescendingRanges(t *testing.T) {
	g := graph.New()
	x := vector(g, 0, 1, 2, 3, 4)
	for _, c := range []struct {
		r    ops.Range
		want []float64
	}{
		{ops.Range{Start: -1, Stop: ops.End, Step: -1}, []float64{4, 3, 2, 1, 0}},
		{ops.Range{Start: -1, Stop: math.MinInt / 2, Step: -1}, []float64{4, 3, 2, 1, 0}},
		{ops.Range{Start: -1, Stop: math.MaxInt / 3, Step: -1}, nil},
		{ops.Range{Start: 3, Stop: 0, Step: -2}, []float64{3, 1}}, {ops.Range{Start: 0, Stop: 5, Step: -1}, nil},
		{ops.Range{Start: 9, Stop: 1, Step: -3}, []float64{4}}, {ops.Range{Start: 4, Stop: -5, Step: -2}, []float64{4, 2}},
		{ops.Range{Start: 2, Stop: ops.End, Step: -5}, []float64{2}}, {ops.Range{Start: -9, Stop: ops.End, Step: -1}, nil},
		{ops.Range{Step: -1}, nil}, {ops.Range{Start: 3, Stop: ops.End, Step: math.MinInt}, []float64{3}},
	} {
		expect(t, ops.Slice(x, c.r), []int{len(c.want)}, c.want)
	}
	two := graph.Const(g, []float64{1, 2, 3, 4, 5, 6}, 2, 3)
	back := ops.Range{Start: -1, Stop: ops.End, Step: -1}
	expect(t, ops.Slice(two, back, back), []int{2, 3}, []float64{6, 5, 4, 3, 2, 1})
}

// TestIndexingSweep checks what is made of several ops as an op is.
func TestIndexingSweep(t *testing.T) {
	at := func(data []float64, shape ...int) graph.Arg {
		return graph.Arg{Shape: shape, DType: graph.Int64, Data: data}
	}
	plain := func(shape ...int) graph.Arg { return graph.Arg{Shape: shape} }
	for _, c := range []struct {
		name string
		in   []graph.Arg
		f    func(in ...*graph.Node) *graph.Node
	}{
		{"gather", []graph.Arg{plain(2, 3, 2), at([]float64{0, -1, 1, 1, 0, 2}, 3, 2)},
			func(in ...*graph.Node) *graph.Node { return ops.Gather(in[0], in[1], 0) }},
		{"scatter", []graph.Arg{plain(2, 3), at([]float64{0, -1, 1, 1, 0, 2}, 3, 2), plain(3)},
			func(in ...*graph.Node) *graph.Node { return ops.Scatter(in[0], in[1], in[2], ops.UpdateSet, 0) }},
		{"scatter products", []graph.Arg{plain(2, 3), at([]float64{0, -1, 1, 1, 0, 2}, 3, 2), plain()},
			func(in ...*graph.Node) *graph.Node { return ops.Scatter(in[0], in[1], in[2], ops.UpdateMultiply, 0) }},
		{"put along", []graph.Arg{plain(3, 2), at([]float64{0, -1, 2, 0, 0, 2, 1, 0}, 4, 2), plain(4, 1)},
			func(in ...*graph.Node) *graph.Node { return ops.PutAlong(in[0], in[1], in[2], ops.UpdateMax, 0) }},
		{"segment means", []graph.Arg{plain(4, 2), at([]float64{0, 2, 2, 0}, 4)},
			func(in ...*graph.Node) *graph.Node { return ops.SegmentMean(in[0], in[1], 3, 0) }},
		{"segment least", []graph.Arg{plain(4, 2), at([]float64{0, 1, 1, 0}, 4)},
			func(in ...*graph.Node) *graph.Node { return ops.SegmentMin(in[0], in[1], 2, 0) }},
		{"descending", []graph.Arg{plain(5, 2)}, func(in ...*graph.Node) *graph.Node {
			return ops.Slice(in[0], ops.Range{Start: -1, Stop: ops.End, Step: -2})
		}},
		{"unique", []graph.Arg{plain(5)}, func(in ...*graph.Node) *graph.Node { u, _, _, _ := ops.Unique(in[0], 4); return u }},
		{"select", []graph.Arg{plain(5)}, func(in ...*graph.Node) *graph.Node {
			y, _ := ops.MaskedSelect(in[0], ops.Gt(in[0], 0), 3)
			return y
		}},
	} {
		optest.Composed(t, c.name, graph.Case{Name: "case", In: c.in, Build: c.f})
	}
}
