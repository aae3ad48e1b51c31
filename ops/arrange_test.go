package ops_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// counted are the numbers 0, 1, … in a shape.
func counted(g *graph.Graph, shape ...int) *graph.Node {
	return ops.Reshape(ops.Cast(ops.Arange(g, graph.Size(shape)), graph.Float64), shape...)
}

func TestCreate(t *testing.T) {
	g := graph.New()
	expect(t, ops.Zeros(g, graph.Float32, 2), []int{2}, []float64{0, 0})
	expect(t, ops.Ones(g, graph.Int64), nil, []float64{1})
	expect(t, ops.FullLike(ops.Arange(g, 2), 7), []int{2}, []float64{7, 7})
	expect(t, ops.Arange(g, 0), []int{0}, nil)
	expect(t, ops.Eye(g, graph.Float64, 2), []int{2, 2}, []float64{1, 0, 0, 1})
	expect(t, ops.Linspace(g, graph.Float32, -1, 1, 5), []int{5}, []float64{-1, -0.5, 0, 0.5, 1})
	expect(t, ops.Linspace(g, graph.Float64, 2, 3, 1), []int{1}, []float64{2})
	ends := eval(t, ops.Linspace(g, graph.Float64, 0.1, 0.7, 1000))[0]
	if ends[0] != 0.1 || ends[999] != 0.7 {
		t.Errorf("a linspace from 0.1 to 0.7 has the ends %v and %v", ends[0], ends[999])
	}
}

func TestDiagonals(t *testing.T) {
	g := graph.New()
	x := counted(g, 2, 3)
	expect(t, ops.Diagonal(x), []int{2}, []float64{0, 4})
	expect(t, ops.Diagonal(ops.Transpose(x)), []int{2}, []float64{0, 4})
	expect(t, ops.Diagonal(counted(g, 2, 2, 2)), []int{2, 2}, []float64{0, 3, 4, 7})
	expect(t, ops.Diagonal(ops.Zeros(g, graph.Float64, 0, 3)), []int{0}, nil)
	expect(t, ops.Trace(counted(g, 2, 2, 2)), []int{2}, []float64{3, 11})
	expect(t, ops.Diag(graph.Const(g, []float64{nan, inf}, 2)), []int{2, 2}, []float64{nan, 0, 0, inf})
	expect(t, ops.Diag(counted(g, 2, 2)), []int{2, 2, 2}, []float64{0, 0, 0, 1, 2, 0, 0, 3})
	expect(t, ops.Diag(ops.Zeros(g, graph.Float64, 0)), []int{0, 0}, nil)
	expect(t, ops.Tril(x, 0), []int{2, 3}, []float64{0, 0, 0, 3, 4, 0})
	expect(t, ops.Tril(x, 1), []int{2, 3}, []float64{0, 1, 0, 3, 4, 5})
	expect(t, ops.Triu(x, 0), []int{2, 3}, []float64{0, 1, 2, 0, 4, 5})
	expect(t, ops.Triu(x, -1), []int{2, 3}, []float64{0, 1, 2, 3, 4, 5})
	expect(t, ops.Kron(counted(g, 1, 2), counted(g, 2, 1)), []int{2, 2}, []float64{0, 0, 0, 1})
	expect(t, ops.Outer(counted(g, 2), counted(g, 3)), []int{2, 3}, []float64{0, 0, 0, 0, 1, 2})
	expect(t, ops.Dot(counted(g, 3), counted(g, 3)), nil, []float64{5})
}

func TestArrange(t *testing.T) {
	g := graph.New()
	x := counted(g, 2, 3)
	expect(t, ops.Flatten(x), []int{6}, []float64{0, 1, 2, 3, 4, 5})
	expect(t, ops.Flip(x), []int{2, 3}, []float64{5, 4, 3, 2, 1, 0})
	expect(t, ops.Flip(x, -1), []int{2, 3}, []float64{2, 1, 0, 5, 4, 3})
	expect(t, ops.Roll(x, 1, 1), []int{2, 3}, []float64{2, 0, 1, 5, 3, 4})
	expect(t, ops.Roll(x, -4, 1), []int{2, 3}, []float64{1, 2, 0, 4, 5, 3})
	expect(t, ops.Tile(counted(g, 2), 2, 2), []int{2, 4}, []float64{0, 1, 0, 1, 0, 1, 0, 1})
	expect(t, ops.Tile(x, 2), []int{2, 6}, []float64{0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5})
	parts := ops.Split(x, []int{1, 0, 2}, -1)
	expect(t, parts[0], []int{2, 1}, []float64{0, 3})
	expect(t, parts[1], []int{2, 0}, nil)
	expect(t, parts[2], []int{2, 2}, []float64{1, 2, 4, 5})
	expect(t, ops.Unstack(x, 0)[1], []int{3}, []float64{3, 4, 5})
	expect(t, ops.CumSum(x, true, 1), []int{2, 3}, []float64{3, 3, 2, 12, 9, 5})
	expect(t, ops.LinearRecurrence(0.5, x, false, 0), []int{2, 3}, []float64{0, 1, 2, 3, 4.5, 6})
}

