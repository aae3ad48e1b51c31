package ops

import (
	"chainrule/graph"
	"chainrule/internal/kernel/gemm"
)

// Product is op(a)·op(b) for operands of rank 2 or more, op being the transpose of the last two axes where it is
// asked for. The transposes are never computed. Formulas use MatMul; this is for rewriting them.
func Product(a, b *graph.Node, transA, transB bool) *graph.Node {
	mustExist("matmul", a, b)
	return matmul(a, b, matmulAttrs{transA, transB})
}

// A MatrixProduct is op(a)·op(b), plus Add if that is not nil; op is the transpose where it is asked for.
type MatrixProduct struct {
	Add, A, B      *graph.Node
	TransA, TransB bool
}

// AsProduct takes a product of two matrices apart, if n is one.
func AsProduct(n *graph.Node) (p MatrixProduct, ok bool) {
	in := n.In()
	switch n.Op() {
	case &matmulOp:
	case &matmulAddOp:
		p.Add, in = in[0], in[1:]
	default:
		return p, false
	}
	p.A, p.B = in[0], in[1]
	p.TransA, p.TransB = Transposed(n)
	return p, n.Rank() == 2 && p.A.Rank() == 2 && p.B.Rank() == 2
}

// Transposed tells which operands a product uses transposed.
func Transposed(n *graph.Node) (transA, transB bool) {
	f := n.Attrs().(matmulAttrs)
	return f.TransA, f.TransB
}

// MatMulAdd is c + op(a)·op(b) for matrices a and b. c is a matrix that the sum begins with, and over which the result
// may be written, or a vector that is added to every row, such as a bias.
func MatMulAdd(c, a, b *graph.Node, transA, transB bool) *graph.Node {
	return apply(&matmulAddOp, matmulAttrs{transA, transB}, c, a, b)
}

var matmulAddOp graph.Op

func init() {
	of := func(name string, c, a, b []int, transA, transB bool) graph.Case {
		return graph.Case{Name: name, In: []graph.Arg{arg(c...), arg(a...), arg(b...)}, Attrs: matmulAttrs{transA, transB}}
	}
	define(&matmulAddOp, graph.Op{
		Name: "matmul_add", Doc: "c plus a matrix product", Class: graph.Contract, Arity: 3, Attrs: matmulAttrs{},
		Infer: func(in []*graph.Node, attrs any) (graph.Type, error) {
			if in[1].Rank() != 2 || in[2].Rank() != 2 {
				return graph.Type{}, kindError("matrices")
			}
			t, err := inferMatmul(in[1:], attrs)
			if c := in[0].Type(); err == nil && !t.Equal(c) && !graph.T(t.DType, t.Shape[1]).Equal(c) {
				err = kindError("c of the product's type " + t.String() + " or of a row's")
			}
			return t, err
		},
		Kernel:  byFloat(productAdd[float32], productAdd[float64]),
		InPlace: true,
		Flops:   matmulFlops,
		Depends: matmulDepends,
		Derivative: Multilinear{
			func(n, ct *graph.Node) *graph.Node { return SumTo(ct, n.In()[0].Shape()...) },
			func(n, ct *graph.Node) *graph.Node { return leftFactor(n.In()[2], ct, n.Attrs().(matmulAttrs)) },
			func(n, ct *graph.Node) *graph.Node { return rightFactor(n.In()[1], ct, n.Attrs().(matmulAttrs)) },
		},
		Batch: func(n *graph.Node, in []*graph.Node, batched []bool) *graph.Node {
			c := in[0]
			if batched[0] {
				c = padRank(c, 3)
			}
			if !batched[1] && !batched[2] {
				return Add(c, matmul(in[1], in[2], n.Attrs().(matmulAttrs)))
			}
			return Add(c, batchMatmul(n, in[1:], batched[1:]))
		},
		Cases: []graph.Case{
			of("nn", []int{3, 5}, []int{3, 4}, []int{4, 5}, false, false),
			of("tn", []int{3, 5}, []int{4, 3}, []int{4, 5}, true, false),
			of("nt", []int{3, 5}, []int{3, 4}, []int{5, 4}, false, true),
			of("tt", []int{3, 5}, []int{4, 3}, []int{5, 4}, true, true),
			of("row", []int{5}, []int{3, 4}, []int{4, 5}, false, false),
			of("row tt", []int{5}, []int{4, 3}, []int{5, 4}, true, true),
			of("one row", []int{1, 5}, []int{1, 4}, []int{4, 5}, false, false),
			of("row, no inner", []int{3}, []int{2, 0}, []int{0, 3}, false, false),
			of("no inner", []int{2, 3}, []int{2, 0}, []int{0, 3}, false, false),
			of("no rows", []int{0, 3}, []int{0, 2}, []int{2, 3}, false, false),
		},
		BadCases: []graph.BadCase{
			bad(matmulAttrs{}, "wants c of the product's type f64[2,4]", f64(2, 2), f64(2, 3), f64(3, 4)),
			bad(matmulAttrs{}, "inner dimensions 3 and 2 differ", f64(2, 2), f64(2, 3), f64(2, 2)),
			bad(matmulAttrs{}, "wants matrices", f64(2, 2), f64(1, 2, 3), f64(3, 2)),
		},
	})
}

// productAdd binds c + op(a)·op(b). A row c is the product's bias; a matrix c is copied first, unless it lies there.
func productAdd[T gemm.Float](n *graph.Node) graph.Kernel {
	f, a, b := n.Attrs().(matmulAttrs), n.In()[1], n.In()[2]
	m, k := extents(a, f.TransA, true)
	_, cols := extents(b, f.TransB, false)
	p := gemm.Product[T]{Count: 1, TransA: f.TransA, TransB: f.TransB, M: m, N: cols, K: k,
		LDA: max(1, a.Shape()[1]), LDB: max(1, b.Shape()[1]), LDC: max(1, cols)} // as BLAS asks for
	row := n.In()[0].Rank() == 1 || m == 1 // it may be the row that is computed
	return func(w *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		c, e := graph.Elements[T](out), gemm.Epilogue[T]{Accumulate: true}
		switch {
		case row:
			e = gemm.Epilogue[T]{Bias: graph.Elements[T](in[0])}
		case out.Ptr != in[0].Ptr:
			copy(c, graph.Elements[T](in[0]))
		}
		e.Stop = w.Stop
		p.Run(graph.Elements[T](in[1]), graph.Elements[T](in[2]), c, &e, w.Workers)
		return w.Err()
	}
}
