package ops_test

import (
	"math"
	"math/big"
	"testing"

	"chainrule/graph"
	"chainrule/internal/optest"
	"chainrule/ops"
)

func init() {
	builders = append(builders, ops.ArgCumMax, ops.ArgCumMin, ops.CumMax, ops.CumMin, ops.LogCumSumExp, ops.SortBy,
		ops.Quantile, ops.Mode, ops.NaNSum, ops.NaNMean, ops.NaNMin, ops.NaNMax, ops.NaNMedian)
}

// TestOrders has running extremes, quantiles and folds without NaNs: values of NumPy 1.26 and PyTorch's conventions for ties.
func TestOrders(t *testing.T) {
	g := graph.New()
	x := vector(g, 2, 3, 3, 1, nan, 5)
	y := graph.Const(g, []float64{1, nan, 4, nan, nan, nan, 2, 2, 0}, 3, 3)
	z := vector(g, 4, 1, 3, 2)
	keys, rows := whole(g, 2, 1, 2, 1), graph.Const(g, []float64{0, 1, 2, 3, 4, 5, 6, 7}, 4, 2)
	mode := func(x *graph.Node) []*graph.Node { m, n := ops.Mode(x, -1); return []*graph.Node{m, n} }
	one := func(x *graph.Node) []*graph.Node { return []*graph.Node{x} }
	for name, c := range map[string]struct {
		got  []*graph.Node
		want [][]float64
	}{
		"cummax":          {one(ops.CumMax(x, false, 0)), [][]float64{{2, 3, 3, 3, nan, nan}}},
		"argcummax":       {one(ops.ArgCumMax(x, false, 0)), [][]float64{{0, 1, 2, 2, 4, 4}}},
		"cummin":          {one(ops.CumMin(x, true, 0)), [][]float64{{nan, nan, nan, nan, nan, 5}}},
		"argcummin":       {one(ops.ArgCumMin(z, true, 0)), [][]float64{{1, 1, 3, 3}}},
		"sort by, down":   {one(ops.SortBy(z, z, true, 0)), [][]float64{{4, 3, 2, 1}}},
		"sort by, stable": {one(ops.SortBy(rows, keys, false, 0)), [][]float64{{2, 3, 6, 7, 0, 1, 4, 5}}},
		"stable downward": {one(ops.SortBy(rows, keys, true, 0)), [][]float64{{0, 1, 4, 5, 2, 3, 6, 7}}},
		"linear":          {one(ops.Quantile(z, 0.4, ops.QuantileLinear, 0)), [][]float64{{2.2}}},
		"lower":           {one(ops.Quantile(z, 0.4, ops.QuantileLower, 0)), [][]float64{{2}}},
		"higher":          {one(ops.Quantile(z, 0.4, ops.QuantileHigher, 0)), [][]float64{{3}}},
		"midpoint":        {one(ops.Quantile(z, 0.4, ops.QuantileMidpoint, 0)), [][]float64{{2.5}}},
		"nearest":         {one(ops.Quantile(z, 0.4, ops.QuantileNearest, 0)), [][]float64{{2}}},
		"nearest, even":   {one(ops.Quantile(z, 0.5, ops.QuantileNearest, 0)), [][]float64{{3}}},
		"least":           {one(ops.Quantile(z, 0, ops.QuantileHigher, 0)), [][]float64{{1}}},
		"greatest":        {one(ops.Quantile(z, 1, ops.QuantileLinear, 0)), [][]float64{{4}}},
		"quantile of NaN": {one(ops.Quantile(x, 0, ops.QuantileLinear, 0)), [][]float64{{nan}}},
		"mode":            {mode(graph.Const(g, []float64{3, 1, 3, 1, 2, 2, 2, 5, nan, 7, nan, nan, 1, 1, 0}, 3, 5)), [][]float64{{1, 2, 1}, {2, 2, 2}}},
		"mode of NaNs":    {mode(vector(g, nan, 1, nan)), [][]float64{{nan}, {2}}},
		"mode of one":     {mode(whole(g, 7)), [][]float64{{7}, {1}}},
		"nan sum":         {one(ops.NaNSum(y, 1)), [][]float64{{5, 0, 4}}},
		"nan mean":        {one(ops.NaNMean(y, 1)), [][]float64{{2.5, nan, 4.0 / 3}}},
		"nan min":         {one(ops.NaNMin(y, 1)), [][]float64{{1, nan, 0}}},
		"nan max":         {one(ops.NaNMax(y)), [][]float64{{4}}},
		"nan median":      {one(ops.NaNMedian(y, 1)), [][]float64{{2.5, nan, 2}}},
	} {
		for i, got := range eval(t, c.got...) {
			if err := agree(graph.Float64, got, c.want[i]); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	refused(t, "quantile: no quantile 1.5", func() { ops.Quantile(z, 1.5, ops.QuantileLinear, 0) })
	refused(t, "quantile: axis 0 has no elements", func() { ops.Quantile(vector(g), 0, ops.QuantileLinear, 0) })
	refused(t, "sort_by: the key has neither x's shape", func() { ops.SortBy(z, whole(g, 1), true, 0) })
	refused(t, "nan_median: axis 1 is out of range", func() { ops.NaNMedian(z, 1) })
	refused(t, "nothing to choose from", func() { ops.NaNMax(vector(g)) })
	refused(t, "mode: axis 0 has no elements", func() { ops.Mode(vector(g), 0) })
}

// TestLogCumSumExp holds sums that are far apart, and infinities, against sums of exact terms.
func TestLogCumSumExp(t *testing.T) {
	x := []float64{-3, 0, -50, 700, 710, 690, -745, 709.5}
	want := make([]float64, len(x))
	sum := new(big.Float).SetPrec(200)
	for k, v := range x { // exp v = exp(v/2)²: its own rounding is 2·2⁻⁵³ of 1 in the logarithm
		e := new(big.Float).SetPrec(200).SetFloat64(math.Exp(v / 2))
		sum.Add(sum, e.Mul(e, e))
		mant := new(big.Float)
		exponent := sum.MantExp(mant)
		m, _ := mant.Float64()
		want[k] = math.Log(m) + float64(exponent)*math.Ln2
	}
	g := graph.New()
	for i, got := range eval(t, ops.LogCumSumExp(vector(g, x...), false, 0))[0] {
		if math.Abs(got-want[i]) > 4e-16*max(1, math.Abs(want[i])) {
			t.Errorf("element %d: %v, want %v", i, got, want[i])
		}
	}
	small := eval(t, ops.LogCumSumExp(vector(g, 0, -50), false, 0))[0][1]
	if exact := math.Exp(-50); math.Abs(small-exact) > 1e-15*exact {
		t.Errorf("log(1 + e⁻⁵⁰) is %v, want %v", small, exact)
	}
	expect(t, ops.LogCumSumExp(vector(g, -inf, -inf, inf, -inf, 1, nan, -inf), false, 0), []int{7},
		[]float64{-inf, -inf, inf, inf, inf, nan, nan})
	tenths := make([]float32, 1<<20)
	last := ops.Slice(ops.LogCumSumExp(graph.Const(g, tenths, len(tenths)), false, 0), ops.At(-1))
	expect(t, last, []int{1}, []float64{20 * math.Ln2})
}

// TestOrderSweep checks what is made of several ops as an op is.
func TestOrderSweep(t *testing.T) {
	rows := graph.Arg{Shape: []int{3, 5}}
	holes := graph.Arg{Shape: []int{2, 4}, Data: []float64{1, -2, 0.5, 3, 0.25, 2, -1, 4}}
	for name, f := range map[string]func(x *graph.Node) *graph.Node{
		"running greatest": func(x *graph.Node) *graph.Node { return ops.CumMax(x, true, 1) },
		"running least":    func(x *graph.Node) *graph.Node { return ops.CumMin(x, false, 0) },
		"sort by":          func(x *graph.Node) *graph.Node { return ops.SortBy(x, ops.Sin(x), true, 1) },
		"quantile":         func(x *graph.Node) *graph.Node { return ops.Quantile(x, 0.3, ops.QuantileLinear, 1) },
		"mode":             func(x *graph.Node) *graph.Node { m, _ := ops.Mode(x, 1); return m },
	} {
		optest.Composed(t, name, graph.Case{Name: "case", In: []graph.Arg{rows},
			Build: func(in ...*graph.Node) *graph.Node { return f(in[0]) }})
	}
	for name, f := range map[string]func(x *graph.Node) *graph.Node{
		"nan sum":    func(x *graph.Node) *graph.Node { return ops.NaNSum(x, 1) },
		"nan mean":   func(x *graph.Node) *graph.Node { return ops.NaNMean(x, 0) },
		"nan min":    func(x *graph.Node) *graph.Node { return ops.NaNMin(x, 1) },
		"nan max":    func(x *graph.Node) *graph.Node { return ops.NaNMax(x) },
		"nan median": func(x *graph.Node) *graph.Node { return ops.NaNMedian(x, 1) },
	} {
		optest.Composed(t, name, graph.Case{Name: "case", In: []graph.Arg{holes}, Build: func(in ...*graph.Node) *graph.Node {
			hole := graph.Const(in[0].Graph(), []bool{false, true, false, false, false, false, false, true}, 2, 4)
			return f(ops.Where(hole, math.NaN(), in[0]))
		}})
	}
}
