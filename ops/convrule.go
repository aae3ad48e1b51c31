package ops

import (
	"fmt"
	"slices"

	"chainrule/graph"
	kernel "chainrule/internal/kernel/conv"
)

// A convolution is a sum of products x·w·y over the image, the kernel and the result. The three ops of this file compute
// one of these from the other two, so that their derivatives are each other:
//
//	conv             y of x and w
//	conv_transpose   x of y and w: the gradient by the image
//	conv_weight      w of x and y: the gradient by the kernel

var convOp, convTransposeOp, convWeightOp graph.Op

func init() {
	defineConv(&convOp, "conv", "convolution of an image with a kernel, channels first", inferConv,
		Bilinear{
			func(n, ct *graph.Node) *graph.Node { return convImage(n, ct, n.In()[1], n.In()[0]) },
			func(n, ct *graph.Node) *graph.Node { return convKernel(n, n.In()[0], ct, n.In()[1]) },
		}, batchConv, convCases(0),
		[]graph.BadCase{
			bad(convCase2, "the kernel reaches over 5 places where the padded image has 4", f64(1, 1, 2, 8), f64(1, 1, 3, 3)),
			bad(convCase2, "3 channels where the kernel has 2 for each of 1 groups", f64(1, 3, 8, 8), f64(1, 2, 3, 3)),
			bad(convCase2, "operands of one rank, 3 to 5", f64(1, 3, 8, 8), f64(1, 2, 3)),
			bad(convCase2, "convert one with Cast", f64(1, 3, 8, 8), f32(1, 3, 3, 3)),
			bad(convCase2, "wants f32 or f64", i64(1, 3, 8, 8), i64(1, 3, 3, 3)),
			bad(convCase2, "numbers for 2 axes where the image has 1", f64(1, 3, 8), f64(1, 3, 3)),
			bad(convGroups, "3 channels of the result do not make 2 groups", f64(1, 4, 8), f64(3, 2, 3)),
		})
	defineConv(&convTransposeOp, "conv_transpose", "the image of a convolution's result and its kernel, its transpose",
		inferConvTranspose,
		Bilinear{
			func(n, ct *graph.Node) *graph.Node { return convResult(n, ct, n.In()[1]) },
			func(n, ct *graph.Node) *graph.Node { return convKernel(n, ct, n.In()[0], n.In()[1]) },
		}, batchConvTranspose, convCases(1),
		[]graph.BadCase{
			bad(convSized("1,1"), "numbers for 1 axes where the image has 2", f64(1, 1, 3), f64(1, 1, 1)),
			bad(convSized("3"), "2 channels where the kernel has 3", f64(1, 2, 3), f64(3, 1, 1)),
		})
	defineConv(&convWeightOp, "conv_weight", "the kernel of a convolution's image and its result", inferConvWeight,
		Bilinear{
			func(n, ct *graph.Node) *graph.Node { return convImage(n, n.In()[1], ct, n.In()[0]) },
			func(n, ct *graph.Node) *graph.Node { return convResult(n, n.In()[0], ct) },
		}, batchConvWeight, convCases(2),
		[]graph.BadCase{
			bad(convSized("1"), "batches of 2 and 1", f64(2, 2, 3), f64(1, 1, 3)),
			bad(convSized("2"), "places [3] where the kernel has 2", f64(2, 2, 3), f64(2, 1, 3)),
		})
}

func defineConv(
	op *graph.Op, name, doc string, infer inferFunc, rule Bilinear,
	batch batchRule, cases []graph.Case, wrong []graph.BadCase,
) {
	define(op, graph.Op{
		Name: name, Doc: doc, Class: graph.Contract, Arity: 2, Attrs: convAttrs{}, Infer: infer,
		Kernel: byFloat(convolve[float32], convolve[float64]), Derivative: rule, Batch: someExamples(batch),
		Flops: func(n *graph.Node) float64 { return shapeOf(n).Flops() },
		Cases: cases, BadCases: wrong,
	})
}

// convResult, convImage and convKernel make y, x and w of the other two, for the convolution that n is part of.
func convResult(n, x, w *graph.Node) *graph.Node {
	return conv(n.Attrs().(convAttrs), x, w)
}

// conv applies the op to operands, which say what Size is.
func conv(a convAttrs, x, w *graph.Node) *graph.Node {
	a.Size = graph.MakeInts(a.axes().allPlaces(x.Shape()[2:], w.Shape()[2:])...)
	return apply(&convOp, a, x, w)
}

func convImage(n, y, w, like *graph.Node) *graph.Node {
	a := n.Attrs().(convAttrs)
	a.Size = graph.MakeInts(like.Shape()[2:]...)
	return apply(&convTransposeOp, a, y, w)
}

