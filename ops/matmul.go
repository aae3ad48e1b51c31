package ops

import (
	"fmt"
	"slices"

	"chainrule/graph"
	"chainrule/internal/kernel/gemm"
)

// matmulAttrs says which operands are used transposed; no transpose is ever computed for a product.
type matmulAttrs struct{ TransA, TransB bool }

// MatMul is the matrix product: over the last two axes of operands of rank 2, with leading axes broadcast as a
// batch. A vector on the left is a row, on the right a column, and its axis is dropped from the result; two
// vectors give a scalar.
func MatMul(a, b *graph.Node) *graph.Node {
	pair := []*graph.Node{a, b}
	mustExist(matmulOp.Name, a, b)
	if a.Rank() == 0 || b.Rank() == 0 {
		graph.Fail(matmulOp.Name, pair, "a scalar has no axis to sum over: use Mul")
	}
	if a.DType() == graph.Int64 && b.DType() == graph.Int64 {
		return wholeProduct(a, b)
	}
	if err := innerAgree(a, b, matmulAttrs{}); err != nil {
		graph.Fail(matmulOp.Name, pair, "%v", err)
	}
	switch {
	case a.Rank() == 1 && b.Rank() == 1:
		return Reshape(matmul(ExpandDims(a, 0), ExpandDims(b, 1), matmulAttrs{}))
	case a.Rank() == 1:
		y := matmul(ExpandDims(a, 0), b, matmulAttrs{})
		return Squeeze(y, -2)
	case b.Rank() == 1:
		y := matmul(a, ExpandDims(b, 1), matmulAttrs{})
		return Squeeze(y, -1)
	}
	return matmul(a, b, matmulAttrs{})
}

// wholeProduct is MatMul of i64, which wrap around as Go's do: a sum of products.
func wholeProduct(a, b *graph.Node) *graph.Node {
	_, k := extents(a, false, true)
	k2, _ := extents(b, false, false)
	if k != k2 {
		graph.Fail(matmulOp.Name, []*graph.Node{a, b}, "inner dimensions %d and %d differ", k, k2)
	}
	switch {
	case b.Rank() == 1:
		return Sum(Mul(a, b), -1)
	case a.Rank() == 1:
		return Sum(Mul(ExpandDims(a, 1), b), -2)
	}
	return Sum(Mul(ExpandDims(a, -1), ExpandDims(b, -3)), -2)
}

// matmul applies the op to operands of rank 2 or more. A batch of rows against one matrix is one tall product.
func matmul(a, b *graph.Node, attrs matmulAttrs) *graph.Node {
	if a.Rank() > 2 && b.Rank() == 2 && !attrs.TransA {
		rows := a.Shape()[:a.Rank()-1]
		y := apply(&matmulOp, attrs, Reshape(a, graph.Size(rows), a.Shape()[a.Rank()-1]), b)
		return Reshape(y, slices.Concat(rows, y.Shape()[1:])...)
	}
	return apply(&matmulOp, attrs, a, b)
}

// extents gives the rows and columns of an operand's matrices as the product sees them; a vector on the left is
// a row, on the right a column.
func extents(x *graph.Node, trans, left bool) (rows, cols int) {
	s := x.Shape()
	switch {
	case len(s) == 1 && left:
		return 1, s[0]
	case len(s) == 1:
		return s[0], 1
	case trans:
		return s[len(s)-1], s[len(s)-2]
	}
	return s[len(s)-2], s[len(s)-1]
}

// innerAgree says what does not fit between two factors: element types or inner dimensions.
func innerAgree(a, b *graph.Node, attrs matmulAttrs) error {
	if !a.DType().IsFloat() {
		return kindError("f32 or f64")
	}
	if a.DType() != b.DType() {
		return fmt.Errorf("element types %v and %v differ: convert one with Cast", a.DType(), b.DType())
	}
	_, k := extents(a, attrs.TransA, true)
	k2, _ := extents(b, attrs.TransB, false)
	if k != k2 {
		return fmt.Errorf("inner dimensions %d and %d differ", k, k2)
	}
	return nil
}

