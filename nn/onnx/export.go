package onnx

import (
	"fmt"
	"io"
	"reflect"

	"google.golang.org/protobuf/proto"
	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/internal/raw"
	"chainrule/nn/onnx/internal/emit"
	"chainrule/nn/onnx/internal/pb"
)

// Export writes a function as a network, in operator set 17. For each argument of f there is an example: a graph.Type, or a
// tensor, for an input of that type; a model, whose parameters go into the file by their paths. The results of f, a tree of
// nodes, are the outputs: y if it is one node, and else called by their paths. The function may hold derivatives, and
// update what it was given, so that a step of training can be run elsewhere.
//
// The error lists everything that ONNX has no operators for; it is that of f if f fails.
func Export(w io.Writer, f any, args ...any) error {
	var p *pb.Model
	var failed error
	if err := graph.Try(func() { p, failed = traced(f, args) }); err != nil {
		return err
	}
	if failed != nil {
		return failed
	}
	data, err := proto.Marshal(p)
	if err != nil {
		return err
	}
	_, err = w.Write(data)
	return err
}

func traced(f any, args []any) (*pb.Model, error) {
	v := reflect.ValueOf(f)
	if v.Kind() != reflect.Func || v.Type().NumIn() != len(args) || v.Type().IsVariadic() {
		return nil, fmt.Errorf("onnx: %d arguments for a %T", len(args), f)
	}
	g := graph.New()
	var inputs []emit.Value
	given := map[*graph.Node]*pb.Tensor{}
	var in []reflect.Value
	for i, a := range args {
		name := fmt.Sprintf("x%d", i)
		switch a := a.(type) {
		case graph.Type:
			n := g.Input(name, a.DType, a.Shape...)
			inputs, in = append(inputs, emit.Value{Name: name, Node: n}), append(in, reflect.ValueOf(n))
		case *tensor.Dense:
			_, t, err := bufferOf(a)
			if err != nil {
				return nil, err
			}
			n := g.Input(name, t.DType, t.Shape...)
			inputs, in = append(inputs, emit.Value{Name: name, Node: n}), append(in, reflect.ValueOf(n))
		default:
			model := autodiff.Inputs(g, a)
			traced := autodiff.Parameters(model)
			for k, p := range autodiff.Parameters(a) {
				_, value := p.Parameter.Held()
				b, t, err := bufferOf(*value)
				if err != nil {
					return nil, err
				}
				given[autodiff.NodeOf(traced[k].Parameter)] = emit.TensorOf(p.Name, b, t)
			}
			in = append(in, reflect.ValueOf(model))
		}
	}
	outputs, err := results(v, in)
	if err != nil {
		return nil, err
	}
	return emit.Model(inputs, given, outputs)
}

// results runs f and names its results.
func results(f reflect.Value, in []reflect.Value) (outputs []emit.Value, err error) {
	for i, a := range in {
		if !a.Type().AssignableTo(f.Type().In(i)) {
			return nil, fmt.Errorf("onnx: argument %d is a %v, %v is wanted", i, a.Type(), f.Type().In(i))
		}
	}
	all := f.Call(in)
	for i, r := range all {
		stem := "y"
		if len(all) > 1 {
			stem = fmt.Sprintf("y%d", i)
		}
		for _, leaf := range autodiff.Leaves(r.Interface()) {
			outputs = append(outputs, emit.Value{Name: stem + leaf.Path, Node: leaf.Node})
		}
	}
	return outputs, nil
}

// bufferOf is a tensor's elements and type.
func bufferOf(d *tensor.Dense) (b graph.Buffer, t graph.Type, err error) {
	v, err := raw.RowMajor(d)
	if err != nil {
		return b, t, fmt.Errorf("onnx: %w", err)
	}
	switch v := v.(type) {
	case []float32:
		return graph.BufferOf(v), graph.T(graph.Float32, d.Shape()...), nil
	case []float64:
		return graph.BufferOf(v), graph.T(graph.Float64, d.Shape()...), nil
	case []int64:
		return graph.BufferOf(v), graph.T(graph.Int64, d.Shape()...), nil
	case []bool:
		return graph.BufferOf(v), graph.T(graph.Bool, d.Shape()...), nil
	}
	return b, t, fmt.Errorf("onnx: a tensor of %v", d.Dtype())
}
