package ops

import (
	"fmt"

	"chainrule/graph"
	"chainrule/internal/kernel/gemm"
)

// A RowProduct is the product of a row with a matrix, plus Add if that is not nil; the matrix is transposed if Trans is
// set. The product of a matrix with a column is one, too: of the column with the matrix transposed.
type RowProduct struct {
	Row, Matrix, Add *graph.Node
	Trans            bool
}

// AsRowProduct takes a product of matrices apart, if it is one of a row with several terms that gives several numbers.
func AsRowProduct(n *graph.Node) (p RowProduct, ok bool) {
	of, ok := AsProduct(n)
	switch {
	case !ok:
		return p, false
	case n.Shape()[0] == 1:
		p = RowProduct{of.A, of.B, of.Add, of.TransB}
	case n.Shape()[1] == 1:
		p = RowProduct{of.B, of.A, of.Add, !of.TransA}
	default:
		return p, false
	}
	return p, p.Row.Type().Size() > 1 && n.Type().Size() > 1 && (p.Add == nil || p.Add.Type().Size() == n.Type().Size())
}

// RowPair gives two products of rows with one matrix, which is read once for both, as the rows of a result [2, n].
// Formulas use MatMul; this is for rewriting them.
func RowPair(x, y RowProduct) *graph.Node {
	mustExist("row_pair", x.Matrix, x.Row, y.Row)
	vector := func(n *graph.Node) *graph.Node { return Reshape(n, n.Type().Size()) }
	attrs := rowPairAttrs{TransB: x.Trans, Add0: x.Add != nil, Add1: y.Add != nil}
	in := []*graph.Node{x.Matrix, vector(x.Row), vector(y.Row)}
	for _, p := range []RowProduct{x, y} {
		if p.Add != nil {
			in = append(in, vector(p.Add))
		}
	}
	return apply(&rowPairOp, attrs, in...)
}

// rowPairAttrs says whether the matrix is transposed, and which rows something is added to.
type rowPairAttrs struct{ TransB, Add0, Add1 bool }

// addend is which input is added to row i, 0 for none.
func (a rowPairAttrs) addend(i int) int {
	switch {
	case i == 0 && a.Add0, i == 1 && a.Add1 && !a.Add0:
		return 3
	case i == 1 && a.Add1:
		return 4
	}
	return 0
}

var rowPairOp graph.Op

func init() {
	of := func(name string, attrs rowPairAttrs, shapes ...[]int) graph.Case {
		c := graph.Case{Name: name, Attrs: attrs}
		for _, s := range shapes {
			c.In = append(c.In, arg(s...))
		}
		return c
	}
	k, n := []int{4}, []int{5}
	define(&rowPairOp, graph.Op{
		Name: "row_pair", Doc: "two products of rows with one matrix", Class: graph.Contract, Arity: graph.Variadic,
		Attrs: rowPairAttrs{}, Infer: inferRowPair, Kernel: byFloat(rowPairKernel[float32], rowPairKernel[float64]),
		Flops:      func(n *graph.Node) float64 { return 2 * float64(n.Type().Size()) * float64(n.In()[1].Type().Size()) },
		Derivative: rowPairRule{}, Batch: batchRowPair,
		Cases: []graph.Case{
			of("n", rowPairAttrs{}, []int{4, 5}, k, k), of("t", rowPairAttrs{TransB: true}, []int{5, 4}, k, k),
			of("first added to", rowPairAttrs{Add0: true}, []int{4, 5}, k, k, n),
			of("second added to, t", rowPairAttrs{TransB: true, Add1: true}, []int{5, 4}, k, k, n),
			of("both added to", rowPairAttrs{Add0: true, Add1: true}, []int{4, 5}, k, k, n, n),
			of("of nothing", rowPairAttrs{Add0: true}, []int{0, 5}, []int{0}, []int{0}, n),
			of("empty", rowPairAttrs{}, []int{4, 0}, k, k),
		},
		BadCases: []graph.BadCase{
			{In: []graph.Type{graph.T(graph.Float64, 4, 5), graph.T(graph.Float64, 4)}, Want: "wants a matrix and 2 rows"},
			{In: []graph.Type{graph.T(graph.Float64, 4, 5), graph.T(graph.Float64, 4), graph.T(graph.Float64, 5)},
				Want: "input 2 is f64[5], not f64[4]"},
			{In: []graph.Type{graph.T(graph.Int64, 4, 5), graph.T(graph.Int64, 4), graph.T(graph.Int64, 4)},
				Want: "wants f32 or f64"},
		},
	})
}

