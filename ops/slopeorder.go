package ops

import (
	"fmt"
	"slices"

	"chainrule/graph"
	"chainrule/internal/kernel/vec"
)

// Ops that have the derivatives of a function of all orders, for functions whose higher derivatives, as the rules for
// products make them, would leave the range on the way or add infinities of both signs.

// orderAttrs is the order of a derivative.
type orderAttrs struct{ N int }

// ordersAttrs has the orders of a derivative by both operands.
type ordersAttrs struct{ M, N int }

// derivatives is the record of an op for the derivatives of a function of one variable.
func derivatives(
	op *graph.Op, name, doc string, single func(dst, x []float32, n int), double func(dst, x []float64, n int), cases []graph.Case,
) graph.Op {
	all := make([]graph.Case, 0, 2*len(cases))
	for n := 1; n <= 2; n++ {
		for _, c := range cases {
			c.Name, c.Attrs = fmt.Sprintf("%d %s", n, c.Name), orderAttrs{n}
			all = append(all, c)
		}
	}
	order := func(n *graph.Node) int { return n.Attrs().(orderAttrs).N }
	return graph.Op{
		Name: name, Doc: doc, Class: graph.Map, Arity: 1, Attrs: orderAttrs{},
		Infer: func(in []*graph.Node, attrs any) (graph.Type, error) {
			if n := attrs.(orderAttrs).N; n < 1 || n > vec.MaxSlope {
				return graph.Type{}, fmt.Errorf("order %d is not in 1 … %d", n, vec.MaxSlope)
			}
			return floatMap(in, nil)
		},
		Kernel: func(node *graph.Node) graph.Kernel {
			n := order(node)
			return floats1(func(dst, x []float32) { single(dst, x, n) }, func(dst, x []float64) { double(dst, x, n) })(node)
		},
		Derivative: d1(func(x, y *graph.Node) *graph.Node { return apply(op, orderAttrs{order(y) + 1}, x) }),
		Batch:      batchMap, Cases: all,
		BadCases: []graph.BadCase{
			bad(orderAttrs{1}, "wants f32 or f64", i64(3)),
			bad(orderAttrs{0}, "order 0 is not in 1", f64(3)),
			bad(orderAttrs{vec.MaxSlope + 1}, "is not in 1", f64(3)),
		},
	}
}

// derivatives2 is the record of an op for the derivatives of a function of two variables.
func derivatives2(
	op *graph.Op, name, doc string, single func(dst, x, y []float32, m, n int), double func(dst, x, y []float64, m, n int),
	cases ...[]graph.Case,
) graph.Op {
	further := func(y *graph.Node, m, n int) *graph.Node {
		order := y.Attrs().(ordersAttrs)
		return apply(op, ordersAttrs{order.M + m, order.N + n}, y.In()...)
	}
	return graph.Op{
		Name: name, Doc: doc, Class: graph.Map, Arity: 2, Attrs: ordersAttrs{},
		Infer: func(in []*graph.Node, attrs any) (graph.Type, error) {
			a := attrs.(ordersAttrs)
			if a.M < 0 || a.N < 0 || a.M+a.N < 1 || a.M+a.N > vec.MaxSlope {
				return graph.Type{}, fmt.Errorf("orders %d and %d are not in 1 … %d together", a.M, a.N, vec.MaxSlope)
			}
			return floatMap(in, nil)
		},
		Kernel: func(node *graph.Node) graph.Kernel {
			a := node.Attrs().(ordersAttrs)
			return floats2(
				func(dst, x, y []float32) { single(dst, x, y, a.M, a.N) },
				func(dst, x, y []float64) { double(dst, x, y, a.M, a.N) })(node)
		},
		Derivative: d2(
			func(a, b, y *graph.Node) *graph.Node { return further(y, 1, 0) },
			func(a, b, y *graph.Node) *graph.Node { return further(y, 0, 1) }),
		Batch: batchMap, Cases: slices.Concat(cases...),
		BadCases: []graph.BadCase{
			bad(ordersAttrs{1, 0}, "convert one with Cast", f64(3), f32(3)),
			bad(ordersAttrs{1, 0}, "wants ", boolean(3), boolean(3)),
			bad(ordersAttrs{-1, 2}, "orders -1 and 2 are not in", f64(3), f64(3)),
			bad(ordersAttrs{}, "orders 0 and 0 are not in", f64(3), f64(3)),
		},
	}
}

// ofOrders gives cases the orders of derivatives2.
func ofOrders(m, n int, cases ...graph.Case) []graph.Case {
	cases = slices.Clone(cases)
	for i := range cases {
		cases[i].Name, cases[i].Attrs = fmt.Sprintf("%d, %d %s", m, n, cases[i].Name), ordersAttrs{m, n}
	}
	return cases
}
