package ops_test

import (
	"fmt"
	"slices"
	"testing"

	"chainrule/graph"
	"chainrule/ops"
)

// TestSlices holds slices of a vector and of the second axis of a matrix against the loop that picks the elements.
func TestSlices(t *testing.T) {
	g := graph.New()
	x := graph.Const(g, []float64{0, 1, 2, 3, 4}, 5)
	m := graph.Const(g, []float64{0, 1, 2, 3, 4, 10, 11, 12, 13, 14}, 2, 5)
	for _, c := range []struct {
		r    ops.Range
		want []float64
	}{
		{ops.All, []float64{0, 1, 2, 3, 4}},
		{ops.Range{Start: 1, Stop: 3}, []float64{1, 2}},
		{ops.Range{Start: -2, Stop: ops.End}, []float64{3, 4}},
		{ops.Range{Start: 1, Stop: -1}, []float64{1, 2, 3}},
		{ops.Range{Start: 2, Stop: 100}, []float64{2, 3, 4}},
		{ops.Range{Start: -100, Stop: 2}, []float64{0, 1}},
		{ops.Range{Start: 3, Stop: 1}, []float64{}},
		{ops.Range{Start: 7, Stop: 9}, []float64{}},
		{ops.Range{Stop: ops.End, Step: 2}, []float64{0, 2, 4}},
		{ops.Range{Start: 1, Stop: ops.End, Step: 3}, []float64{1, 4}},
		{ops.Range{Start: -1, Stop: ops.End, Step: 7}, []float64{4}},
		{ops.At(0), []float64{0}}, {ops.At(-1), []float64{4}}, {ops.At(-5), []float64{0}},
	} {
		t.Run(fmt.Sprintf("%d:%d:%d", c.r.Start, c.r.Stop, c.r.Step), func(t *testing.T) {
			expect(t, ops.Slice(x, c.r), []int{len(c.want)}, c.want)
			both := append([]float64{}, c.want...)
			for _, v := range c.want {
				both = append(both, 10+v)
			}
			expect(t, ops.Slice(m, ops.All, c.r), []int{2, len(c.want)}, both)
		})
	}
	if scalar := g.Scalar(graph.Float64, 1); ops.Slice(scalar) != scalar {
		t.Error("a slice of a scalar is not the scalar")
	}
	refused(t, "2 ranges for rank 1", func() { ops.Slice(x, ops.All, ops.All) })
}

// TestIndex: as in Go, x[i] is a row and x[i][j] an element.
func TestIndex(t *testing.T) {
	g := graph.New()
	m := graph.Const(g, []float64{0, 1, 2, 10, 11, 12}, 2, 3)
	for i := range 2 {
		row := []float64{float64(10 * i), float64(10*i + 1), float64(10*i + 2)}
		expect(t, ops.Index(m, i), []int{3}, row)
		for j := range 3 {
			expect(t, ops.Index(m, i, j), nil, row[j:j+1])
			expect(t, ops.Index(ops.Index(m, i), j), nil, row[j:j+1])
		}
	}
	expect(t, ops.Index(graph.Const(g, []bool{false, true}, 2), 1), nil, []float64{1})
	if ops.Index(m) != m {
		t.Error("no index gives something else than x")
	}
	refused(t, "index 2 of axis 0, which has the length 2", func() { ops.Index(m, 2) })
	refused(t, "index -1 of axis 1, which has the length 3", func() { ops.Index(m, 0, -1) })
	refused(t, "index 0 of axis 0, which has the length 0", func() { ops.Index(ops.Ones(g, graph.Float64, 0), 0) })
	refused(t, "3 indices for rank 2", func() { ops.Index(m, 0, 0, 0) })
}

func TestReshapes(t *testing.T) {
	g := graph.New()
	data := []float64{1, 2, 3, 4, 5, 6}
	x := graph.Const(g, data, 2, 3)
	expect(t, ops.Reshape(x, 3, -1), []int{3, 2}, data)
	expect(t, ops.Reshape(x, -1), []int{6}, data)
	expect(t, ops.Reshape(x, 1, -1, 6), []int{1, 1, 6}, data)
	expect(t, ops.Reshape(graph.Const(g, []float64{}, 0, 3), 3, -1), []int{3, 0}, []float64{})
	if ops.Reshape(x, 2, 3) != x {
		t.Error("a reshape to x's own shape is a new node")
	}
	refused(t, "no dimension makes [4,-1] hold 6 elements", func() { ops.Reshape(x, 4, -1) })
	refused(t, "no dimension makes [0,-1] hold 6 elements", func() { ops.Reshape(x, 0, -1) })
	refused(t, "negative dimension", func() { ops.Reshape(x, -1, -1) })
	refused(t, "negative dimension", func() { ops.Reshape(x, -2, 3) })
	refused(t, "6 elements do not fill [5]", func() { ops.Reshape(x, 5) })
}

