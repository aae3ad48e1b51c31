package autodiff_test

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/internal/compile"
	"chainrule/internal/rewrite"
	"chainrule/ops"
)

// heldFuncs are functions of a number by every op that holds functions.
var heldFuncs = map[string]func(x *graph.Node) *graph.Node{
	"scan": func(x *graph.Node) *graph.Node {
		return autodiff.For(3, func(_, c *graph.Node) *graph.Node { return ops.Sin(c) }, x)
	},
	"while": func(x *graph.Node) *graph.Node {
		return autodiff.While(func(c *graph.Node) *graph.Node { return ops.Gt(ops.Sin(c), 0.1) },
			func(c *graph.Node) *graph.Node { return ops.Mul(0.5, c) }, x)
	},
	"cond": func(x *graph.Node) *graph.Node {
		return autodiff.Cond(ops.Gt(x, 0), func() *graph.Node { return ops.Sin(x) }, func() *graph.Node { return ops.Cos(x) })
	},
	"custom": func(x *graph.Node) *graph.Node {
		f := autodiff.CustomVJP(ops.Sin, func(x, _, ct *graph.Node) *graph.Node { return ops.Mul(ct, ops.Cos(x)) })
		return f(x)
	},
	"loops in a branch": func(x *graph.Node) *graph.Node {
		loop := func() *graph.Node {
			return autodiff.For(2, func(_, c *graph.Node) *graph.Node {
				return autodiff.For(2, func(_, c *graph.Node) *graph.Node { return ops.Sin(c) }, c)
			}, x)
		}
		return autodiff.Cond(ops.Gt(x, 0), loop, func() *graph.Node { return x })
	},
}

// watched runs f with a pass among the compiler's that sees every graph, and is told whether it is that of a body.
func watched(t *testing.T, see func(body bool, u rewrite.Unit) rewrite.Unit, f func()) {
	t.Helper()
	all := compile.Pipeline
	defer func() { compile.Pipeline = all }()
	at := slices.IndexFunc(all, func(p rewrite.Pass) bool { return p.Name == "pair" })
	compile.Pipeline = slices.Insert(slices.Clone(all), at, rewrite.Pass{Name: "watch",
		Run: func(u rewrite.Unit, _ rewrite.Options) rewrite.Unit {
			hasLoops := slices.ContainsFunc(graph.Topo(u.Outputs...), func(n *graph.Node) bool { return n.Op().Program != nil })
			return see(!hasLoops, u)
		}})
	f()
}

// TestBodiesAreCompiledAsThePrograms expects options to hold for the functions that nodes hold, at any depth: a pass that is
// left out does not see them.
func TestBodiesAreCompiledAsThePrograms(t *testing.T) {
	for name, f := range heldFuncs {
		for _, off := range []string{"", "watch", "fold", "unalias"} {
			bodies := 0
			watched(t, func(body bool, u rewrite.Unit) rewrite.Unit {
				if body {
					bodies++
				}
				return u
			}, func() {
				var opts []autodiff.CompileOption
				if off != "" {
					opts = append(opts, autodiff.WithoutPass(off))
				}
				_, err := autodiff.Compile(f, opts...).Run(context.Background(), 0.5)
				require.NoError(t, err, name)
			})
			if off == "watch" {
				require.Zero(t, bodies, "%s: bodies that the pass saw", name)
			} else {
				require.Positive(t, bodies, "%s: bodies that the pass saw, without %q", name, off)
			}
		}
	}
}

// TestBodiesThatDoNotCompile expects an error with the user's line, not a panic.
func TestBodiesThatDoNotCompile(t *testing.T) {
	for name, f := range heldFuncs {
		watched(t, func(body bool, u rewrite.Unit) rewrite.Unit {
			if body {
				u.Inputs = append(slices.Clone(u.Inputs), nil)
			}
			return u
		}, func() {
			opts := []autodiff.CompileOption{autodiff.Verified(), autodiff.WithoutPass("unalias")} // which expands custom functions
			_, err := autodiff.Compile(f, opts...).Run(context.Background(), 0.5)
			require.ErrorContains(t, err, "after pass watch: input 1 is nil", name)
			require.ErrorContains(t, err, "at bodies_test.go:", name)
		})
	}
}
