package compile_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
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

// only leaves every rule out but one.
func only(rule string) compile.Options {
	off := map[string]bool{}
	for _, r := range rewrite.Rules {
		if r.Name != rule {
			off[r.Name] = true
		}
	}
	return compile.Options{Off: off}
}

// Each rule, alone, on hundreds of graphs of all shapes and element types: if it is exact, the graph rewritten gives
// the bits of the graph as it was, whatever the values; if it is fast, the same NaNs, and the same numbers but for
// rounding. So it is for gradients: those of the rewritten graph, and those that were rewritten with it.
func TestRulesKeepValues(t *testing.T) {
	count := 300
	if testing.Short() {
		count = 60
	}
	for _, r := range rewrite.Rules {
		t.Run(r.Name, func(t *testing.T) {
			family, ok := drafts[r.Name]
			require.True(t, ok, "the rule has no family of graphs")
			hits := 0
			for seed := range uint64(count) {
				d := &draft{
					rng: rand.New(rand.NewPCG(seed, 7)), g: graph.New(), terms: 1,
					d: family.dtypes[seed%uint64(len(family.dtypes))],
				}
				y := family.build(d)
				p := proof{t: t, seed: seed, rule: r.Name, draft: d, y: y}
				if p.rewrite() {
					hits++
				}
				if r.Exact {
					p.sameBits()
				} else {
					p.sameNumbers()
				}
				p.sameGradients()
				if t.Failed() {
					t.Fatalf("seed %d\n%s\nbecomes\n%s", seed, graph.Text(y), graph.Text(p.after.Outputs...))
				}
			}
			require.GreaterOrEqual(t, 5*hits, count, "it fires on %d of %d graphs", hits, count)
		})
	}
}

// Every family has a rule.
func TestDraftsHaveRules(t *testing.T) {
	require.Len(t, drafts, len(rewrite.Rules))
}

type proof struct {
	*draft
	t     *testing.T
	seed  uint64
	rule  string
	y     *graph.Node
	after rewrite.Unit
}

func (p *proof) rewrite() (fired bool) {
	var names []string
	p.after, names = runPass("simplify", rewrite.Unit{Inputs: p.g.Inputs(), Outputs: []*graph.Node{p.y}}, only(p.rule))
	require.NoError(p.t, p.after.Outputs[0].Graph().Verify())
	return slices.Contains(names, p.rule)
}

// evaluate gives the values of outputs on one graph, whose inputs are fed in order.
func evaluate(t *testing.T, outputs []*graph.Node, feeds []exec.Value) []exec.Value {
	fed := map[*graph.Node]exec.Value{}
	for i, n := range outputs[0].Graph().Inputs() {
		fed[n] = feeds[i]
	}
	values, err := exec.Reference(outputs, fed)
	require.NoError(t, err)
	return values
}

// specials are what goes wrong first.
var specials = []float64{
	math.NaN(), math.Inf(1), math.Inf(-1), 0, math.Copysign(0, -1), 1, -1, 3, math.SmallestNonzeroFloat64,
	-math.SmallestNonzeroFloat32, 0x1p-126, 0x1.8p-1022, 0x1p-140, 1e30, -1e300, math.MaxFloat32, -math.MaxFloat64,
}

func (p *proof) feeds(others []float64) []exec.Value {
	return feedsOf(p.g.Inputs(), rand.New(rand.NewPCG(p.seed, 8)), others)
}

// feedsOf draws values: positive ones near 1 with which nothing cancels or overflows, with some others among them.
func feedsOf(inputs []*graph.Node, rng *rand.Rand, others []float64) (all []exec.Value) {
	for _, n := range inputs {
		v := exec.NewValue(n.Type())
		for i := range v.Buf.Len {
			x := 0.5 + rng.Float64()
			if len(others) > 0 && rng.IntN(3) == 0 {
				x = others[rng.IntN(len(others))]
			}
			switch n.DType() {
			case graph.Int64:
				graph.Elements[int64](v.Buf)[i] = []int64{int64(rng.Uint64()), rng.Int64N(9) - 4, math.MinInt64}[rng.IntN(3)]
			case graph.Bool:
				v.Set(i, float64(rng.IntN(2)))
			default:
				v.Set(i, x)
			}
		}
		all = append(all, v)
	}
	return all
}

