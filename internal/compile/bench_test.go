package compile_test

import (
	"fmt"
	"testing"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/internal/compile"
	"chainrule/internal/rewrite"
	"chainrule/ops"
)

// mlpStep builds a step of training the 784-512-256-10 perceptron on 64 examples: loss, gradients, updated parameters.
func mlpStep() rewrite.Unit {
	widths := []int{784, 512, 256, 10}
	const batch = 64
	g := graph.New()
	x, y := g.Input("x", graph.Float32, batch, widths[0]), g.Input("y", graph.Float32, batch, 10)
	rate := g.Input("rate", graph.Float32)
	var params nodes
	for i, w := range widths[1:] {
		params = append(params, g.Input("w", graph.Float32, widths[i], w), g.Input("b", graph.Float32, w))
	}
	loss, grads := autodiff.ValueAndGrad(func(p []*graph.Node) *graph.Node {
		a := x
		for i := 0; i < len(p); i += 2 {
			a = ops.Add(ops.MatMul(a, p[i]), p[i+1])
			if i < len(p)-2 {
				a = ops.ReLU(a)
			}
		}
		return ops.Neg(ops.Div(ops.Sum(ops.Mul(y, ops.LogSoftmax(a, -1))), batch))
	})(params)
	inputs := append(params[:len(params):len(params)], x, y, rate)
	u := rewrite.Unit{Inputs: inputs, Outputs: nodes{loss}, Donated: []int{-1}}
	for i, p := range params {
		u.Outputs = append(u.Outputs, ops.Sub(p, ops.Mul(rate, grads[i])))
		u.Donated = append(u.Donated, i)
	}
	return u
}

// ladder builds n operations on vectors of a given size (scalars for 0), and the derivative of their sum.
func ladder(n, size int) rewrite.Unit {
	g := graph.New()
	var shape []int
	if size > 0 {
		shape = []int{size}
	}
	x, k := g.Input("x", graph.Float64, shape...), g.Input("k", graph.Float64)
	y := autodiff.Grad(func(x *graph.Node) *graph.Node {
		v := x
		for range n / 4 {
			v = ops.Sub(ops.Tanh(ops.Add(ops.Mul(v, k), x)), x)
		}
		return ops.Sum(v)
	})(x)
	return rewrite.Unit{Inputs: nodes{x, k}, Outputs: nodes{y}}
}

// BenchmarkCompile builds, differentiates and compiles.
func BenchmarkCompile(b *testing.B) {
	bench := func(name string, build func() rewrite.Unit) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := compile.Compile(build(), compile.Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	bench("case=mlp", mlpStep)
	for _, n := range []int{1000, 1_000_000} {
		bench(fmt.Sprintf("case=scalars/ops=%d", n), func() rewrite.Unit { return ladder(n, 0) })
		bench(fmt.Sprintf("case=vectors/ops=%d", n), func() rewrite.Unit { return ladder(n, 100) })
	}
}

// BenchmarkBuild is the part of BenchmarkCompile before the compiler.
func BenchmarkBuild(b *testing.B) {
	b.Run("case=mlp", func(b *testing.B) {
		for b.Loop() {
			mlpStep()
		}
	})
	b.Run("case=scalars/ops=1000", func(b *testing.B) {
		for b.Loop() {
			ladder(1000, 0)
		}
	})
}
