package compile_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/internal/compile"
	"chainrule/internal/exec"
	"chainrule/internal/optest"
	"chainrule/internal/rewrite"
	"chainrule/ops"
)

type nodes = []*graph.Node

// fusible are graphs of which much fuses, over n elements.
var fusible = []struct {
	name  string
	build func(g *graph.Graph, n int) rewrite.Unit
}{
	{"chain with its sum and gradient, f32", func(g *graph.Graph, n int) rewrite.Unit {
		return chain(g, graph.Float32, n)
	}},
	{"chain with its sum and gradient, f64", func(g *graph.Graph, n int) rewrite.Unit {
		return chain(g, graph.Float64, n)
	}},
	{"rows, columns and middles of an odd length", func(g *graph.Graph, n int) rewrite.Unit {
		cols := 1 + min(n-1, 510) // no divisor of a tile
		rows := max(1, n/cols/3)
		x, row := g.Input("x", graph.Float32, 3, rows, cols), g.Input("row", graph.Float32, cols)
		column, middle := g.Input("column", graph.Float32, 3, rows, 1), g.Input("middle", graph.Float32, 3, 1, cols)
		y := ops.Tanh(ops.Sub(ops.Mul(ops.Add(x, row), column), ops.Mul(middle, row)))
		return rewrite.Unit{Inputs: nodes{x, row, column, middle}, Outputs: nodes{y, ops.Sum(ops.Exp(y)), ops.Sum(y, 1)}}
	}},
	{"sums of short rows and of their columns", func(g *graph.Graph, n int) rewrite.Unit {
		return sums(g, graph.Float32, []int{1}, []int{0})(n/37+1, 37)
	}},
	{"sums of rows that divide tiles, and of all", func(g *graph.Graph, n int) rewrite.Unit {
		return sums(g, graph.Float64, []int{1}, []int{0}, []int{0, 1})(n/64+1, 64)
	}},
	{"sums of rows that do not, and of all", func(g *graph.Graph, n int) rewrite.Unit {
		return sums(g, graph.Float32, []int{1}, []int{0}, []int{0, 1})(n/300+1, 300)
	}},
	{"sums of short columns", func(g *graph.Graph, n int) rewrite.Unit {
		return sums(g, graph.Float32, []int{0})(n/10+1, 10)
	}},
	{"sums of long rows and their columns", func(g *graph.Graph, n int) rewrite.Unit {
		return sums(g, graph.Float32, []int{1}, []int{0})(3, n/3+1)
	}},
	{"sums of middles and their neighbours", func(g *graph.Graph, n int) rewrite.Unit {
		return sums(g, graph.Float64, []int{1}, []int{2}, []int{1, 2}, []int{0, 1}, []int{0})(n/133+1, 19, 7)
	}},
	{"sums of long middles", func(g *graph.Graph, n int) rewrite.Unit {
		return sums(g, graph.Int64, []int{1}, []int{0}, []int{0, 1})(3, n/150+1, 50)
	}},
	{"sums of many short middles", func(g *graph.Graph, n int) rewrite.Unit {
		return sums(g, graph.Float32, []int{1})(n/40+1, 5, 8)
	}},
	{"sums of rows of several types", func(g *graph.Graph, n int) rewrite.Unit {
		x := g.Input("x", graph.Float64, n/50+1, 50)
		y := ops.Cast(ops.Exp(x), graph.Float32)
		return rewrite.Unit{Inputs: nodes{x}, Outputs: nodes{
			ops.Sum(ops.Square(y), 1), ops.Sum(ops.Neg(ops.Exp(x)), 1), ops.Sum(y, 0),
		}}
	}},
	{"compare, where and cast", func(g *graph.Graph, n int) rewrite.Unit {
		x, y := g.Input("x", graph.Float64, n), g.Input("y", graph.Float64, n)
		k, s := g.Input("k", graph.Int64, n), g.Input("s", graph.Float32)
		less := ops.And(ops.Lt(x, y), ops.Ne(k, 3))
		whole := ops.Where(less, ops.Mul(k, 3), ops.Cast(x, graph.Int64))
		narrow := ops.Mul(ops.Cast(ops.Where(less, x, y), graph.Float32), s)
		return rewrite.Unit{Inputs: nodes{x, y, k, s}, Outputs: nodes{
			ops.Sum(whole), narrow, ops.Sum(narrow), ops.Sum(ops.Cast(narrow, graph.Float64)),
			ops.Sum(ops.Cast(less, graph.Int64)),
		}}
	}},
	{"a narrow sum in a wide loop", func(g *graph.Graph, n int) rewrite.Unit {
		x := g.Input("x", graph.Float64, n)
		y := ops.Cast(ops.Exp(x), graph.Float32)
		return rewrite.Unit{Inputs: nodes{x}, Outputs: nodes{ops.Sum(ops.Square(y)), ops.Sum(ops.Neg(ops.Exp(x)))}}
	}},
	{"flags", func(g *graph.Graph, n int) rewrite.Unit {
		a, b := g.Input("a", graph.Bool, n), g.Input("b", graph.Bool, n)
		y := ops.Or(ops.Not(ops.Xor(a, b)), ops.And(a, b))
		return rewrite.Unit{Inputs: nodes{a, b}, Outputs: nodes{ops.Not(y), y}}
	}},
	{"a view between", func(g *graph.Graph, n int) rewrite.Unit {
		x := g.Input("x", graph.Float32, n)
		y := ops.Exp(ops.Neg(ops.Slice(ops.Abs(ops.Sin(x)), ops.Range{Start: n - 1, Stop: n})))
		z := ops.Mul(ops.Reshape(ops.Cos(ops.Sin(x)), 1, n), y)
		return rewrite.Unit{Inputs: nodes{x}, Outputs: nodes{ops.Sum(ops.Square(z)), y}}
	}},
	{"a product at the head", func(g *graph.Graph, n int) rewrite.Unit {
		rows, inner := n/50+1, n%5*7 // 5000 and 70000: a product of nothing
		x, w := g.Input("x", graph.Float32, rows, inner), g.Input("w", graph.Float32, inner, 50)
		b, column := g.Input("b", graph.Float32, 50), g.Input("column", graph.Float32, rows, 1)
		z := ops.Mul(ops.Add(ops.MatMul(x, w), b), column)
		y := ops.Tanh(z)
		return rewrite.Unit{
			Inputs:  nodes{x, w, b, column},
			Outputs: nodes{y, ops.Sum(ops.Square(y)), ops.MatMul(y, ops.Transpose(w)), ops.Sum(z, 0)},
		}
	}},
	{"rows that one matrix multiplies", func(g *graph.Graph, n int) rewrite.Unit {
		w, h, d := g.Input("w", graph.Float64, n, 7), g.Input("h", graph.Float64, 1, n), g.Input("d", graph.Float64, 1, n)
		b, c := g.Input("b", graph.Float64, 7), g.Input("c", graph.Float64, 1, 7)
		y := ops.Tanh(ops.Add(ops.MatMul(h, w), b))
		z := ops.Mul(ops.Add(ops.MatMul(d, w), c), ops.Sub(1, ops.Square(y)))
		back, forth := ops.MatMul(w, ops.Transpose(y)), ops.MatMul(w, ops.Transpose(z))
		return rewrite.Unit{Inputs: nodes{w, h, d, b, c}, Outputs: nodes{y, z, forth, ops.Sum(ops.Square(back))}}
	}},
	{"donated updates", func(g *graph.Graph, n int) rewrite.Unit {
		w, m, x := g.Input("w", graph.Float32, n), g.Input("m", graph.Float32, n), g.Input("x", graph.Float32, n)
		rate := g.Input("rate", graph.Float32)
		e := ops.Sub(ops.Mul(w, x), 0.5)
		m2 := ops.Add(ops.Mul(0.75, m), ops.Mul(x, e))
		return rewrite.Unit{
			Inputs:  nodes{w, m, x, rate},
			Outputs: nodes{ops.Sum(ops.Square(e)), ops.Sub(w, ops.Mul(rate, m2)), m2}, Donated: []int{-1, 0, 1},
		}
	}},
}

