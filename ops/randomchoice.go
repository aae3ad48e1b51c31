package ops

import (
	"fmt"
	"math"
	"slices"

	"chainrule/graph"
	"chainrule/internal/kernel/random"
)

// RandomBits returns i64 numbers of which all 64 bits are random. The key has shape [… 2], the result [… shape].
func RandomBits(key *graph.Node, shape ...int) *graph.Node {
	return apply(&randomBitsOp, randomIntAttrs{Shape: graph.MakeInts(shape...)}, key)
}

// RandomInt returns i64 numbers that are uniform on lo … hi−1, but for differences of probability below 2⁻⁶⁴. The key has
// shape [… 2], the result [… shape].
func RandomInt(key *graph.Node, lo, hi int, shape ...int) *graph.Node {
	return apply(&randomIntOp, randomIntAttrs{graph.MakeInts(shape...), lo, hi}, key)
}

type randomIntAttrs struct {
	Shape  graph.Ints
	Lo, Hi int
}

var randomBitsOp, randomIntOp graph.Op

func init() {
	record := graph.Op{
		Name: "random_bits", Doc: "64 random bits, by a key", Class: graph.Opaque, Arity: 1, Attrs: randomIntAttrs{},
		Infer: func(in []*graph.Node, attrs any) (graph.Type, error) {
			return drawnType(in[0], graph.Int64, attrs.(randomIntAttrs).Shape)
		},
		Kernel:     func(n *graph.Node) graph.Kernel { return bindDraw(n, random.Bits) },
		Derivative: drawn, Batch: batchSame,
		Cases: drawCases(func(_ graph.DType, shape ...int) any {
			return randomIntAttrs{graph.MakeInts(shape...), -3, 12}
		}, graph.Int64),
		BadCases: []graph.BadCase{
			bad(randomIntAttrs{Hi: 2}, "wants a key", i64(3)), bad(randomIntAttrs{"-1", 0, 2}, "negative", i64(2)),
		},
	}
	define(&randomBitsOp, record)

	record.Name, record.Doc = "random_int", "whole numbers from lo up to hi − 1, by a key"
	record.Infer = func(in []*graph.Node, attrs any) (graph.Type, error) {
		a := attrs.(randomIntAttrs)
		if a.Lo >= a.Hi {
			return graph.Type{}, fmt.Errorf("no whole numbers from %d up to %d", a.Lo, a.Hi-1)
		}
		return drawnType(in[0], graph.Int64, a.Shape)
	}
	record.Kernel = func(n *graph.Node) graph.Kernel {
		a := n.Attrs().(randomIntAttrs)
		return bindDraw(n, func(dst []int64, key random.Key, at uint64) {
			random.Integers(dst, key, at, int64(a.Lo), int64(a.Hi))
		})
	}
	record.BadCases = append(slices.Clone(record.BadCases), bad(randomIntAttrs{"", 3, 3}, "no whole numbers", i64(2)))
	define(&randomIntOp, record)
}

// TruncatedNormal returns normal numbers of mean 0 and variance 1 that lie in lo … hi, which are in units of the deviation
// and may be infinite: those of mean m and deviation s in a … b are m + s·TruncatedNormal((a−m)/s, (b−m)/s). Their own
// deviation is less than 1, 0.87962566 for bounds of ±2. The key has shape [… 2], the result [… shape].
func TruncatedNormal(key *graph.Node, lo, hi float64, d graph.DType, shape ...int) *graph.Node {
	return apply(&truncatedNormalOp, truncatedAttrs{graph.MakeInts(shape...), d, lo, hi}, key)
}

type truncatedAttrs struct {
	Shape  graph.Ints
	DType  graph.DType
	Lo, Hi float64
}

var truncatedNormalOp graph.Op

