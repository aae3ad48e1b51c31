package ops_test

import (
	"slices"

	"chainrule/graph"
	"chainrule/ops"
)

// torchCall stands for an operator of PyTorch: x are the tensors of the call.
type torchCall func(a arguments, x []*graph.Node) []*graph.Node

// arguments are what a call has besides tensors.
type arguments struct{ golden }

// int returns positional argument i or the keyword argument, or otherwise if there is neither.
func (a arguments) int(i int, name string, otherwise int) int {
	return int(a.float(i, name, float64(otherwise)))
}

func (a arguments) float(i int, name string, otherwise float64) float64 {
	if i >= 0 && i < len(a.Args) {
		return a.Args[i].(float64)
	}
	if v, ok := a.Kwargs[name].(float64); ok {
		return v
	}
	return otherwise
}

func (a arguments) ints(i int, name string) []int {
	v := a.Kwargs[name]
	if i >= 0 && i < len(a.Args) {
		v = a.Args[i]
	}
	switch v := v.(type) {
	case float64:
		return []int{int(v)}
	case []any:
		list := make([]int, len(v))
		for k, e := range v {
			list[k] = int(e.(float64))
		}
		return list
	}
	return nil
}

func (a arguments) bool(i int, name string) bool {
	v := a.Kwargs[name]
	if i >= 0 && i < len(a.Args) {
		v = a.Args[i]
	}
	b, _ := v.(bool)
	return b
}

// of1, of2 and fold stand for functions of one and two tensors and for reductions.
func of1(f func(x *graph.Node) *graph.Node) torchCall {
	return func(_ arguments, x []*graph.Node) []*graph.Node { return []*graph.Node{f(x[0])} }
}

func of2(f func(a, b *graph.Node) *graph.Node) torchCall {
	return func(_ arguments, x []*graph.Node) []*graph.Node { return []*graph.Node{f(x[0], x[1])} }
}

func one(f func(a arguments, x []*graph.Node) *graph.Node) torchCall {
	return func(a arguments, x []*graph.Node) []*graph.Node { return []*graph.Node{f(a, x)} }
}

func fold(f reduction) torchCall {
	return one(func(a arguments, x []*graph.Node) *graph.Node { return a.kept(f, x[0]) })
}

// kept folds the axes of the argument dim, and keeps them if keepdim says so.
func (a arguments) kept(f reduction, x *graph.Node) *graph.Node {
	axes := a.ints(0, "dim")
	y := f(x, axes...)
	if a.bool(1, "keepdim") {
		y = ops.KeepDims(y, x, axes...)
	}
	return y
}

// extreme is max and min: of two tensors, of one, or along an axis with the index.
func extreme(both func(a, b *graph.Node) *graph.Node, all, index reduction) torchCall {
	return func(a arguments, x []*graph.Node) []*graph.Node {
		if len(x) == 2 {
			return []*graph.Node{both(x[0], x[1])}
		}
		y := []*graph.Node{a.kept(all, x[0])}
		if len(a.Args) > 0 {
			y = append(y, a.kept(index, x[0]))
		}
		return y
	}
}

