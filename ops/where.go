package ops

import (
	"fmt"

	"chainrule/graph"
	"chainrule/internal/kernel/vec"
)

// Where returns x where cond holds and y elsewhere, with broadcasting. cond is a bool. One of x and y must be a
// node; the other may be a number.
//
// What it does not choose has the derivative zero, of every order, whatever the partial derivatives on the way to it
// are: the gradient of Where(Gt(x, 0), Sqrt(x), 0) is 0 at x ≤ 0, where that of Sqrt is infinite or NaN. Elsewhere a
// zero that meets an infinity is NaN, as it is for Mul by a mask of zeros and ones, and for functions that choose by
// such a factor, ReLU, Maximum and their like. What Where does choose shows what it is, NaN included.
//
// This holds element by element through elementwise functions, views, reductions, Softmax, Take, Concat and their like,
// and through loops, branches, checkpoints and custom derivatives, from step to step and from their bodies to what these
// use from outside. Through a matrix product it holds if what is chosen of it is finite. Through other functions of whole
// tensors, such as a factorisation, it holds if nothing that comes of them is chosen, and likewise through a custom
// derivative that is computed by a function in Go. In forward mode it holds for what comes of Where, by elementwise
// functions, views, Take, Concat, loops, branches, checkpoints and custom derivatives: Sqrt(Where(Gt(x, 0), x, 0)) has
// the tangent 0 at x ≤ 0.
//
// Where alone makes such zeros, and a branch, for what the other one uses. The functions that choose by the size of their
// operands, Maximum, Minimum, ReLU and Abs, and Max, Min, Sort, Take, Slice and their like, send an ordinary zero
// to what they do not take: Maximum(Sqrt(x), 1) has the gradient NaN at 0, 0·∞, as it has in JAX and PyTorch.
func Where[X, Y Operand](cond *graph.Node, x X, y Y) *graph.Node {
	in := nodes(&whereOp, x, y)
	return apply(&whereOp, nil, cond, in[0], in[1])
}

var whereOp graph.Op

func init() {
	define(&whereOp, graph.Op{
		Name: "where", Doc: "x where cond holds, else y", Class: graph.Map, Cheap: true, Arity: 3,
		Infer: func(in []*graph.Node, _ any) (graph.Type, error) {
			if in[0].DType() != graph.Bool {
				return graph.Type{}, kindError("bool as its condition")
			}
			t, err := elementwise(isAnything, "", same)(in[1:], nil)
			if err == nil {
				t.Shape, err = graph.BroadcastShapes(t.Shape, in[0].Shape())
			}
			return t, err
		},
		Kernel: byDType{
			always(choose[float32]), always(choose[float64]), always(choose[int64]), always(choose[bool]),
		}.ofResult,
		Elementary: graph.ElementaryWhere,
		Derivative: choice{Linear{
			nil,
			func(n, ct *graph.Node) *graph.Node { return Where(n.In()[0], ct, like(ct, 0)) },
			func(n, ct *graph.Node) *graph.Node { return Where(n.In()[0], like(ct, 0), ct) },
		}},
		Batch: batchMap,
		Cases: []graph.Case{
			{Name: "same", In: []graph.Arg{bools(3, 5), arg(3, 5), arg(3, 5)}},
			{Name: "broadcast", In: []graph.Arg{bools(4, 1), arg(3), arg()}},
			{Name: "scalar condition", In: []graph.Arg{bools(), arg(3), arg(2, 3)}},
			{Name: "i64", In: []graph.Arg{bools(3), ints(5, 3), ints(5)}},
			{Name: "bool", In: []graph.Arg{bools(3), bools(3), bools()}},
			{Name: "empty", In: []graph.Arg{bools(0), arg(), arg(0)}},
		},
		BadCases: []graph.BadCase{
			bad(nil, "wants bool as its condition", f64(), f64(), f64()),
			bad(nil, "do not broadcast", boolean(3), f64(2), f64()),
		},
	})
}