// sums are those of −2·|x| over each of the lists of axes, for x of a shape.
func sums(g *graph.Graph, d graph.DType, axes ...[]int) func(shape ...int) rewrite.Unit {
	return func(shape ...int) rewrite.Unit {
		x := g.Input("x", d, shape...)
		y := ops.Mul(-2, ops.Abs(x))
		u := rewrite.Unit{Inputs: nodes{x}}
		for _, a := range axes {
			u.Outputs = append(u.Outputs, ops.Sum(y, a...))
		}
		return u
	}
}

// chain is Σ tanh(x·w + b)·σ(x) and its gradient by x.
func chain(g *graph.Graph, d graph.DType, n int) rewrite.Unit {
	x, w, b := g.Input("x", d, n), g.Input("w", d, n), g.Input("b", d)
	y := ops.Sum(ops.Mul(ops.Tanh(ops.Add(ops.Mul(x, w), b)), ops.Sigmoid(x)))
	return rewrite.Unit{Inputs: nodes{x, w, b}, Outputs: nodes{y, autodiff.Gradients(y, x)[0]}}
}

// settings are ways to compile: with optional parts off, one by one, for a number of workers.
func settings(workers ...int) map[string]compile.Options {
	all := map[string]compile.Options{}
	for _, w := range workers {
		with := func(name string, noReuse bool, off ...string) {
			o := compile.Options{Workers: w, NoReuse: noReuse, Off: map[string]bool{"fast": true}, Verify: true}
			for _, part := range off {
				o.Off[part] = true
			}
			all[fmt.Sprintf("%s, %d workers", name, w)] = o
		}
		with("exact", false)
		with("exact, no reuse", true)
		with("no schedule", false, "schedule")
		with("no fusion", false, "fuse")
		with("no fusion nor reuse", true, "fuse")
		with("no simplification", false, "simplify")
		with("no pairs", false, "pair")
		with("nothing", true, "unalias", "simplify", "pair", "fuse", "schedule")
		if w == 1 {
			for _, r := range rewrite.Rules {
				with("without "+r.Name, false, r.Name)
			}
		}
	}
	return all
}

