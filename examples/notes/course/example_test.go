package course_test

import (
	"fmt"
	"log"

	"chainrule/examples/notes/course"
)

// must ends an example that cannot go on.
func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}

// Chapter 1: one neuron computes AND; of XOR it has at most three rows.
func Example_neuron() {
	for _, name := range []string{"AND", "XOR"} {
		gate := course.GateNamed(name)
		n := course.Neuron{W: []float64{1, 1}, Theta: 1.5}
		sums, out, err := n.Respond(gate.Inputs)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(name)
		for i, x := range gate.Inputs {
			fmt.Printf("  x = %v  Σwx = %v  y = %v  wanted %v\n", x, sums[i], out[i], gate.Want[i])
		}
	}
	// Output:
	// AND
	//   x = [0 0]  Σwx = 0  y = 0  wanted 0
	//   x = [0 1]  Σwx = 1  y = 0  wanted 0
	//   x = [1 0]  Σwx = 1  y = 0  wanted 0
	//   x = [1 1]  Σwx = 2  y = 1  wanted 1
	// XOR
	//   x = [0 0]  Σwx = 0  y = 0  wanted 0
	//   x = [0 1]  Σwx = 1  y = 0  wanted 1
	//   x = [1 0]  Σwx = 1  y = 0  wanted 1
	//   x = [1 1]  Σwx = 2  y = 1  wanted 0
}

// Chapter 2: activation functions and their derivatives, by autodiff and by the formula.
func Example_activation() {
	for _, a := range course.Activations {
		y, slope, why, err := a.Values([]float64{-1, 0, 1})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%-8s f = %.4f", a.Name, y)
		if why != nil {
			fmt.Println("  no derivative")
			continue
		}
		fmt.Printf("  f′ = %.4f  by hand [%.4f %.4f %.4f]\n", slope, a.ByHand(-1), a.ByHand(0), a.ByHand(1))
	}
	// Output:
	// step     f = [0.0000 1.0000 1.0000]  no derivative
	// sigmoid  f = [0.2689 0.5000 0.7311]  f′ = [0.1966 0.2500 0.1966]  by hand [0.1966 0.2500 0.1966]
	// tanh     f = [-0.7616 0.0000 0.7616]  f′ = [0.4200 1.0000 0.4200]  by hand [0.4200 1.0000 0.4200]
	// ReLU     f = [0.0000 0.0000 1.0000]  f′ = [0.0000 0.0000 1.0000]  by hand [0.0000 0.0000 1.0000]
}

// Chapter 3: the size of feedforward networks.
func Example_layers() {
	for _, w := range []course.Widths{{2, 1}, {3, 4, 2}, {784, 30, 10}, {2, 5, 5, 1}} {
		fmt.Printf("%-15s hidden layers %d  weights %5d  biases %2d  %s\n", w, w.Hidden(), w.Weights(), w.Biases(), w.Formula())
	}
	// Output:
	// 2 → 1           hidden layers 0  weights     2  biases  1  y = σ(W^{1} x + b^{1})
	// 3 → 4 → 2       hidden layers 1  weights    20  biases  6  y = σ(W^{2} σ(W^{1} x + b^{1}) + b^{2})
	// 784 → 30 → 10   hidden layers 1  weights 23820  biases 40  y = σ(W^{2} σ(W^{1} x + b^{1}) + b^{2})
	// 2 → 5 → 5 → 1   hidden layers 2  weights    40  biases 11  y = σ(W^{3} σ(W^{2} σ(W^{1} x + b^{1}) + b^{2}) + b^{3})
}

// Chapter 4: the wider the hidden layer, the closer it comes.
func Example_approximation() {
	xs, ys := course.Sample(course.Targets[0].F, 64)
	last := 0.0
	for _, neurons := range []int{1, 4, 64} {
		a := course.NewApproximation(neurons, xs, ys, 1)
		for a.Steps < course.Steps {
			if err := a.Train(); err != nil {
				log.Fatal(err)
			}
		}
		fmt.Printf("%2d neurons: error %.1g", neurons, a.Error)
		if last > 0 {
			fmt.Printf(", smaller: %v", a.Error < last/3)
		}
		fmt.Println()
		last = a.Error
	}
	// Output:
	//  1 neurons: error 0.3
	//  4 neurons: error 0.06, smaller: true
	// 64 neurons: error 0.0005, smaller: true
}

// Chapter 5: the softmax output and its cost.
func Example_softmax() {
	s := must(course.Softmax([]float64{1, 2, -0.5}, 0))
	fmt.Printf("p     = %.4f\nC     = %.4f\n∂C/∂z = %.4f\np − y = %.4f\n", s.P, s.Cost, s.Gradient, s.ByHand)
	// Output:
	// p     = [0.2537 0.6897 0.0566]
	// C     = 1.3715
	// ∂C/∂z = [-0.7463 0.6897 0.0566]
	// p − y = [-0.7463 0.6897 0.0566]
}

// Chapter 6: the same descent with four learning rates.
func Example_descent() {
	bowl := course.SurfaceNamed("bowl")
	for _, rate := range []float64{0.01, 0.2, 0.45, 0.55} {
		path := must(bowl.Descend([2]float64{2, -1}, rate, 40))
		last := path[len(path)-1]
		fmt.Printf("η = %.2f  θ = (%.3g, %.3g)  C = %.3g  it %s\n", rate, last.Theta[0], last.Theta[1], last.Cost, course.Judge(path))
	}
	// Output:
	// η = 0.01  θ = (1.34, -0.195)  C = 0.971  it crawls
	// η = 0.20  θ = (0.000266, -1.1e-28)  C = 3.53e-08  it arrives
	// η = 0.45  θ = (8.23e-11, -0.000133)  C = 3.53e-08  it zigzags
	// η = 0.55  θ = (6.56e-13, -709)  C = 1e+06  it diverges
}