func init() {
	define(&truncatedNormalOp, graph.Op{
		Name: "truncated_normal", Doc: "normal numbers between bounds, by a key", Class: graph.Opaque, Arity: 1,
		Attrs: truncatedAttrs{},
		Infer: func(in []*graph.Node, attrs any) (graph.Type, error) {
			a := attrs.(truncatedAttrs)
			switch {
			case !a.DType.IsFloat():
				return graph.Type{}, kindError("f32 or f64 as the element type")
			case !(a.Lo < a.Hi):
				return graph.Type{}, fmt.Errorf("the bounds %v and %v have nothing between them", a.Lo, a.Hi)
			case a.Lo > random.FarTail || a.Hi < -random.FarTail:
				return graph.Type{}, fmt.Errorf("the bounds %v and %v are too far out: a deviation is 1", a.Lo, a.Hi)
			}
			return drawnType(in[0], a.DType, a.Shape)
		},
		Kernel: func(n *graph.Node) graph.Kernel {
			a := n.Attrs().(truncatedAttrs)
			if a.DType == graph.Float32 {
				return bindDraw(n, truncated[float32](a))
			}
			return bindDraw(n, truncated[float64](a))
		},
		Derivative: drawn, Batch: batchSame,
		Cases: append(drawCases(func(d graph.DType, shape ...int) any {
			return truncatedAttrs{graph.MakeInts(shape...), d, -2, 2}
		}, graph.Float32, graph.Float64), graph.Case{Name: "far", In: []graph.Arg{ints(1<<32, 2)},
			Attrs: truncatedAttrs{"7", graph.Float64, 9, math.MaxFloat64}}),
		BadCases: []graph.BadCase{
			bad(truncatedAttrs{"", graph.Float64, 0, 1}, "wants a key", i64(3)),
			bad(truncatedAttrs{"", graph.Int64, 0, 1}, "as the element type", i64(2)),
			bad(truncatedAttrs{"", graph.Float64, 1, 1}, "nothing between them", i64(2)),
			bad(truncatedAttrs{"", graph.Float64, 38, 39}, "too far out", i64(2)),
		},
	})
}

func truncated[T random.Float](a truncatedAttrs) draw[T] {
	r := random.NewInterval(a.Lo, a.Hi)
	return func(dst []T, key random.Key, at uint64) { random.Truncated(dst, key, at, r) }
}

// Bernoulli returns bools of p's shape that are true with the probabilities p: where a uniform number of p's element type is
// less. They have no derivative by p. A key of shape [2] draws them all.
func Bernoulli(key, p *graph.Node) *graph.Node {
	mustExist("bernoulli", key, p)
	return Lt(Uniform(key, p.DType(), p.Shape()...), p)
}

// Categorical returns indices along an axis of logits, which are logarithms of probabilities up to a constant: an i64 of
// their shape without the axis. It is where logits + Gumbel(key, …) are greatest. −Inf stands for a probability of 0.
func Categorical(key, logits *graph.Node, axis int) *graph.Node {
	mustExist("categorical", key, logits)
	axis = mustBeAxis("categorical", axis, logits)
	return ArgMax(Add(logits, Gumbel(key, logits.DType(), logits.Shape()...)), axis)
}

// Permutation returns 0, 1, … n−1 in a random order, an i64 vector. Take(x, Permutation(key, n), axis) shuffles.
func Permutation(key *graph.Node, n int) *graph.Node {
	return ArgSort(RandomBits(key, n), -1)
}

// Choice returns count of the numbers 0, 1, … n−1, an i64 vector: each drawn anew if replace is set, or all different, in
// a random order. Weighted ones are those of Categorical, or, all different, those of TopK of logits + Gumbel(key, …).
func Choice(key *graph.Node, n, count int, replace bool) *graph.Node {
	mustBeKey("choice", key)
	if replace {
		return RandomInt(key, 0, n, count)
	}
	if count < 0 || count > n {
		graph.Fail("choice", []*graph.Node{key}, "%d of %d without replacement", count, n)
	}
	return Slice(Permutation(key, n), Range{Stop: count})
}