// torch has what stands for each of PyTorch's operators.
var torch = map[string]torchCall{
	"abs": of1(ops.Abs), "neg": of1(ops.Neg), "sign": of1(ops.Sign), "sqrt": of1(ops.Sqrt), "square": of1(ops.Square),
	"exp": of1(ops.Exp), "expm1": of1(ops.Expm1), "log": of1(ops.Log), "log1p": of1(ops.Log1p),
	"sigmoid": of1(ops.Sigmoid), "tanh": of1(ops.Tanh), "sin": of1(ops.Sin), "cos": of1(ops.Cos),
	"reciprocal": of1(ops.Reciprocal), "nn.functional.relu": of1(ops.ReLU),
	"nn.functional.leaky_relu": of1(func(x *graph.Node) *graph.Node { return ops.LeakyReLU(x, 0.01) }),
	"nn.functional.softplus": one(func(a arguments, x []*graph.Node) *graph.Node {
		beta := a.float(-1, "beta", 1)
		scaled := ops.Mul(x[0], beta)
		return ops.Where(ops.Gt(scaled, a.float(-1, "threshold", 20)), x[0], ops.Div(ops.Softplus(scaled), beta))
	}),
	"nn.functional.logsigmoid": of1(func(x *graph.Node) *graph.Node { return ops.Neg(ops.Softplus(ops.Neg(x))) }),
	"nn.functional.silu":       of1(func(x *graph.Node) *graph.Node { return ops.Mul(x, ops.Sigmoid(x)) }),
	"rsqrt":                    of1(func(x *graph.Node) *graph.Node { return ops.Reciprocal(ops.Sqrt(x)) }),

	"add": of2(ops.Add[node, node]), "sub": of2(ops.Sub[node, node]), "mul": of2(ops.Mul[node, node]),
	"div": of2(ops.Div[node, node]), "pow": of2(ops.Pow[node, node]),
	"minimum": of2(ops.Minimum[node, node]), "maximum": of2(ops.Maximum[node, node]),
	"clamp_min": of2(ops.Maximum[node, node]), "clamp_max": of2(ops.Minimum[node, node]),
	"clamp": one(func(_ arguments, x []*graph.Node) *graph.Node { return ops.Clamp(x[0], x[1], x[2]) }),
	"where": one(func(_ arguments, x []*graph.Node) *graph.Node { return ops.Where(x[1], x[0], x[2]) }),
	"masked_fill": one(func(a arguments, x []*graph.Node) *graph.Node {
		if len(x) == 3 {
			return ops.Where(x[1], x[2], x[0])
		}
		return ops.Where(x[1], a.float(0, "value", 0), x[0])
	}),

	"matmul": of2(ops.MatMul), "mm": of2(ops.MatMul), "mv": of2(ops.MatMul), "dot": of2(ops.MatMul),
	"linalg.vecdot": of2(ops.MatMul),
	"inner": of2(func(a, b *graph.Node) *graph.Node {
		if a.Rank() == 0 {
			return ops.Mul(a, b)
		}
		return ops.MatMul(a, b)
	}),
	"outer": of2(func(a, b *graph.Node) *graph.Node { return ops.Mul(ops.ExpandDims(a, 1), b) }),
	"nn.functional.linear": one(func(_ arguments, x []*graph.Node) *graph.Node {
		return ops.Add(ops.MatMul(x[0], ops.Transpose(x[1])), x[2])
	}),
	"addmm": one(scaledProduct), "addmv": one(scaledProduct),

	"transpose": one(func(a arguments, x []*graph.Node) *graph.Node {
		perm := identity(x[0].Rank())
		i, j := axis(a.int(0, "dim0", 0), x[0]), axis(a.int(1, "dim1", 0), x[0])
		perm[i], perm[j] = perm[j], perm[i]
		return ops.Permute(x[0], perm...)
	}),
	"movedim": one(func(a arguments, x []*graph.Node) *graph.Node {
		perm := make([]int, x[0].Rank())
		to := a.ints(1, "destination")
		for k, from := range a.ints(0, "source") {
			perm[axis(to[k], x[0])] = from
		}
		return ops.Permute(x[0], perm...)
	}),
	"permute": one(func(a arguments, x []*graph.Node) *graph.Node { return ops.Permute(x[0], a.ints(0, "dims")...) }),
	"reshape": one(func(a arguments, x []*graph.Node) *graph.Node { return ops.Reshape(x[0], a.ints(0, "shape")...) }),
	"flatten": one(func(a arguments, x []*graph.Node) *graph.Node {
		shape := slices.Clone(x[0].Shape()[:a.int(0, "start_dim", 0)])
		return ops.Reshape(x[0], append(shape, -1)...)
	}),
	"squeeze":   one(func(a arguments, x []*graph.Node) *graph.Node { return ops.Squeeze(x[0], a.ints(0, "dim")...) }),
	"unsqueeze": one(func(a arguments, x []*graph.Node) *graph.Node { return ops.ExpandDims(x[0], a.int(0, "dim", 0)) }),
	"broadcast_to": one(func(a arguments, x []*graph.Node) *graph.Node {
		return ops.BroadcastTo(x[0], a.ints(0, "shape")...)
	}),
	"expand": one(func(a arguments, x []*graph.Node) *graph.Node {
		shape := a.ints(0, "shape")
		for i, d := range shape {
			if d == -1 {
				shape[i] = x[0].Shape()[i]
			}
		}
		return ops.BroadcastTo(x[0], shape...)
	}),
	"narrow": one(func(a arguments, x []*graph.Node) *graph.Node {
		start := a.int(1, "start", 0)
		return along(x[0], a.int(0, "dim", 0), ops.Range{Start: start, Stop: start + a.int(2, "length", 0)})
	}),
	"select": one(func(a arguments, x []*graph.Node) *graph.Node {
		dim := a.int(0, "dim", 0)
		return ops.Squeeze(along(x[0], dim, ops.At(a.int(1, "index", 0))), dim)
	}),
	"cat":   one(func(a arguments, x []*graph.Node) *graph.Node { return ops.Concat(a.int(0, "dim", 0), x...) }),
	"stack": one(func(a arguments, x []*graph.Node) *graph.Node { return ops.Stack(a.int(0, "dim", 0), x...) }),
	"index_select": one(func(a arguments, x []*graph.Node) *graph.Node {
		return ops.Reshape(ops.Take(ops.Reshape(x[0], atLeast1(x[0])...), x[1], a.int(0, "dim", 0)), a.Out[0].Shape...)
	}),
	"nn.functional.embedding": of2(func(table, index *graph.Node) *graph.Node { return ops.Take(table, index, 0) }),

	"sum": fold(ops.Sum), "mean": fold(ops.Mean), "amax": fold(ops.Max), "amin": fold(ops.Min), "prod": fold(ops.Prod),
	"logsumexp": fold(ops.LogSumExp), "softmax": fold(ops.Softmax), "log_softmax": fold(ops.LogSoftmax),
	"nn.functional.softmin": fold(func(x *graph.Node, axes ...int) *graph.Node {
		return ops.Softmax(ops.Neg(x), axes...)
	}),
	"max": extreme(ops.Maximum[node, node], ops.Max, ops.ArgMax),
	"min": extreme(ops.Minimum[node, node], ops.Min, func(x *graph.Node, axes ...int) *graph.Node {
		return ops.ArgMax(ops.Neg(x), axes...)
	}),
	"nn.functional.mse_loss": one(func(a arguments, x []*graph.Node) *graph.Node {
		square := ops.Square(ops.Sub(x[0], x[1]))
		switch a.Kwargs["reduction"] {
		case "sum":
			return ops.Sum(square)
		case "none":
			return square
		}
		return ops.Mean(square)
	}),
}

func scaledProduct(a arguments, x []*graph.Node) *graph.Node {
	return ops.Add(ops.Mul(a.float(-1, "beta", 1), x[0]), ops.Mul(a.float(-1, "alpha", 1), ops.MatMul(x[1], x[2])))
}

func identity(n int) []int {
	perm := make([]int, n)
	for i := range perm {
		perm[i] = i
	}
	return perm
}

func axis(a int, x *graph.Node) int {
	if a < 0 {
		a += x.Rank()
	}
	return a
}

// along slices one axis.
func along(x *graph.Node, a int, r ops.Range) *graph.Node {
	ranges := slices.Repeat([]ops.Range{ops.All}, axis(a, x)+1)
	ranges[axis(a, x)] = r
	return ops.Slice(x, ranges...)
}

func atLeast1(x *graph.Node) []int {
	if x.Rank() == 0 {
		return []int{1}
	}
	return x.Shape()
}
