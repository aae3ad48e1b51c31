package autodiff

import (
	"gorgonia.org/tensor"

	"chainrule/graph"
	"chainrule/internal/exec"
	"chainrule/internal/trace"
	"chainrule/internal/tree"
	"chainrule/ops"
)

type (
	// Leaf is a node in a tree, or what a parameter there stands for, with its path, such as "Layers[0].W".
	Leaf = tree.Leaf
	// Parameter is a leaf that is a tensor where functions run and a node where they are traced: *nn.Param is one. A tree that
	// holds it twice has one leaf.
	Parameter = tree.Parameter
	// FixedParameter is a parameter that derivatives may leave alone, as they do running means and weights that are frozen.
	FixedParameter = tree.Fixable
	// NamedParameter is a parameter in a tree, with its path and a name in lower case, such as "layers.0.w".
	NamedParameter = tree.Named
)

// Leaves lists the leaves of a tree in the order of fields, indices and sorted keys. Nodes that are nil are left out. It
// panics with a *graph.Error if the tree contains itself, has parameters in fields that are not exported, or is no argument
// of a function that is traced but holds parameters.
func Leaves[T any](t T) []Leaf { return tree.Leaves(t) }

// MapTree returns a copy of a tree with f's results as leaves. What is nil or no tree stays as it is. It panics as Leaves
// does.
func MapTree[T any](t T, f func(path string, n *graph.Node) *graph.Node) T {
	leaves := tree.Leaves(t)
	return tree.Map(t, func(i int, n *graph.Node) *graph.Node { return f(leaves[i].Path, n) })
}

// Ravel joins the elements of all leaves, one leaf after the other and each in row-major order, to one vector. The leaves
// have one element type; it panics with a *graph.Error if they have not, or if there is none.
func Ravel[T any](t T) *graph.Node {
	leaves := tree.Leaves(t)
	if len(leaves) == 0 {
		graph.Fail("ravel", nil, "the tree has no leaf")
	}
	parts := make([]*graph.Node, len(leaves))
	for i, l := range leaves {
		if l.Node.DType() != leaves[0].Node.DType() {
			graph.Fail("ravel", nil, "leaves of two element types, %s and %s", leaves[0], l)
		}
		parts[i] = ops.Reshape(l.Node, -1)
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return ops.Concat(parts, 0)
}

// Unravel is the inverse of Ravel: a tree like the given one whose leaves have v's elements, one after the other, in their
// shapes and of v's element type. It panics with a *graph.Error if v is no vector of as many elements.
func Unravel[T any](like T, v *graph.Node) T {
	leaves := tree.Leaves(like)
	if size := tree.Size(leaves); v == nil || v.Rank() != 1 || v.Shape()[0] != size {
		graph.Fail("unravel", present(v), "want a vector of %d elements", size)
	}
	at := 0
	return tree.Map(like, func(_ int, n *graph.Node) *graph.Node {
		from := at
		at += n.Type().Size()
		return ops.Reshape(ops.Slice(v, ops.Range{Start: from, Stop: at}), n.Shape()...)
	})
}

// Parameters lists the parameters in a model, each once, in the order of its fields. It panics with a *graph.Error as Leaves
// does.
func Parameters(model any) []NamedParameter { return tree.Parameters(model) }

// Inputs returns a copy of a model whose parameters stand for inputs of g, called by their names: for graphs that are built
// by hand. It panics with a *graph.Error as Leaves does, or if a parameter has no value.
func Inputs[M any](g *graph.Graph, model M) M {
	return tree.Inputs(g, model, func(d *tensor.Dense) (graph.Type, error) {
		if d == nil {
			return graph.Type{}, trace.ErrNoValue
		}
		v, err := exec.Ingest(d)
		return graph.T(v.Type.DType, v.Type.Shape...), err
	})
}

// NodeOf is the node that a parameter stands for in a function that is traced. It panics with a *graph.Error elsewhere, and
// for a parameter that is not in the function's arguments.
func NodeOf(p Parameter) *graph.Node { return tree.NodeOf(p) }
