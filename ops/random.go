package ops

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"chainrule/graph"
	"chainrule/internal/kernel/random"
)

// Random numbers come from keys, which are inputs like any other: see the package comment. Where a constructor takes a shape,
// element i of the draw is a function of the key and of i alone: a longer draw begins with the shorter one, and the
// numbers are the same on every machine and for any number of workers.

// Key returns the key of a seed, an i64 vector of two words of 32 bits: the upper half of the seed as an int64, and the lower
// one, as in JAX. For a seed that comes at run time, take FoldIn(Key(g, 0), seed).
func Key[S int | int32 | int64 | uint32 | uint64](g *graph.Graph, seed S) *graph.Node {
	if g == nil {
		graph.Fail("key", nil, "the graph is nil")
	}
	word := uint64(int64(seed))
	return graph.Const(g, []int64{int64(word >> 32), int64(word & math.MaxUint32)}, 2)
}

// FoldIn returns the keys that data, an i64 of any shape, make of keys of shape [… 2], whose axes before the last
// broadcast against those of data: FoldIn(key, step) is a key for each step. Different data make different keys of one key.
// It is Threefry-2x32 of the key and the number, as in JAX.
func FoldIn[D *graph.Node | int | int64](key *graph.Node, data D) *graph.Node {
	mustBeKey(foldInOp.Name, key)
	number := lift(&foldInOp, key, data)
	mustExist(foldInOp.Name, number)
	lead := key.Shape()[:key.Rank()-1]
	shape, err := graph.BroadcastShapes(lead, number.Shape())
	if err != nil {
		graph.Fail(foldInOp.Name, []*graph.Node{key, number}, "%v", err)
	}
	return apply(&foldInOp, nil, BroadcastTo(key, append(slices.Clone(shape), 2)...), BroadcastTo(number, shape...))
}

// SplitKey returns n keys made of a key, as rows of [n 2]: row i is FoldIn(key, i), whatever n is. Unstack or Index take
// them apart, Vmap maps over them.
func SplitKey(key *graph.Node, n int) *graph.Node {
	mustBeKey("split_key", key)
	return FoldIn(ExpandDims(key, -2), Arange(key.Graph(), n))
}

// mustBeKey panics with an *Error unless key has the type of a key.
func mustBeKey(op string, key *graph.Node) {
	mustExist(op, key)
	if err := isKey(key); err != nil {
		graph.Fail(op, []*graph.Node{key}, "%v", err)
	}
}

func isKey(key *graph.Node) error {
	if key.DType() != graph.Int64 || key.Rank() == 0 || key.Shape()[key.Rank()-1] != 2 {
		return errors.New("wants a key: an i64 whose last axis has 2 words")
	}
	return nil
}

var foldInOp graph.Op

func init() {
	define(&foldInOp, graph.Op{
		Name: "fold_in", Doc: "the keys that numbers make of keys", Class: graph.Opaque, Arity: 2,
		Infer: func(in []*graph.Node, _ any) (graph.Type, error) {
			key, data := in[0], in[1]
			if err := isKey(key); err != nil {
				return graph.Type{}, err
			}
			if data.DType() != graph.Int64 || !slices.Equal(key.Shape()[:key.Rank()-1], data.Shape()) {
				return graph.Type{}, errors.New("wants an i64 for each key")
			}
			return key.Type(), nil
		},
		Kernel: always(func(w *graph.Work, out graph.Buffer, in []graph.Buffer) error {
			dst, keys, data := graph.Elements[int64](out), graph.Elements[int64](in[0]), graph.Elements[int64](in[1])
			for i, d := range data {
				if i%(drawPart/8) == 0 && w.Stopped() {
					return graph.ErrStopped
				}
				key := keyAt(keys, i).Fold(uint64(d))
				dst[2*i], dst[2*i+1] = int64(key[0]), int64(key[1])
			}
			return nil
		}),
		Derivative: NonDiff("keys have none"),
		Batch: func(n *graph.Node, in []*graph.Node, batched []bool) *graph.Node {
			return apply(n.Op(), nil, allBatched(in, batched)...)
		},
		Cases: []graph.Case{
			{Name: "one", In: []graph.Arg{ints(1<<32, 2), ints(1 << 40)}},
			{Name: "matrix", In: []graph.Arg{ints(1<<32, 3, 2, 2), ints(1<<40, 3, 2)}},
			{Name: "none", In: []graph.Arg{ints(1<<32, 0, 2), ints(1<<40, 0)}},
		},
		BadCases: []graph.BadCase{
			bad(nil, "wants a key", i64(3), i64()), bad(nil, "wants a key", f64(2), i64()),
			bad(nil, "an i64 for each key", i64(3, 2), i64(2)),
		},
	})
}

// keyAt is key i of a list of words, of which the lower 32 bits count.
func keyAt(words []int64, i int) random.Key {
	return random.Key{uint32(words[2*i]), uint32(words[2*i+1])}
}

// drawAttrs has the shape and the element type of what is drawn by each key.
type drawAttrs struct {
	Shape graph.Ints
	DType graph.DType
}

