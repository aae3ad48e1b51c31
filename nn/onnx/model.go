package onnx

import (
	"fmt"
	"maps"
	"strings"

	"chainrule/graph"
	"chainrule/nn"
	"chainrule/nn/onnx/internal/pb"
)

// Model is a network read from a file. Its parameters are the leaves of the tree that it is.
type Model struct {
	// Parameters are the file's initialisers of floats, by name.
	Parameters map[string]*nn.Param
	file       *file
}

// Input is an input or output of a network: its name, element type as ONNX calls it, and dimensions.
type Input struct {
	Name string
	Type string
	// Dims are the dimensions: a number, or the name of one that is free. Nil if the file does not say.
	Dims []string
}

// String is the input as text, such as "x FLOAT[batch, 3, 224, 224]".
func (i Input) String() string {
	return fmt.Sprintf("%s %s[%s]", i.Name, i.Type, strings.Join(i.Dims, ", "))
}

// Inputs lists what Apply takes, in order.
func (m *Model) Inputs() []Input { return describe(m.file.inputs) }

// Outputs lists what Apply returns, in order.
func (m *Model) Outputs() []Input { return describe(m.file.graph.Output) }

// Operators counts the nodes of each operator, those of bodies and functions among them.
func (m *Model) Operators() map[string]int {
	count := map[string]int{}
	m.file.eachNode(func(n *pb.Node) { count[n.GetOpType()]++ })
	return count
}

// Apply builds the network on its inputs and returns its outputs. Inputs have the element types f32, f64, i64 (for all
// integers) and bool. One that decides a shape, such as what Reshape takes, must be a constant. It panics with a
// *graph.Error that names the file's node if types or shapes do not fit.
func (m *Model) Apply(inputs ...*graph.Node) []*graph.Node {
	if m == nil || m.file == nil {
		graph.Fail("onnx", nil, "the model was not loaded")
	}
	return m.ApplyNamed(m.named(inputs))
}

// With returns the model with some of its parameters, by their names, in place of its own. It panics with a *graph.Error if
// it has none of a name.
func (m *Model) With(parameters map[string]*nn.Param) *Model {
	all := maps.Clone(m.Parameters)
	for name, p := range parameters {
		if all[name] == nil {
			graph.Fail("onnx", nil, "no parameter is called %q", name)
		}
		all[name] = p
	}
	return &Model{Parameters: all, file: m.file}
}

func (m *Model) named(inputs []*graph.Node) map[string]*graph.Node {
	if len(inputs) != len(m.file.inputs) {
		graph.Fail("onnx", nil, "%d inputs given, the model has %v", len(inputs), m.Inputs())
	}
	byName := map[string]*graph.Node{}
	for i, in := range m.file.inputs {
		byName[in.GetName()] = inputs[i]
	}
	return byName
}

// ApplyNamed is Apply with inputs by name. Those that the file has a default for may be left out.
func (m *Model) ApplyNamed(inputs map[string]*graph.Node) []*graph.Node {
	r := m.start(inputs)
	var out []*graph.Node
	for _, v := range r.outputs(m.file.graph, r.top) {
		if v.kind != tensorValue {
			graph.Fail("onnx", nil, "an output is not a tensor")
		}
		out = append(out, v.node)
	}
	return out
}

func describe(infos []*pb.ValueInfo) []Input {
	var all []Input
	for _, v := range infos {
		t := v.GetType().GetTensorType()
		in := Input{Name: v.GetName(), Type: pb.Tensor_DataType(t.GetElemType()).String()}
		for _, d := range t.GetShape().GetDim() {
			name := d.GetDimParam()
			if _, number := d.GetValue().(*pb.Shape_Dimension_DimValue); number {
				name = fmt.Sprint(d.GetDimValue())
			}
			in.Dims = append(in.Dims, name)
		}
		all = append(all, in)
	}
	return all
}
