// Package course is the arithmetic of the lecture notes on neural networks, a file for each chapter. It knows no page:
// every function takes and returns numbers, which the library computes and the tests compare with closed forms.
//
//	neuron         1  the McCulloch–Pitts neuron, gates, and why none of them is XOR
//	activation     2  activation functions and their derivatives
//	layers         3  feedforward networks: their size and their formula
//	approximation  4  a curve learnt by one hidden layer
//	softmax        5  the softmax output and its cost
//	descent        6  gradient descent over two parameters
//	chainrule      7  an expression as a graph, values forward and derivatives back; parse reads it
//	backprop       8  the recursion of δ beside the graph's gradient
//	regimes        9  batch, stochastic and mini-batch descent; what the bias does
//	digits        10  a network that reads digits
package course

import (
	"context"
	"fmt"

	"gorgonia.org/tensor"

	"chainrule/autodiff"
)

// run runs a compiled function of vectors and numbers, and returns its results as slices.
func run(f *autodiff.Function, feeds ...any) ([][]float64, error) {
	out, err := f.Run(context.Background(), feeds...)
	if err != nil {
		return nil, err
	}
	results := make([][]float64, len(out))
	for i, t := range out {
		results[i] = numbers(t)
	}
	return results, nil
}

// numbers are the elements of a tensor of float64, a scalar's too.
func numbers(t *tensor.Dense) []float64 {
	switch v := t.Data().(type) {
	case []float64:
		return v
	case float64:
		return []float64{v}
	default:
		panic(fmt.Sprintf("course: a tensor of %T", v))
	}
}

// matrix is a tensor of rows that have equal lengths.
func matrix(rows [][]float64) *tensor.Dense {
	var flat []float64
	for _, row := range rows {
		flat = append(flat, row...)
	}
	return tensor.New(tensor.WithShape(len(rows), len(rows[0])), tensor.WithBacking(flat))
}