// Uniform returns numbers that are uniform on [0, 1): multiples of 2⁻⁵³, or of 2⁻²⁴ for f32, of which none is 1. The key has
// shape [… 2], the result [… shape].
func Uniform(key *graph.Node, d graph.DType, shape ...int) *graph.Node {
	return drawOf(&uniformOp, key, d, shape)
}

// Normal returns normal numbers of mean 0 and variance 1, by the inverse of the distribution function (Wichura, AS 241), of
// a size up to 8.29. The key has shape [… 2], the result [… shape]. Add(mean, Mul(scale, Normal(…))) has derivatives by mean
// and scale.
func Normal(key *graph.Node, d graph.DType, shape ...int) *graph.Node {
	return drawOf(&normalOp, key, d, shape)
}

// Exponential returns exponential numbers of mean 1, all positive. The key has shape [… 2], the result [… shape].
func Exponential(key *graph.Node, d graph.DType, shape ...int) *graph.Node {
	return drawOf(&exponentialOp, key, d, shape)
}

// Gumbel returns numbers of the standard Gumbel distribution, −log(−log u). The key has shape [… 2], the result [… shape].
func Gumbel(key *graph.Node, d graph.DType, shape ...int) *graph.Node {
	return drawOf(&gumbelOp, key, d, shape)
}

// Laplace returns numbers of the Laplace distribution of mean 0 and scale 1. The key has shape [… 2], the result [… shape].
func Laplace(key *graph.Node, d graph.DType, shape ...int) *graph.Node {
	return drawOf(&laplaceOp, key, d, shape)
}

func drawOf(op *graph.Op, key *graph.Node, d graph.DType, shape []int) *graph.Node {
	return apply(op, drawAttrs{graph.MakeInts(shape...), d}, key)
}

var uniformOp, normalOp, exponentialOp, gumbelOp, laplaceOp graph.Op

func init() {
	define(&uniformOp, draws("uniform", "numbers of [0, 1), by a key", random.Uniform[float32], random.Uniform[float64]))
	define(&normalOp, draws("normal", "normal numbers, by a key", random.Normal[float32], random.Normal[float64]))
	define(&exponentialOp, draws("exponential", "exponential numbers, by a key",
		random.Exponential[float32], random.Exponential[float64]))
	define(&gumbelOp, draws("gumbel", "Gumbel numbers, by a key", random.Gumbel[float32], random.Gumbel[float64]))
	define(&laplaceOp, draws("laplace", "Laplace numbers, by a key", random.Laplace[float32], random.Laplace[float64]))
}

// draws is the record of floats that a key alone determines.
func draws(name, doc string, f32 draw[float32], f64 draw[float64]) graph.Op {
	return graph.Op{
		Name: name, Doc: doc, Class: graph.Opaque, Arity: 1, Attrs: drawAttrs{},
		Infer: func(in []*graph.Node, attrs any) (graph.Type, error) {
			a := attrs.(drawAttrs)
			if !a.DType.IsFloat() {
				return graph.Type{}, kindError("f32 or f64 as the element type")
			}
			return drawnType(in[0], a.DType, a.Shape)
		},
		Kernel: func(n *graph.Node) graph.Kernel {
			if n.DType() == graph.Float32 {
				return bindDraw(n, f32)
			}
			return bindDraw(n, f64)
		},
		Derivative: drawn, Batch: batchSame,
		Cases: drawCases(func(d graph.DType, shape ...int) any { return drawAttrs{graph.MakeInts(shape...), d} },
			graph.Float32, graph.Float64),
		BadCases: []graph.BadCase{
			bad(drawAttrs{DType: graph.Float64}, "wants a key", i64(3)),
			bad(drawAttrs{DType: graph.Int64}, "f32 or f64 as the element type", i64(2)),
			bad(drawAttrs{"3,-1", graph.Float64}, "negative", i64(2)),
		},
	}
}

const drawn = NonDiff("it is drawn by a key")

// drawCases are draws by one key, by a matrix of keys, of a scalar and of nothing.
func drawCases(attrs func(d graph.DType, shape ...int) any, types ...graph.DType) (cases []graph.Case) {
	for _, d := range types {
		for _, c := range []struct {
			name       string
			key, shape []int
		}{
			{"vector", []int{2}, []int{37}}, {"keys", []int{2, 3, 2}, []int{5, 2}}, {"scalar", []int{2}, nil},
			{"nothing", []int{2}, []int{0, 3}}, {"no keys", []int{0, 2}, []int{3}},
		} {
			cases = append(cases, graph.Case{Name: fmt.Sprint(c.name, " of ", d), In: []graph.Arg{ints(1<<32, c.key...)},
				Attrs: attrs(d, c.shape...)})
		}
	}
	return cases
}

// drawnType is the type of what keys draw.
func drawnType(key *graph.Node, d graph.DType, shape graph.Ints) (graph.Type, error) {
	if err := isKey(key); err != nil {
		return graph.Type{}, err
	}
	for _, n := range shape.Slice() {
		if n < 0 {
			return graph.Type{}, fmt.Errorf("the size %d is negative", n)
		}
	}
	return graph.T(d, slices.Concat(key.Shape()[:key.Rank()-1], shape.Slice())...), nil
}
