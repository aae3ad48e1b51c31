package graph_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/graph"
	"chainrule/ops"
)

// Nodes of a derivative have the line of what they are derived from, and know its op, on other graphs too.
func TestDerived(t *testing.T) {
	g := graph.New()
	x := g.Input("x", graph.Float64)
	y := ops.Sin(x)
	var ct, again, plain *graph.Node
	g.Differentiate(y, false, func() { ct = ops.Cos(x) })
	g.Differentiate(ct, true, func() { again = ops.Neg(ops.Exp(x)) })
	g.With(ct, func() { plain = ops.Tanh(x) })
	own := ops.Cos(ops.Square(x))

	for _, n := range []*graph.Node{ct, again, plain, again.In()[0]} {
		op, tangent := n.Derived()
		require.Equal(t, "sin", op.Name)
		require.False(t, tangent)
		require.Equal(t, y.Source(), n.Source())
	}
	for _, n := range []*graph.Node{x, y, own} {
		op, _ := n.Derived()
		require.Nil(t, op)
	}
	require.NotEqual(t, y.Source(), own.Source())

	var tangent *graph.Node
	g.Differentiate(own, true, func() { tangent = ops.Sigmoid(x) })
	op, isTangent := tangent.Derived()
	require.Equal(t, "cos", op.Name)
	require.True(t, isTangent)

	other := graph.New()
	other.Differentiate(other.Copy(x), false, func() { other.Copy(own, other.Copy(x)) }) // a list of its own
	for _, n := range []*graph.Node{ct, tangent, own} {
		c := other.Copy(n, other.Copy(x))
		op, tangent := n.Derived()
		got, gotTangent := c.Derived()
		require.Equal(t, op, got)
		require.Equal(t, tangent, gotTangent)
		require.Equal(t, n.Source(), c.Source())
	}

	var err error
	g.Differentiate(y, false, func() { err = graph.Try(func() { ops.Cast(x, graph.DType{}) }) })
	require.ErrorContains(t, err, " at "+y.Source())
}
