package ops_test

import (
	"fmt"
	"testing"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// TestZeroTangentBesideInfinity: what does not move adds nothing to a derivative, though the derivative by it be out of
// range, or there be none. Each function is of a and b, by both, in both modes, and so are the derivatives of it.
func TestZeroTangentBesideInfinity(t *testing.T) {
	type f = func(a, b *graph.Node) *graph.Node
	stack := func(of func(x *graph.Node) *graph.Node, pick ...int) f {
		return func(a, b *graph.Node) *graph.Node {
			parts := make([]*graph.Node, len(pick))
			for i, k := range pick {
				parts[i] = []*graph.Node{a, b, a.Graph().Scalar(a.DType(), inf)}[k]
			}
			return of(ops.Stack(parts, 0))
		}
	}
	prod := func(x *graph.Node) *graph.Node { return ops.Prod(x) }
	norm := func(x *graph.Node) *graph.Node { return ops.Norm(x) }
	at := func(k int, reverse bool) func(x *graph.Node) *graph.Node {
		return func(x *graph.Node) *graph.Node { return ops.Reshape(ops.Slice(ops.CumProd(x, reverse, 0), ops.At(k))) }
	}
	const open = 17 // not looked at
	for _, c := range []struct {
		name         string
		f            f
		a, b, da, db float64
	}{
		{"prod(a, b, a)", stack(prod, 0, 1, 0), 1e160, 1e-160, 2, inf},
		{"prod(a, a, b)", stack(prod, 0, 0, 1), 1e160, 1e-160, 2, inf},
		{"prod(b, a, a, b)", stack(prod, 1, 0, 0, 1), 1e160, 1e-160, 2e-160, 2e160},
		{"prod(a, ∞)", stack(prod, 0, 2), 2, 3, inf, 0},
		{"cumprod(a, b, a)", stack(at(2, false), 0, 1, 0), 1e160, 1e-160, 2, open},
		{"cumprod(b, a, a) from the end", stack(at(0, true), 1, 0, 0), 1e160, 1e-160, 2, inf},
		{"cumprod(a, ∞, b), first", stack(at(0, false), 0, 2, 1), 2, 3, 1, 0},
		{"cumprod(a, ∞, b), last", stack(at(2, false), 0, 2, 1), 2, 3, inf, inf},
		{"norm(a, ∞)", stack(norm, 0, 2), 2, 3, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := graph.New()
			a, b := graph.Const(g, []float64{c.a}), graph.Const(g, []float64{c.b})
			one := g.Scalar(graph.Float64, 1)
			_, da := autodiff.JVP(func(a *graph.Node) *graph.Node { return c.f(a, b) }, a, one)
			_, db := autodiff.JVP(func(b *graph.Node) *graph.Node { return c.f(a, b) }, b, one)
			back := grad(func(x []*graph.Node) *graph.Node { return c.f(x[0], x[1]) }, a, b)
			for i, d := range []*graph.Node{da, back[0], db, back[1]} {
				want := []float64{c.da, c.da, c.db, c.db}[i]
				if want == open {
					continue
				}
				if err := agree(graph.Float64, eval(t, d)[0], []float64{want}); err != nil {
					t.Errorf("%s: %v", fmt.Sprint([]string{"JVP", "gradient"}[i%2], " by ", []string{"a", "b"}[i/2]), err)
				}
			}
		})
	}
}

// TestSecondOrderOfZeroTangents: ∂²/∂a² and ∂²/∂a∂b of a²·b, forward over forward and forward over reverse mode.
func TestSecondOrderOfZeroTangents(t *testing.T) {
	g := graph.New()
	a, b, one := graph.Const(g, []float64{1e160}), graph.Const(g, []float64{1e-160}), g.Scalar(graph.Float64, 1)
	for name, f := range map[string]func(a, b *graph.Node) *graph.Node{
		"prod": func(a, b *graph.Node) *graph.Node { return ops.Prod(ops.Stack([]*graph.Node{a, b, a}, 0)) },
		"cumprod": func(a, b *graph.Node) *graph.Node {
			return ops.Reshape(ops.Slice(ops.CumProd(ops.Stack([]*graph.Node{a, b, a}, 0), false, 0), ops.At(2)))
		},
	} {
		slope := func(a, b *graph.Node) *graph.Node {
			_, d := autodiff.JVP(func(a *graph.Node) *graph.Node { return f(a, b) }, a, one)
			return d
		}
		back := func(a, b *graph.Node) *graph.Node {
			return grad(func(x []*graph.Node) *graph.Node { return f(x[0], b) }, a)[0]
		}
		for i, of := range []func(a, b *graph.Node) *graph.Node{slope, back} {
			_, aa := autodiff.JVP(func(a *graph.Node) *graph.Node { return of(a, b) }, a, one)
			_, ab := autodiff.JVP(func(b *graph.Node) *graph.Node { return of(a, b) }, b, one)
			for k, d := range []*graph.Node{aa, ab} {
				if err := agree(graph.Float64, eval(t, d)[0], []float64{[]float64{2e-160, 2e160}[k]}); err != nil {
					t.Errorf("%s, %d, %d: %v", name, i, k, err)
				}
			}
		}
	}
}
