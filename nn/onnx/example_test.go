package onnx_test

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/nn"
	"chainrule/nn/onnx"
	"chainrule/ops"
)

// network is a file with a perceptron in it.
func network() *onnx.Model {
	net := nn.NewMLP(graph.Float64, []int{2, 3, 1}, ops.Tanh, nn.Xavier, rand.New(rand.NewPCG(1, 2)))
	var file bytes.Buffer
	if err := onnx.Export(&file, nn.Sequential.Apply, net, graph.T(graph.Float64, 4, 2)); err != nil {
		log.Fatal(err)
	}
	m, err := onnx.Read(&file)
	if err != nil {
		log.Fatal(err)
	}
	return m
}

// The last layer of a network that was loaded learns the truth table of AND; the others stay as they are.
func ExampleModel_fineTuning() {
	m := network()
	last := map[string]*nn.Param{"2.weight": m.Parameters["2.weight"], "2.bias": m.Parameters["2.bias"]}
	before := m.Parameters["0.weight"].Value.Float64s()[0]

	type layer = map[string]*nn.Param
	step := autodiff.Compile(func(last layer, m *onnx.Model, x, y *graph.Node) (layer, *graph.Node) {
		loss, slopes := autodiff.ValueAndGrad(func(last layer) *graph.Node {
			return ops.Mean(ops.Square(ops.Sub(m.With(last).Apply(x)[0], y)))
		})(last)
		var next []*graph.Node
		for _, leaf := range autodiff.Leaves(slopes) {
			next = append(next, ops.Mul(0.2, leaf.Node))
		}
		i := -1
		return autodiff.MapTree(last, func(_ string, p *graph.Node) *graph.Node { i++; return ops.Sub(p, next[i]) }), loss
	})
	x, y := mat.NewDense(4, 2, []float64{0, 0, 0, 1, 1, 0, 1, 1}), mat.NewDense(4, 1, []float64{0, 0, 0, 1})
	for i := range 301 {
		var out struct {
			Last layer
			Loss float64
		}
		if err := step.RunTo(context.Background(), &out, last, m, x, y); err != nil {
			log.Fatal(err)
		}
		last = out.Last
		if i%100 == 0 {
			fmt.Printf("%3d  %.4f\n", i, out.Loss)
		}
	}
	fmt.Println(m.Parameters["0.weight"].Value.Float64s()[0] == before)
	// Output:
	//   0  1.0978
	// 100  0.0783
	// 200  0.0691
	// 300  0.0627
	// true
}
