package ops_test

import (
	"math"

	"chainrule/graph"
	"chainrule/ops"
)

// torchSVD has PyTorch's functions of singular values, and norms. The symmetric matrix [0 A; Aᵀ 0] has the eigenvalues ±σ
// and zeros, and the eigenvectors (u, ±v)/√2, as accurate as an SVD of A: AᵀA would lose half of the digits.
var torchSVD = map[string]torchOp{
	"linalg.svdvals": of1(singular),
	"linalg.svd": many(func(c *torchCall, x *graph.Node) []*graph.Node {
		m, n := x.Shape()[x.Rank()-2], x.Shape()[x.Rank()-1]
		full := c.bool(0, "full_matrices", true)
		k := min(m, n)
		if full && m != n && k > 0 {
			panic(missing("a complete basis"))
		}
		if x.Type().Size() > 0 {
			return c.svd(x, m, n, k)
		}
		u, s, vt := ops.Zeros(c.g, graph.Float64, c.want[0].Shape...), singular(x), ops.Zeros(c.g, graph.Float64, c.want[2].Shape...)
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
		rtol := c.node(-1, "rtol")
		if rtol == nil {
			rtol = c.scalar(0x1p-52 * float64(max(x.Shape()[x.Rank()-2], x.Shape()[x.Rank()-1])))
		}
		return pinv(x, rtol)
	}),
	"pinverse": one(func(c *torchCall, x *graph.Node) *graph.Node { return pinv(x, c.scalar(c.float(0, "rcond", 1e-15))) }),
	"linalg.lstsq": many(func(c *torchCall, a *graph.Node) []*graph.Node {
		m, n := a.Shape()[a.Rank()-2], a.Shape()[a.Rank()-1]
		rcond := 0x1p-52 * float64(max(m, n))
		x := leastSquares(a, c.node(0, "B"), m, n)
		if len(c.want) == 1 {
			return []*graph.Node{x}
		}
		if m > n {
			panic(missing("residuals by rank"))
		}
		s := singular(a)
		kept := ops.Gt(s, ops.Mul(rcond, ops.KeepDims(ops.Max(s, -1), s, -1)))
		values := s
		if c.text(-1, "driver", "gelsy") == "gelsy" {
			values = ops.Zeros(c.g, graph.Float64, 0)
		}
		return []*graph.Node{x, ops.Zeros(c.g, graph.Float64, 0), ops.Sum(ops.Cast(kept, graph.Int64), -1), values}
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

// twoBlocks is [0 A; Aᵀ 0].
func twoBlocks(a *graph.Node) *graph.Node {
	r := a.Rank()
	m, n := a.Shape()[r-2], a.Shape()[r-1]
	place := func(x *graph.Node, above, below, left, right int) *graph.Node {
		lo, hi := make([]int, r), make([]int, r)
		lo[r-2], hi[r-2], lo[r-1], hi[r-1] = above, below, left, right
		return ops.Pad(x, lo, hi, make([]int, r))
	}
	return ops.Add(place(a, 0, n, m, 0), place(ops.Transpose(a), m, 0, 0, n))
}

// svd are the factors of x, [.., m, k], [.., k] and [.., k, n].
func (c *torchCall) svd(x *graph.Node, m, n, k int) []*graph.Node {
	w, v := ops.Eigh(twoBlocks(x))
	last := w.Rank() - 1
	top := ops.Range{Start: m + n - k, Stop: ops.End}
	s := ops.Flip(along(w, last, top), last)
	v = ops.Mul(ops.Flip(along(v, last+1, top), last+1), math.Sqrt2)
	u := along(v, last, ops.Range{Stop: m})
	// PyTorch's signs: the vectors of a singular value are determined but for one.
	want := c.floats(c.want[0].floats(), c.want[0].Shape...)
	signs := ops.Sign(ops.Sum(ops.Mul(ops.StopGradient(u), want), last))
	v = ops.Mul(v, ops.ExpandDims(signs, -2))
	return []*graph.Node{along(v, last, ops.Range{Stop: m}), s, ops.Transpose(along(v, last, ops.Range{Start: m, Stop: ops.End}))}
}

// singular are the singular values, the largest first.
func singular(a *graph.Node) *graph.Node {
	w, _ := ops.Eigh(twoBlocks(a))
	k := min(a.Shape()[a.Rank()-2], a.Shape()[a.Rank()-1])
	return ops.Flip(along(w, -1, ops.Range{Start: w.Shape()[w.Rank()-1] - k, Stop: ops.End}), w.Rank()-1)
}

// pinv is a block of V·g(W)·Vᵀ, g(w) = 1/w but for eigenvalues that are zero to rtol.
func pinv(a, rtol *graph.Node) *graph.Node {
	m := a.Shape()[a.Rank()-2]
	if a.Type().Size() == 0 {
		return ops.Transpose(a)
	}
	w, v := ops.Eigh(twoBlocks(a))
	size := ops.Abs(w)
	largest := ops.KeepDims(ops.Max(size, -1), size, -1)
	zero := ops.Le(size, ops.Mul(rtol, largest))
	g := ops.Where(zero, 0, ops.Reciprocal(ops.Where(zero, 1, w)))
	whole := ops.MatMul(ops.Mul(v, ops.ExpandDims(g, -2)), ops.Transpose(v))
	return along(along(whole, -2, ops.Range{Start: m, Stop: ops.End}), -1, ops.Range{Stop: m})
}

// leastSquares is the shortest x of those nearest, for matrices of full rank.
func leastSquares(a, b *graph.Node, m, n int) *graph.Node {
	if m >= n {
		return ops.LeastSquares(a, b)
	}
	q, r := ops.QR(ops.Transpose(a))
	return ops.MatMul(q, ops.TriangularSolve(r, b, false, true))
}

// vectorNorm is (Σ|x|ᵖ)^(1/p), with its limits.
func vectorNorm(p float64) reduction {
	return func(x *graph.Node, axes ...int) *graph.Node {
		switch p {
		case 2:
			return ops.Norm(x, axes...)
		case 1:
			return ops.Sum(ops.Abs(x), axes...)
		case 0:
			return ops.Sum(ops.Cast(ops.Ne(x, 0), graph.Float64), axes...)
		case math.Inf(1):
			return ops.Max(ops.Abs(x), axes...)
		case math.Inf(-1):
			return ops.Min(ops.Abs(x), axes...)
		}
		size := ops.Abs(x)
		zero := ops.Eq(size, 0) // where |x|ᵖ has no derivative, none is taken
		powers := ops.Where(zero, math.Pow(0, p), ops.Pow(ops.Where(zero, 1, size), p))
		sum := ops.Sum(powers, axes...)
		none := ops.Or(ops.Eq(sum, 0), ops.Eq(sum, math.Inf(1)))
		return ops.Where(none, 0, ops.Pow(ops.Where(none, 1, sum), 1/p))
	}
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
		z = ops.Sum(singular(y), -1)
	case 2.0:
		z = ops.Max(singular(y), -1)
	case -2.0:
		z = ops.Min(singular(y), -1)
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
