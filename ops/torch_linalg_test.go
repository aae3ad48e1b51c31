package ops_test

import (
	"math"
	"slices"

	"chainrule/graph"
	"chainrule/ops"
)

// torchLinalg has PyTorch's products and factorisations.
var torchLinalg = map[string]torchOp{
	"matmul": of2(ops.MatMul), "mm": of2(ops.MatMul), "mv": of2(ops.MatMul), "dot": of2(ops.MatMul),
	"inner": of2(func(a, b *graph.Node) *graph.Node {
		if a.Rank() == 0 || b.Rank() == 0 {
			return ops.Mul(a, b)
		}
		return ops.Tensordot(a, b, []int{a.Rank() - 1}, []int{b.Rank() - 1})
	}),
	"outer": of2(ops.Outer),
	"addmm": scaledProduct(ops.MatMul), "addmv": scaledProduct(ops.MatMul), "baddbmm": scaledProduct(ops.MatMul),
	"addr": scaledProduct(ops.Outer),
	"addbmm": scaledProduct(func(a, b *graph.Node) *graph.Node {
		return ops.Sum(ops.MatMul(a, b), 0)
	}),
	"einsum": one2(func(c *torchCall, xs []*graph.Node) *graph.Node { return ops.Einsum(c.text(0, "", ""), xs...) }),
	"tensordot": one(func(c *torchCall, x *graph.Node) *graph.Node {
		y := c.node(0, "other")
		if pair, ok := c.get(1, "dims").([]any); ok {
			return ops.Tensordot(x, y, c.whole(pair[0]), c.whole(pair[1]))
		}
		n := c.int(1, "dims", 2)
		return ops.Tensordot(x, y, span(x.Rank()-n, x.Rank()), span(0, n))
	}),
	"linalg.multi_dot": one2(func(c *torchCall, xs []*graph.Node) *graph.Node {
		y := xs[0]
		for _, x := range xs[1:] {
			y = ops.MatMul(y, x)
		}
		return y
	}),
	"linalg.vecdot": one(func(c *torchCall, x *graph.Node) *graph.Node {
		y := ops.Mul(x, c.node(0, "other"))
		return ops.Sum(y, axis(c.int(-1, "dim", -1), y))
	}),
	"cross": one(func(c *torchCall, x *graph.Node) *graph.Node {
		a, b := broadcast(x, c.node(0, "other"))
		return cross(a, b, axis(c.int(1, "dim", slices.Index(a.Shape(), 3)), a))
	}),
	"linalg.cross": one(func(c *torchCall, x *graph.Node) *graph.Node {
		a, b := broadcast(x, c.node(0, "other"))
		return cross(a, b, axis(c.int(-1, "dim", -1), a))
	}),
	"trace":               of1(ops.Trace),
	"linalg.matrix_power": one(func(c *torchCall, x *graph.Node) *graph.Node { return ops.MatrixPower(x, c.int(0, "n", 0)) }),
	"matrix_exp":          of1(ops.MatrixExp),
	"linalg.vander": one(func(c *torchCall, x *graph.Node) *graph.Node {
		x = atLeast1(x)
		powers := []*graph.Node{ops.FullLike(x, 1)}
		for len(powers) < c.int(-1, "N", x.Shape()[x.Rank()-1]) {
			powers = append(powers, ops.Mul(powers[len(powers)-1], x))
		}
		return ops.Stack(powers, -1)
	}),

	"cholesky": one(cholesky), "linalg.cholesky": one(cholesky),
	"cholesky_solve": one(func(c *torchCall, b *graph.Node) *graph.Node {
		l := c.node(0, "L")
		if c.bool(1, "upper", false) {
			l = ops.Transpose(l)
		}
		return ops.CholeskySolve(l, b)
	}),
	"linalg.inv": of1(ops.Inverse), "linalg.det": of1(ops.Det),
	"logdet": of1(func(x *graph.Node) *graph.Node {
		sign, size := ops.SlogDet(x)
		return ops.Where(ops.Lt(sign, 0), math.NaN(), size)
	}),
	"linalg.slogdet": many(func(_ *torchCall, x *graph.Node) []*graph.Node {
		sign, size := ops.SlogDet(x)
		return []*graph.Node{sign, size}
	}),
	"linalg.solve": one(func(c *torchCall, a *graph.Node) *graph.Node {
		b := c.node(0, "B")
		if b.Rank() > 1 && slices.Equal(b.Shape(), a.Shape()[:a.Rank()-1]) { // a batch of vectors
			return ops.Squeeze(ops.Solve(a, ops.ExpandDims(b, -1)), -1)
		}
		return ops.Solve(a, b)
	}),
	"linalg.solve_triangular": one(func(c *torchCall, a *graph.Node) *graph.Node {
		b, upper := c.node(0, "B"), c.bool(-1, "upper", false)
		if c.bool(-1, "unitriangular", false) {
			if upper {
				a = ops.Triu(a, 1)
			} else {
				a = ops.Tril(a, -1)
			}
			a = ops.Add(a, ops.Eye(c.g, graph.Float64, a.Shape()[a.Rank()-1]))
		}
		if c.bool(-1, "left", true) {
			return ops.TriangularSolve(a, b, !upper, false)
		}
		return ops.Transpose(ops.TriangularSolve(a, ops.Transpose(b), !upper, true))
	}),
	"linalg.tensorsolve": one(func(c *torchCall, a *graph.Node) *graph.Node {
		b, dims := c.node(0, "B"), c.axes(-1, "dims", a)
		if dims != nil { // these go to the end
			perm := slices.DeleteFunc(span(0, a.Rank()), func(i int) bool { return slices.Contains(dims, i) })
			a = ops.Permute(a, append(perm, dims...)...)
		}
		shape := slices.Clone(a.Shape()[b.Rank():])
		n := graph.Size(shape)
		return ops.Reshape(ops.Solve(ops.Reshape(a, n, n), ops.Flatten(b)), shape...)
	}),

	"linalg.qr": many(func(c *torchCall, x *graph.Node) []*graph.Node {
		m, n := x.Shape()[x.Rank()-2], x.Shape()[x.Rank()-1]
		switch mode := c.text(0, "mode", "reduced"); {
		case mode == "r":
			panic(missing("the mode r has no q to take signs from"))
		case mode == "complete" && m > n:
			panic(missing("a complete basis"))
		}
		q, r := ops.QR(x)
		s := c.signs(1, r)
		return []*graph.Node{ops.Mul(q, s), ops.Mul(ops.ExpandDims(s, -1), r)}
	}),
	"linalg.eigh": many(func(c *torchCall, x *graph.Node) []*graph.Node {
		w, v := ops.Eigh(triangle(x, c.text(0, "UPLO", "L")))
		return []*graph.Node{w, ops.Mul(v, c.columnSigns(1))}
	}),
	"linalg.eigvalsh": one(func(c *torchCall, x *graph.Node) *graph.Node {
		w, _ := ops.Eigh(triangle(x, c.text(0, "UPLO", "L")))
		return w
	}),
}

