package onnx

import (
	"errors"
	"fmt"
	"strings"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/nn/onnx/internal/emit"
	"chainrule/nn/onnx/internal/pb"
)

// run is one tracing of a model.
type run struct {
	file *file
	g    *graph.Graph
	top  *scope
	// attrs are the attributes that the function has which is being expanded, opset its versions of operators.
	attrs map[string]*pb.Attribute
	opset map[string]int
	known map[*graph.Node]any // what static nodes are
}

// start binds the inputs and the parameters.
func (m *Model) start(inputs map[string]*graph.Node) *run {
	r := &run{file: m.file, top: &scope{values: map[string]value{}}, opset: m.file.opset, known: map[*graph.Node]any{}}
	for _, n := range inputs {
		if n == nil {
			graph.Fail("onnx", nil, "an input is nil")
		}
		r.g = n.Graph()
	}
	for name, p := range m.Parameters {
		n := p.Node()
		r.g = n.Graph()
		r.top.values[name] = tensorOf(n, emit.ElemOf(n.DType()))
	}
	if r.g == nil {
		r.g = graph.New()
	}
	declared := map[string]bool{}
	for _, in := range m.file.graph.GetInput() {
		declared[in.GetName()] = true
		n, given := inputs[in.GetName()]
		if given {
			r.top.values[in.GetName()] = r.fed(in, n)
		}
	}
	for name := range inputs {
		if !declared[name] {
			graph.Fail("onnx", nil, "the model has no input %q: it has %v", name, m.Inputs())
		}
	}
	for _, in := range m.file.inputs {
		if _, ok := r.top.values[in.GetName()]; !ok {
			graph.Fail("onnx", nil, "input %q is missing", in.GetName())
		}
	}
	return r
}

// fed checks an input against what the file says of it.
func (r *run) fed(in *pb.ValueInfo, n *graph.Node) value {
	t := in.GetType().GetTensorType()
	if t == nil {
		graph.Fail("onnx", nil, "input %q is not a tensor", in.GetName())
	}
	want, err := stands(elem(t.GetElemType()))
	if err != nil || n.DType() != want {
		graph.Fail("onnx", []*graph.Node{n}, "input %q is %v, here %v", in.GetName(), elem(t.GetElemType()), want)
	}
	if dims := t.GetShape().GetDim(); t.GetShape() != nil {
		fits := len(dims) == n.Rank()
		for i, d := range dims {
			_, number := d.GetValue().(*pb.Shape_Dimension_DimValue)
			fits = fits && (!number || d.GetDimValue() == int64(n.Shape()[i]))
		}
		if !fits {
			graph.Fail("onnx", []*graph.Node{n}, "does not fit input %v", describe([]*pb.ValueInfo{in})[0])
		}
	}
	return tensorOf(n, elem(t.GetElemType()))
}

// outputs builds a graph in a scope that has its inputs, and returns its outputs.
func (r *run) outputs(g *pb.Graph, s *scope) []value {
	for name, a := range r.file.constants[g] {
		if _, fed := s.values[name]; !fed {
			s.values[name] = tensorOf(a.constant(r.g), a.kind)
		}
	}
	r.build(g.GetNode(), s)
	var out []value
	for _, o := range g.GetOutput() {
		v, ok := s.find(o.GetName())
		if !ok {
			graph.Fail("onnx", nil, "output %q is not made", o.GetName())
		}
		out = append(out, v)
	}
	return out
}

func (r *run) build(nodes []*pb.Node, s *scope) {
	for _, n := range nodes {
		out := r.node(n, s)
		if len(out) < len(n.GetOutput()) {
			graph.Fail("onnx", nil, "%s: %d of its %d outputs are made here", label(n), len(out), len(n.GetOutput()))
		}
		for i, name := range n.GetOutput() {
			if name != "" {
				s.values[name] = out[i]
			}
		}
	}
}

// node builds one node; errors get its name.
func (r *run) node(n *pb.Node, s *scope) (out []value) {
	c := &call{run: r, node: n, scope: s}
	for _, name := range n.GetInput() {
		v, _ := s.find(name)
		if name == "" {
			v = value{}
		}
		c.in = append(c.in, v)
	}
	for len(c.in) > 0 && c.in[len(c.in)-1].kind == absent && n.GetInput()[len(c.in)-1] == "" {
		c.in = c.in[:len(c.in)-1]
	}
	var mistake *graph.Error
	err := graph.Try(func() { out = c.build() })
	if err == nil {
		return out
	}
	if errors.As(err, &mistake) && !strings.Contains(mistake.Reason, "node ") {
		e := *mistake
		e.Reason = fmt.Sprintf("%s: %s", label(n), e.Reason)
		panic(&e)
	}
	panic(err)
}

// staticOf returns the elements of a node that is known: []float32, []float64, []int64 or []bool.
func (r *run) staticOf(n *graph.Node) (any, bool) {
	if v, ok := r.known[n]; ok {
		return v, v != nil
	}
	r.known[n] = nil
	for _, m := range graph.Topo(n) {
		if _, constant := m.Constant(); !constant && m.Op().Class == graph.Leaf {
			return nil, false
		}
	}
	t, err := autodiff.Eval(n)
	if err != nil {
		return nil, false
	}
	if n.Type().Size() == 0 { // whose Data panics
		r.known[n] = map[graph.DType]any{graph.Float32: []float32{}, graph.Float64: []float64{}, graph.Int64: []int64{}, graph.Bool: []bool{}}[n.DType()]
		return r.known[n], true
	}
	v := t[0].Data()
	switch x := v.(type) {
	case float32:
		v = []float32{x}
	case float64:
		v = []float64{x}
	case int64:
		v = []int64{x}
	case bool:
		v = []bool{x}
	}
	r.known[n] = v
	return v, true
}
