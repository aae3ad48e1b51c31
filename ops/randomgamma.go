package ops

import (
	"errors"
	"fmt"
	"slices"

	"chainrule/graph"
	"chainrule/internal/kernel/random"
)

// ErrRate is what running a graph returns, wrapped, when a Poisson rate is negative, NaN or above 2⁵⁰.
var ErrRate = errors.New("not a Poisson rate")

// Gamma returns gamma numbers of the shapes alpha > 0 and of scale 1, by a key of shape [2]: of alpha's shape, NaN for alpha ≤ 0
// (Marsaglia and Tsang, 2000). The derivative by alpha is that of a number that keeps its probability (Figurnov, Mohamed
// and Mnih, "Implicit reparameterization gradients", 2018).
func Gamma(key, alpha *graph.Node) *graph.Node { return apply(&gammaOp, nil, key, alpha) }

// LogGamma returns the logarithms of the numbers of Gamma(key, alpha), which do not underflow where alpha is small, with
// derivatives likewise.
func LogGamma(key, alpha *graph.Node) *graph.Node { return apply(&logGammaOp, nil, key, alpha) }

// Beta returns beta numbers of the shapes a and b > 0, which broadcast, by a key of shape [2], with derivatives by both as
// those of Gamma: x/(x + y) for gamma numbers x and y. Its last digits are those of the machine's exponential.
func Beta(key, a, b *graph.Node) *graph.Node {
	mustBeKey("beta", key)
	mustExist("beta", a, b)
	shape, err := graph.BroadcastShapes(a.Shape(), b.Shape())
	if err != nil {
		graph.Fail("beta", []*graph.Node{key, a, b}, "%v", err)
	}
	x := LogGamma(FoldIn(key, 0), BroadcastTo(a, shape...))
	return Sigmoid(Sub(x, LogGamma(FoldIn(key, 1), BroadcastTo(b, shape...))))
}

// Dirichlet returns numbers of alpha's shape that are positive with the sum 1 along an axis, of the Dirichlet distribution
// of the shapes alpha > 0, by a key of shape [2], with derivatives as those of Gamma. Its last digits are those of the
// machine's exponential.
func Dirichlet(key, alpha *graph.Node, axis int) *graph.Node {
	mustExist("dirichlet", key, alpha)
	return Softmax(LogGamma(key, alpha), mustBeAxis("dirichlet", axis, alpha))
}

// Poisson returns Poisson numbers of the given rates, an i64 of their shape, by a key of shape [2], without derivatives.
// Running it with a rate that is negative, NaN or above 2⁵⁰ is an error.
func Poisson(key, rate *graph.Node) *graph.Node { return apply(&poissonOp, nil, key, rate) }

var gammaOp, logGammaOp, poissonOp graph.Op

func init() {
	of := func(name string, key []int, lo, hi float64, shape ...int) graph.Case {
		return graph.Case{Name: name, In: []graph.Arg{ints(1<<32, key...), within(lo, hi, shape...)}, Excuses: map[string]string{
			"differences":        "what is accepted depends on the shape: the derivative keeps the number's probability instead",
			"second differences": "as differences", "sides": "as differences", "bends": "as differences",
		}}
	}
	free := func(c graph.Case) graph.Case { c.Excuses = nil; return c }
	cases := []graph.Case{of("vector", []int{2}, 1.2, 4, 7), of("small", []int{2}, 0.2, 0.8, 5), of("scalar", []int{2}, 1, 2),
		of("keys", []int{3, 2}, 1, 2, 3, 2), free(of("empty", []int{2}, 1, 2, 0, 3))}
	bads := []graph.BadCase{
		bad(nil, "wants a key", i64(3), f64()), bad(nil, "wants f32 or f64", i64(2), i64(3)),
		bad(nil, "do not begin with", i64(3, 2), f64(2)),
	}
	define(&gammaOp, graph.Op{
		Name: "gamma", Doc: "gamma numbers of given shapes, by a key", Class: graph.Opaque, Arity: 2,
		Infer:  perElement(func(alpha *graph.Node) graph.DType { return alpha.DType() }),
		Kernel: byDType{f32: bindGamma[float32](random.Gamma), f64: bindGamma[float64](random.Gamma)}.ofResult,
		Derivative: Scalar{nil, func(in []*graph.Node, y *graph.Node) *graph.Node {
			return SlopeGammainc(1, in[1], y)
		}},
		Batch: batchDraws, Depends: drawDepends, Cases: cases, BadCases: bads,
	})
	define(&logGammaOp, graph.Op{
		Name: "log_gamma", Doc: "logarithms of gamma numbers, by a key", Class: graph.Opaque, Arity: 2,
		Infer:  perElement(func(alpha *graph.Node) graph.DType { return alpha.DType() }),
		Kernel: byDType{f32: bindGamma[float32](random.LogGamma), f64: bindGamma[float64](random.LogGamma)}.ofResult,
		Derivative: Scalar{nil, func(in []*graph.Node, y *graph.Node) *graph.Node {
			return SlopeLogGamma(1, in[1], y)
		}},
		Batch: batchDraws, Depends: drawDepends, Cases: cases, BadCases: bads,
	})
	rates := slices.Clone(cases)
	for i := range rates {
		rates[i].Excuses = nil
	}
	define(&poissonOp, graph.Op{
		Name: "poisson", Doc: "Poisson numbers of given rates, by a key", Class: graph.Opaque, Arity: 2, Fails: true,
		Infer:      perElement(func(*graph.Node) graph.DType { return graph.Int64 }),
		Kernel:     bindPoisson,
		Derivative: NonDiff("its numbers are whole"),
		Batch:      batchDraws, Cases: append(rates, free(of("large", []int{2}, 5, 50, 7))), BadCases: bads,
	})
}

