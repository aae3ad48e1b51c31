package ops

import "chainrule/graph"

// matmulDepends is the rule of matmul, and of matmul_add but for what it adds: an element of the product depends on a
// row of a and a column of b, without those elements that meet a zero of the other operand, if that is known.
func matmulDepends(n *graph.Node, i int, known graph.Known) graph.Dependence {
	f := n.Attrs().(matmulAttrs)
	lead := len(n.In()) - 2
	if i < lead {
		return addedDepends(n)
	}
	a, b := n.In()[lead], n.In()[lead+1]
	rows, inner := extents(a, f.TransA, true)
	_, cols := extents(b, f.TransB, false)
	batch := n.Shape()[:n.Rank()-2]
	p := factors{rows: rows, inner: inner, cols: cols, batch: graph.Size(batch),
		a: operandAt(a, f.TransA, batch), b: operandAt(b, f.TransB, batch)}
	if other, ok := known(2*lead + 1 - i); ok {
		zero, others := zerosOf(other, n.DType())
		lines := p.batch * p.cols // at most as often is each of the others a factor
		if i == lead {
			lines = p.batch * p.rows
		}
		if others < other.Len && others <= longLists/max(1, lines) && n.Type().Size() <= longLists*16/max(1, inner) {
			return p.sparse(i == lead, zero)
		}
	}
	return p.dense(i == lead)
}

// addedDepends is that of c in c + a·b, a matrix or a row.
func addedDepends(n *graph.Node) graph.Dependence {
	if n.In()[0].Rank() == n.Rank() {
		return graph.Dependence{}
	}
	group := make([]int32, n.Type().Size())
	for e := range group {
		group[e] = int32(e % n.Shape()[1])
	}
	return graph.Dependence{Group: group}
}

// factors are the operands of a batch of products, each [rows, inner] · [inner, cols].
type factors struct {
	rows, inner, cols, batch int
	a, b                     operand
}

// operand finds the elements of matrices: those of matrix h begin at start[h].
type operand struct {
	start    []int
	row, col int
}

func operandAt(x *graph.Node, trans bool, batch []int) operand {
	width := x.Shape()[x.Rank()-1]
	if trans {
		return operand{start: batchOffsets(x, batch), row: 1, col: width}
	}
	return operand{start: batchOffsets(x, batch), row: width, col: 1}
}

func (o operand) at(h, i, j int) int32 { return int32(o.start[h] + i*o.row + j*o.col) }

// dense makes a group of each row of a, or of each column of b.
func (p factors) dense(left bool) graph.Dependence {
	lines := p.cols
	if left {
		lines = p.rows
	}
	d := graph.Dependence{Start: make([]int32, 1, p.batch*lines+1)}
	for h := range p.batch {
		for l := range lines {
			for k := range p.inner {
				d.Members = append(d.Members, p.member(left, h, l, l, k))
			}
			d.Start = append(d.Start, int32(len(d.Members)))
		}
		for i := range p.rows {
			for j := range p.cols {
				l := j
				if left {
					l = i
				}
				d.Group = append(d.Group, int32(h*lines+l))
			}
		}
	}
	return d
}

// sparse makes a group for each element of the product.
func (p factors) sparse(left bool, zero func(e int32) bool) graph.Dependence {
	d := graph.Dependence{Start: make([]int32, 1, p.batch*p.rows*p.cols+1)}
	for h := range p.batch {
		for i := range p.rows {
			for j := range p.cols {
				for k := range p.inner {
					if !zero(p.member(!left, h, i, j, k)) {
						d.Members = append(d.Members, p.member(left, h, i, j, k))
					}
				}
				d.Start = append(d.Start, int32(len(d.Members)))
			}
		}
	}
	return d
}

// member is factor k of element (i, j), from the left operand or the right.
func (p factors) member(left bool, h, i, j, k int) int32 {
	if left {
		return p.a.at(h, i, k)
	}
	return p.b.at(h, k, j)
}

// zerosOf tells which elements of a float tensor are zero, and how many are not.
func zerosOf(b graph.Buffer, d graph.DType) (zero func(e int32) bool, others int) {
	if d == graph.Float32 {
		return isZero(graph.Elements[float32](b))
	}
	return isZero(graph.Elements[float64](b))
}

func isZero[T float](x []T) (zero func(e int32) bool, others int) {
	for _, v := range x {
		if v != 0 {
			others++
		}
	}
	return func(e int32) bool { return x[e] == 0 }, others
}
