package ours

import (
	"chainrule/autodiff"
	"chainrule/benchmarks/workload"
	"chainrule/graph"
	"chainrule/ops"

	"gorgonia.org/tensor"
)

// convolution is one, or its gradient by the image or by the kernel for an incoming gradient that is given.
func convolution[T workload.Float](c workload.Case, threads int) (*Subject, error) {
	v := c.Window
	xs, ws, ys := c.Shapes()
	fill := func(stream int, scale float64, shape []int) *tensor.Dense {
		return dense(workload.Fill[T](stream, graph.Size(shape), scale), shape...)
	}
	x, w, y := fill(workload.AStream, 1, xs), fill(workload.WeightStream, c.KernelScale(), ws), fill(workload.BStream, 1, ys)
	o := ops.ConvOptions{Stride: []int{v.Stride}, Padding: ops.Pads(v.Padding()), Groups: v.Groups}
	extra := v.Image + 2*v.Padding() - v.Kernel - (v.Places()-1)*v.Stride
	f := func(x, w *graph.Node) *graph.Node { return ops.Conv(x, w, o) }
	in, shape := []*tensor.Dense{x, w}, ys
	switch c.Form {
	case "gradx":
		back := o
		back.OutputPadding = []int{extra}
		f = func(y, w *graph.Node) *graph.Node { return ops.ConvTranspose(y, w, back) }
		in, shape = []*tensor.Dense{y, w}, xs
	case "gradw":
		f = func(x, y *graph.Node) *graph.Node { return ops.ConvWeight(x, y, []int{v.Kernel}, o) }
		in, shape = []*tensor.Dense{x, y}, ws
	}
	out := make([]T, graph.Size(shape))
	step := into(autodiff.Compile(f, options(threads)...), []*tensor.Dense{dense(out, shape...)}, in)
	answer := func() ([]workload.Sum, error) {
		err := step()
		return []workload.Sum{workload.Check(out)}, err
	}
	return &Subject{c, step, answer}, nil
}
