// Command regression predicts the width of an iris's petal from its other measures, read from a CSV file: a network of one
// hidden layer, trained in small batches, beside what always saying the mean would give.
//
//	go run ./examples/regression
package main

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"io"
	"log"
	"math"
	"math/rand/v2"
	"os"

	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/nn"
	"chainrule/nn/data"
	"chainrule/nn/plot"
	"chainrule/ops"
)

//go:embed iris.csv
var irisFile []byte

// samples are what is known and what is to be predicted; N is *tensor.Dense in a data set and *graph.Node in a program.
type samples[N any] struct {
	X N // [n, features]
	Y N // [n, 1]
}

type batch = samples[*graph.Node]

func loss(net nn.Sequential, b batch) *graph.Node {
	return ops.Mean(ops.Square(ops.Sub(net.Apply(b.X), b.Y)))
}

// read divides the file, and normalises both parts by what is known of the first.
func read() (train, test samples[*tensor.Dense], err error) {
	table, err := data.ReadTable(bytes.NewReader(irisFile), data.TableOptions{
		Comment: '#', Header: true, Columns: []string{"sepal length", "sepal width", "petal length"}, Target: "petal width",
	})
	if err != nil {
		return train, test, err
	}
	parts, err := data.Divide(table.Rows(), 1, 100)
	if err != nil {
		return train, test, err
	}
	y := tensor.New(tensor.WithShape(table.Rows(), 1), tensor.WithBacking(table.Y))
	all := samples[*tensor.Dense]{table.Features(), y}
	if train, err = data.Take(all, parts[0]); err != nil {
		return train, test, err
	}
	if test, err = data.Take(all, parts[1]); err != nil {
		return train, test, err
	}
	normal, err := data.FitNormal(train.X)
	if err != nil {
		return train, test, err
	}
	if train.X, err = normal.Apply(train.X); err != nil {
		return train, test, err
	}
	test.X, err = normal.Apply(test.X)
	return train, test, err
}

// fit trains a network and returns the loss of each epoch.
func fit(train samples[*tensor.Dense]) (nn.Sequential, []float64, error) {
	source, err := data.Memory(train)
	if err != nil {
		return nil, nil, err
	}
	loader := &data.Loader[samples[*tensor.Dense]]{Source: source, Size: 20, Seed: 1}
	net := nn.NewMLP(graph.Float64, []int{3, 8, 1}, nn.Tanh, nn.Xavier, rand.New(rand.NewPCG(1, 0)))
	step := autodiff.Compile(func(net nn.Sequential, b batch) (*graph.Node, nn.Sequential) {
		value, grads := autodiff.ValueAndGrad(func(n nn.Sequential) *graph.Node { return loss(n, b) })(net)
		slopes := autodiff.Leaves(grads)
		return value, autodiff.MapTree(net, func(_ string, p *graph.Node) *graph.Node {
			slope := slopes[0].Node
			slopes = slopes[1:]
			return ops.Sub(p, ops.Mul(0.1, slope)) // gradient descent
		})
	}, autodiff.Donate(0, 1))
	var curve []float64
	result := struct {
		Loss float64
		Net  nn.Sequential
	}{Net: net}
	for epoch := range 200 {
		sum := 0.0
		for b, err := range loader.Epoch(epoch) {
			if err != nil {
				return nil, nil, err
			}
			if err := step.RunTo(context.Background(), &result, net, b); err != nil {
				return nil, nil, err
			}
			sum += result.Loss * float64(b.Y.Shape()[0])
		}
		curve = append(curve, sum/float64(source.Len()))
	}
	return net, curve, nil
}

func run(out io.Writer, picture string) error {
	train, test, err := read()
	if err != nil {
		return err
	}
	net, curve, err := fit(train)
	if err != nil {
		return err
	}
	var squares float64
	if err := autodiff.Compile(loss).RunTo(context.Background(), &squares, net, test); err != nil {
		return err
	}
	fmt.Fprintf(out, "error of the mean %.2f cm, of the network %.2f cm\n", spread(train, test), math.Sqrt(squares))
	p, err := plot.Curves("training", "epoch", "squared error (cm²)", plot.Line{Y: curve})
	if err != nil {
		return err
	}
	return plot.Save(picture, p, 12, 8)
}

// spread is the error, root of the mean square, of who says the mean of the first part for all of the second.
func spread(train, test samples[*tensor.Dense]) float64 {
	mean, sum := 0.0, 0.0
	for _, y := range train.Y.Float64s() {
		mean += y / float64(train.Y.Shape()[0])
	}
	for _, y := range test.Y.Float64s() {
		sum += (y - mean) * (y - mean)
	}
	return math.Sqrt(sum / float64(test.Y.Shape()[0]))
}

func main() {
	log.SetFlags(0)
	if err := run(os.Stdout, "training.png"); err != nil {
		log.Fatal("regression: ", err)
	}
}