func TestSqueezeAndExpandDims(t *testing.T) {
	g := graph.New()
	data := []float64{1, 2, 3}
	x := graph.Const(g, data, 1, 3, 1)
	expect(t, ops.Squeeze(x), []int{3}, data)
	expect(t, ops.Squeeze(x, 0), []int{3, 1}, data)
	expect(t, ops.Squeeze(x, -1), []int{1, 3}, data)
	expect(t, ops.Squeeze(x, 2, 0), []int{3}, data)
	refused(t, "axis 1 has length 3, not 1", func() { ops.Squeeze(x, 1) })
	refused(t, "axis 3 is out of range", func() { ops.Squeeze(x, 3) })
	v := graph.Const(g, data, 3)
	expect(t, ops.ExpandDims(v, 0), []int{1, 3}, data)
	expect(t, ops.ExpandDims(v, 1), []int{3, 1}, data)
	expect(t, ops.ExpandDims(v, -1), []int{3, 1}, data)
	expect(t, ops.ExpandDims(v, -2), []int{1, 3}, data)
	expect(t, ops.ExpandDims(g.Scalar(graph.Float64, 2), 0), []int{1}, []float64{2})
	refused(t, "axis 2 is out of range", func() { ops.ExpandDims(v, 2) })
}

func TestPermutations(t *testing.T) {
	g := graph.New()
	x := graph.Const(g, []float64{1, 2, 3, 4, 5, 6}, 1, 2, 3)
	turned := []float64{1, 4, 2, 5, 3, 6}
	expect(t, ops.Transpose(x), []int{1, 3, 2}, turned)
	expect(t, ops.Permute(x, 2, 1, 0), []int{3, 2, 1}, turned)
	expect(t, ops.Permute(x, -1, 0, -2), []int{3, 1, 2}, turned)
	v := graph.Const(g, []float64{1, 2}, 2)
	if ops.Transpose(v) != v || ops.Permute(x, 0, 1, 2) != x {
		t.Error("a permutation that moves nothing is a new node")
	}
	refused(t, "1 axes named for rank 3", func() { ops.Permute(x, 0) })
	refused(t, "no permutation", func() { ops.Permute(x, 0, 1, 1) })
	refused(t, "axis 3 is out of range", func() { ops.Permute(x, 0, 1, 3) })
}

func TestJoins(t *testing.T) {
	g := graph.New()
	a, b := graph.Const(g, []float64{1, 2, 3, 4}, 2, 2), graph.Const(g, []float64{5, 6}, 2, 1)
	expect(t, ops.Concat([]*graph.Node{a, b}, -1), []int{2, 3}, []float64{1, 2, 5, 3, 4, 6})
	expect(t, ops.Concat([]*graph.Node{a, a}, -2), []int{4, 2}, []float64{1, 2, 3, 4, 1, 2, 3, 4})
	if ops.Concat([]*graph.Node{a}, 1) != a {
		t.Error("one operand joined is not the operand")
	}
	x, y := graph.Const(g, []float64{1, 2}, 2), graph.Const(g, []float64{3, 4}, 2)
	expect(t, ops.Stack([]*graph.Node{x, y}, 0), []int{2, 2}, []float64{1, 2, 3, 4})
	expect(t, ops.Stack([]*graph.Node{x, y}, 1), []int{2, 2}, []float64{1, 3, 2, 4})
	expect(t, ops.Stack([]*graph.Node{x, y}, -1), []int{2, 2}, []float64{1, 3, 2, 4})
	expect(t, ops.Stack([]*graph.Node{x, y}, -2), []int{2, 2}, []float64{1, 2, 3, 4})
	expect(t, ops.Stack([]*graph.Node{x}, 0), []int{1, 2}, []float64{1, 2})
	refused(t, "nothing to join", func() { ops.Concat([]*graph.Node{}, 0) })
	refused(t, "nothing to join", func() { ops.Stack([]*graph.Node{}, 0) })
	refused(t, "axis 2 is out of range", func() { ops.Concat([]*graph.Node{a, b}, 2) })
	refused(t, "axis 2 is out of range", func() { ops.Stack([]*graph.Node{x, y}, 2) })
	refused(t, "dimensions 2 and 1 of axis 1 differ", func() { ops.Concat([]*graph.Node{a, b}, 0) })
	refused(t, "differ", func() { ops.Stack([]*graph.Node{x, a}, 0) })
	refused(t, "convert one with Cast", func() { ops.Concat([]*graph.Node{a, ops.Cast(a, graph.Float32)}, 0) })
}