func inferRowPair(in []*graph.Node, attrs any) (graph.Type, error) {
	a, _ := attrs.(rowPairAttrs)
	want := 3
	for _, adds := range []bool{a.Add0, a.Add1} {
		if adds {
			want++
		}
	}
	if len(in) != want || in[0].Rank() != 2 {
		return graph.Type{}, kindError(fmt.Sprintf("a matrix and %d rows", want-1))
	}
	if !in[0].DType().IsFloat() {
		return graph.Type{}, kindError("f32 or f64")
	}
	k, n := extents(in[0], a.TransB, false)
	for i, x := range in[1:] {
		t := graph.T(in[0].DType(), k)
		if i >= 2 {
			t = graph.T(in[0].DType(), n)
		}
		if !x.Type().Equal(t) {
			return graph.Type{}, fmt.Errorf("input %d is %v, not %v", i+1, x.Type(), t)
		}
	}
	return graph.T(in[0].DType(), 2, n), nil
}

func rowPairKernel[T float](n *graph.Node) graph.Kernel {
	a, b := n.Attrs().(rowPairAttrs), n.In()[0]
	k, cols := extents(b, a.TransB, false)
	p := gemm.NewPair[T](a.TransB, cols, k, max(1, b.Shape()[1]))
	add0, add1 := a.addend(0), a.addend(1)
	return func(w *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		y := graph.Elements[T](out)
		rows := gemm.Rows[T]{A: [2][]T{graph.Elements[T](in[1]), graph.Elements[T](in[2])}, C: [2][]T{y[:cols], y[cols:]}}
		if add0 > 0 {
			rows.Add[0] = graph.Elements[T](in[add0])
		}
		if add1 > 0 {
			rows.Add[1] = graph.Elements[T](in[add1])
		}
		p.Run(&rows, graph.Elements[T](in[0]), w.Workers)
		return nil
	}
}

// rowPairRule is the derivative of y = a·op(b) + c, where a and c are two rows.
type rowPairRule struct{}

// Wrt implements graph.Derivative.
func (rowPairRule) Wrt(int) bool { return true }

// VJP implements graph.Derivative.
func (rowPairRule) VJP(n *graph.Node, i int, ct *graph.Node) *graph.Node {
	a, in := n.Attrs().(rowPairAttrs), n.In()
	if i == 0 {
		return rightFactor(Stack([]*graph.Node{in[1], in[2]}, 0), ct, matmulAttrs{TransB: a.TransB})
	}
	row := func(i int) *graph.Node { return Slice(ct, At(i)) }
	switch i {
	case 1, 2:
		return Reshape(leftFactor(in[0], row(i-1), matmulAttrs{TransB: a.TransB}), in[i].Shape()...)
	case a.addend(0):
		return Reshape(row(0), in[i].Shape()...)
	}
	return Reshape(row(1), in[i].Shape()...)
}

// JVP implements graph.Derivative: ẏ = a·op(ḃ) + (ȧ·op(b) + ċ).
func (rowPairRule) JVP(n *graph.Node, t []*graph.Node) *graph.Node {
	a, in := n.Attrs().(rowPairAttrs), n.In()
	moved := []*graph.Node{in[0]}
	for i := range in[1:] {
		moved = append(moved, orZeros(t[i+1], in[i+1]))
	}
	y := apply(&rowPairOp, a, moved...)
	if t[0] != nil {
		y = Add(y, apply(&rowPairOp, rowPairAttrs{TransB: a.TransB}, t[0], in[1], in[2]))
	}
	return y
}

// batchRowPair computes the rows of all examples one below the other, as two products.
func batchRowPair(n *graph.Node, in []*graph.Node, batched []bool) *graph.Node {
	a := n.Attrs().(rowPairAttrs)
	in = allBatched(in, batched)
	row := func(i int) *graph.Node {
		y := matmul(ExpandDims(in[1+i], 1), in[0], matmulAttrs{TransB: a.TransB})
		if k := a.addend(i); k > 0 {
			y = Add(y, ExpandDims(in[k], 1))
		}
		return y
	}
	return Concat([]*graph.Node{row(0), row(1)}, 1)
}