func (p *proof) both(others []float64) (want, got exec.Value) {
	feeds := p.feeds(others)
	return evaluate(p.t, []*graph.Node{p.y}, feeds)[0], evaluate(p.t, p.after.Outputs, feeds)[0]
}

func (p *proof) sameBits() {
	for _, others := range [][]float64{nil, specials} {
		want, got := p.both(others)
		if err := optest.Differ(got, want); err != nil {
			p.t.Errorf("exact rule %s: %v", p.rule, err)
		}
	}
}

// sameNumbers allows for what rounding can do to sums of so many terms of size at most 1.5·1.5·4·4, added to one.
func (p *proof) sameNumbers() {
	want, got := p.both(nil)
	n := float64(p.terms)
	if err := far(got, want, 2*(n+8)*(36*n+2)); err != nil {
		p.t.Errorf("fast rule %s: %v", p.rule, err)
	}
	want, got = p.both([]float64{math.NaN()})
	if err := far(got, want, 2*(n+8)*(36*n+2)); err != nil {
		p.t.Errorf("fast rule %s, with NaNs: %v", p.rule, err)
	}
}

// sameGradients compares, for Σ w·y with weights w near 1, the derivatives by every float input. An element of one
// sums no more terms than all inputs and the result have elements.
func (p *proof) sameGradients() {
	if !p.y.DType().IsFloat() || p.y.Op().Derivative == nil || p.y.Type().Size() > 3000 {
		return
	}
	inputs := len(p.g.Inputs())
	before := gradients(p.y, p.g.Inputs())
	if len(before) == 0 {
		return
	}
	after := gradients(p.after.Outputs[0], p.after.Inputs[:inputs])
	together, _ := runPass("simplify", rewrite.Unit{Inputs: p.g.Inputs(), Outputs: before}, only(p.rule))

	feeds := p.feeds(nil)
	n := float64(p.terms + p.y.Type().Size())
	want := evaluate(p.t, before, feeds)
	for name, outputs := range map[string][]*graph.Node{"of the rewritten graph": after, "rewritten": together.Outputs} {
		require.Len(p.t, outputs, len(want))
		for i, got := range evaluate(p.t, outputs, feeds) {
			size := 36 * n
			for j := range want[i].Buf.Len {
				if x := math.Abs(want[i].At(j)); x <= math.MaxFloat64 {
					size = max(size, x)
				}
			}
			if err := far(got, want[i], 4*(n+8)*size); err != nil {
				p.t.Errorf("%s: gradient %d, %s: %v", p.rule, i, name, err)
			}
		}
	}
}

// gradients differentiates Σ w·y, w a further input, by the float inputs that y depends on.
func gradients(y *graph.Node, inputs []*graph.Node) (all []*graph.Node) {
	w := y.Graph().Input("", y.DType(), y.Shape()...)
	loss := ops.Sum(ops.Mul(w, y))
	for _, x := range inputs {
		if x.DType().IsFloat() {
			_ = graph.Try(func() { all = append(all, autodiff.Gradients(loss, x)[0]) })
		}
	}
	return all
}

// far says where got is further from want than so many units of rounding of 1, or a NaN where want is none.
func far(got, want exec.Value, units float64) error {
	eps := 0x1p-53
	switch want.Type.DType {
	case graph.Float32:
		eps = 0x1p-24
	case graph.Int64, graph.Bool:
		return optest.Differ(got, want)
	}
	if !got.Type.Equal(want.Type) {
		return fmt.Errorf("type %v, want %v", got.Type, want.Type)
	}
	for i := range want.Buf.Len {
		x, y := got.At(i), want.At(i)
		if x == y || x != x && y != y {
			continue
		}
		if !(math.Abs(x-y) <= units*eps) {
			return fmt.Errorf("element %d of %v is %v, want %v to within %v", i, want.Type, x, y, units*eps)
		}
	}
	return nil
}
