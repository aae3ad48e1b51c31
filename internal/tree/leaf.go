package tree

import (
	"chainrule/graph"
	"reflect"
	"slices"
)

// leaf is a node of a tree with its path, such as "Layers[0].W".
type Leaf struct {
	Path string
	Node *graph.Node
}

// String names the leaf in messages, as in "Layers[0].W (w f32[3,4])".
func (l Leaf) String() string {
	if l.Path == "" {
		return l.Node.String()
	}
	return l.Path + " (" + l.Node.String() + ")"
}

// leavesOf lists the leaves of a tree in the order of fields, indices and sorted keys.
func Leaves[T any](tree T) []Leaf {
	var leaves []Leaf
	Visit(reflect.ValueOf(&tree).Elem(), "", func(path string, v reflect.Value) reflect.Value {
		leaves = append(leaves, Leaf{path, v.Interface().(*graph.Node)})
		return v
	})
	return leaves
}

// mapLeaves returns a copy of a tree with other leaves.
func Map[T any](tree T, f func(i int, n *graph.Node) *graph.Node) T {
	i := -1
	v := Visit(reflect.ValueOf(&tree).Elem(), "", func(_ string, v reflect.Value) reflect.Value {
		i++
		return reflect.ValueOf(f(i, v.Interface().(*graph.Node)))
	})
	return v.Interface().(T)
}

// nilLeaves lists the paths of the leaves that are nil.
func Nil(tree reflect.Value) (paths []string) {
	w := walk{f: func(_ string, v reflect.Value) reflect.Value { return v }, missing: func(path string) { paths = append(paths, path) }}
	w.visit(tree, "")
	return paths
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
