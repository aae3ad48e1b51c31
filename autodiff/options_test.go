package autodiff_test

import (
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/autodiff"
	"chainrule/autodiff/solve"
	"chainrule/graph"
	"chainrule/nn"
	"chainrule/nn/optim"
	"chainrule/ops"
)

// An option that means nothing is a *graph.Error at the line that gives it; none is taken for another one silently.
func TestOptionsThatMeanNothing(t *testing.T) {
	var line int
	g := graph.New()
	x := g.Input("x", graph.Float64, 3)
	nan, inf := math.NaN(), math.Inf(1)
	step := func(c node) node { return ops.Mul(0.5, c) }
	loop := func(opts ...autodiff.LoopOption) {
		autodiff.For(2, func(_, c node) node { return step(c) }, at(&line, x), opts...)
	}
	while := func(opts ...autodiff.LoopOption) {
		autodiff.While(func(c node) node { return ops.Gt(ops.Sum(c), 1) }, step, at(&line, x), opts...)
	}
	scan := func(opts ...autodiff.LoopOption) {
		autodiff.Scan(func(c, x node) (node, node) { return ops.Add(c, x), c }, g.Scalar(graph.Float64, 0), at(&line, x), opts...)
	}
	f := func(x node) node { return ops.Sum(x) }
	one := func(opts ...autodiff.CompileOption) { autodiff.Compile(at(&line, f), opts...) }
	two := func(opts ...autodiff.CompileOption) {
		autodiff.Compile(at(&line, func(x, y node) (node, node) { return x, y }), opts...)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	mlp := func(widths ...int) { nn.NewMLP(at(&line, graph.Float64), widths, nn.Tanh, nn.Xavier, rng) }
	for _, c := range []struct {
		want string
		do   func()
	}{
		{"max_steps: 0 given, at least 1 wanted", func() { autodiff.MaxSteps(at(&line, 0)) }},
		{"max_steps: -7 given", func() { autodiff.MaxSteps(at(&line, -7)) }},
		{"checkpoint_every: -3 given", func() { autodiff.CheckpointEvery(at(&line, -3)) }},
		{"rk4: 0 given", func() { solve.RK4(at(&line, 0)) }},
		{"dormand_prince: no error can be held within rtol -1 and atol 1", func() { solve.DormandPrince(at(&line, -1.0), 1) }},
		{"dormand_prince: no error", func() { solve.DormandPrince(0, at(&line, 0.0)) }},
		{"dormand_prince: no error", func() { solve.DormandPrince(1e-6, at(&line, nan)) }},
		{"dormand_prince: no error", func() { solve.DormandPrince(at(&line, inf), 0) }},
		{"tolerance: 0 given, a positive number wanted", func() { solve.Tolerance(at(&line, 0.0)) }},
		{"tolerance: NaN given", func() { solve.Tolerance(at(&line, nan)) }},
		{"tolerance: +Inf given", func() { solve.Tolerance(at(&line, inf)) }},
		{"max_iterations: 0 given", func() { solve.MaxIterations(at(&line, 0)) }},
		{"cache_size: 0 given", func() { autodiff.CacheSize(at(&line, 0)) }},
		{"workers: -1 given", func() { autodiff.Workers(at(&line, -1)) }},
		{"donate: -1 given: arguments and results are counted from 0", func() { autodiff.Donate(at(&line, -1), 0) }},
		{"donate: -2 given", func() { autodiff.Donate(at(&line, 0), -2) }},
		{"require_finite: -1 given", func() { autodiff.RequireFinite(at(&line, -1)) }},
		{`without_pass: there is no pass or rule called "nonsense", but the passes unalias, simplify, `, func() {
			autodiff.WithoutPass("fold", at(&line, "nonsense"))
		}},
		{"compile: Donate(1, 0) of a function with 1 arguments and 1 results", func() { one(autodiff.Donate(1, 0)) }},
		{"compile: Donate(0, 1) of a function with 1 arguments", func() { one(autodiff.Donate(0, 1)) }},
		{"compile: argument 0 is donated twice, to results 0 and 1", func() { two(autodiff.Donate(0, 0), autodiff.Donate(0, 1)) }},
		{"compile: argument 0 is donated twice, to results 1 and 1", func() { two(autodiff.Donate(0, 1), autodiff.Donate(0, 1)) }},
		{"compile: two arguments, 0 and 1, are donated to result 1", func() { two(autodiff.Donate(0, 1), autodiff.Donate(1, 1)) }},
		{"compile: RequireFinite(2) of a function with 2 results", func() { two(autodiff.RequireFinite(2)) }},
		{"options: an option is nil", func() { autodiff.Grad(at(&line, f), nil) }},
		{"options: an option is nil", func() { autodiff.Hessian(at(&line, f), nil) }},
		{"options: an option is nil", func() { one(nil) }},
		{"for: Reversed is for Scan", func() { loop(autodiff.Reversed()) }},
		{"while: Reversed is for Scan", func() { while(autodiff.Reversed()) }},
		{"for: MaxSteps is for While", func() { loop(autodiff.MaxSteps(3)) }},
		{"scan: MaxSteps is for While", func() { scan(autodiff.MaxSteps(3)) }},
		{"scan: RecordAllSteps is for While", func() { scan(autodiff.RecordAllSteps()) }},
		{"while: CheckpointEvery needs MaxSteps", func() { while(autodiff.CheckpointEvery(2)) }},
		{"var: 3 elements less ddof 3 are nothing to divide by", func() { ops.Var(at(&line, x), 3) }},
		{"var: 3 elements less ddof -1", func() { ops.Var(at(&line, x), -1) }},
		{"slice: index 3 is out of range for axis 0", func() { ops.Slice(at(&line, x), ops.At(3)) }},
		{"slice: index -4 is out of range for axis 0", func() { ops.Slice(at(&line, x), ops.At(-4)) }},
		{"param: a parameter is f32 or f64, not i64", func() { nn.NewParam(at(&line, graph.Int64), 2) }},
		{"param: negative dimension in [2 -1]", func() { nn.NewParam(at(&line, graph.Float32), 2, -1) }},
		{"mlp: widths []: two or more are wanted", func() { mlp() }},
		{"mlp: widths [3 0 2]: two or more are wanted, all positive", func() { mlp(3, 0, 2) }},
		{"constant: a number is NaN", func() { optim.Constant(at(&line, nan)) }},
	} {
		t.Run(c.want, func(t *testing.T) {
			line = 0
			err := graph.Try(c.do)
			var wrong *graph.Error
			require.ErrorAs(t, err, &wrong)
			require.ErrorContains(t, err, c.want)
			require.Equal(t, "options_test.go", filepath.Base(wrong.File))
			require.Equal(t, line, wrong.Line, wrong.Error())
		})
	}
}

// What has an error to return returns it.
func TestChecksAndPassesThatMeanNothing(t *testing.T) {
	for _, c := range []autodiff.Checker{{Order: -1}, {Tol: -1}, {Tol: math.NaN()}, {Step: math.Inf(1)}} {
		require.ErrorContains(t, c.Check(ops.Sin, 1.0), "autodiff: a check to order")
	}
}
