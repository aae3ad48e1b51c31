package ours

import (
	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/benchmarks/workload"
	"chainrule/graph"
	"chainrule/ops"
)

// factors are what is computed of matrices a, with right sides b for equations: the first is what an answer is about.
var factors = map[string]func(a, b *graph.Node) []*graph.Node{
	"eigh": func(a, _ *graph.Node) []*graph.Node {
		w, v := ops.Eigh(a)
		return []*graph.Node{w, v}
	},
	"svd": func(a, _ *graph.Node) []*graph.Node {
		u, s, vt := ops.SVD(a)
		return []*graph.Node{s, u, vt}
	},
	"qr": func(a, _ *graph.Node) []*graph.Node {
		q, r := ops.QR(a)
		return []*graph.Node{r, q}
	},
	"cholesky": func(a, _ *graph.Node) []*graph.Node { return []*graph.Node{ops.Cholesky(a)} },
	"solve":    func(a, b *graph.Node) []*graph.Node { return []*graph.Node{ops.Solve(a, b)} },
	"inv":      func(a, _ *graph.Node) []*graph.Node { return []*graph.Node{ops.Inverse(a)} },
}

// whole puts factors together again, but for other values of eigenvalues: see workload.System.
func whole(form string, f []*graph.Node) *graph.Node {
	columns := func(v, w *graph.Node) *graph.Node { return ops.Mul(v, ops.ExpandDims(w, -2)) }
	switch form {
	case "eigh":
		return ops.Product(columns(f[1], ops.Square(f[0])), f[1], false, true)
	case "svd":
		return ops.MatMul(columns(f[1], ops.Mul(f[0], ops.Square(f[0]))), f[2])
	case "qr":
		return ops.MatMul(f[1], f[0])
	case "cholesky":
		return ops.Product(f[0], f[0], false, true)
	}
	return f[0]
}

// linalg is a factorization, or the gradient of a function of one.
func linalg[T workload.Float](c workload.Case, threads int) (*Subject, error) {
	n := c.N
	var a, b, r, col []T
	for _, s := range c.Systems() {
		a, b, r, col = appended(a, s.A), appended(b, s.B), appended(r, s.R), appended(col, s.C)
	}
	shape := func(sizes ...int) []int {
		if c.Batch == 1 {
			return sizes
		}
		return append([]int{c.Batch}, sizes...)
	}
	in := []*tensor.Dense{dense(a, shape(n, n)...), dense(r, shape(n, 1)...), dense(col, shape(n, 1)...)}
	if c.Form == "solve" {
		in = append(in, dense(b, shape(n, n)...))
	}
	of := factors[c.Form]
	f := autodiff.Compile(func(in []*graph.Node) []*graph.Node {
		right := in[len(in)-1]
		if !c.Gradient {
			return of(in[0], right)
		}
		return []*graph.Node{autodiff.Grad(func(a *graph.Node) *graph.Node {
			return ops.Sum(ops.Mul(ops.Product(in[1], whole(c.Form, of(a, right)), true, false), ops.Transpose(in[2])))
		})(in[0])}
	}, options(threads)...)
	out, err := f.Run(background, in)
	if err != nil {
		return nil, err
	}
	step := into(f, out, in)
	answer := func() ([]workload.Sum, error) {
		err := step()
		return []workload.Sum{workload.Check(values[T](out[0]))}, err
	}
	return &Subject{c, step, answer}, nil
}

func appended[T workload.Float](x []T, more []float64) []T {
	for _, v := range more {
		x = append(x, T(v))
	}
	return x
}
