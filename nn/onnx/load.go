package onnx

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	"chainrule/internal/raw"
	"chainrule/nn"
	"chainrule/nn/onnx/internal/pb"
)

// UnsupportedError lists everything that a file asks for and that cannot be had: each node and why.
type UnsupportedError struct{ Reasons []string }

func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("onnx: %d things that are not supported:\n\t%s", len(e.Reasons), strings.Join(e.Reasons, "\n\t"))
}

// ErrMalformed is what errors of files that break the format's rules wrap.
var ErrMalformed = errors.New("malformed onnx file")

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, args...))
}

// Load reads a network from a file, and tensors that lie in other files from its folder or below. The error is an
// *UnsupportedError, wraps ErrMalformed, or is that of reading.
func Load(path string) (*Model, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	defer root.Close()
	m, err := read(data, external{root})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

// Read is Load for a network all of whose tensors lie in what r gives.
func Read(r io.Reader) (*Model, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	return read(data, external{})
}

// file is what a model was read from, checked.
type file struct {
	graph     *pb.Graph
	inputs    []*pb.ValueInfo // without those that are initialisers
	opset     map[string]int
	functions map[string]*pb.Function
	constants map[*pb.Graph]map[string]array
}

// maxDepth bounds how deep messages lie in each other: a body in a body is four levels.
const maxDepth = 100

func read(data []byte, ext external) (*Model, error) {
	var p pb.Model
	if err := (proto.UnmarshalOptions{RecursionLimit: maxDepth}).Unmarshal(data, &p); err != nil {
		return nil, malformed("%v", err)
	}
	if p.GetGraph() == nil {
		return nil, malformed("no graph")
	}
	f := &file{graph: p.GetGraph(), opset: map[string]int{}, functions: map[string]*pb.Function{},
		constants: map[*pb.Graph]map[string]array{}}
	for _, o := range p.GetOpsetImport() {
		f.opset[domainOf(o.GetDomain())] = int(o.GetVersion())
	}
	for _, fn := range p.GetFunctions() {
		f.functions[domainOf(fn.GetDomain())+"."+fn.GetName()] = fn
	}
	if err := f.check(); err != nil {
		return nil, err
	}
	m := &Model{Parameters: map[string]*nn.Param{}, file: f}
	return m, f.takeTensors(m, ext)
}

// domainOf is the name of a set of operators: the first one has two.
func domainOf(d string) string {
	if d == "ai.onnx" {
		return ""
	}
	return d
}

// takeTensors reads the initialisers: floats of the graph itself become parameters, unless they can only be static.
func (f *file) takeTensors(m *Model, ext external) error {
	static := f.onlyStatic()
	given := map[string]bool{}
	err := f.eachGraph(func(g *pb.Graph) error {
		f.constants[g] = map[string]array{}
		for _, t := range g.GetInitializer() {
			raw, err := ext.read(t)
			if err != nil {
				return fmt.Errorf("initialiser %q: %w", t.GetName(), err)
			}
			a, err := decode(t, raw)
			if err != nil {
				return malformed("initialiser %q: %v", t.GetName(), err)
			}
			if g == f.graph {
				given[t.GetName()] = true
			}
			t.RawData, t.FloatData, t.DoubleData, t.Int32Data, t.Int64Data = nil, nil, nil, nil, nil
			if d, _ := stands(a.kind); g == f.graph && d.IsFloat() && !static[t.GetName()] {
				m.Parameters[t.GetName()] = parameterOf(a)
				continue
			}
			f.constants[g][t.GetName()] = a
		}
		return nil
	})
	f.inputs = slices.DeleteFunc(slices.Clone(f.graph.Input), func(v *pb.ValueInfo) bool { return given[v.GetName()] })
	return err
}

func parameterOf(a array) *nn.Param {
	return &nn.Param{Value: raw.Dense(raw.Clone(a.elements), a.shape)}
}

// onlyStatic says which values of the graph are used where something static is wanted, and nowhere else.
func (f *file) onlyStatic() map[string]bool {
	static := map[string]bool{}
	f.eachNode(func(n *pb.Node) {
		for i, name := range n.GetInput() {
			here := slices.Contains(operators[domainOf(n.GetDomain())+"."+n.GetOpType()].static, i)
			if known, seen := static[name]; !seen || known {
				static[name] = here
			}
		}
	})
	for _, o := range f.graph.Output {
		static[o.GetName()] = false
	}
	return static
}

// eachGraph calls visit for the graph and the bodies in it, outer ones first.
func (f *file) eachGraph(visit func(*pb.Graph) error) error {
	todo := []*pb.Graph{f.graph}
	bodies := func(nodes []*pb.Node) {
		for _, n := range nodes {
			for _, a := range n.GetAttribute() {
				if a.GetG() != nil {
					todo = append(todo, a.GetG())
				}
				todo = append(todo, a.GetGraphs()...)
			}
		}
	}
	for _, fn := range f.functions {
		bodies(fn.GetNode())
	}
	for ; len(todo) > 0; todo = todo[1:] {
		if err := visit(todo[0]); err != nil {
			return err
		}
		bodies(todo[0].GetNode())
	}
	return nil
}

// eachNode calls visit for every node of the graph, of bodies and of functions.
func (f *file) eachNode(visit func(*pb.Node)) {
	for _, fn := range f.functions {
		for _, n := range fn.GetNode() {
			visit(n)
		}
	}
	_ = f.eachGraph(func(g *pb.Graph) error {
		for _, n := range g.GetNode() {
			visit(n)
		}
		return nil
	})
}

// label names a node in messages.
func label(n *pb.Node) string {
	if n.GetName() != "" {
		return fmt.Sprintf("node %q (%s)", n.GetName(), n.GetOpType())
	}
	return fmt.Sprintf("node %s of %s", n.GetOpType(), strings.Join(n.GetOutput(), ", "))
}