// perElement is the shape rule of numbers drawn one for each element of the second input, whose axes begin with those of the
// keys. The element type is that which d says.
func perElement(d func(x *graph.Node) graph.DType) inferFunc {
	return func(in []*graph.Node, _ any) (graph.Type, error) {
		key, x := in[0], in[1]
		if err := isKey(key); err != nil {
			return graph.Type{}, err
		}
		if !x.DType().IsFloat() {
			return graph.Type{}, kindError("f32 or f64 as the parameters")
		}
		lead := key.Shape()[:key.Rank()-1]
		if len(lead) > x.Rank() || !slices.Equal(lead, x.Shape()[:len(lead)]) {
			return graph.Type{}, errors.New("the parameters' axes do not begin with those of the keys")
		}
		return graph.T(d(x), x.Shape()...), nil
	}
}

// batchDraws gives every example its key and its parameters.
func batchDraws(n *graph.Node, in []*graph.Node, batched []bool) *graph.Node {
	return apply(n.Op(), n.Attrs(), allBatched(in, batched)...)
}

// drawDepends says that each number depends on its own parameter.
func drawDepends(*graph.Node, int, graph.Known) graph.Dependence { return graph.Dependence{} }

// bindGamma binds numbers of one parameter each: element i of a key's draw by the key that i makes of it.
func bindGamma[T random.Float](f func(key random.Key, alpha float64) float64) bind {
	return func(n *graph.Node) graph.Kernel {
		size := sizeByKey(n)
		return func(w *graph.Work, out graph.Buffer, in []graph.Buffer) error {
			dst, keys, alpha := graph.Elements[T](out), graph.Elements[int64](in[0]), graph.Elements[T](in[1])
			for i, a := range alpha {
				if i%drawsUnstopped == 0 && w.Stopped() {
					return graph.ErrStopped
				}
				dst[i] = T(f(keyAt(keys, i/size).Fold(uint64(i%size)), float64(a)))
			}
			return nil
		}
	}
}

// drawsUnstopped is after how many numbers that take a while a kernel looks whether it is to stop.
const drawsUnstopped = 1 << 12

// sizeByKey is the number of elements that each key draws.
func sizeByKey(n *graph.Node) int { return graph.Size(n.Shape()[n.In()[0].Rank()-1:]) }

func bindPoisson(n *graph.Node) graph.Kernel {
	if n.In()[1].DType() == graph.Float32 {
		return poissonKernel[float32](n)
	}
	return poissonKernel[float64](n)
}

func poissonKernel[T random.Float](n *graph.Node) graph.Kernel {
	size := sizeByKey(n)
	return func(w *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		dst, keys, rate := graph.Elements[int64](out), graph.Elements[int64](in[0]), graph.Elements[T](in[1])
		for i, r := range rate {
			if i%drawsUnstopped == 0 && w.Stopped() {
				return graph.ErrStopped
			}
			if dst[i] = random.Poisson(keyAt(keys, i/size).Fold(uint64(i%size)), float64(r)); dst[i] < 0 {
				return fmt.Errorf("%w: %v, at position %d", ErrRate, r, i)
			}
		}
		return nil
	}
}
