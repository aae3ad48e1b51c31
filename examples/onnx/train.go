package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"

	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/nn"
	"chainrule/nn/data"
	"chainrule/nn/onnx"
	"chainrule/ops"
)

// step is the network a step down the gradient of the cross-entropy, and that.
func step(net nn.Sequential, x, y *graph.Node) (nn.Sequential, *graph.Node) {
	const rate = 0.5
	loss, grad := autodiff.ValueAndGrad(func(net nn.Sequential) *graph.Node {
		return ops.Neg(ops.Mean(ops.Sum(ops.Mul(y, ops.LogSoftmax(net.Apply(x), -1)), -1)))
	})(net)
	slopes := map[string]*graph.Node{}
	for _, leaf := range autodiff.Leaves(grad) {
		slopes[leaf.Path] = leaf.Node
	}
	return autodiff.MapTree(net, func(path string, p *graph.Node) *graph.Node {
		return ops.Sub(p, ops.Mul(rate, slopes[path]))
	}), loss
}

func predict(net nn.Sequential, x *graph.Node) *graph.Node { return ops.Softmax(net.Apply(x), -1) }

// trainDigits trains a perceptron on four fifths of the digits, and writes it for one image.
func trainDigits(ctx context.Context, path string, out io.Writer) error {
	set := data.Digits()
	net := nn.NewMLP(graph.Float32, []int{set.Dim, 32, set.Classes}, ops.Tanh, nn.Xavier, rand.New(rand.NewPCG(1, 2)))
	cut := set.Len() * 4 / 5
	x, y, err := rows(set, 0, cut)
	if err != nil {
		return err
	}
	fn := autodiff.Compile(step)
	for range 600 {
		results, err := fn.Run(ctx, net, x, y)
		if err != nil {
			return err
		}
		for i, p := range nn.Params(net) {
			p.Param.Value = results[i]
		}
	}
	x, _, err = rows(set, cut, set.Len())
	if err != nil {
		return err
	}
	p, err := autodiff.Compile(predict).Run(ctx, net, x)
	if err != nil {
		return err
	}
	right := 0
	for i, label := range set.Labels[cut:] {
		row := p[0].Float32s()[i*set.Classes : (i+1)*set.Classes]
		if slices.Index(row, slices.Max(row)) == label {
			right++
		}
	}
	var file bytes.Buffer
	if err := onnx.Export(&file, predict, net, graph.T(graph.Float32, 1, set.Dim)); err != nil {
		return err
	}
	fmt.Fprintf(out, "%d of %d digits right, %d bytes to %s\n", right, set.Len()-cut, file.Len(), path)
	return os.WriteFile(path, file.Bytes(), 0o644)
}

// rows are samples from lo to hi, and their labels as one-hot rows.
func rows(set *data.Set, lo, hi int) (x, y *tensor.Dense, err error) {
	n := hi - lo
	samples := make([]int, n)
	for i := range samples {
		samples[i] = lo + i
	}
	features, labels := make([]float32, n*set.Dim), make([]float32, n*set.Classes)
	err = data.Fill(features, labels, set, samples)
	return tensor.New(tensor.WithShape(n, set.Dim), tensor.WithBacking(features)),
		tensor.New(tensor.WithShape(n, set.Classes), tensor.WithBacking(labels)), err
}