// Chapter 7: values forward, derivatives back.
func Example_chainRule() {
	e := must(course.ParseExpression("square(y - sigmoid(w*x + b))"))
	if err := e.Evaluate([]float64{1, 0.5, 2, -0.7}); err != nil {
		log.Fatal(err)
	}
	for _, p := range e.Nodes {
		fmt.Printf("%-30s = %8.4f   ∂z/∂ = %8.4f\n", p.Text, p.Value, p.Adjoint)
	}
	fmt.Printf("gradient by %v: %.4f\n", e.Variables, e.Gradient)
	// Output:
	// y                              =   1.0000   ∂z/∂ =   0.8511
	// w                              =   0.5000   ∂z/∂ =  -0.4161
	// x                              =   2.0000   ∂z/∂ =  -0.1040
	// (w * x)                        =   1.0000   ∂z/∂ =  -0.2081
	// b                              =  -0.7000   ∂z/∂ =  -0.2081
	// ((w * x) + b)                  =   0.3000   ∂z/∂ =  -0.2081
	// sigmoid(((w * x) + b))         =   0.5744   ∂z/∂ =  -0.8511
	// (y - sigmoid(((w * x) + b)))   =   0.4256   ∂z/∂ =   0.8511
	// square((y - sigmoid(((w * x) + b)))) =   0.1811   ∂z/∂ =   1.0000
	// gradient by [y w x b]: [0.8511 -0.4161 -0.1040 -0.2081]
}

// Chapter 8: the recursion of δ beside the graph.
func Example_backprop() {
	p := must(course.Backprop(course.Widths{2, 3, 1}, 1, []float64{1, 0.5}, []float64{1}))
	for l, layer := range p.Layers {
		fmt.Printf("layer %d: z = %.4f  a = %.4f  δ = %.4f\n  from the graph: δ = %.4f\n",
			l+1, layer.Z, layer.A, layer.Delta, layer.FromGraph.Delta)
	}
	fmt.Printf("C = %.4f; recursion and graph agree: %v\n", p.Cost, p.Difference <= 1e-12)
	// Output:
	// layer 1: z = [0.7655 -1.5082 0.3088]  a = [0.6826 0.1812 0.5766]  δ = [0.0135 0.0011 -0.0021]
	//   from the graph: δ = [0.0135 0.0011 -0.0021]
	// layer 2: z = [-0.4602]  a = [0.3869]  δ = [-0.1454]
	//   from the graph: δ = [-0.1454]
	// C = 0.1879; recursion and graph agree: true
}

// Chapter 9: three regimes, and how iterations are counted.
func Example_regimes() {
	race := must(course.NewRace(200, 1))
	on := func() error { return nil }
	for _, c := range []struct {
		batch int
		rate  float64
	}{{200, 0.8}, {20, 0.4}, {1, 0.08}} {
		run := must(race.Descend(c.batch, c.rate, 6, 1, on))
		end := len(run.Costs) - 1
		fmt.Printf("batch size %3d: %4d iterations, cost %.3f above the least\n", c.batch, run.Iterations[end], run.Costs[end]-race.Bottom)
	}
	count := course.CountOf(2_560_000, 256, 1)
	fmt.Printf("%d samples at batch size %d: %d iterations an epoch\n", count.Samples, count.Batch, count.PerEpoch)
	// Output:
	// batch size 200:    6 iterations, cost 0.030 above the least
	// batch size  20:   60 iterations, cost 0.001 above the least
	// batch size   1: 1200 iterations, cost 0.003 above the least
	// 2560000 samples at batch size 256: 10000 iterations an epoch
}

// What the bias does: it shifts the curve.
func Example_bias() {
	for _, b := range []float64{0, -2} {
		fmt.Printf("σ(2x %+g) at −1, 0, 1, 2: %.4f\n", b, must(course.Shifted(2, b, []float64{-1, 0, 1, 2})))
	}
	// Output:
	// σ(2x +0) at −1, 0, 1, 2: [0.1192 0.5000 0.8808 0.9820]
	// σ(2x -2) at −1, 0, 1, 2: [0.0180 0.1192 0.5000 0.8808]
}

// Chapter 10: a network that reads digits, and what one weight does.
func Example_digits() {
	d := must(course.NewDigits(1))
	for range 20 {
		if err := d.Epoch(0.5, func() error { return nil }); err != nil {
			log.Fatal(err)
		}
	}
	image, label := d.Test.Row(0), d.Test.Labels[0]
	r := must(d.Read(image, label))
	c := must(d.Change(image, label, label, 0, 0.01))
	fmt.Printf("right on more than 93 %% of unseen images: %v\n", d.Accuracy > 0.93)
	fmt.Printf("a %d is read as %d; the cost's change is foretold to 1e-5: %v\n", label, course.Best(r.P), abs(c.Actual-c.Predicted) < 1e-5)
	// Output:
	// right on more than 93 % of unseen images: true
	// a 4 is read as 4; the cost's change is foretold to 1e-5: true
}

func abs(x float64) float64 { return max(x, -x) }
