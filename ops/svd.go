package ops

import (
	"errors"
	"math"
	"slices"

	"chainrule/graph"
	"chainrule/internal/kernel/linalg"
)

// SVD returns the factors x = u·diag(s)·vt of matrices [.., m, n]: with k the less of m and n, u [.., m, k] and the transpose
// of vt [.., k, n] have orthonormal columns, and s [.., k] are the singular values in descending order. The largest component of
// each column of u is positive.
//
// What does not depend on the choice of vectors of equal singular values is smooth in x, as u·g(s)·vt is for odd functions g. As
// for Eigh, derivatives of such functions, to the third order for those of singular values and to the second for those of
// vectors, are right at equal singular values too, and at zeros; those of higher order fail there. The derivatives of sums of singular
// values at zeros, such as [NuclearNorm], are those for the vectors that were found.
func SVD(x *graph.Node) (u, s, vt *graph.Node) {
	mustExist("svd", x)
	n := unary(&svdOp, x)
	s, u, vt = svdParts(n, n)
	return Transpose(u), Squeeze(s, -1), vt
}

// SingularValues returns the singular values of matrices [.., m, n], [.., min(m, n)], in descending order.
func SingularValues(x *graph.Node) *graph.Node {
	_, s, _ := SVD(x)
	return s
}

// svdParts takes apart what has the form of n, svd's result: a column of values, left vectors and right ones, as rows.
func svdParts(n, x *graph.Node) (s, ut, vt *graph.Node) {
	parts := Split(x, []int{1, rowsOf(n.In()[0]), columns(n.In()[0])}, -1)
	return parts[0], parts[1], parts[2]
}

var svdOp graph.Op

func init() {
	define(&svdOp, graph.Op{
		Name: "svd", Doc: "singular values, a column before left and right vectors as rows", Class: graph.Opaque, Arity: 1,
		Fails: true,
		Infer: func(in []*graph.Node, _ any) (graph.Type, error) {
			x := in[0]
			rank := x.Rank()
			if !x.DType().IsFloat() || rank < 2 {
				return graph.Type{}, kindError("matrices of f32 or f64")
			}
			shape := slices.Clone(x.Shape())
			m, n := shape[rank-2], shape[rank-1]
			shape[rank-2], shape[rank-1] = min(m, n), 1+m+n
			return graph.T(x.DType(), shape...), nil
		},
		Kernel:    byFloat(svdKernel[float32], svdKernel[float64]),
		Workspace: svdWorkspace,
		Flops: func(n *graph.Node) float64 {
			m, k := longSide(n)
			return float64(graph.Size(n.Shape()[:n.Rank()-2])) * float64(k*k) * (4*float64(m) + 16*float64(k))
		},
		Derivative: svdRule{},
		Batch:      batchSame,
		Cases: []graph.Case{
			{Name: "square", In: []graph.Arg{wellConditioned(2, 3)}}, {Name: "tall", In: []graph.Arg{arg(14, 3)}},
			{Name: "wide", In: []graph.Arg{arg(2, 3, 4)}}, {Name: "column", In: []graph.Arg{arg(4, 1)}},
			{Name: "row", In: []graph.Arg{arg(1, 3)}}, {Name: "number", In: []graph.Arg{within(1, 2, 1, 1)}},
			{Name: "no matrices", In: []graph.Arg{arg(0, 3, 2)}}, {Name: "no columns", In: []graph.Arg{arg(2, 0)}},
			{Name: "no rows", In: []graph.Arg{arg(0, 2)}},
		},
		BadCases: []graph.BadCase{bad(nil, "matrices of f32 or f64", i64(3, 3)), bad(nil, "matrices of f32 or f64", f64(3))},
	})
}

// longSide gives the sides of the matrices that n is computed from, the longer one first.
func longSide(n *graph.Node) (long, short int) {
	m, k := rowsOf(n.In()[0]), columns(n.In()[0])
	return max(m, k), min(m, k)
}

// svdWorkspace is what a decomposition wants.
func svdWorkspace(n *graph.Node) int {
	m, k := longSide(n)
	floats, ints := linalg.SVDScratch(m, k)
	return 8 * (2*m*k + k*k + k + floats + ints)
}

// A decomposition is of one matrix at a time, in float64, of the transpose if there are more columns than rows.
type decomposition struct {
	rows, cols     int
	a, left, right linalg.Matrix[float64] // rows are singular vectors
	values         []float64
	places         []int64
	scratch        []float64
	stop           *graph.Work
}

func newDecomposition(n *graph.Node, workspace graph.Buffer, stop *graph.Work) decomposition {
	long, short := longSide(n)
	_, ints := linalg.SVDScratch(long, short)
	d := decomposition{rows: rowsOf(n.In()[0]), cols: columns(n.In()[0]), stop: stop}
	d.places, d.scratch = room[float64](workspace, ints)
	take := func(r, c int) linalg.Matrix[float64] {
		part := linalg.Dense(d.scratch, r, c).Until(stop.Stop)
		d.scratch = d.scratch[r*c:]
		return part
	}
	d.a, d.left, d.right, d.values = take(short, long), take(short, d.rows), take(short, d.cols), take(1, short).Data
	return d
}

// decompose finds the factors of matrix h of a batch.
func decompose[T float](d *decomposition, x []T, h int) error {
	x = x[h*d.rows*d.cols:][:d.rows*d.cols]
	u, v := d.left, d.right
	if d.rows < d.cols {
		u, v = v, u
		for i := range d.a.Data {
			d.a.Data[i] = float64(x[i])
		}
	} else {
		for j := range d.cols {
			column := d.a.Data[j*d.rows:][:d.rows]
			for i := range column {
				column[i] = float64(x[i*d.cols+j])
			}
		}
	}
	done := linalg.SVD(d.a, u, v, d.values, d.scratch, d.places, d.stop.Workers)
	if err := d.stop.Err(); err != nil {
		return err
	}
	if !done {
		return errors.New("the iteration for singular values does not end, " + whichOf(h))
	}
	return nil
}

func svdKernel[T float](n *graph.Node) graph.Kernel {
	rows, cols := rowsOf(n.In()[0]), columns(n.In()[0])
	width, count := 1+rows+cols, graph.Size(n.Shape()[:n.Rank()-2])
	return func(work *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		d := newDecomposition(n, in[1], work)
		dst := graph.Elements[T](out)
		for h := range count {
			if err := decompose(&d, graph.Elements[T](in[0]), h); err != nil {
				return err
			}
			for i, value := range d.values {
				row := dst[(h*len(d.values)+i)*width:][:width]
				row[0] = T(value)
				sign := signOf(d.left.Data[i*rows:][:rows])
				scaleInto(row[1:1+rows], d.left.Data[i*rows:], sign)
				scaleInto(row[1+rows:], d.right.Data[i*cols:], sign)
			}
		}
		return nil
	}
}

// signOf is the sign of the element that is largest in size, the first of equals.
func signOf(x []float64) float64 {
	best := 0.0
	for _, v := range x {
		if math.Abs(v) > math.Abs(best) {
			best = v
		}
	}
	return math.Copysign(1, best)
}

func scaleInto[T float](dst []T, x []float64, factor float64) {
	for i := range dst {
		dst[i] = T(factor * x[i])
	}
}
