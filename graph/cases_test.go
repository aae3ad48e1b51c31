package graph_test

import (
	"fmt"
	"testing"

	"chainrule/graph"
)

// eachCase runs check on a node of every case of every registered op, in every element type that it stands for.
func eachCase(t *testing.T, check func(t *testing.T, n *graph.Node)) {
	for _, op := range graph.Ops() {
		for _, c := range op.Cases {
			for _, d := range []graph.DType{graph.Float32, graph.Float64} {
				t.Run(fmt.Sprintf("%s/%s/%v", op.Name, c.Name, d), func(t *testing.T) {
					check(t, applyCase(op, c, d))
				})
			}
		}
	}
}

// applyCase applies op to inputs of the case's types.
func applyCase(op *graph.Op, c graph.Case, d graph.DType) *graph.Node {
	g := graph.New()
	in := make([]*graph.Node, len(c.In))
	for i, a := range c.In {
		if a.DType == (graph.DType{}) {
			a.DType = d
		}
		in[i] = g.Input(string(rune('a'+i)), a.DType, a.Shape...)
	}
	return c.Apply(op, in...)
}

func TestEveryCaseRoundTrips(t *testing.T) {
	eachCase(t, func(t *testing.T, n *graph.Node) {
		mustVerify(t, n.Graph())
		graph.Named("result", n)
		text := graph.Text(n)
		_, outputs := mustParse(t, text)
		if again := graph.Text(outputs...); again != text {
			t.Errorf("parsed\n%sand printed\n%s", text, again)
		}
		if got := outputs[0]; got.Op() != n.Op() || got.Attrs() != n.Attrs() || !got.Type().Equal(n.Type()) {
			t.Errorf("%v with %v came back as %v with %v", n, n.Attrs(), got, got.Attrs())
		}
	})
}

func TestEveryOpRefusesItsBadCases(t *testing.T) {
	for _, op := range graph.Ops() {
		for i, c := range op.BadCases {
			t.Run(fmt.Sprintf("%s/%d", op.Name, i), func(t *testing.T) {
				g := graph.New()
				in := make([]*graph.Node, len(c.In))
				for i, typ := range c.In {
					in[i] = g.Input("", typ.DType, typ.Shape...)
				}
				built := g.Len()
				e := mustFail(t, c.Want, func() { g.Apply(op, c.Attrs, in...) })
				if e.Op != op.Name || len(e.Operands) != len(in) {
					t.Errorf("%q does not name the op and its %d operands", e, len(in))
				}
				if g.Len() != built {
					t.Errorf("the refused node stayed in the graph")
				}
				mustVerify(t, g)
			})
		}
	}
}