// Joined along the last axis, long operands are written in blocks: columns alone, with wider ones between, of words of
// every width, and on both sides of the blocks' ends.
func TestConcatBlocks(t *testing.T) {
	for _, widths := range [][]int{slices.Repeat([]int{1}, 16), {1, 1, 1, 1}, {1, 0, 3, 1}, {1, 1}} {
		for _, rows := range []int{1, 15, 127, 128, 129, 512, 513, 1000} {
			columns := 0
			for _, w := range widths {
				columns += w
			}
			g := graph.New()
			want, parts := make([]float64, rows*columns), []*graph.Node(nil)
			at := 0
			for _, w := range widths {
				var x []float64
				for i := range rows * w {
					v := float64((7*i + 3*at) % 101)
					x, want[i/max(w, 1)*columns+at+i%max(w, 1)] = append(x, v), v
				}
				parts = append(parts, graph.Const(g, x, rows, w))
				at += w
			}
			for _, d := range []graph.DType{graph.Float64, graph.Float32, graph.Int64} {
				expect(t, joined(parts, d), []int{rows, columns}, want)
			}
			for i, v := range want {
				want[i] = min(v, 1)
			}
			expect(t, joined(parts, graph.Bool), []int{rows, columns}, want)
		}
	}
}

// joined is columns joined as elements of the type d.
func joined(parts []*graph.Node, d graph.DType) *graph.Node {
	cast := make([]*graph.Node, len(parts))
	for i, x := range parts {
		cast[i] = ops.Cast(x, d)
	}
	return ops.Cast(ops.Concat(cast, 1), graph.Float64)
}

func TestBroadcasts(t *testing.T) {
	g := graph.New()
	x := graph.Const(g, []float64{1, 2}, 2, 1)
	expect(t, ops.BroadcastTo(x, 2, 2, 3), []int{2, 2, 3}, []float64{1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2})
	expect(t, ops.SumTo(ops.BroadcastTo(x, 2, 2, 3), 2, 1), []int{2, 1}, []float64{6, 12})
	expect(t, ops.SumTo(ops.BroadcastTo(x, 2, 2, 3), 1, 3), []int{1, 3}, []float64{6, 6, 6})
	expect(t, ops.SumTo(x), nil, []float64{3})
	if ops.SumTo(x, 2, 1) != x || ops.BroadcastTo(x, 2, 1) != x {
		t.Error("a broadcast to x's own shape, or its transpose, is a new node")
	}
	refused(t, "shape [1,2,1] has more axes", func() { ops.SumTo(x, 1, 2, 1) })
	refused(t, "shape [3,1] does not stretch to it", func() { ops.SumTo(x, 3, 1) })
	refused(t, "does not stretch", func() { ops.BroadcastTo(x, 1) })
	refused(t, "do not broadcast", func() { ops.BroadcastTo(x, 3, 3) })
}

// TestNumbersAsOperands: a Go number takes the other operand's element type, if it has a value in it.
func TestNumbersAsOperands(t *testing.T) {
	g := graph.New()
	f, i := graph.Const(g, []float32{1, 2}, 2), graph.Const(g, []int64{6, 7}, 2)
	b := graph.Const(g, []bool{true, false}, 2)
	expect(t, ops.Sub(1, f), []int{2}, []float64{0, -1})
	expect(t, ops.Div(f, 2.0), []int{2}, []float64{0.5, 1})
	expect(t, ops.Mul(float32(0.5), f), []int{2}, []float64{0.5, 1})
	expect(t, ops.Add(i, int64(3)), []int{2}, []float64{9, 10})
	expect(t, ops.Add(2.0, i), []int{2}, []float64{8, 9})
	expect(t, ops.Where(b, f, 9), []int{2}, []float64{1, 9})
	expect(t, ops.Where(b, 9, i), []int{2}, []float64{9, 7})
	expect(t, ops.Clamp(i, 7, 10), []int{2}, []float64{7, 7})
	for _, n := range []*graph.Node{ops.Add(f, 1), ops.Where(b, 1.5, f)} {
		if n.DType() != graph.Float32 {
			t.Errorf("a number makes %v of an f32", n)
		}
	}
	refused(t, "the number 0.5 is no integer, as an i64 must be", func() { ops.Add(i, 0.5) })
	refused(t, "the number 1 beside a bool", func() { ops.Add(b, 1) })
	refused(t, "no operand is a node", func() { ops.Add(1, 2) })
	refused(t, "no operand is a node", func() { ops.Where(b, 1, 2) })
	refused(t, "input is nil", func() { ops.Add(f, node(nil)) })
	refused(t, "input is nil", func() { ops.Exp(nil) })
	refused(t, "different graphs", func() { ops.Add(f, graph.New().Input("x", graph.Float32, 2)) })
}
