package ops

import (
	"errors"
	"slices"

	"chainrule/graph"
	"chainrule/internal/kernel/attention"
	"chainrule/internal/kernel/gemm"
)

// attentionAttrs: queries are [B, groups, L, d], keys [B, S, d], values [B, S, e]; a mask, which is added, is [B, groups, L, S]
// with 1 in place of any of the first three.
type attentionAttrs struct {
	Scale  float64
	Causal bool
}

// attentionOp and attentionGradOp have a mask as one more operand, or none. The second gives the gradients of Σ ct·y by q, k
// and v, with the ct as operand 3: those of one batch element behind each other.
var attentionOp, attentionGradOp graph.Op

func init() {
	cases := func(more ...graph.Arg) (list []graph.Case) {
		of := func(name string, a attentionAttrs, b, g, l, s, d, e int, mask ...graph.Arg) {
			in := []graph.Arg{within(-.5, .5, b, g, l, d), within(-.5, .5, b, s, d), arg(b, s, e)}
			for range more {
				in = append(in, arg(b, g, l, e))
			}
			list = append(list, graph.Case{Name: name, In: append(in, mask...), Attrs: a})
		}
		of("plain", attentionAttrs{Scale: .5}, 2, 1, 3, 4, 2, 3)
		of("groups", attentionAttrs{Scale: .25}, 1, 2, 3, 2, 2, 1)
		of("causal", attentionAttrs{1, true}, 1, 2, 3, 3, 2, 2)
		of("causal, newest", attentionAttrs{1, true}, 2, 1, 2, 4, 1, 2)
		of("causal, some see nothing", attentionAttrs{1, true}, 1, 1, 4, 2, 2, 2)
		of("mask", attentionAttrs{Scale: 1}, 2, 2, 2, 3, 2, 2, arg(2, 2, 2, 3))
		of("mask of keys", attentionAttrs{1, true}, 2, 2, 3, 3, 2, 2, arg(2, 1, 1, 3))
		of("mask for all", attentionAttrs{Scale: 1}, 2, 1, 2, 3, 2, 2, arg(1, 1, 2, 3))
		of("no keys", attentionAttrs{Scale: 1}, 1, 1, 2, 0, 2, 3)
		of("no queries", attentionAttrs{Scale: 1}, 1, 1, 0, 2, 2, 3)
		of("nothing", attentionAttrs{Scale: 1}, 0, 1, 2, 2, 2, 3)
		return list
	}
	badShapes := func(more ...graph.Type) []graph.BadCase {
		of := func(want string, in ...graph.Type) graph.BadCase {
			return bad(attentionAttrs{}, want, append(in, more...)...)
		}
		return []graph.BadCase{
			of("do not fit", f64(2, 1, 3, 2), f64(2, 4, 3), f64(2, 4, 2)),
			of("do not fit", f64(2, 1, 3, 2), f64(2, 4, 2), f64(2, 5, 2)),
			of("convert one with Cast", f64(2, 1, 3, 2), f32(2, 4, 2), f64(2, 4, 2)),
		}
	}
	define(&attentionOp, graph.Op{
		Name: "attention", Doc: "softmax(scale·q·kᵀ + mask)·v", Class: graph.Opaque, Arity: graph.Variadic, Attrs: attentionAttrs{},
		Infer: func(in []*graph.Node, _ any) (graph.Type, error) {
			if err := checkCore(in, 3); err != nil {
				return graph.Type{}, err
			}
			return graph.T(in[0].DType(), attendedShape(in)...), nil
		},
		Kernel: byFloat(attentionKernel[float32], attentionKernel[float64]), Workspace: attentionRoom,
		Flops:      func(n *graph.Node) float64 { return 2 * attentionProducts(n) },
		Derivative: attentionRule{}, Batch: batchAttention, Cases: cases(), BadCases: badShapes(),
	})
	define(&attentionGradOp, graph.Op{
		Name: "attention_grad", Doc: "gradients of attention by q, k and v, behind each other", Class: graph.Opaque,
		Arity: graph.Variadic, Attrs: attentionAttrs{},
		Infer: func(in []*graph.Node, _ any) (graph.Type, error) {
			if err := checkCore(in, 4); err != nil {
				return graph.Type{}, err
			}
			if !slices.Equal(in[3].Shape(), attendedShape(in)) || in[3].DType() != in[0].DType() {
				return graph.Type{}, errors.New("the cotangent is not of the type of what is attended to")
			}
			b := in[0].Shape()[0]
			return graph.T(in[0].DType(), b, coreSize(in[0])+coreSize(in[1])+coreSize(in[2])), nil
		},
		Kernel: byFloat(attentionGradKernel[float32], attentionGradKernel[float64]), Workspace: attentionRoom,
		Flops:      func(n *graph.Node) float64 { return 5 * attentionProducts(n) },
		Derivative: attentionGradRule{}, Batch: batchAttention, Cases: cases(graph.Arg{}), BadCases: badShapes(f64(2, 1, 3, 2)),
	})
}