var matmulOp graph.Op

func init() {
	define(&matmulOp, graph.Op{
		Name: "matmul", Doc: "matrix product over the last two axes", Class: graph.Contract, Arity: 2,
		Attrs: matmulAttrs{}, Infer: inferMatmul, Kernel: byFloat(product[float32], product[float64]),
		Flops: matmulFlops, Depends: matmulDepends,
		Derivative: Bilinear{matmulLeft, matmulRight}, Batch: batchMatmul,
		Cases: matmulCases(),
		BadCases: []graph.BadCase{
			bad(matmulAttrs{}, "inner dimensions 3 and 2 differ", f64(2, 3), f64(2, 3)),
			bad(matmulAttrs{}, "convert one with Cast", f64(2, 3), f32(3, 2)),
			bad(matmulAttrs{}, "wants operands of rank 2 or more", f64(3), f64(3, 2)),
			bad(matmulAttrs{}, "do not broadcast", f64(2, 2, 3), f64(3, 3, 2)),
		},
	})
}

func inferMatmul(in []*graph.Node, attrs any) (graph.Type, error) {
	a, b, f := in[0], in[1], attrs.(matmulAttrs)
	if a.Rank() < 2 || b.Rank() < 2 {
		return graph.Type{}, kindError("operands of rank 2 or more")
	}
	if err := innerAgree(a, b, f); err != nil {
		return graph.Type{}, err
	}
	batch, err := graph.BroadcastShapes(a.Shape()[:a.Rank()-2], b.Shape()[:b.Rank()-2])
	m, _ := extents(a, f.TransA, true)
	_, n := extents(b, f.TransB, false)
	return graph.T(a.DType(), slices.Concat(batch, []int{m, n})...), err
}

// matmulLeft is ā for y = op(a)·op(b).
func matmulLeft(n, ct *graph.Node) *graph.Node {
	return leftFactor(n.In()[1], ct, n.Attrs().(matmulAttrs))
}

// matmulRight is b̄ for y = op(a)·op(b).
func matmulRight(n, ct *graph.Node) *graph.Node {
	return rightFactor(n.In()[0], ct, n.Attrs().(matmulAttrs))
}

// leftFactor is ȳ·op(b)ᵀ, transposed if a was.
func leftFactor(b, ct *graph.Node, f matmulAttrs) *graph.Node {
	if f.TransA {
		return matmul(b, ct, matmulAttrs{TransA: f.TransB, TransB: true})
	}
	return matmul(ct, b, matmulAttrs{TransB: !f.TransB})
}

// rightFactor is op(a)ᵀ·ȳ, transposed if b was.
func rightFactor(a, ct *graph.Node, f matmulAttrs) *graph.Node {
	if f.TransB {
		return matmul(ct, a, matmulAttrs{TransA: true, TransB: f.TransA})
	}
	return matmul(a, ct, matmulAttrs{TransA: !f.TransA})
}

// product binds the strides of a batch of products. A batch axis along which an operand is broadcast has
// stride 0. A matrix without columns has leading dimension 1, as BLAS asks for.
func product[T gemm.Float](n *graph.Node) graph.Kernel {
	f, a, b := n.Attrs().(matmulAttrs), n.In()[0], n.In()[1]
	m, k := extents(a, f.TransA, true)
	_, cols := extents(b, f.TransB, false)
	lda, ldb := max(1, a.Shape()[a.Rank()-1]), max(1, b.Shape()[b.Rank()-1])
	batch := n.Shape()[:n.Rank()-2]
	offsetsA, offsetsB := batchOffsets(a, batch), batchOffsets(b, batch)
	count := evenRun(offsetsA, offsetsB)
	p := gemm.Product[T]{Count: count, StrideC: m * cols, TransA: f.TransA, TransB: f.TransB, M: m, N: cols, K: k,
		LDA: lda, LDB: ldb, LDC: max(1, cols)}
	if count > 1 {
		p.StrideA, p.StrideB = offsetsA[1], offsetsB[1]
	}
	return func(w *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		av, bv, cv := graph.Elements[T](in[0]), graph.Elements[T](in[1]), graph.Elements[T](out)
		e := gemm.Epilogue[T]{Stop: w.Stop}
		for h := 0; h < len(offsetsA); h += count {
			if h%productsUnstopped == 0 && w.Stopped() {
				return graph.ErrStopped
			}
			p.Run(av[offsetsA[h]:], bv[offsetsB[h]:], cv[h*m*cols:][:count*m*cols], &e, w.Workers)
		}
		return w.Err()
	}
}

