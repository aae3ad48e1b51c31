package optest

import (
	"slices"
	"strings"
	"testing"

	"chainrule/graph"
	"chainrule/internal/compile"
	"chainrule/internal/rewrite"
	"chainrule/ops"
)

// wrongInBodies is a rewrite that is wrong, in the bodies of loops and their kin alone: a compiler of bodies says for each
// result what it overwrites, the sweep's programs do not.
var wrongInBodies = rewrite.Pass{Name: "wrong", Run: func(u rewrite.Unit, _ rewrite.Options) rewrite.Unit {
	if u.Donated == nil {
		return u
	}
	return u.Rewrite(func(g *graph.Graph, n *graph.Node, in []*graph.Node) *graph.Node {
		if n.Op().Class != graph.Map || !n.DType().IsFloat() {
			return nil
		}
		return ops.Mul(g.Copy(n, in...), 1.125)
	})
}}

// The sweep finds a wrong rewrite inside of every op that holds functions.
func TestWrongBodiesAreFound(t *testing.T) {
	all := compile.Pipeline
	defer func() { compile.Pipeline = all }()
	at := slices.IndexFunc(all, func(p rewrite.Pass) bool { return p.Name == "pair" })
	compile.Pipeline = slices.Insert(slices.Clone(all), at, wrongInBodies)
	held := 0
	for _, op := range graph.Ops() {
		if op.Program == nil {
			continue
		}
		held++
		found := slices.ContainsFunc(Instances(op), func(in Instance) bool {
			err := checkCompiled(in)
			return err != nil && strings.Contains(err.Error(), "compiled is not the reference")
		})
		if !found {
			t.Errorf("a wrong rewrite in the functions of %s is not found", op.Name)
		}
	}
	if held < 4 {
		t.Errorf("%d ops hold functions, there are loops, their gradients, branches and custom functions", held)
	}
}
