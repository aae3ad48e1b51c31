package emit

import (
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"strings"

	"google.golang.org/protobuf/proto"

	"chainrule/graph"
	"chainrule/nn/onnx/internal/pb"
)

// Value is a node with the name that it gets in the file.
type Value struct {
	Name string
	Node *graph.Node
}

// Opset is the version of the operators that are written.
const Opset = 17

// irVersion is the version of the file format that goes with it.
const irVersion = 8

// Model writes what the outputs are made of. Inputs are fed; given are tensors for other inputs of the graph.
func Model(inputs []Value, given map[*graph.Node]*pb.Tensor, outputs []Value) (*pb.Model, error) {
	e := &emitter{g: &pb.Graph{Name: proto.String("chainrule")}, names: map[*graph.Node]string{}, refused: new([]string), count: new(int)}
	for _, v := range inputs {
		e.names[v.Node] = v.Name
		e.g.Input = append(e.g.Input, infoOf(v.Name, v.Node.Type()))
	}
	for n, t := range given {
		e.names[n] = t.GetName()
		e.g.Initializer = append(e.g.Initializer, t)
	}
	var nodes []*graph.Node
	for _, v := range outputs {
		nodes = append(nodes, v.Node)
	}
	e.all(nodes)
	if len(*e.refused) > 0 {
		return nil, fmt.Errorf("onnx: %d things cannot be written:\n\t%s", len(*e.refused), strings.Join(*e.refused, "\n\t"))
	}
	for _, v := range outputs {
		e.into(v.Name, "Identity", nil, e.names[v.Node])
		e.g.Output = append(e.g.Output, infoOf(v.Name, v.Node.Type()))
	}
	return &pb.Model{IrVersion: proto.Int64(irVersion), ProducerName: proto.String("chainrule"), Graph: e.g,
		OpsetImport: []*pb.OperatorSet{{Domain: proto.String(""), Version: proto.Int64(Opset)}}}, nil
}

// emitter writes one graph: the whole, or a body in it, which sees the names of the outer one.
type emitter struct {
	g       *pb.Graph
	names   map[*graph.Node]string
	refused *[]string
	count   *int
}

// all writes the nodes that outputs are made of, inputs before what uses them.
func (e *emitter) all(outputs []*graph.Node) {
	for _, n := range graph.Topo(outputs...) {
		if _, done := e.names[n]; !done {
			e.names[n] = e.write(n)
		}
	}
}

func (e *emitter) write(n *graph.Node) string {
	if _, constant := n.Constant(); constant {
		return e.constant(n)
	}
	if n.IsInput() {
		e.refuse(n, "an input that is not among the arguments")
		return ""
	}
	in := make([]string, len(n.In()))
	for i, x := range n.In() {
		in[i] = e.names[x]
	}
	if of, ok := n.PartIndex(); ok {
		if e.names[n.In()[0]] == "" {
			return ""
		}
		return fmt.Sprintf("%s.%d", in[0], of)
	}
	write, ok := table[n.Op().Name]
	if !ok {
		e.refuse(n, "no operator of ONNX, and no formula")
		return ""
	}
	return write(e, n, in)
}

func (e *emitter) refuse(n *graph.Node, why string) {
	*e.refused = append(*e.refused, fmt.Sprintf("%s %v: %s", n.Op().Name, n.Type(), why))
}

// attrs are attributes of a node: an int, a float64, a string, []int, a tensor or a graph.
type attrs map[string]any

// op writes a node and returns the name of its result.
func (e *emitter) op(op string, a attrs, in ...string) string {
	*e.count++
	return e.into(fmt.Sprintf("%s_%d", strings.ToLower(op), *e.count), op, a, in...)
}

func (e *emitter) into(name, op string, a attrs, in ...string) string {
	e.several([]string{name}, op, a, in...)
	return name
}

func (e *emitter) several(names []string, op string, a attrs, in ...string) {
	n := &pb.Node{OpType: proto.String(op), Name: proto.String(names[0]), Input: in, Output: names}
	for _, key := range sortedKeys(a) {
		p := &pb.Attribute{Name: proto.String(key)}
		switch v := a[key].(type) {
		case int:
			p.Type, p.I = pb.Attribute_INT.Enum(), proto.Int64(int64(v))
		case float64:
			p.Type, p.F = pb.Attribute_FLOAT.Enum(), proto.Float32(float32(v))
		case string:
			p.Type, p.S = pb.Attribute_STRING.Enum(), []byte(v)
		case []int:
			p.Type, p.Ints = pb.Attribute_INTS.Enum(), wide(v)
		case *pb.Tensor:
			p.Type, p.T = pb.Attribute_TENSOR.Enum(), v
		case *pb.Graph:
			p.Type, p.G = pb.Attribute_GRAPH.Enum(), v
		}
		n.Attribute = append(n.Attribute, p)
	}
	e.g.Node = append(e.g.Node, n)
}