// productsUnstopped is how many products of a batch are computed before a look at Work.Stop; long ones look themselves.
const productsUnstopped = 256

// matmulFlops is 2mnk for each matrix of a batch, for the ops whose last two operands are multiplied.
func matmulFlops(n *graph.Node) float64 {
	a := n.In()[len(n.In())-2]
	_, k := extents(a, n.Attrs().(matmulAttrs).TransA, true)
	return 2 * float64(n.Type().Size()) * float64(k)
}

// batchOffsets lists where each matrix of a broadcast batch starts in x.
func batchOffsets(x *graph.Node, batch []int) []int {
	size := x.Shape()[x.Rank()-2] * x.Shape()[x.Rank()-1]
	steps := graph.BroadcastStrides(x.Shape()[:x.Rank()-2], batch)
	offsets := make([]int, graph.Size(batch))
	for h := range offsets {
		rest := h
		for i := len(batch) - 1; i >= 0; i-- {
			offsets[h] += rest % batch[i] * steps[i] * size
			rest /= batch[i]
		}
	}
	return offsets
}

// evenRun is the largest number of products, a divisor of all that there are, whose operands lie at even distances from
// each other in every run of so many: one call computes them.
func evenRun(a, b []int) int {
	even := func(i, run int) bool {
		return i%run == 0 || a[i]-a[i-1] == a[1] && b[i]-b[i-1] == b[1]
	}
	run := len(a)
	for i := 1; i < len(a); i++ {
		if !even(i, run) {
			run = i
			break
		}
	}
	for i := range a {
		if len(a)%run != 0 || !even(i, run) {
			return 1
		}
	}
	return run
}

func matmulCases() []graph.Case {
	of := func(name string, a, b []int, transA, transB bool) graph.Case {
		return graph.Case{Name: name, In: []graph.Arg{arg(a...), arg(b...)}, Attrs: matmulAttrs{transA, transB}}
	}
	return []graph.Case{
		of("nn", []int{3, 4}, []int{4, 5}, false, false), of("tn", []int{4, 3}, []int{4, 5}, true, false),
		of("nt", []int{3, 4}, []int{5, 4}, false, true), of("tt", []int{4, 3}, []int{5, 4}, true, true),
		of("row", []int{1, 4}, []int{4, 5}, false, false), of("column", []int{3, 4}, []int{4, 1}, false, false),
		of("outer", []int{3, 1}, []int{1, 5}, false, false),
		of("outer tt", []int{1, 3}, []int{5, 1}, true, true), of("inner", []int{1, 4}, []int{4, 1}, false, false),
		of("inner tt", []int{4, 1}, []int{1, 4}, true, true), of("row nt", []int{1, 4}, []int{5, 4}, false, true),
		of("column tn", []int{4, 3}, []int{4, 1}, true, false),
		of("batch", []int{2, 3, 4}, []int{2, 4, 5}, false, false),
		of("batch tt", []int{2, 4, 3}, []int{2, 5, 4}, true, true),
		of("batch broadcast", []int{2, 1, 3, 4}, []int{3, 4, 2}, false, false),
		of("one left", []int{3, 4}, []int{2, 4, 5}, false, false), of("one right tn", []int{2, 4, 3}, []int{4, 5}, true, false),
		of("no inner", []int{3, 0}, []int{0, 2}, false, false), of("no rows", []int{0, 3}, []int{3, 2}, false, false),
	}
}