// drawn gives values to the inputs of a unit.
func drawn(u rewrite.Unit, seed uint64) (values []exec.Value) {
	rng := rand.New(rand.NewPCG(seed, 3))
	for _, n := range u.Inputs {
		v := exec.NewValue(n.Type())
		for i := range v.Buf.Len {
			switch x := rng.NormFloat64(); n.DType() {
			case graph.Int64:
				v.Set(i, float64(rng.Int64N(9)-4))
			case graph.Bool:
				v.Set(i, max(x, 0))
			default:
				v.Set(i, x)
			}
		}
		values = append(values, v)
	}
	return values
}

// runOn runs a program on copies of the feeds and returns the outputs.
func runOn(t testing.TB, p *exec.Program, u rewrite.Unit, feeds []exec.Value) []exec.Value {
	dst, in := buffers(u, feeds)
	require.NoError(t, p.Run(context.Background(), dst, in))
	return dst
}

// buffers copies the feeds and makes places for the outputs, those that overwrite an input in the copies.
func buffers(u rewrite.Unit, feeds []exec.Value) (dst, in []exec.Value) {
	for _, v := range feeds {
		in = append(in, v.Clone())
	}
	for i, n := range u.Outputs {
		if u.Donated != nil && u.Donated[i] >= 0 {
			dst = append(dst, in[u.Donated[i]])
		} else {
			dst = append(dst, exec.NewValue(n.Type()))
		}
	}
	return dst, in
}