func convKernel(n, x, y, like *graph.Node) *graph.Node {
	a := n.Attrs().(convAttrs)
	a.Size = graph.MakeInts(like.Shape()[2:]...)
	return apply(&convWeightOp, a, x, y)
}

func inferConv(in []*graph.Node, attrs any) (graph.Type, error) {
	x, w, a := in[0], in[1], attrs.(convAttrs)
	if err := a.operands(in); err != nil {
		return graph.Type{}, err
	}
	sizes := a.Size.Slice()
	if err := a.axes().check(x.Shape()[2:], w.Shape()[2:], sizes); err != nil {
		return graph.Type{}, err
	}
	if x.Shape()[1] != w.Shape()[1]*a.Groups {
		return graph.Type{}, fmt.Errorf("%d channels where the kernel has %d for each of %d groups", x.Shape()[1], w.Shape()[1], a.Groups)
	}
	if w.Shape()[0]%a.Groups != 0 {
		return graph.Type{}, fmt.Errorf("%d channels of the result do not make %d groups", w.Shape()[0], a.Groups)
	}
	return graph.T(x.DType(), append([]int{x.Shape()[0], w.Shape()[0]}, sizes...)...), nil
}

func inferConvTranspose(in []*graph.Node, attrs any) (graph.Type, error) {
	y, w, a := in[0], in[1], attrs.(convAttrs)
	if err := a.operands(in); err != nil {
		return graph.Type{}, err
	}
	sizes := a.Size.Slice()
	if err := a.axes().check(sizes, w.Shape()[2:], y.Shape()[2:]); err != nil {
		return graph.Type{}, err
	}
	if y.Shape()[1] != w.Shape()[0] {
		return graph.Type{}, fmt.Errorf("%d channels where the kernel has %d", y.Shape()[1], w.Shape()[0])
	}
	if w.Shape()[0]%a.Groups != 0 {
		return graph.Type{}, fmt.Errorf("%d channels do not make %d groups", w.Shape()[0], a.Groups)
	}
	return graph.T(y.DType(), append([]int{y.Shape()[0], w.Shape()[1] * a.Groups}, sizes...)...), nil
}

func inferConvWeight(in []*graph.Node, attrs any) (graph.Type, error) {
	x, y, a := in[0], in[1], attrs.(convAttrs)
	if err := a.operands(in); err != nil {
		return graph.Type{}, err
	}
	sizes := a.Size.Slice()
	if err := a.axes().check(x.Shape()[2:], sizes, y.Shape()[2:]); err != nil {
		return graph.Type{}, err
	}
	if x.Shape()[0] != y.Shape()[0] {
		return graph.Type{}, fmt.Errorf("batches of %d and %d", x.Shape()[0], y.Shape()[0])
	}
	if x.Shape()[1]%a.Groups != 0 || y.Shape()[1]%a.Groups != 0 {
		return graph.Type{}, fmt.Errorf("%d and %d channels do not make %d groups", x.Shape()[1], y.Shape()[1], a.Groups)
	}
	return graph.T(x.DType(), append([]int{y.Shape()[1], x.Shape()[1] / a.Groups}, sizes...)...), nil
}

// shapeOf is the shape of the convolution that n is part of.
func shapeOf(n *graph.Node) *kernel.Shape {
	a, p, q, r := n.Attrs().(convAttrs), n.In()[0].Shape(), n.In()[1].Shape(), n.Shape()
	switch n.Op().Name {
	case convOp.Name:
		return convShape(a, p, q, r)
	case convTransposeOp.Name:
		return convShape(a, r, q, p)
	}
	return convShape(a, p, r, q)
}

// convolve binds the kernel of any of the three.
func convolve[T kernel.Float](n *graph.Node) graph.Kernel {
	s := shapeOf(n)
	if n.Op().Name == convWeightOp.Name {
		p := kernel.PlanWeight(s)
		return func(w *graph.Work, out graph.Buffer, in []graph.Buffer) error {
			kernel.RunWeight(p, graph.Elements[T](out), graph.Elements[T](in[0]), graph.Elements[T](in[1]), w.Workers, w.Stop)
			return w.Err()
		}
	}
	p := kernel.PlanForward(s)
	if n.Op().Name == convTransposeOp.Name {
		p = kernel.PlanInput(s)
	}
	return func(w *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		kernel.Run(p, graph.Elements[T](out), graph.Elements[T](in[0]), graph.Elements[T](in[1]), w.Workers, w.Stop)
		return w.Err()
	}
}

// Batching: examples become images of a larger batch where the kernel is one, else channels.

// batchRule is that of an op: see graph.Op.Batch.
type batchRule = func(n *graph.Node, in []*graph.Node, batched []bool) *graph.Node