func choose[T graph.Element](_ *graph.Work, out graph.Buffer, in []graph.Buffer) error {
	vec.Where(graph.Elements[T](out), graph.Elements[bool](in[0]), graph.Elements[T](in[1]), graph.Elements[T](in[2]))
	return nil
}

type castAttrs struct{ To graph.DType }

// Cast converts x to another element type. A float becomes an integer by truncation toward zero; a number becomes
// a bool by being other than zero; a bool becomes 0 or 1. Cast to x's own type is x.
func Cast(x *graph.Node, to graph.DType) *graph.Node {
	mustExist(castOp.Name, x)
	if x.DType() == to {
		return x
	}
	return apply(&castOp, castAttrs{to}, x)
}

var castOp graph.Op

func init() {
	define(&castOp, graph.Op{
		Name: "cast", Doc: "x in another element type", Class: graph.Map, Cheap: true, Arity: 1, Attrs: castAttrs{},
		Infer: func(in []*graph.Node, attrs any) (graph.Type, error) {
			to := attrs.(castAttrs).To
			if !to.Valid() {
				return graph.Type{}, fmt.Errorf("unknown element type %v", to)
			}
			return graph.Type{DType: to, Shape: in[0].Shape()}, nil
		},
		Kernel:     byDType{castTo[float32], castTo[float64], castTo[int64], castTo[bool]}.ofResult,
		Derivative: Linear{func(n, ct *graph.Node) *graph.Node { return Cast(ct, n.In()[0].DType()) }},
		Batch:      batchMap,
		Cases: []graph.Case{
			{Name: "to f64", In: []graph.Arg{arg(3, 5)}, Attrs: castAttrs{graph.Float64}},
			{Name: "to f32", In: []graph.Arg{{Shape: []int{7}, DType: graph.Float32}}, Attrs: castAttrs{graph.Float32}},
			{Name: "to i64", In: []graph.Arg{within(-9, 9, 7)}, Attrs: castAttrs{graph.Int64}},
			{Name: "to bool", In: []graph.Arg{values([]float64{-1, 0, 2}, 3)}, Attrs: castAttrs{graph.Bool}},
			{Name: "i64 to float", In: []graph.Arg{ints(9, 4)}, Attrs: castAttrs{graph.Float32}},
			{Name: "bool to float", In: []graph.Arg{bools(4)}, Attrs: castAttrs{graph.Float64}},
			{Name: "empty", In: []graph.Arg{arg(0)}, Attrs: castAttrs{graph.Float64}},
		},
		BadCases: []graph.BadCase{bad(castAttrs{}, "unknown element type", f64())},
	})
}

func castTo[D graph.Element](n *graph.Node) graph.Kernel {
	return byDType{
		loop1(vec.Cast[D, float32]), loop1(vec.Cast[D, float64]), loop1(vec.Cast[D, int64]), loop1(vec.Cast[D, bool]),
	}.ofInput(n)
}

// StopGradient returns x as a value through which no derivative passes.
func StopGradient(x *graph.Node) *graph.Node { return unary(&stopGradientOp, x) }

var stopGradientOp graph.Op

func init() {
	define(&stopGradientOp, graph.Op{
		Name: "stop_gradient", Doc: "x, through which no derivative passes", Class: graph.View, Arity: 1,
		Infer:      func(in []*graph.Node, _ any) (graph.Type, error) { return in[0].Type(), nil },
		Layout:     rowMajor,
		Derivative: NonDiff("it is there to stop the gradient"),
		Batch:      batchSame,
		Cases:      unaryCases(-2, 2), BadCases: []graph.BadCase{bad(nil, "0 inputs given, 1 wanted")},
	})
}

// rowMajor is the Layout of a View that keeps the elements in order.
func rowMajor(n *graph.Node) graph.Layout { return graph.Layout{Strides: graph.Strides(n.Shape())} }
