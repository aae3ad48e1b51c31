package autodiff_test

import (
	"context"
	"fmt"
	"log"

	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// Newton's iteration for √a goes on until it has converged. Its derivative is 1/(2√a), whatever the number of steps.
func ExampleWhile() {
	root := func(a *graph.Node) *graph.Node {
		goesOn := func(x *graph.Node) *graph.Node { return ops.Gt(ops.Abs(ops.Sub(ops.Square(x), a)), 1e-12) }
		better := func(x *graph.Node) *graph.Node { return ops.Mul(0.5, ops.Add(x, ops.Div(a, x))) }
		return autodiff.While(goesOn, better, a, autodiff.RecordAllSteps())
	}
	out, err := autodiff.Compile(autodiff.ValueAndGrad(root)).Run(context.Background(), 4.0)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("√4 = %.6f, d√4/da = %.6f\n", out[0].Data(), out[1].Data())
	// Output: √4 = 2.000000, d√4/da = 0.250000
}

// Interest on an account, with a deposit every year: the balance is carried, and listed for all years.
func ExampleScan() {
	account := func(rate, deposits *graph.Node) (*graph.Node, *graph.Node) {
		return autodiff.Scan(func(balance, deposit *graph.Node) (*graph.Node, *graph.Node) {
			balance = ops.Mul(ops.Add(balance, deposit), ops.Add(1, rate))
			return balance, balance
		}, ops.Mul(0, rate), deposits)
	}
	deposits := []float64{100, 100, 100}
	out, err := autodiff.Compile(account).Run(context.Background(), 0.1, deposits)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.2f\n", out[1].Data())
	final := func(rate, deposits *graph.Node) *graph.Node {
		return autodiff.Grad(func(rate *graph.Node) *graph.Node {
			last, _ := account(rate, deposits)
			return last
		})(rate)
	}
	out, err = autodiff.Compile(final).Run(context.Background(), 0.1, deposits)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("d/drate %.2f\n", out[0].Data())
	// Output:
	// [110.00 231.00 364.10]
	// d/drate 683.00
}

func ExampleFor() {
	factorial := func(x *graph.Node) *graph.Node { // (x+1)·(x+2)·…·(x+5)
		return autodiff.For(5, func(i, p *graph.Node) *graph.Node {
			return ops.Mul(p, ops.Add(x, ops.Cast(ops.Add(i, 1), graph.Float64)))
		}, ops.Add(1, ops.Mul(0, x)))
	}
	out, err := autodiff.Compile(autodiff.ValueAndGrad(factorial)).Run(context.Background(), 0.0)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(out[0].Data(), out[1].Data())
	// Output: 120 274
}

// Only the branch that is chosen is computed: the other may be one that fails.
func ExampleCond() {
	at := func(x, i *graph.Node) *graph.Node { // x[i], or 0
		inside := ops.And(ops.Ge(i, 0), ops.Lt(i, x.Shape()[0]))
		return autodiff.Cond(inside, func() *graph.Node { return ops.Take(x, i, 0) },
			func() *graph.Node { return x.Graph().Scalar(graph.Float64, 0) })
	}
	run := autodiff.Compile(at)
	for _, i := range []int64{1, 7} {
		out, err := run.Run(context.Background(), []float64{5, 6}, i)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(out[0].Data())
	}
	// Output:
	// 6
	// 0
}

// The gradient of a thousand steps of Euler's method for dx/dt = cos x, with memory for some sixty. From 0 to 1 it is
// 1/cosh 1 = 0.648…, but for the error of the method.
func ExampleCheckpointEvery() {
	euler := func(x *graph.Node) *graph.Node {
		return autodiff.For(1000, func(_, x *graph.Node) *graph.Node { return ops.Add(x, ops.Mul(0.001, ops.Cos(x))) }, x,
			autodiff.CheckpointEvery(32))
	}
	out, err := autodiff.Compile(autodiff.ValueAndGrad(euler)).Run(context.Background(), 0.0)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.5f, %.5f\n", out[0].Data(), out[1].Data())
	// Output: 0.86591, 0.64819
}

// What lies between x and the result is computed again when the gradient comes to it.
func ExampleCheckpoint() {
	block := autodiff.Checkpoint(func(x *graph.Node) *graph.Node { return ops.Sin(ops.Exp(ops.Sin(x))) })
	out, err := autodiff.Compile(autodiff.Grad(func(x *graph.Node) *graph.Node { return block(block(x)) })).
		Run(context.Background(), 0.0)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.6f\n", out[0].Data())
	// Output: -0.388185
}

// log(1 + eˣ) without overflow in its derivative, by the user's own rule.
func ExampleCustomVJP() {
	softplus := autodiff.CustomVJP(
		func(x *graph.Node) *graph.Node { return ops.Log(ops.Add(1, ops.Exp(x))) },
		func(x, _, ct *graph.Node) *graph.Node {
			return ops.Mul(ct, ops.Sub(1, ops.Div(1, ops.Add(1, ops.Exp(x)))))
		})
	run := autodiff.Compile(autodiff.Grad(softplus))
	for _, x := range []float64{0, 1000} {
		out, err := run.Run(context.Background(), x)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(out[0].Data())
	}
	// Output:
	// 0.5
	// 1
}

// A function of a table, in Go, with its slope by another.
func ExampleGoFunc() {
	table := []float64{0, 1, 4, 9, 16}
	lookup := func(name string, f func(i int, part float64) float64) func(x *graph.Node) *graph.Node {
		return func(x *graph.Node) *graph.Node {
			return autodiff.GoFunc(name, func(out, in []*tensor.Dense) error {
				for k, x := range in[0].Float64s() {
					i := max(0, min(int(x), len(table)-2))
					out[0].Float64s()[k] = f(i, x-float64(i))
				}
				return nil
			}, []graph.Type{x.Type()}, x)[0]
		}
	}
	value := lookup("value", func(i int, part float64) float64 { return table[i] + part*(table[i+1]-table[i]) })
	slope := lookup("slope", func(i int, _ float64) float64 { return table[i+1] - table[i] })
	f := autodiff.CustomVJP(value, func(x, _, ct *graph.Node) *graph.Node { return ops.Mul(ct, slope(x)) })
	out, err := autodiff.Compile(autodiff.Vmap(func(x *graph.Node) []*graph.Node {
		y, dy := autodiff.ValueAndGrad(f)(x)
		return []*graph.Node{y, dy}
	})).Run(context.Background(), []float64{0.5, 2, 3.25})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(out[0].Data(), out[1].Data())
	// Output: [0.5 4 10.75] [1 5 7]
}