func TestStatistics(t *testing.T) {
	g := graph.New()
	x := graph.Const(g, []float64{1, 3, 5, 0, 0, 6}, 2, 3)
	expect(t, ops.Var(x, 0, 1), []int{2}, []float64{8. / 3, 8})
	expect(t, ops.Std(x, 1, -1), []int{2}, []float64{2, 3.4641016151377544})
	expect(t, ops.Norm(graph.Const(g, []float64{3, 4, 0, 0}, 2, 2), 1), []int{2}, []float64{5, 0})
	expect(t, ops.Median(x, 1), []int{2}, []float64{3, 0})
	expect(t, ops.Median(x, 0), []int{3}, []float64{0.5, 1.5, 5.5})
	expect(t, ops.ArgMin(x, 1), []int{2}, []float64{0, 0})
	truth := ops.Gt(x, 0)
	expect(t, ops.Any(truth, 0), []int{3}, []float64{1, 1, 1})
	expect(t, ops.Every(truth, 0), []int{3}, []float64{0, 0, 1})
	expect(t, ops.Every(truth), nil, []float64{0})
}

func TestSorting(t *testing.T) {
	g := graph.New()
	x := graph.Const(g, []float64{2, nan, minus, -inf, 0, 2}, 6)
	expect(t, ops.ArgSort(x, 0), []int{6}, []float64{3, 2, 4, 0, 5, 1})
	expect(t, ops.Sort(x, 0), []int{6}, []float64{-inf, minus, 0, 2, 2, nan})
	y := graph.Const(g, []float64{3, 1, 2, 1, 9, 4}, 3, 2)
	expect(t, ops.Sort(y, 0), []int{3, 2}, []float64{2, 1, 3, 1, 9, 4})
	largest, index := ops.TopK(y, 2, 0)
	expect(t, largest, []int{2, 2}, []float64{9, 4, 3, 1})
	expect(t, index, []int{2, 2}, []float64{2, 2, 0, 0})
	weighted := func(x []*graph.Node) *graph.Node { return ops.Mul(ops.Sort(x[0], 0), counted(g, 3, 1)) }
	expect(t, grad(weighted, y)[0], []int{3, 2}, []float64{1, 0, 0, 1, 2, 2})
	picked := ops.TakeAlong(y, graph.Const(g, []int64{0, 3}, 1, 2), 0)
	if _, err := autodiff.Eval(picked); !errors.Is(err, ops.ErrIndex) {
		t.Errorf("an index out of range: %v", err)
	}
	large := graph.Const(g, normals(rand.New(rand.NewPCG(9, 0)), 1000), 1000)
	sorted, want := eval(t, ops.Sort(large, 0))[0], eval(t, large)[0]
	if slices.Sort(want); !slices.Equal(sorted, want) {
		t.Error("a thousand numbers are out of order")
	}
}

// TestEinsum compares with sums over every index.
func TestEinsum(t *testing.T) {
	g := graph.New()
	rng := rand.New(rand.NewPCG(10, 0))
	lengths := map[byte]int{'i': 2, 'j': 3, 'k': 4, 'b': 2, 'z': 0}
	for _, formula := range []string{
		"ij,jk->ik", "ij,jk", "bij,bjk->bik", "bij,bj->bi", "ij->ji", "ii->i", "ii", "iij->j", "ij,ij->", "i,j->ij", "ij,kj->",
		"ij,jk,ki->", "ij,jk,kb->ib", "bij,kj->kbi", "ij,i->j", ",ij->ij", "iji->j", "ij,jb,bi->jb", "iz,zj->ij", "i,i,i->i",
	} {
		for _, d := range []graph.DType{graph.Float64, graph.Int64} {
			left, result, arrow := cutArrow(formula)
			var operands []*graph.Node
			for _, axes := range left {
				var shape []int
				for k := range len(axes) {
					shape = append(shape, lengths[axes[k]])
				}
				data := make([]float64, graph.Size(shape))
				for k := range data {
					data[k] = float64(rng.IntN(9) - 4) // exact sums
				}
				operands = append(operands, constant(g, d, data, append([]int{}, shape...)...))
			}
			if !arrow {
				result = map[string]string{"ij,jk": "ik", "ii": ""}[formula]
			}
			shape, want := naiveEinsum(left, result, lengths, eval(t, operands...))
			for i, v := range want {
				want[i] = v + 0 // no −0
			}
			got := ops.Einsum(formula, operands...)
			if !slices.Equal(got.Shape(), shape) {
				t.Errorf("%s has the shape %v, want %v", formula, got.Shape(), shape)
				continue
			}
			for i, v := range eval(t, got)[0] {
				if v != want[i] {
					t.Errorf("%s: element %d is %v, want %v", formula, i, v, want[i])
				}
			}
		}
	}
}

