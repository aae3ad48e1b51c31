package ops_test

import (
	"math"
	"slices"
	"testing"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

const odd int64 = 1<<53 + 1 // the first integer that a float64 does not hold

// TestExactIntegers: constants of i64 are exact, wherever a number stands, when computed, folded, printed and parsed.
func TestExactIntegers(t *testing.T) {
	most, least := int64(math.MaxInt64), int64(math.MinInt64)
	g := graph.New()
	x := graph.Const(g, []int64{0, 1, 2}, 3)
	yes := graph.Const(g, []bool{true, false, true}, 3)
	truths := func(n *graph.Node) *graph.Node { return ops.Cast(n, graph.Int64) }
	for _, c := range []struct {
		name string
		node *graph.Node
		want []int64
	}{
		{"add", ops.Add(x, int64(odd)), []int64{odd, odd + 1, odd + 2}},
		{"add an int", ops.Add(odd, x), []int64{odd, odd + 1, odd + 2}},
		{"add twice", ops.Add(ops.Add(x, odd), -odd), []int64{0, 1, 2}},
		{"add most", ops.Add(ops.Neg(x), most), []int64{most, most - 1, most - 2}},
		{"add least", ops.Add(x, least), []int64{least, least + 1, least + 2}},
		{"sub", ops.Sub(x, odd), []int64{-odd, 1 - odd, 2 - odd}},
		{"sub from", ops.Sub(odd, x), []int64{odd, odd - 1, odd - 2}},
		{"mul", ops.Mul(x, odd), []int64{0, odd, 2 * odd}},
		{"mul twice", ops.Mul(ops.Mul(x, 1<<27+1), 1<<27+1), []int64{0, 1<<54 + 1<<28 + 1, 1<<55 + 1<<29 + 2}},
		{"neg of a product", ops.Neg(ops.Mul(x, odd)), []int64{0, -odd, -2 * odd}},
		{"neg of a product with least", ops.Neg(ops.Mul(x, least)), []int64{0, least, 0}},
		{"square", ops.Square(ops.Add(x, 1<<27)), []int64{1 << 54, 1<<54 + 1<<28 + 1, 1<<54 + 1<<29 + 4}},
		{"div", ops.Div(ops.Add(x, most), 1), []int64{most, least, least + 1}},
		{"mod", ops.Mod(odd, ops.Add(x, 5)), []int64{odd % 5, odd % 6, odd % 7}},
		{"floor mod", ops.FloorMod(ops.Add(x, odd), most), []int64{odd, odd + 1, odd + 2}},
		{"minimum", ops.Minimum(ops.Add(x, odd), odd+1), []int64{odd, odd + 1, odd + 1}},
		{"maximum", ops.Maximum(ops.Sub(x, odd), least), []int64{-odd, 1 - odd, 2 - odd}},
		{"clamp", ops.Clamp(ops.Mul(ops.Sub(x, 1), most), -odd, odd), []int64{-odd, 0, odd}},
		{"where", ops.Where(yes, odd, x), []int64{odd, 1, odd}},
		{"where not", ops.Where(yes, x, least), []int64{0, least, 2}},
		{"eq", truths(ops.Eq(ops.Add(x, int64(1<<53)), odd)), []int64{0, 1, 0}},
		{"ne", truths(ops.Ne(ops.Add(x, int64(1<<53)), odd)), []int64{1, 0, 1}},
		{"lt", truths(ops.Lt(ops.Add(x, int64(1<<53)), odd)), []int64{1, 0, 0}},
		{"ge", truths(ops.Ge(ops.Add(x, int64(1<<53)), odd)), []int64{0, 1, 1}},
		{"full", ops.Full(g, graph.Int64, odd, 2), []int64{odd, odd}},
		{"full of most", ops.Full(g, graph.Int64, most, 1), []int64{most}},
		{"full of least", ops.Full(g, graph.Int64, int64(math.MinInt64), 1), []int64{least}},
		{"full of a float", ops.Full(g, graph.Int64, 1e18), []int64{1e18}},
		{"full like", ops.FullLike(x, int64(-odd)), []int64{-odd, -odd, -odd}},
		{"scalar", g.ScalarInt(graph.Int64, least), []int64{least}},
		{"scalar of a float", g.Scalar(graph.Int64, -1<<63), []int64{least}},
		{"sum", ops.Sum(ops.FullLike(x, odd)), []int64{3 * odd}},
		{"sum that wraps", ops.Sum(graph.Const(g, []int64{most, 1, least}, 3)), []int64{0}},
		{"prod", ops.Prod(graph.Const(g, []int64{odd, 3}, 2)), []int64{3 * odd}},
		{"cumsum", ops.CumSum(ops.FullLike(x, odd), false, 0), []int64{odd, 2 * odd, 3 * odd}},
		{"max", ops.Max(ops.Add(x, odd)), []int64{odd + 2}},
		{"min", ops.Min(ops.Sub(x, odd)), []int64{-odd}},
		{"take", ops.Take(ops.Add(x, odd), x, 0), []int64{odd, odd + 1, odd + 2}},
		{"pad", ops.Pad(ops.FullLike(x, odd), []int{1}, []int{0}, []int{0}), []int64{0, odd, odd, odd}},
		{"cast of a bool", ops.Mul(ops.Cast(yes, graph.Int64), odd), []int64{odd, 0, odd}},
		{"cast of a float", ops.Cast(graph.Const(g, []float64{1 << 62, -1 << 63, 1 << 53}, 3), graph.Int64),
			[]int64{1 << 62, least, 1 << 53}},
		{"arange", ops.Add(ops.Arange(g, 2), odd), []int64{odd, odd + 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			exactly(t, "computed", c.node, c.want)
			_, parsed, err := graph.Parse(graph.Text(c.node))
			if err != nil {
				t.Fatal(err)
			}
			exactly(t, "parsed", parsed[0], c.want)
		})
	}
}

// TestExactIntegersOfInputs: the rules of the compiler meet constants that are not folded away.
func TestExactIntegersOfInputs(t *testing.T) {
	for _, f := range []struct {
		name string
		of   func(x *graph.Node) *graph.Node
		want func(x int64) int64
	}{
		{"scales", func(x *graph.Node) *graph.Node { return ops.Mul(1<<30+1, ops.Mul(1<<30+1, x)) },
			func(x int64) int64 { return (1<<30 + 1) * (1<<30 + 1) * x }},
		{"negated scale", func(x *graph.Node) *graph.Node { return ops.Neg(ops.Mul(odd, x)) },
			func(x int64) int64 { return -odd * x }},
		{"negated least", func(x *graph.Node) *graph.Node { return ops.Neg(ops.Mul(int64(math.MinInt64), x)) },
			func(x int64) int64 { return -(math.MinInt64 * x) }},
		{"sums", func(x *graph.Node) *graph.Node { return ops.Sub(odd, ops.Add(ops.Neg(x), odd+1)) },
			func(x int64) int64 { return x - 1 }},
	} {
		x := []int64{0, 1, 3, math.MaxInt64, math.MinInt64, odd}
		out, err := autodiff.Compile(f.of).Run(t.Context(), x)
		if err != nil {
			t.Fatal(err)
		}
		for i, got := range out[0].Data().([]int64) {
			if want := f.want(x[i]); got != want {
				t.Errorf("%s of %d: %d, want %d", f.name, x[i], got, want)
			}
		}
	}
}

// TestNumbersThatDoNotFit: what an element type cannot hold is an error, and no other number.
func TestNumbersThatDoNotFit(t *testing.T) {
	g := graph.New()
	i, f := g.Input("i", graph.Int64, 2), g.Input("f", graph.Float32, 2)
	refused(t, "add: the number 0.5 is no integer, as an i64 must be: i i64[2]", func() { ops.Add(i, 0.5) })
	refused(t, "mul: the number NaN is no integer", func() { ops.Mul(math.NaN(), i) })
	refused(t, "where: the number +Inf is no integer", func() { ops.Where(ops.Eq(i, 0), i, math.Inf(1)) })
	refused(t, "clamp: the number 9.223372036854776e+18 is beyond", func() { ops.Clamp(i, 0, float64(1<<63)) })
	refused(t, "full: the number 1.5 is no integer", func() { ops.Full(g, graph.Int64, 1.5, 2) })
	refused(t, "full_like: the number -1e+19 is beyond the integers of an i64", func() { ops.FullLike(i, -1e19) })
	refused(t, "mul: the number 1e+300 overflows an f32", func() { ops.Mul(f, 1e300) })
	refused(t, "add: the number -3.41e+38 overflows an f32", func() { ops.Add(-3.41e38, f) })
	refused(t, "clamp: the number 1e+40 overflows", func() { ops.Clamp(f, 0, 1e40) })
	refused(t, "where: the number 1e+40 overflows", func() { ops.Where(ops.Eq(f, 0), 1e40, f) })
	refused(t, "full: the number 1e+39 overflows", func() { ops.Full(g, graph.Float32, 1e39) })
	refused(t, "full_like: the number 1e+39 overflows", func() { ops.FullLike(f, 1e39) })
	refused(t, "linspace: the end 1e+39 overflows", func() { ops.Linspace(g, graph.Float32, 0, 1e39, 3) })
	refused(t, "leaky_relu: 1e+39 overflows", func() { ops.LeakyReLU(f, 1e39) })
	x := graph.Const(g, []float32{1, -1}, 2)
	inf := math.Inf(1)
	expect(t, ops.Mul(x, inf), []int{2}, []float64{inf, -inf})
	expect(t, ops.Full(g, graph.Float32, -inf, 1), []int{1}, []float64{-inf})
	expect(t, ops.Mul(x, 3.4028235e38), []int{2}, []float64{math.MaxFloat32, -math.MaxFloat32})
	expect(t, ops.Mul(x, 3.4028235677973362e38), []int{2}, []float64{math.MaxFloat32, -math.MaxFloat32}) // rounds to it
	expect(t, ops.Mul(x, 1<<24+1), []int{2}, []float64{1 << 24, -1 << 24})
	// Rounded once: by way of a float64 it would be a tie, which goes to the even side.
	once := int64(1<<54 + 1<<30 + 1)
	if got := eval(t, ops.Mul(x, once))[0][0]; got != 1<<54+1<<31 {
		t.Errorf("2⁵⁴ + 2³⁰ + 1 becomes %v, want 2⁵⁴ + 2³¹", got)
	}
}

// TestLinspaceOfEverything: the distance between the ends may overflow.
func TestLinspaceOfEverything(t *testing.T) {
	g := graph.New()
	most := math.MaxFloat64
	expect(t, ops.Linspace(g, graph.Float64, -most, most, 5), []int{5}, []float64{-most, -most / 2, 0, most / 2, most})
	expect(t, ops.Linspace(g, graph.Float64, most, -most, 2), []int{2}, []float64{most, -most})
	expect(t, ops.Linspace(g, graph.Float64, -most, most, 1), []int{1}, []float64{-most})
	expect(t, ops.Linspace(g, graph.Float64, most, most, 2), []int{2}, []float64{most, most})
	expect(t, ops.Linspace(g, graph.Float64, -1e308, 1e308, 3), []int{3}, []float64{-1e308, 0, 1e308})
	least := float64(math.MaxFloat32)
	expect(t, ops.Linspace(g, graph.Float32, -least, least, 3), []int{3}, []float64{-least, 0, least})
}

func exactly(t *testing.T, how string, n *graph.Node, want []int64) {
	t.Helper()
	results, err := autodiff.Eval(n)
	if err != nil {
		t.Fatal(err)
	}
	var got []int64
	switch data := results[0].Data().(type) {
	case int64:
		got = []int64{data}
	case []int64:
		got = data
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s: %d, want %d", how, got, want)
	}
}
