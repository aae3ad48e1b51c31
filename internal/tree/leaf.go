package tree

import (
	"fmt"
	"reflect"
	"slices"

	"gorgonia.org/tensor"

	"chainrule/graph"
)

// leaf is a node of a tree with its path, such as "Layers[0].W".
type Leaf struct {
	Path  string
	Node  *graph.Node
	Fixed bool // derivatives leave it alone
}

// String names the leaf in messages, as in "Layers[0].W (w f32[3,4])".
func (l Leaf) String() string {
	if l.Path == "" {
		return l.Node.String()
	}
	return l.Path + " (" + l.Node.String() + ")"
}

// Leaves lists the leaves of a tree in the order of fields, indices and sorted keys. It panics with a *graph.Error if the
// tree contains itself or cannot be walked.
func Leaves[T any](tree T) []Leaf {
	leaves, _ := read(&tree)
	return leaves
}

// Map returns a copy of a tree with other leaves. What is nil stays so, and what is no tree is carried along.
func Map[T any](tree T, f func(i int, n *graph.Node) *graph.Node) T {
	leaves, s := read(&tree)
	b := Builder{Structure: s, Leaf: func(i int, _ string) *graph.Node { return f(i, leaves[i].Node) }}
	var out T
	reflect.ValueOf(&out).Elem().Set(b.Build(""))
	return out
}

// read walks a tree of nodes.
func read[T any](tree *T) (leaves []Leaf, s Structure) {
	var r Reader
	r.Leaf = func(v reflect.Value) error {
		leaves = append(leaves, Leaf{r.Path(), LeafNode(v), isFixed(v)})
		return nil
	}
	must(r.Read("", reflect.TypeFor[T](), reflect.ValueOf(tree).Elem()))
	return leaves, r.Structure
}

// LeafNode is the node that a leaf is or stands for.
func LeafNode(v reflect.Value) *graph.Node {
	p, ok := v.Interface().(Parameter)
	if !ok {
		return v.Interface().(*graph.Node)
	}
	return NodeOf(p)
}

// NodeOf is the node that a parameter stands for. It panics with a *graph.Error if it stands for none.
func NodeOf(p Parameter) *graph.Node {
	n, slot := p.Held()
	if n != nil {
		return n
	}
	what := "a parameter without a value"
	if d := *slot; d != nil {
		what = fmt.Sprintf("the parameter %v%v", d.Dtype(), d.Shape())
	}
	graph.Fail("param", nil, "%s is used but is not in the model that is traced: it is in a field that is not exported, "+
		"or the function closes over it and does not take it as an argument", what)
	return nil
}

// Named is a parameter of a model, with its path and its name, such as "Layers[0].W" and "layers.0.w".
type Named struct {
	Path, Name string
	Parameter  Parameter
}

// Parameters lists the parameters in a value, each once.
func Parameters(model any) (list []Named) {
	var r Reader
	r.Leaf = func(v reflect.Value) error {
		if p, ok := v.Interface().(Parameter); ok {
			w := r.way()
			list = append(list, Named{w.path, w.name, p})
		}
		return nil
	}
	if v := reflect.ValueOf(model); v.IsValid() {
		must(r.Read("", v.Type(), v))
	}
	return list
}

// Inputs returns a copy of a model whose parameters stand for inputs of g, of the types that typeOf says, called by their
// names.
func Inputs[M any](g *graph.Graph, model M, typeOf func(*tensor.Dense) (graph.Type, error)) M {
	var nodes []func(name string) *graph.Node
	var r Reader
	r.Leaf = func(v reflect.Value) error {
		p, ok := v.Interface().(Parameter)
		if !ok {
			n := v.Interface().(*graph.Node)
			nodes = append(nodes, func(string) *graph.Node { return n })
			return nil
		}
		_, slot := p.Held()
		t, err := typeOf(*slot)
		nodes = append(nodes, func(name string) *graph.Node { return g.Input(name, t.DType, t.Shape...) })
		return err
	}
	must(r.Read("", reflect.TypeFor[M](), reflect.ValueOf(&model).Elem()))
	b := Builder{Structure: r.Structure, Leaf: func(i int, name string) *graph.Node { return nodes[i](name) }}
	var out M
	reflect.ValueOf(&out).Elem().Set(b.Build(""))
	return out
}

// must panics with a *graph.Error if there is an error.
func must(err error) {
	if err != nil {
		graph.Fail("tree", nil, "%v", err)
	}
}

// Moves reports whether the leaf is a float that derivatives do not leave alone.
func (l Leaf) Moves() bool { return l.Node.DType().IsFloat() && !l.Fixed }

// Moving lists the leaves that move.
func Moving(leaves []Leaf) []Leaf {
	return slices.DeleteFunc(slices.Clone(leaves), func(l Leaf) bool { return !l.Moves() })
}

// floats lists the leaves that are floats.
func Floats(leaves []Leaf) []Leaf { return slices.DeleteFunc(slices.Clone(leaves), notFloat) }

func notFloat(l Leaf) bool { return !l.Node.DType().IsFloat() }

// treeOf is a tree with other leaves.
func With[T any](like T, leaves []*graph.Node) T {
	return Map(like, func(i int, _ *graph.Node) *graph.Node { return leaves[i] })
}

// floatTree is a tree with other leaves in the places of the floats, and nil in those of others.
func WithFloats[T any](like T, leaves []*graph.Node) T {
	return Map(like, func(_ int, n *graph.Node) *graph.Node {
		if !n.DType().IsFloat() {
			return nil
		}
		next := leaves[0]
		leaves = leaves[1:]
		return next
	})
}

// nodesOf lists the nodes of leaves.
func Nodes(leaves []Leaf) []*graph.Node {
	nodes := make([]*graph.Node, len(leaves))
	for i, l := range leaves {
		nodes[i] = l.Node
	}
	return nodes
}

// paths lists the paths of leaves.
func Paths(leaves []Leaf) []string {
	p := make([]string, len(leaves))
	for i, l := range leaves {
		p[i] = l.Path
	}
	return p
}

// size is the number of elements of all leaves.
func Size(leaves []Leaf) int {
	n := 0
	for _, l := range leaves {
		n += l.Node.Type().Size()
	}
	return n
}

func Types(leaves []Leaf) []graph.Type {
	types := make([]graph.Type, len(leaves))
	for i, l := range leaves {
		types[i] = l.Node.Type()
	}
	return types
}
