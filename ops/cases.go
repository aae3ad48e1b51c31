package ops

import "chainrule/graph"

// The inputs that many ops share in their Cases.

func arg(shape ...int) graph.Arg { return graph.Arg{Shape: shape} }

func within(lo, hi float64, shape ...int) graph.Arg { return graph.Arg{Shape: shape, Lo: lo, Hi: hi} }

func values(data []float64, shape ...int) graph.Arg { return graph.Arg{Shape: shape, Data: data} }

func ints(hi int64, shape ...int) graph.Arg {
	return graph.Arg{Shape: shape, DType: graph.Int64, Lo: 0, Hi: float64(hi)}
}

func bools(shape ...int) graph.Arg { return graph.Arg{Shape: shape, DType: graph.Bool} }

// unaryCases tries a function of one variable on lo … hi: a vector of odd length, a matrix, a scalar and
// nothing.
func unaryCases(lo, hi float64) []graph.Case {
	return []graph.Case{
		{Name: "vector", In: []graph.Arg{within(lo, hi, 7)}},
		{Name: "matrix", In: []graph.Arg{within(lo, hi, 3, 5)}},
		{Name: "scalar", In: []graph.Arg{within(lo, hi)}},
		{Name: "empty", In: []graph.Arg{within(lo, hi, 0, 3)}},
	}
}

// binaryCases tries a function of two variables, a in lo … hi and b in lo2 … hi2, in every form of broadcast.
func binaryCases(lo, hi, lo2, hi2 float64) []graph.Case {
	pair := func(name string, a, b []int) graph.Case {
		return graph.Case{Name: name, In: []graph.Arg{within(lo, hi, a...), within(lo2, hi2, b...)}}
	}
	return []graph.Case{
		pair("same", []int{3, 5}, []int{3, 5}),
		pair("row", []int{3, 5}, []int{5}),
		pair("column", []int{3, 1}, []int{3, 5}),
		pair("outer", []int{4, 1}, []int{1, 3}),
		pair("scalar", nil, []int{2, 3}),
		pair("scalars", nil, nil),
		pair("middle", []int{2, 1, 3}, []int{2, 4, 1}),
		pair("empty", []int{0, 3}, []int{3}),
	}
}

// kink excuses a case from differences, which look to both sides of a point: why they say nothing at this one.
func kink(why string) map[string]string {
	return map[string]string{"differences": why, "second differences": why}
}

// evenKink is kink where the derivative is the mean of the slopes on both sides, as the first differences are.
func evenKink(why string) map[string]string { return map[string]string{"second differences": why} }

// named puts a word before the names of cases, to tell them from others of the same op.
func named(word string, cases []graph.Case) []graph.Case {
	for i := range cases {
		cases[i].Name = word + " " + cases[i].Name
	}
	return cases
}

// onInts adds a case with i64 operands.
func onInts(cases []graph.Case, operands int) []graph.Case {
	in := make([]graph.Arg, operands)
	for i := range in {
		in[i] = graph.Arg{Shape: []int{5}, DType: graph.Int64, Lo: 1, Hi: 9}
	}
	return append(cases, graph.Case{Name: "i64", In: in})
}

var (
	badFloat1 = []graph.BadCase{bad(nil, "wants f32 or f64", i64(3))}
	badFloat2 = []graph.BadCase{
		bad(nil, "convert one with Cast", f64(3), f32(3)),
		bad(nil, "do not broadcast", f64(3), f64(4)),
		bad(nil, "wants ", boolean(3), boolean(3)),
	}
	badNumber1 = []graph.BadCase{bad(nil, "wants numbers", boolean(3))}
)

// bad is a case that is refused with a message that has want in it.
func bad(attrs any, want string, in ...graph.Type) graph.BadCase {
	return graph.BadCase{In: in, Attrs: attrs, Want: want}
}

func f32(shape ...int) graph.Type     { return graph.T(graph.Float32, shape...) }
func f64(shape ...int) graph.Type     { return graph.T(graph.Float64, shape...) }
func i64(shape ...int) graph.Type     { return graph.T(graph.Int64, shape...) }
func boolean(shape ...int) graph.Type { return graph.T(graph.Bool, shape...) }