// coreSize is how many elements one batch element of x has.
func coreSize(x *graph.Node) int { return graph.Size(x.Shape()[1:]) }

// attendedShape is that of what is attended to.
func attendedShape(in []*graph.Node) []int {
	q, v := in[0].Shape(), in[2].Shape()
	return []int{q[0], q[1], q[2], v[2]}
}

// checkCore says what does not fit among the operands, of which a mask is number at, if there are more than so many.
func checkCore(in []*graph.Node, at int) error {
	if len(in) != at && len(in) != at+1 {
		return kindError("queries, keys and values, and a mask or none")
	}
	for _, x := range in[1:] {
		if x.DType() != in[0].DType() {
			return errors.New("element types differ: convert one with Cast")
		}
	}
	q, k, v := in[0].Shape(), in[1].Shape(), in[2].Shape()
	if !in[0].DType().IsFloat() {
		return kindError("f32 or f64")
	}
	if len(q) != 4 || len(k) != 3 || len(v) != 3 || q[0] != k[0] || q[0] != v[0] || q[3] != k[2] || k[1] != v[1] {
		return errors.New("queries, keys and values do not fit: want [B, groups, L, d], [B, S, d], [B, S, e]")
	}
	if len(in) == at+1 {
		m, full := in[at].Shape(), []int{q[0], q[1], q[2]}
		fits := len(m) == 4 && m[3] == k[1]
		for a := 0; fits && a < 3; a++ {
			fits = m[a] == 1 || m[a] == full[a]
		}
		if !fits {
			return errors.New("the mask does not fit")
		}
	}
	return nil
}

// operandsOf are a node's operands with the place of the mask, which need not be there.
func maskAt(n *graph.Node) int {
	if n.Op().Name == attentionOp.Name {
		return 3
	}
	return 4
}

func maskOf(n *graph.Node) *graph.Node {
	if at := maskAt(n); len(n.In()) > at {
		return n.In()[at]
	}
	return nil
}

// attentionProducts is the operations of one product of matrices of the size of the weights.
func attentionProducts(n *graph.Node) float64 {
	q, k := n.In()[0], n.In()[1]
	return 2 * float64(q.Type().Size()) * float64(k.Shape()[1])
}

func attentionShape(n *graph.Node) attention.Shape {
	a, q, v := n.Attrs().(attentionAttrs), n.In()[0].Shape(), n.In()[2].Shape()
	s := attention.Shape{Groups: q[1], Queries: q[2], Keys: v[1], D: q[3], E: v[2], Scale: a.Scale, Causal: a.Causal}
	if m := maskOf(n); m != nil {
		strides := graph.BroadcastStrides(m.Shape(), []int{q[0], q[1], q[2], v[1]})
		s.GroupStride, s.RowStride = strides[1], strides[2]
	}
	return s
}

func attentionRoom(n *graph.Node) int {
	s := attentionShape(n)
	return bytesFor(n, 0, s.Scratch())
}

// attentionArgs binds what is the same for all batch elements: at gives those of number b, of the buffers in.
func attentionArgs[T gemm.Float](n *graph.Node) func(w *graph.Work, b int, in []graph.Buffer) attention.Args[T] {
	q, k, v := coreSize(n.In()[0]), coreSize(n.In()[1]), coreSize(n.In()[2])
	step, at := 0, maskAt(n)
	mask := maskOf(n)
	if mask != nil && mask.Shape()[0] > 1 {
		step = coreSize(mask)
	}
	return func(w *graph.Work, b int, in []graph.Buffer) attention.Args[T] {
		_, scratch := room[T](in[len(in)-1], 0)
		a := attention.Args[T]{Stop: w.Stop, Workers: w.Workers, Scratch: scratch}
		a.Q = graph.Elements[T](in[0])[b*q:][:q]
		a.K = graph.Elements[T](in[1])[b*k:][:k]
		a.V = graph.Elements[T](in[2])[b*v:][:v]
		if mask != nil {
			a.Mask = graph.Elements[T](in[at])[b*step:]
		}
		return a
	}
}

func attentionKernel[T gemm.Float](n *graph.Node) graph.Kernel {
	s, of, size := attentionShape(n), attentionArgs[T](n), coreSize(n)
	count := n.Shape()[0]
	return func(w *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		for b := range count {
			if !attention.Forward(graph.Elements[T](out)[b*size:][:size], of(w, b, in), s) {
				return graph.ErrStopped
			}
		}
		return w.Err()
	}
}

func attentionGradKernel[T gemm.Float](n *graph.Node) graph.Kernel {
	s, of := attentionShape(n), attentionArgs[T](n)
	q, k, size, y := coreSize(n.In()[0]), coreSize(n.In()[1]), n.Shape()[1], coreSize(n.In()[3])
	count := n.Shape()[0]
	return func(w *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		for b := range count {
			d := graph.Elements[T](out)[b*size:][:size]
			if !attention.Backward(d[:q], d[q:q+k], d[q+k:], graph.Elements[T](in[3])[b*y:][:y], of(w, b, in), s) {
				return graph.ErrStopped
			}
		}
		return w.Err()
	}
}
