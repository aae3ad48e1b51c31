package ops

import (
	"fmt"

	"chainrule/graph"
)

// eighOrders is how many orders of derivative in a row the limits of eigh's rule are right to: see eigenRule.
const eighOrders = 2

// EighLimit returns x, what a derivative of Eigh or SVD adds for eigenvalues, as the limit for those which near says lie too
// close to each other to be divided by their difference. It fails where there are such, two different ones, and the order of the
// limit is more than the derivatives are right to. Where there are more rows than columns, or fewer, all that are near count.
func EighLimit(x, near *graph.Node, order int) *graph.Node {
	return apply(&eighLimitOp, orderAttrs{order}, x, near)
}

var eighLimitOp graph.Op

func init() {
	of := func(name string, order int, shape ...int) graph.Case {
		return graph.Case{Name: name, In: []graph.Arg{arg(shape...), bools(shape...)}, Attrs: orderAttrs{order}}
	}
	define(&eighLimitOp, graph.Op{
		Name: "eigh_limit", Doc: "what eigh's derivatives add at near eigenvalues, which fails from some order on",
		Class: graph.Opaque, Arity: 2, Attrs: orderAttrs{}, Fails: true,
		Infer: func(in []*graph.Node, attrs any) (graph.Type, error) {
			if attrs.(orderAttrs).N < 1 {
				return graph.Type{}, fmt.Errorf("order %d is not 1 or more", attrs.(orderAttrs).N)
			}
			if in[1].DType() != graph.Bool || !in[1].Type().Equal(graph.T(graph.Bool, in[0].Shape()...)) {
				return graph.Type{}, kindError("matrices, and bools of their shape")
			}
			if !in[0].DType().IsFloat() || in[0].Rank() < 2 {
				return graph.Type{}, kindError("matrices of f32 or f64")
			}
			return in[0].Type(), nil
		},
		Kernel:  byFloat(eighLimitKernel[float32], eighLimitKernel[float64]),
		InPlace: true,
		Depends: func(n *graph.Node, _ int, _ graph.Known) graph.Dependence {
			return graph.Dependence{Group: runOf(n.Type().Size(), 1, 1)}
		},
		Derivative: Linear{func(n, ct *graph.Node) *graph.Node {
			return EighLimit(ct, n.In()[1], n.Attrs().(orderAttrs).N)
		}, nil},
		Batch: func(n *graph.Node, in []*graph.Node, batched []bool) *graph.Node {
			return apply(n.Op(), n.Attrs(), allBatched(in, batched)...)
		},
		Cases: []graph.Case{of("matrix", 1, 3, 3), of("batch", 2, 2, 3, 3), of("nothing", 3, 0, 0), of("number", 3, 1, 1), of("tall", 2, 3, 2)},
		BadCases: []graph.BadCase{
			bad(orderAttrs{1}, "wants ", i64(3, 3), boolean(3, 3)), bad(orderAttrs{1}, "wants ", f64(3, 3), f64(3, 3)),
			bad(orderAttrs{1}, "wants ", f64(3, 3), boolean(2, 2)), bad(orderAttrs{1}, "matrices of f32 or f64", f64(3), boolean(3)),
			bad(orderAttrs{}, "order 0 is not", f64(3, 3), boolean(3, 3)),
		},
	})
}

func eighLimitKernel[T float](n *graph.Node) graph.Kernel {
	rows, cols := rowsOf(n), columns(n)
	order := n.Attrs().(orderAttrs).N
	return func(_ *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		if order > eighOrders {
			for h, near := range graph.Elements[bool](in[1]) {
				i, j, which := h/cols%rows, h%cols, h/cols/rows
				switch {
				case near && rows == cols && i < j:
					return fmt.Errorf("eigenvalues, or singular values, %d and %d are equal, or nearly so, %s: "+
						"no derivative of a function of vectors is known there beyond the second order, "+
						"nor of one of values beyond the third", i, j, whichOf(which))
				case near && rows != cols:
					return fmt.Errorf("a singular value is 0, or nearly so, %s: "+
						"no derivative of a function of singular vectors is known there beyond the second order", whichOf(which))
				}
			}
		}
		copy(graph.Elements[T](out), graph.Elements[T](in[0]))
		return nil
	}
}

// limitOrder is the order of a limit in the cotangent ct of n: one more than those that ct is made of, near being what tells
// n's near eigenvalues apart.
func limitOrder(n, ct, near *graph.Node) int {
	order := 0
	seen := map[*graph.Node]bool{}
	var visit func(x *graph.Node)
	visit = func(x *graph.Node) {
		if x.ID() <= n.ID() || seen[x] {
			return
		}
		seen[x] = true
		if x.Op() == &eighLimitOp && x.In()[1] == near {
			order = max(order, x.Attrs().(orderAttrs).N)
		}
		for _, y := range x.In() {
			visit(y)
		}
	}
	visit(ct)
	return order + 1
}
