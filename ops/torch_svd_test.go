package ops_test

import (
	"math"

	"chainrule/graph"
	"chainrule/ops"
)

// torchSVD has PyTorch's functions of singular values, and norms.
var torchSVD = map[string]torchOp{
	"linalg.svdvals": of1(ops.SingularValues),
	"linalg.svd": many(func(c *torchCall, x *graph.Node) []*graph.Node {
		m, n := x.Shape()[x.Rank()-2], x.Shape()[x.Rank()-1]
		full := c.bool(0, "full_matrices", true)
		k := min(m, n)
		if full && m != n && k > 0 {
			panic(missing("a complete basis"))
		}
		if x.Type().Size() > 0 {
			return c.svd(x)
		}
		u, s, vt := ops.Zeros(c.g, graph.Float64, c.want[0].Shape...), ops.SingularValues(x), ops.Zeros(c.g, graph.Float64, c.want[2].Shape...)
		if full && k == 0 {
			u = ops.BroadcastTo(ops.Eye(c.g, graph.Float64, m), c.want[0].Shape...)
			vt = ops.BroadcastTo(ops.Eye(c.g, graph.Float64, n), c.want[2].Shape...)
		}
		return []*graph.Node{u, s, vt}
	}),
	"linalg.pinv": one(func(c *torchCall, x *graph.Node) *graph.Node {
		if b, ok := c.get(0, "").(*graph.Node); ok { // of two factors: A·Bᵀ
			x = ops.MatMul(x, ops.Transpose(b))
		}
		if c.bool(-1, "hermitian", false) {
			x = triangle(x, "L")
		}
		return ops.Pinv(x, c.float(-1, "rtol", -1))
	}),
	"pinverse": one(func(c *torchCall, x *graph.Node) *graph.Node { return ops.Pinv(x, c.float(0, "rcond", 1e-15)) }),
	"linalg.lstsq": many(func(c *torchCall, a *graph.Node) []*graph.Node {
		m, n := a.Shape()[a.Rank()-2], a.Shape()[a.Rank()-1]
		rcond := 0x1p-52 * float64(max(m, n))
		x := ops.Lstsq(a, c.node(0, "B"), rcond)
		if len(c.want) == 1 {
			return []*graph.Node{x}
		}
		if m > n {
			panic(missing("residuals by rank"))
		}
		s := ops.SingularValues(a)
		values := s
		if c.text(-1, "driver", "gelsy") == "gelsy" {
			values = ops.Zeros(c.g, graph.Float64, 0)
		}
		return []*graph.Node{x, ops.Zeros(c.g, graph.Float64, 0), ops.MatrixRank(a, rcond), values}
	}),

	"linalg.vector_norm": one(func(c *torchCall, x *graph.Node) *graph.Node {
		return c.kept(vectorNorm(c.float(0, "ord", 2)), x, c.axes(1, "dim", x), c.bool(2, "keepdim", false))
	}),
	"linalg.matrix_norm": one(func(c *torchCall, x *graph.Node) *graph.Node {
		dims := c.axes(1, "dim", x)
		if dims == nil {
			dims = []int{x.Rank() - 2, x.Rank() - 1}
		}
		return c.matrixNorm(x, c.get(0, "ord"), dims, c.bool(2, "keepdim", false))
	}),
	"linalg.norm": one(func(c *torchCall, x *graph.Node) *graph.Node { return c.norm(x, c.bool(2, "keepdim", false)) }),
	"norm": one(func(c *torchCall, x *graph.Node) *graph.Node {
		p, keep := c.get(0, "p"), c.bool(2, "keepdim", false)
		switch p {
		case nil, "fro":
			return c.kept(ops.Norm, x, c.axes(1, "dim", x), keep)
		case "nuc":
			return c.norm(x, keep)
		}
		return c.kept(vectorNorm(p.(float64)), x, c.axes(1, "dim", x), keep)
	}),
	"dist": one(func(c *torchCall, x *graph.Node) *graph.Node {
		return vectorNorm(c.float(1, "p", 2))(ops.Sub(x, c.node(0, "other")))
	}),
	"cdist": one(func(c *torchCall, x *graph.Node) *graph.Node {
		return vectorNorm(c.float(1, "p", 2))(ops.Sub(ops.ExpandDims(x, -2), ops.ExpandDims(c.node(0, "x2"), -3)), -1)
	}),
	"nn.functional.pairwise_distance": one(func(c *torchCall, x *graph.Node) *graph.Node {
		d := ops.Add(ops.Sub(x, c.node(0, "x2")), c.float(2, "eps", 1e-6))
		return c.kept(vectorNorm(c.float(1, "p", 2)), d, []int{-1}, c.bool(3, "keepdim", false))
	}),
}

// svd are the factors of x, with PyTorch's signs: the vectors of a singular value are determined but for one.
func (c *torchCall) svd(x *graph.Node) []*graph.Node {
	u, s, vt := ops.SVD(x)
	want := c.floats(c.want[0].floats(), c.want[0].Shape...)
	signs := ops.Sign(ops.Sum(ops.Mul(ops.StopGradient(u), want), -2))
	return []*graph.Node{ops.Mul(u, ops.ExpandDims(signs, -2)), s, ops.Mul(vt, ops.ExpandDims(signs, -1))}
}

func vectorNorm(p float64) reduction {
	return func(x *graph.Node, axes ...int) *graph.Node { return ops.VectorNorm(x, p, axes...) }
}

func (c *torchCall) norm(x *graph.Node, keep bool) *graph.Node {
	p, dims := c.get(0, "ord"), c.axes(1, "dim", x)
	if _, text := p.(string); text || p != nil && (len(dims) == 2 || dims == nil && x.Rank() == 2) {
		if dims == nil {
			dims = []int{0, 1}
		}
		return c.matrixNorm(x, p, dims, keep)
	}
	return c.kept(vectorNorm(c.float(0, "ord", 2)), x, dims, keep)
}

func (c *torchCall) matrixNorm(x *graph.Node, p any, dims []int, keep bool) *graph.Node {
	i, j := axis(dims[0], x), axis(dims[1], x)
	y := movedAxes(x, []int{i, j}, []int{x.Rank() - 2, x.Rank() - 1})
	over := func(outer, inner reduction, a int) *graph.Node { // a counts from the end of what is left
		return outer(inner(y, y.Rank()-2+a), -1)
	}
	var z *graph.Node
	switch p {
	case nil, "fro":
		z = ops.Norm(y, -2, -1)
	case "nuc":
		z = ops.NuclearNorm(y)
	case 2.0:
		z = ops.SpectralNorm(y)
	case -2.0:
		z = ops.Min(ops.SingularValues(y), -1)
	case 1.0:
		z = over(ops.Max, vectorNorm(1), 0)
	case -1.0:
		z = over(ops.Min, vectorNorm(1), 0)
	case math.Inf(1):
		z = over(ops.Max, vectorNorm(1), 1)
	case math.Inf(-1):
		z = over(ops.Min, vectorNorm(1), 1)
	default:
		panic(missing("a matrix norm of another order"))
	}
	if keep {
		z = ops.KeepDims(z, x, i, j)
	}
	return z
}
