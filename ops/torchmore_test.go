package ops_test

import (
	"maps"

	"chainrule/graph"
	"chainrule/ops"
)

func init() { maps.Copy(torch, torchMore) }

// torchMore has what stands for PyTorch's operators in testdata/torch_more.jsonl.gz.
var torchMore = map[string]torchCall{
	"tan": of1(ops.Tan), "asin": of1(ops.Asin), "acos": of1(ops.Acos), "atan": of1(ops.Atan),
	"sinh": of1(ops.Sinh), "cosh": of1(ops.Cosh), "asinh": of1(ops.Asinh), "acosh": of1(ops.Acosh), "atanh": of1(ops.Atanh),
	"atan2": of2(ops.Atan2[node, node]), "hypot": of2(ops.Hypot[node, node]),
	"floor": of1(ops.Floor), "ceil": of1(ops.Ceil), "round": of1(ops.Round), "trunc": of1(ops.Trunc),
	"fmod": of2(ops.Mod[node, node]), "remainder": of2(ops.FloorMod[node, node]),
	"erf": of1(ops.Erf), "erfc": of1(ops.Erfc), "erfinv": of1(ops.Erfinv),
	"lgamma":    of1(ops.Lgamma),
	"polygamma": one(func(a arguments, x []*graph.Node) *graph.Node { return ops.Polygamma(a.int(0, "n", 0), x[0]) }),
	"log2":      of1(ops.Log2), "log10": of1(ops.Log10), "exp2": of1(ops.Exp2),
	"logaddexp": of2(ops.LogAddExp[node, node]), "xlogy": of2(ops.XLogY[node, node]),

	"cholesky": one(func(a arguments, x []*graph.Node) *graph.Node {
		if a.bool(-1, "upper") {
			return ops.Transpose(ops.Cholesky(x[0]))
		}
		return ops.Cholesky(x[0])
	}),
	"linalg.solve": of2(func(a, b *graph.Node) *graph.Node {
		if b.Rank() == a.Rank()-1 && b.Rank() > 1 { // a batch of vectors
			return ops.Squeeze(ops.Solve(a, ops.ExpandDims(b, -1)), -1)
		}
		return ops.Solve(a, b)
	}),
	"linalg.solve_triangular": one(func(a arguments, x []*graph.Node) *graph.Node {
		lower := !a.bool(-1, "upper")
		if a.bool(-1, "left") {
			return ops.TriangularSolve(x[0], x[1], lower, false)
		}
		return ops.Transpose(ops.TriangularSolve(x[0], ops.Transpose(x[1]), lower, true))
	}),
	"linalg.inv": of1(ops.Inverse), "linalg.det": of1(ops.Det), "logdet": of1(ops.LogDet),
	"linalg.slogdet": func(_ arguments, x []*graph.Node) []*graph.Node {
		sign, logAbs := ops.SlogDet(x[0])
		return []*graph.Node{sign, logAbs}
	},
	"diag": of1(ops.Diagonal), "diagonal": of1(ops.Diagonal), "diag_embed": of1(ops.Diag), "trace": of1(ops.Trace),
	"tril": one(func(a arguments, x []*graph.Node) *graph.Node { return ops.Tril(x[0], a.int(0, "diagonal", 0)) }),
	"triu": one(func(a arguments, x []*graph.Node) *graph.Node { return ops.Triu(x[0], a.int(0, "diagonal", 0)) }),

	"cumsum":  one(func(a arguments, x []*graph.Node) *graph.Node { return ops.CumSum(x[0], a.int(0, "dim", 0), false) }),
	"cumprod": one(func(a arguments, x []*graph.Node) *graph.Node { return ops.CumProd(x[0], a.int(0, "dim", 0), false) }),
	"sort": func(a arguments, x []*graph.Node) []*graph.Node {
		dim := a.int(0, "dim", -1)
		return []*graph.Node{ops.Sort(x[0], dim), ops.ArgSort(x[0], dim)}
	},
	"topk": func(a arguments, x []*graph.Node) []*graph.Node {
		largest, index := ops.TopK(x[0], a.int(0, "k", 1), a.int(1, "dim", -1))
		return []*graph.Node{largest, index}
	},
	"take_along_dim": one(func(a arguments, x []*graph.Node) *graph.Node {
		return ops.TakeAlong(x[0], x[1], a.int(0, "dim", 0))
	}),
	"var": one(func(a arguments, x []*graph.Node) *graph.Node { return a.kept(sampleVar, x[0]) }),
	"std": one(func(a arguments, x []*graph.Node) *graph.Node {
		return a.kept(func(x *graph.Node, axes ...int) *graph.Node { return ops.Sqrt(sampleVar(x, axes...)) }, x[0])
	}),
	"norm":        one(euclid),
	"linalg.norm": one(euclid),

	"einsum": one(func(a arguments, x []*graph.Node) *graph.Node { return ops.Einsum(a.Args[0].(string), x...) }),
	"tensordot": one(func(a arguments, x []*graph.Node) *graph.Node {
		if pairs, ok := a.Kwargs["dims"].([]any); ok {
			return ops.Tensordot(x[0], x[1], axesOf(pairs[0]), axesOf(pairs[1]))
		}
		n := a.int(-1, "dims", 0)
		return ops.Tensordot(x[0], x[1], identity(x[0].Rank())[x[0].Rank()-n:], identity(n))
	}),
	"tile": one(func(a arguments, x []*graph.Node) *graph.Node { return ops.Tile(x[0], a.ints(0, "dims")...) }),
	"flip": one(func(a arguments, x []*graph.Node) *graph.Node { return ops.Flip(x[0], a.ints(0, "dims")...) }),
	"roll": one(func(a arguments, x []*graph.Node) *graph.Node {
		return ops.Roll(x[0], a.int(1, "dims", 0), a.int(0, "shifts", 0))
	}),
	"split": func(a arguments, x []*graph.Node) []*graph.Node {
		dim, sizes := a.int(1, "dim", 0), a.ints(0, "sizes")
		if n := x[0].Shape()[axis(dim, x[0])]; len(sizes) == 1 { // parts of one size
			size := sizes[0]
			for sizes = nil; n > 0; n -= size {
				sizes = append(sizes, min(n, size))
			}
		}
		return ops.Split(x[0], dim, sizes...)
	},
	"unbind": func(a arguments, x []*graph.Node) []*graph.Node { return ops.Unstack(x[0], a.int(0, "dim", 0)) },
}

func sampleVar(x *graph.Node, axes ...int) *graph.Node { return ops.Var(x, 1, axes...) }

func euclid(a arguments, x []*graph.Node) *graph.Node {
	y := ops.Norm(x[0])
	if a.bool(-1, "keepdim") {
		y = ops.KeepDims(y, x[0])
	}
	return y
}

func axesOf(list any) []int {
	var axes []int
	for _, e := range list.([]any) {
		axes = append(axes, int(e.(float64)))
	}
	return axes
}