// Whatever is fused, simplified exactly, reused or shared among workers, the bits are the reference executor's: at
// sizes below a tile, at its edge, over several, and over several workers' shares.
func TestFusedIsReference(t *testing.T) {
	sizes := []int{1, 3, 511, 512, 513, 1023, 1024, 1025, 5000, 70000}
	if testing.Short() {
		sizes = []int{1, 513, 1025, 5000}
	}
	for _, c := range fusible {
		for _, n := range sizes {
			t.Run(fmt.Sprintf("%s/n=%d", c.name, n), func(t *testing.T) {
				u := c.build(graph.New(), n)
				feeds := drawn(u, uint64(n))
				want := evaluateFeeds(t, u, feeds)
				for name, opts := range settings(1, 2, 3, 8) {
					p, err := compile.Compile(u, opts)
					require.NoError(t, err)
					p.Spoil(0xff)
					for i, got := range runOn(t, p, u, feeds) {
						require.NoError(t, optest.Differ(got, want[i]), "%s: output %d", name, i)
					}
				}
			})
		}
	}
}

// So are they where tiles ask for the memory of the next one, and columns are added up row by row.
func TestFusedIsReferenceWhereLarge(t *testing.T) {
	for _, c := range []struct {
		name  string
		build func(g *graph.Graph) rewrite.Unit
		alone int // reductions that are in no group
	}{
		{"chain, f32", func(g *graph.Graph) rewrite.Unit { return chain(g, graph.Float32, 1<<20+7) }, 0},
		{"chain, f64", func(g *graph.Graph) rewrite.Unit { return chain(g, graph.Float64, 1<<20+7) }, 0},
		{"columns", func(g *graph.Graph) rewrite.Unit {
			return sums(g, graph.Float64, []int{0})(2001, 150)
		}, 0},
		{"rows and columns", func(g *graph.Graph) rewrite.Unit {
			return sums(g, graph.Float32, []int{1}, []int{0})(4100, 130)
		}, 0},
		{"columns and all", func(g *graph.Graph) rewrite.Unit {
			return sums(g, graph.Float32, []int{0}, []int{0, 1})(500, 1500)
		}, 0},
		{"middles, leading axes and rows", func(g *graph.Graph) rewrite.Unit {
			return sums(g, graph.Float32, []int{1}, []int{0}, []int{0, 1}, []int{2})(3, 999, 300)
		}, 0},
		{"middles and long rows", func(g *graph.Graph) rewrite.Unit {
			return sums(g, graph.Int64, []int{1}, []int{1, 2}, []int{2})(5, 333, 200)
		}, 1},
	} {
		u := c.build(graph.New())
		feeds := drawn(u, 4)
		want := evaluateFeeds(t, u, feeds)
		_, plan := compile.PlanOf(u, compile.Options{})
		require.Len(t, plan.Steps, 1+c.alone, c.name)
		for _, workers := range []int{1, 2, 3, 8} {
			p, err := compile.Compile(u, compile.Options{Workers: workers, Off: map[string]bool{"fast": true}})
			require.NoError(t, err)
			p.Spoil(0xff)
			for i, got := range runOn(t, p, u, feeds) {
				require.NoError(t, optest.Differ(got, want[i]), "%s: output %d, %d workers", c.name, i, workers)
			}
		}
	}
}

// With fast rules on, the bits do not depend on the number of workers either.
func TestWorkersAgree(t *testing.T) {
	for _, c := range fusible {
		u := c.build(graph.New(), 70001)
		feeds := drawn(u, 5)
		var want []exec.Value
		for _, workers := range []int{1, 2, 3, 8} {
			p, err := compile.Compile(u, compile.Options{Workers: workers})
			require.NoError(t, err)
			got := runOn(t, p, u, feeds)
			if want == nil {
				want = got
			}
			for i := range got {
				require.NoError(t, optest.Differ(got[i], want[i]), "%s: output %d, %d workers", c.name, i, workers)
			}
		}
	}
}

func evaluateFeeds(t testing.TB, u rewrite.Unit, feeds []exec.Value) []exec.Value {
	fed := map[*graph.Node]exec.Value{}
	for i, n := range u.Inputs {
		fed[n] = feeds[i]
	}
	values, err := exec.Reference(u.Outputs, fed)
	require.NoError(t, err)
	return values
}