// someExamples spares a rule that splits axes the case of no examples, when lengths do not follow from sizes.
func someExamples(rule batchRule) batchRule {
	return func(n *graph.Node, in []*graph.Node, batched []bool) *graph.Node {
		if first := in[slices.Index(batched, true)]; first.Shape()[0] == 0 {
			return BroadcastTo(Add(Sum(in[0]), Sum(in[1])), withExamples(first, n.Shape())...) // no element, of both
		}
		return rule(n, in, batched)
	}
}

// batchConv is the rule of y = x∘w.
func batchConv(n *graph.Node, in []*graph.Node, batched []bool) *graph.Node {
	a, x, w := n.Attrs().(convAttrs), in[0], in[1]
	switch {
	case !batched[1]:
		return apartFirst(apply(&convOp, a, mergeFirst(x), w), x.Shape()[0])
	case !batched[0]:
		y := apply(&convOp, a, x, groupsOutside(w, 1, a.Groups))
		return examplesOutside(y, w.Shape()[0], a.Groups)
	}
	a.Groups *= x.Shape()[0]
	return apartSecond(apply(&convOp, a, mergeSecond(x), mergeFirst(w)), x.Shape()[0])
}

// batchConvTranspose is the rule of x = y∘w.
func batchConvTranspose(n *graph.Node, in []*graph.Node, batched []bool) *graph.Node {
	a, y, w := n.Attrs().(convAttrs), in[0], in[1]
	switch {
	case !batched[1]:
		return apartFirst(apply(&convTransposeOp, a, mergeFirst(y), w), y.Shape()[0])
	case !batched[0]:
		x := apply(&convTransposeOp, a, y, mergeSecond(w))
		return examplesOutside(x, w.Shape()[0], a.Groups)
	}
	a.Groups *= y.Shape()[0]
	return apartSecond(apply(&convTransposeOp, a, mergeSecond(y), mergeFirst(w)), y.Shape()[0])
}

// batchConvWeight is the rule of w = x∘y.
func batchConvWeight(n *graph.Node, in []*graph.Node, batched []bool) *graph.Node {
	a, x, y := n.Attrs().(convAttrs), in[0], in[1]
	switch {
	case !batched[1]:
		w := apply(&convWeightOp, a, groupsOutside(x, 2, a.Groups), y)
		return apartSecond(w, x.Shape()[0])
	case !batched[0]:
		w := apply(&convWeightOp, a, x, groupsOutside(y, 2, a.Groups))
		return mergeAt(MoveAxis(splitAt(w, 0, a.Groups, y.Shape()[0]), 1, 0), 1)
	}
	a.Groups *= x.Shape()[0]
	return apartFirst(apply(&convWeightOp, a, mergeSecond(x), mergeSecond(y)), x.Shape()[0])
}

// mergeAt makes one axis of axis a and the one behind it, splitAt several of axis a, the first of the given lengths.
func mergeAt(x *graph.Node, a int) *graph.Node {
	s := x.Shape()
	return Reshape(x, slices.Concat(s[:a], []int{s[a] * s[a+1]}, s[a+2:])...)
}

func splitAt(x *graph.Node, a int, lengths ...int) *graph.Node {
	s := x.Shape()
	last := 0
	if all := graph.Size(lengths); all > 0 {
		last = s[a] / all
	}
	return Reshape(x, slices.Concat(s[:a], lengths, []int{last}, s[a+1:])...)
}

// mergeFirst makes examples part of the first axis, mergeSecond of the second; apartFirst and apartSecond undo that.
func mergeFirst(x *graph.Node) *graph.Node  { return mergeAt(x, 0) }
func mergeSecond(x *graph.Node) *graph.Node { return mergeAt(MoveAxis(x, 0, 1), 1) }

func apartFirst(y *graph.Node, examples int) *graph.Node { return splitAt(y, 0, examples) }

func apartSecond(y *graph.Node, examples int) *graph.Node {
	return MoveAxis(splitAt(y, 1, examples), 1, 0)
}

// groupsOutside makes examples, the first axis, part of the channels, axis a: groups, examples, channels of a group.
func groupsOutside(x *graph.Node, a, groups int) *graph.Node {
	x = MoveAxis(splitAt(x, a, groups), 0, a) // […, groups, examples, channels]: MoveAxis counts without the first
	return mergeAt(mergeAt(x, a-1), a-1)
}

// examplesOutside undoes groupsOutside for a result [batch, channels, …].
func examplesOutside(y *graph.Node, examples, groups int) *graph.Node {
	return mergeAt(MoveAxis(splitAt(y, 1, groups, examples), 2, 0), 2)
}
