package ops_test

import (
	"testing"

	"chainrule/graph"
	"chainrule/internal/optest"
	"chainrule/ops"
)

func init() { builders = append(builders, ops.Convolve, ops.Correlate, ops.Cross) }

// TestProducts has products of vectors and of whole numbers, by hand.
func TestProducts(t *testing.T) {
	g := graph.New()
	a, b := vector(g, 1, 2, 3), vector(g, 0, 1, 0.5)
	expect(t, ops.Convolve(a, b, ops.ConvolveFull), []int{5}, []float64{0, 1, 2.5, 4, 1.5})
	expect(t, ops.Convolve(a, b, ops.ConvolveSame), []int{3}, []float64{1, 2.5, 4})
	expect(t, ops.Convolve(b, a, ops.ConvolveValid), []int{1}, []float64{2.5})
	expect(t, ops.Convolve(vector(g, 1, -1), a, ops.ConvolveSame), []int{3}, []float64{1, 1, 1})
	expect(t, ops.Convolve(whole(g, 2), whole(g, 3, 4), ops.ConvolveFull), []int{2}, []float64{6, 8})
	expect(t, ops.Correlate(a, b, ops.ConvolveFull), []int{5}, []float64{0.5, 2, 3.5, 3, 0})
	expect(t, ops.Cross(vector(g, 1, 0, 2), vector(g, 3, 4, 5), 0), []int{3}, []float64{-8, 1, 4})
	i, j := graph.Const(g, []int64{1, 2, 3, 4, 5, 1 << 60}, 2, 3), graph.Const(g, []int64{1, 0, -1, 2, 0, 1}, 3, 2)
	expect(t, ops.MatMul(i, j), []int{2, 2}, []float64{-1, 7, -1, 1<<60 + 10})
	expect(t, ops.MatMul(i, whole(g, 1, 1, 0)), []int{2}, []float64{3, 9})
	expect(t, ops.MatMul(whole(g, 1, -1), i), []int{3}, []float64{-3, -3, 3 - 1<<60})
	expect(t, ops.MatMul(ops.Reshape(i, 2, 1, 3), j), []int{2, 1, 2}, []float64{-1, 7, -1, 1<<60 + 10})
	expect(t, ops.Sum(ops.Gt(a, 1)), nil, []float64{2})
	refused(t, "inner dimensions 3 and 2 differ", func() { ops.MatMul(i, i) })
	refused(t, "convolve: wants a mode and vectors", func() { ops.Convolve(a, vector(g), ops.ConvolveFull) })
	refused(t, "correlate: wants vectors", func() { ops.Correlate(a, i, ops.ConvolveFull) })
	refused(t, "cross: axis 0 is not of length 3", func() { ops.Cross(a, vector(g, 1, 2), 0) })
	for name, f := range map[string]func(in ...*graph.Node) *graph.Node{
		"convolve": func(in ...*graph.Node) *graph.Node { return ops.Convolve(in[0], in[1], ops.ConvolveFull) },
		"cross":    func(in ...*graph.Node) *graph.Node { return ops.Cross(in[0], ops.Slice(in[1], ops.Range{Stop: 3}), 0) },
	} {
		optest.Composed(t, name, graph.Case{Name: "case", In: []graph.Arg{{Shape: []int{3}}, {Shape: []int{5}}}, Build: f})
	}
}

// TestEinsumDots has axes that a formula does not name, and letters that the result has twice, against NumPy's products.
func TestEinsumDots(t *testing.T) {
	g := graph.New()
	x, y := counted(g, 2, 1, 2, 3), counted(g, 4, 3, 2)
	expect(t, ops.Einsum("...ij,...jk->...ik", x, y), []int{2, 4, 2, 2}, eval(t, ops.MatMul(x, y))[0])
	expect(t, ops.Einsum("...ij,...jk", x, y), []int{2, 4, 2, 2}, eval(t, ops.MatMul(x, y))[0])
	expect(t, ops.Einsum("i...->...", y), []int{3, 2}, eval(t, ops.Sum(y, 0))[0])
	expect(t, ops.Einsum("...,...->...", counted(g, 2, 1), vector(g, 1, 2, 3)), []int{2, 3}, eval(t, ops.Mul(counted(g, 2, 1), vector(g, 1, 2, 3)))[0])
	expect(t, ops.Einsum("...i->i...", counted(g, 2, 3)), []int{3, 2}, eval(t, ops.Transpose(counted(g, 2, 3)))[0])
	expect(t, ops.Einsum("i->ii", vector(g, 1, nan)), []int{2, 2}, []float64{1, 0, 0, nan})
	expect(t, ops.Einsum("ij->iji", counted(g, 2, 2)), []int{2, 2, 2}, []float64{0, 0, 1, 0, 0, 2, 0, 3})
	refused(t, `the result lacks the ... of an operand`, func() { ops.Einsum("...i->i", counted(g, 2, 3)) })
	refused(t, `has the lengths`, func() { ops.Einsum("...,...->...", counted(g, 2, 2), counted(g, 3)) })
	optest.Composed(t, "einsum", graph.Case{Name: "case", In: []graph.Arg{{Shape: []int{2, 3}}, {Shape: []int{3}}},
		Build: func(in ...*graph.Node) *graph.Node { return ops.Einsum("...i,i->i...i", in[0], in[1]) }})
}

// TestEinsumOrder: many operands are combined in an order in which no tensor is larger than the largest operand or result,
// and the result is the sum over every index.
func TestEinsumOrder(t *testing.T) {
	for _, formula := range []string{"ab,bc,cd,de->ae", "ab,bc,cd,de,ef,fg,gh->ah", "a,b,c,ad,bd,cd->d", "ab,cd,ef,bc,de,fa->",
		"i,j,k,l,m,n,o,io->jo", "ac,bd,ab->cd"} {
		for _, length := range []int{2, 20} {
			g, lengths := graph.New(), map[byte]int{}
			left, result, _ := cutArrow(formula)
			var in []*graph.Node
			for i, term := range left {
				shape := make([]int, len(term))
				for k := range term {
					shape[k], lengths[term[k]] = length, length
				}
				in = append(in, ops.FloorMod(ops.Add(counted(g, shape...), i), 5))
			}
			y := ops.Einsum(formula, in...)
			if length > 2 {
				for _, n := range graph.Topo(y) {
					if n.Type().Size() > length*length {
						t.Errorf("%s: %v", formula, n)
					}
				}
				continue
			}
			shape, want := naiveEinsum(left, result, lengths, eval(t, in...))
			expect(t, y, shape, want)
		}
	}
}
