package ops_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/internal/kernel/cpu"
	"chainrule/ops"
)

// special are the elements that comparisons, negations and halves go wrong with.
func special[T float32 | float64 | int64]() []T {
	var x any
	switch any(T(0)).(type) {
	case float32:
		x = []float32{float32(nan), float32(inf), -float32(inf), 0, float32(minus), 1, -1, 2,
			math.MaxFloat32, -math.MaxFloat32, math.SmallestNonzeroFloat32, -math.SmallestNonzeroFloat32}
	case float64:
		x = []float64{nan, inf, -inf, 0, minus, 1, -1, 2,
			math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64, -math.SmallestNonzeroFloat64}
	default:
		x = []int64{0, 1, -1, 2, math.MinInt64, math.MinInt64 + 1, math.MaxInt64, math.MaxInt64 - 1, 1<<53 + 1, 1 << 53}
	}
	return x.([]T)
}

// The order in the test's own words: every element has a rank, by which it is sorted; equal ones have the same.
func rankIn[T float32 | float64 | int64](x T, all []T) int {
	if x != x {
		return len(all)
	}
	rank := 0
	for _, y := range all {
		if y < x {
			rank++
		}
	}
	return rank
}

// TestOrder: what sorts and chooses agrees with one order, for the values that break comparisons, on every level of the
// CPU, in rows and in columns.
func TestOrder(t *testing.T) {
	for _, level := range cpu.Levels() {
		t.Run(level.String(), func(t *testing.T) {
			defer cpu.Force(level)()
			t.Run("f32", ordered[float32])
			t.Run("f64", ordered[float64])
			t.Run("i64", ordered[int64])
		})
	}
}

func ordered[T float32 | float64 | int64](t *testing.T) {
	rng := rand.New(rand.NewPCG(10, 0))
	all := special[T]()
	isFloat := graph.DTypeOf[T]() != graph.Int64
	for n := 1; n <= 70; n += 1 + n/5 {
		for range 4 {
			const columns = 3
			data := make([]T, n*columns)
			for i := range data {
				data[i] = all[rng.IntN(len(all))]
			}
			if n > 3 && rng.IntN(2) == 0 { // often enough no NaN
				for i, v := range data {
					if v != v {
						data[i] = 1
					}
				}
			}
			g := graph.New()
			x := graph.Const(g, data, n, columns)
			rows := graph.Const(g, transposed(data, n, columns), columns, n)
			k := 1 + rng.IntN(n)
			top, topAt := ops.TopK(x, k, 0)
			topRow, topRowAt := ops.TopK(rows, k, 1)
			nodes := []*graph.Node{
				ops.ArgSort(x, 0), ops.ArgSort(rows, 1), ops.ArgMax(x, 0), ops.ArgMax(rows, 1),
				ops.ArgMin(x, 0), ops.ArgMin(rows, 1), topAt, topRowAt,
				ops.Sort(x, 0), ops.Sort(rows, 1), ops.Max(x, 0), ops.Max(rows, 1), ops.Min(x, 0), ops.Min(rows, 1), top, topRow,
			}
			if isFloat {
				nodes = append(nodes, ops.Median(x, 0), ops.Median(rows, 1))
			}
			results, err := autodiff.Eval(nodes...)
			if err != nil {
				t.Fatal(err)
			}
			for c := range columns {
				col := transposed(data, n, columns)[c*n:][:n]
				order := make([]int64, n)
				for i := range order {
					order[i] = int64(i)
				}
				down := slices.Clone(order)
				slices.SortStableFunc(order, func(i, j int64) int { return rankIn(col[i], all) - rankIn(col[j], all) })
				slices.SortStableFunc(down, func(i, j int64) int { return rankIn(col[j], all) - rankIn(col[i], all) })
				least := order[0]
				if last := order[n-1]; col[last] != col[last] {
					least = int64(slices.IndexFunc(col, func(v T) bool { return v != v }))
				}
				at := func(places []int64) []T {
					v := make([]T, len(places))
					for i, p := range places {
						v[i] = col[p]
					}
					return v
				}
				for i, want := range [][]int64{order, order, down[:1], down[:1], {least}, {least}, down[:k], down[:k]} {
					same(t, nodes[i], lane[int64](results[i].Data(), c, columns, i%2 == 0), want, col)
				}
				up, top := at(order), at(down[:k])
				values := [][]T{up, up, top[:1], top[:1], {col[least]}, {col[least]}, top, top}
				if isFloat {
					m := middle(up)
					values = append(values, []T{m}, []T{m})
				}
				for i, want := range values {
					same(t, nodes[8+i], lane[T](results[8+i].Data(), c, columns, i%2 == 0), want, col)
				}
			}
		}
	}
}

// middle is the median of sorted numbers, in higher precision.
func middle[T float32 | float64 | int64](sorted []T) T {
	n := len(sorted)
	if last := sorted[n-1]; last != last {
		return last
	}
	a, b := float64(sorted[(n-1)/2]), float64(sorted[n/2])
	if math.IsInf(a+b, 0) && !math.IsInf(a, 0) && !math.IsInf(b, 0) {
		return T(a/2 + b/2)
	}
	return T((a + b) / 2)
}

