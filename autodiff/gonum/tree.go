package gonum

import (
	"context"

	"chainrule/autodiff"
	"chainrule/graph"
)

// TreeObjective is an Objective of a tree of f64 values, such as a model, whose elements are x: one leaf after the other,
// as autodiff.Ravel has them.
type TreeObjective struct {
	*Objective
	// Start has the elements of the tree that it was made for.
	Start []float64
	tree  *autodiff.Function
}

// NewTreeObjective is NewObjective for a function of a tree of nodes, with values of the tree, as Function.Run takes them, to
// begin with.
func NewTreeObjective[P any](f func(P) *graph.Node, start any, opts ...autodiff.MatrixOption) (*TreeObjective, error) {
	var like P // its leaves' shapes alone count
	o, programs := &TreeObjective{}, only[autodiff.CompileOption](opts)
	err := autodiff.Compile(func(p P) *graph.Node {
		like = p
		return autodiff.Ravel(p)
	}, programs...).RunTo(context.Background(), &o.Start, start)
	if err != nil {
		return nil, err
	}
	o.tree = autodiff.Compile(func(x *graph.Node) P { return autodiff.Unravel(like, x) }, programs...)
	o.Objective, err = NewObjective(func(x *graph.Node) *graph.Node { return f(autodiff.Unravel(like, x)) }, len(o.Start), opts...)
	return o, err
}

// Tree puts the elements x, such as those of a minimum, into the tree that out points to, as Function.RunTo does.
func (o *TreeObjective) Tree(out any, x []float64) error {
	return o.tree.RunTo(context.Background(), out, x)
}
