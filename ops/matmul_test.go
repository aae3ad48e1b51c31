package ops_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"chainrule/graph"
	"chainrule/ops"
)

// naive is the matrix product by its definition, batches broadcast index by index.
func naive(a []float64, as []int, b []float64, bs []int) ([]float64, []int) {
	left, right := len(as) == 1, len(bs) == 1
	if left {
		as = []int{1, as[0]}
	}
	if right {
		bs = []int{bs[0], 1}
	}
	m, k, n := as[len(as)-2], as[len(as)-1], bs[len(bs)-1]
	batch, err := graph.BroadcastShapes(as[:len(as)-2], bs[:len(bs)-2])
	if err != nil {
		panic(err)
	}
	item := func(h int, own []int) int { // which matrix of the operand belongs to matrix h of the result
		at, step := 0, 1
		for i := len(batch) - 1; i >= 0; i-- {
			if j := i - len(batch) + len(own); j >= 0 {
				if own[j] != 1 {
					at += h % batch[i] * step
				}
				step *= own[j]
			}
			h /= batch[i]
		}
		return at
	}
	var out []float64
	for h := range graph.Size(batch) {
		ai, bi := item(h, as[:len(as)-2])*m*k, item(h, bs[:len(bs)-2])*k*n
		for i := range m {
			for j := range n {
				sum := 0.0
				for l := range k {
					sum += a[ai+i*k+l] * b[bi+l*n+j]
				}
				out = append(out, sum)
			}
		}
	}
	shape := slices.Clone(batch)
	if !left {
		shape = append(shape, m)
	}
	if !right {
		shape = append(shape, n)
	}
	return out, shape
}

// TestMatMulForms holds every form of the product against its definition: vectors, matrices, batches.
func TestMatMulForms(t *testing.T) {
	for _, c := range []struct{ a, b []int }{
		{[]int{4}, []int{4}}, {[]int{4}, []int{4, 3}}, {[]int{2, 4}, []int{4}}, {[]int{2, 4}, []int{4, 3}},
		{[]int{5, 2, 4}, []int{4}}, {[]int{4}, []int{5, 4, 3}}, {[]int{5, 2, 4}, []int{4, 3}},
		{[]int{2, 4}, []int{5, 4, 3}}, {[]int{5, 2, 4}, []int{5, 4, 3}}, {[]int{5, 1, 2, 4}, []int{3, 4, 2}},
		{[]int{1, 2, 4}, []int{5, 4, 3}}, {[]int{2, 3, 2, 4}, []int{2, 1, 4, 3}}, {[]int{2, 1, 3, 4}, []int{1, 5, 4, 2}},
		{[]int{3, 0, 4}, []int{4, 2}}, {[]int{2, 0}, []int{0, 3}}, {[]int{0}, []int{0}}, {[]int{0, 2, 3}, []int{3}},
		{[]int{37, 65}, []int{65, 33}},
	} {
		for _, d := range floats {
			t.Run(fmt.Sprintf("%v·%v/%v", c.a, c.b, d), func(t *testing.T) {
				g := graph.New()
				a, b := quarters(graph.Size(c.a), 3), quarters(graph.Size(c.b), 5)
				want, shape := naive(a, c.a, b, c.b)
				if want == nil {
					want = []float64{}
				}
				expect(t, ops.MatMul(constant(g, d, a, c.a...), constant(g, d, b, c.b...)), shape, want)
			})
		}
	}
}

// quarters are small multiples of ¼, whose products and sums are exact in every element type.
func quarters(n, step int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = math.Mod(float64(i*step+1), 17)/4 - 2
	}
	return x
}

func TestMatMulRefuses(t *testing.T) {
	g := graph.New()
	in := func(d graph.DType, shape ...int) *graph.Node { return g.Input("", d, shape...) }
	f := graph.Float64
	for want, pair := range map[string][2]*graph.Node{
		"inner dimensions 3 and 2 differ":     {in(f, 2, 3), in(f, 2, 3)},
		"inner dimensions 3 and 4 differ":     {in(f, 3), in(f, 4)},
		"inner dimensions 3 and 5 differ":     {in(f, 3), in(f, 5, 3)},
		"a scalar has no axis to sum over":    {in(f), in(f, 3)},
		"convert one with Cast":               {in(f, 2, 3), in(graph.Float32, 3, 2)},
		"wants f32 or f64":                    {in(graph.Bool, 2, 3), in(graph.Bool, 3, 2)},
		"shapes [2] and [3] do not broadcast": {in(f, 2, 2, 3), in(f, 3, 3, 2)},
		"an input is nil":                     {in(f, 2, 2), nil},
	} {
		refused(t, want, func() { ops.MatMul(pair[0], pair[1]) })
	}
}