// triangle is the symmetric matrix that one triangle of x makes: PyTorch reads that, and differentiates as if x had been
// symmetric.
func triangle(x *graph.Node, half string) *graph.Node {
	upper := ops.Triu(x, 0)
	if half == "L" {
		upper = ops.Transpose(ops.Tril(x, 0))
	}
	read := ops.Add(upper, ops.Transpose(ops.Triu(upper, 1)))
	return ops.Add(x, ops.StopGradient(ops.Sub(read, x)))
}

func broadcast(a, b *graph.Node) (*graph.Node, *graph.Node) {
	shape, err := graph.BroadcastShapes(a.Shape(), b.Shape())
	if err != nil {
		panic(err)
	}
	return ops.BroadcastTo(a, shape...), ops.BroadcastTo(b, shape...)
}

func cross(a, b *graph.Node, dim int) *graph.Node {
	next := func(x *graph.Node, n int) *graph.Node { return ops.Roll(x, -n, dim) }
	return ops.Sub(ops.Mul(next(a, 1), next(b, 2)), ops.Mul(next(a, 2), next(b, 1)))
}

func scaledProduct(f func(a, b *graph.Node) *graph.Node) torchOp {
	return one(func(c *torchCall, x *graph.Node) *graph.Node {
		product := ops.Mul(c.float(-1, "alpha", 1), f(c.node(0, ""), c.node(1, "")))
		return ops.Add(ops.Mul(c.float(-1, "beta", 1), x), product)
	})
}

func cholesky(c *torchCall, x *graph.Node) *graph.Node {
	if c.bool(0, "upper", false) {
		return ops.Transpose(ops.Cholesky(x))
	}
	return ops.Cholesky(x)
}

// signs are those of the diagonal of PyTorch's result i: q and r are determined but for these.
func (c *torchCall) signs(i int, r *graph.Node) *graph.Node {
	want := c.want[i]
	m, n := want.Shape[len(want.Shape)-2], want.Shape[len(want.Shape)-1]
	var list []float64
	for at := 0; at < len(want.Data); at += m * n {
		for k := range min(m, n) {
			list = append(list, math.Copysign(1, float64(want.Data[at+k*n+k])))
		}
	}
	return c.floats(list, append(slices.Clone(want.Shape[:len(want.Shape)-2]), min(m, n))...)
}

// columnSigns are those of the largest entries of the columns of PyTorch's result i, [.., 1, n]: eigenvectors are
// determined but for these, and here the largest entry is positive.
func (c *torchCall) columnSigns(i int) *graph.Node {
	want := c.want[i]
	m, n := want.Shape[len(want.Shape)-2], want.Shape[len(want.Shape)-1]
	var list []float64
	for at := 0; at < len(want.Data); at += m * n {
		for k := range n {
			largest := 0.0
			for j := range m {
				if v := float64(want.Data[at+j*n+k]); math.Abs(v) > math.Abs(largest) {
					largest = v
				}
			}
			list = append(list, math.Copysign(1, largest))
		}
	}
	return c.floats(list, append(slices.Clone(want.Shape[:len(want.Shape)-2]), 1, n)...)
}