func cutArrow(formula string) (left []string, result string, arrow bool) {
	term := ""
	for i := 0; i < len(formula); i++ {
		switch c := formula[i]; {
		case c == ',':
			left, term = append(left, term), ""
		case c == '-':
			return append(left, term), formula[i+2:], true
		default:
			term += string(c)
		}
	}
	return append(left, term), "", false
}

func naiveEinsum(terms []string, result string, lengths map[byte]int, data [][]float64) (shape []int, sums []float64) {
	var letters []byte
	for _, term := range append([]string{result}, terms...) {
		for k := range len(term) {
			if !slices.Contains(letters, term[k]) {
				letters = append(letters, term[k])
			}
		}
	}
	total, size := 1, 1
	for k, c := range letters {
		total *= lengths[c]
		if k < len(result) {
			shape, size = append(shape, lengths[c]), size*lengths[c]
		}
	}
	sums = make([]float64, size)
	for count := range total {
		at, rest := map[byte]int{}, count
		for k := len(letters) - 1; k >= 0; k-- {
			at[letters[k]], rest = rest%lengths[letters[k]], rest/lengths[letters[k]]
		}
		place := func(axes string) int {
			p := 0
			for k := range len(axes) {
				p = p*lengths[axes[k]] + at[axes[k]]
			}
			return p
		}
		product := 1.0
		for i, term := range terms {
			product *= data[i][place(term)]
		}
		sums[place(result)] += product
	}
	return shape, sums
}

func TestRefused(t *testing.T) {
	g := graph.New()
	x, v := counted(g, 2, 3), counted(g, 3)
	refused(t, `einsum: "ij,jk->ik": it is for 2 operands, 1 given`, func() { ops.Einsum("ij,jk->ik", x) })
	refused(t, `"ijk->i": 3 letters for operand 0 of rank 2`, func() { ops.Einsum("ijk->i", x) })
	refused(t, `'i' has the lengths 2 and 3`, func() { ops.Einsum("ii->i", x) })
	refused(t, `the result's 'k' is no letter`, func() { ops.Einsum("ij->k", x) })
	refused(t, `'.' is no letter`, func() { ops.Einsum("..->", x) })
	refused(t, "split: parts [1 1] of an axis of length 3", func() { ops.Split(x, []int{1, 1}, 1) })
	refused(t, "dot: wants vectors", func() { ops.Dot(x, v) })
	refused(t, "outer: wants vectors", func() { ops.Outer(v, x) })
	refused(t, "kron: wants matrices", func() { ops.Kron(v, x) })
	refused(t, "topk: 4 elements of an axis of length 3", func() { ops.TopK(x, 4, 1) })
	refused(t, "cumsum: axis 2 is out of range", func() { ops.CumSum(x, false, 2) })
	refused(t, "tril: wants a matrix", func() { ops.Tril(v, 0) })
	refused(t, "diagonal: wants a matrix", func() { ops.Diagonal(v) })
	refused(t, "cholesky: wants square matrices", func() { ops.Cholesky(x) })
	refused(t, "solve: wants square matrices", func() { ops.Solve(x, v) })
	refused(t, "solve: 2 equations for right sides of 3 rows", func() { ops.Solve(counted(g, 2, 2), v) })
	refused(t, "polygamma: order 33 is not in 0 … 32", func() { ops.Polygamma(33, v) })
	refused(t, "any: wants bool", func() { ops.Any(v) })
	refused(t, "linspace: -1 elements", func() { ops.Linspace(g, graph.Float64, 0, 1, -1) })
	refused(t, "tensordot: 1 axes with 0", func() { ops.Tensordot(x, v, []int{1}, nil) })
}