func transposed[T any](data []T, rows, columns int) []T {
	out := make([]T, 0, len(data))
	for c := range columns {
		for r := range rows {
			out = append(out, data[r*columns+c])
		}
	}
	return out
}

// lane is column c of data, or row c of it.
func lane[T any](data any, c, count int, column bool) []T {
	all, ok := data.([]T)
	if !ok || len(all) == 0 {
		return nil
	}
	if column {
		all = transposed(all, len(all)/count, count)
	}
	n := len(all) / count
	return all[c*n:][:n]
}

func same[T float32 | float64 | int64](t *testing.T, n *graph.Node, got, want []T, of any) {
	t.Helper()
	if !slices.EqualFunc(got, want, func(a, b T) bool { return a == b || a != a && b != b }) {
		t.Errorf("%v of %v: got %v, want %v", n, of, got, want)
	}
}

// TestChoiceOfTwo: Minimum, Maximum, Clamp and comparisons of all pairs and triples of special values, on every level.
func TestChoiceOfTwo(t *testing.T) {
	for _, level := range cpu.Levels() {
		t.Run(level.String(), func(t *testing.T) {
			defer cpu.Force(level)()
			t.Run("f32", chosen[float32])
			t.Run("f64", chosen[float64])
			t.Run("i64", chosen[int64])
		})
	}
}

func chosen[T float32 | float64 | int64](t *testing.T) {
	all := special[T]()
	n := len(all)
	g := graph.New()
	a := ops.BroadcastTo(graph.Const(g, all, n, 1, 1), n, n, n)
	b := ops.BroadcastTo(graph.Const(g, all, n, 1), n, n, n)
	c := ops.BroadcastTo(graph.Const(g, all, n), n, n, n)
	nodes := []*graph.Node{ops.Minimum(a, b), ops.Maximum(a, b), ops.Clamp(c, a, b)}
	truths := []*graph.Node{ops.Lt(a, b), ops.Le(a, b), ops.Gt(a, b), ops.Ge(a, b), ops.Eq(a, b), ops.Ne(a, b)}
	results, err := autodiff.Eval(slices.Concat(nodes, truths)...)
	if err != nil {
		t.Fatal(err)
	}
	either := func(x, y T, less bool) T {
		switch {
		case x != x:
			return x
		case y != y:
			return y
		case (x < y) == less:
			return x
		}
		return y
	}
	for i := range n * n * n {
		x, y, z := all[i/n/n], all[i/n%n], all[i%n]
		held := either(either(z, x, false), y, true)
		want := []T{either(x, y, true), either(x, y, false), held}
		for k, w := range want {
			if got := results[k].Data().([]T)[i]; got != w && (got == got || w == w) {
				t.Errorf("%v of %v, %v, %v: got %v, want %v", nodes[k], x, y, z, got, w)
			}
		}
		for k, w := range []bool{x < y, x <= y, x > y, x >= y, x == y, x != y} {
			if got := results[len(nodes)+k].Data().([]bool)[i]; got != w {
				t.Errorf("%v of %v, %v: got %v", truths[k], x, y, got)
			}
		}
	}
}

// TestChoicesGiven are the cases by which faults were found.
func TestChoicesGiven(t *testing.T) {
	g := graph.New()
	x := graph.Const(g, []int64{5, math.MinInt64, 7}, 3)
	largest, index := ops.TopK(x, 3, 0)
	exactly(t, "topk", largest, []int64{7, 5, math.MinInt64})
	exactly(t, "topk", index, []int64{2, 0, 1})
	largest, index = ops.TopK(graph.Const(g, []float64{1, nan, inf, nan}, 4), 3, 0)
	expect(t, largest, []int{3}, []float64{nan, nan, inf})
	exactly(t, "topk", index, []int64{1, 3, 2})
	for _, d := range floats {
		expect(t, ops.Median(constant(g, d, []float64{nan, 1, 2}, 3), 0), nil, []float64{nan})
		expect(t, ops.Median(constant(g, d, []float64{1, nan}, 2), 0), nil, []float64{nan})
		expect(t, ops.Median(constant(g, d, []float64{inf, 1, 2, 3}, 4), 0), nil, []float64{2.5})
	}
	most := math.MaxFloat64
	expect(t, ops.Median(graph.Const(g, []float64{most, most}, 2), 0), nil, []float64{most})
	expect(t, ops.Median(graph.Const(g, []float64{5e-324, 5e-324}, 2), 0), nil, []float64{5e-324})
	median := func(x []*graph.Node) *graph.Node { return ops.Median(x[0], 0) }
	expect(t, grad(median, graph.Const(g, []float64{4, 1, 2, 9}, 4))[0], []int{4}, []float64{0.5, 0, 0.5, 0})
	expect(t, grad(median, graph.Const(g, []float64{4, 1, 2}, 3))[0], []int{3}, []float64{0, 0, 1})
	expect(t, grad(median, graph.Const(g, []float64{4, nan, 2}, 3))[0], []int{3}, []float64{0, 1, 0})
}