// fresh is a name that nothing has.
func (e *emitter) fresh(stem string) string {
	*e.count++
	return fmt.Sprintf("%s_%d", stem, *e.count)
}

// given adds a constant to the file: initialisers are for parameters.
func (e *emitter) given(t *pb.Tensor) string { return e.op("Constant", attrs{"value": t}) }

func (e *emitter) constant(n *graph.Node) string {
	b, _ := n.Constant()
	return e.given(tensorOf(b, n.Type()))
}

// ints is a vector of integers in the file.
func (e *emitter) ints(v ...int) string {
	b := graph.BufferOf(wide(v))
	return e.given(tensorOf(b, graph.T(graph.Int64, len(v))))
}

// number is a scalar of a type.
func (e *emitter) number(d graph.DType, v float64) string {
	switch d {
	case graph.Float32:
		return e.given(tensorOf(graph.BufferOf([]float32{float32(v)}), graph.T(d)))
	case graph.Int64:
		return e.given(tensorOf(graph.BufferOf([]int64{int64(v)}), graph.T(d)))
	}
	return e.given(tensorOf(graph.BufferOf([]float64{v}), graph.T(d)))
}

func wide(v []int) []int64 {
	out := make([]int64, len(v))
	for i, e := range v {
		out[i] = int64(e)
	}
	return out
}

// tensorOf is a value as the file has it.
func tensorOf(b graph.Buffer, t graph.Type) *pb.Tensor {
	p := &pb.Tensor{Dims: wide(t.Shape), DataType: proto.Int32(int32(ElemOf(t.DType))), RawData: []byte{}}
	le := binary.LittleEndian
	switch t.DType {
	case graph.Float32:
		for _, v := range graph.Elements[float32](b) {
			p.RawData = le.AppendUint32(p.RawData, math.Float32bits(v))
		}
	case graph.Float64:
		for _, v := range graph.Elements[float64](b) {
			p.RawData = le.AppendUint64(p.RawData, math.Float64bits(v))
		}
	case graph.Int64:
		for _, v := range graph.Elements[int64](b) {
			p.RawData = le.AppendUint64(p.RawData, uint64(v))
		}
	case graph.Bool:
		for _, v := range graph.Elements[bool](b) {
			bit := byte(0)
			if v {
				bit = 1
			}
			p.RawData = append(p.RawData, bit)
		}
	}
	return p
}

// TensorOf is a named tensor of a file.
func TensorOf(name string, b graph.Buffer, t graph.Type) *pb.Tensor {
	p := tensorOf(b, t)
	p.Name = proto.String(name)
	return p
}

// ElemOf is the file's name for an element type.
func ElemOf(d graph.DType) pb.Tensor_DataType {
	switch d {
	case graph.Float32:
		return pb.Tensor_FLOAT
	case graph.Float64:
		return pb.Tensor_DOUBLE
	case graph.Bool:
		return pb.Tensor_BOOL
	}
	return pb.Tensor_INT64
}

func infoOf(name string, t graph.Type) *pb.ValueInfo {
	s := &pb.Shape{}
	for _, d := range t.Shape {
		s.Dim = append(s.Dim, &pb.Shape_Dimension{Value: &pb.Shape_Dimension_DimValue{DimValue: int64(d)}})
	}
	return &pb.ValueInfo{Name: proto.String(name), Type: &pb.Type{Value: &pb.Type_TensorType_{
		TensorType: &pb.Type_TensorType{ElemType: proto.Int32(int32(ElemOf(t.DType))), Shape: s}}}}
}

// field is an attribute of an op by its name: records keep the types of their attributes to themselves.
func field(n *graph.Node, name string) reflect.Value {
	return reflect.ValueOf(n.Attrs()).FieldByName(name)
}

func intOf(n *graph.Node, name string) int { return int(field(n, name).Int()) }

func boolOf(n *graph.Node, name string) bool { return field(n, name).Bool() }

func intsOf(n *graph.Node, name string) []int { return field(n, name).Interface().(graph.Ints).Slice() }
