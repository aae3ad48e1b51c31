package compile_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/graph"
	"chainrule/internal/compile"
	"chainrule/internal/exec"
	"chainrule/internal/rewrite"
	"chainrule/ops"
)

// unfused leaves every node as it is, a step of its own.
var unfused = compile.Options{Verify: true, Off: map[string]bool{"fuse": true, "simplify": true}}

// run compiles a unit, checks its plan, and runs it on 0.5, 1.5, 2.5, … for every input; integers count from 0. What
// the program computes must be what the reference executor does.
func run(t *testing.T, u rewrite.Unit, opts compile.Options) exec.Plan {
	t.Helper()
	for name, opts := range variants() {
		require.NoError(t, validate(compile.PlanOf(u, opts)), "%s\n%s", name, graph.Text(u.Outputs...))
	}
	p, err := compile.Compile(u, opts)
	require.NoError(t, err)
	feeds := map[*graph.Node]exec.Value{}
	var in []exec.Value
	at := 0.5
	for _, n := range u.Inputs {
		v := exec.NewValue(n.Type())
		for i := range v.Buf.Len {
			if v.Set(i, at); n.DType() == graph.Int64 {
				v.Set(i, float64(i))
			}
			at++
		}
		feeds[n] = v.Clone()
		in = append(in, v)
	}
	want, err := exec.Reference(u.Outputs, feeds)
	require.NoError(t, err)
	var got []exec.Value
	for i, n := range u.Outputs {
		if u.Donated != nil && u.Donated[i] >= 0 {
			got = append(got, in[u.Donated[i]])
		} else {
			got = append(got, exec.NewValue(n.Type()))
		}
	}
	p.Spoil(0xff)
	require.NoError(t, p.Run(context.Background(), got, in))
	for i := range got {
		require.True(t, equalBits(got[i], want[i]), "output %d is %v, want %v\ndonated %v of\n%s",
			i, got[i].Dense(), want[i].Dense(), u.Donated, graph.Text(u.Outputs...))
	}
	return *p.Plan()
}

// copiesIn counts the steps that only copy, and commits those that write to donated inputs.
func copiesIn(plan exec.Plan) (copies, commits int) {
	for i, s := range plan.Steps {
		if s.Node == nil && s.Members == nil {
			copies++
		}
		if i >= plan.Commit {
			commits++
		}
	}
	return copies, commits
}

// inPlace reports whether a step's result lies over one of its operands.
func inPlace(s exec.Step) bool {
	for _, in := range s.In {
		if in.Space == s.Out.Space && in.Index == s.Out.Index && in.Offset == s.Out.Offset && in.Len > 0 {
			return true
		}
	}
	return false
}

// other is a constant beside x.
func other(x *graph.Node, shape ...int) *graph.Node {
	data := make([]float64, graph.Size(shape))
	for i := range data {
		data[i] = float64(i)
	}
	return graph.Const(x.Graph(), data, shape...)
}

// Each case computes last from a value that nothing else needs, large enough for a wrong overlap to be seen.
func TestInPlace(t *testing.T) {
	pair := &graph.Op{
		Name: "pair", Arity: 2, Class: graph.Opaque, InPlace: true,
		Infer: func(in []*graph.Node, _ any) (graph.Type, error) { return in[0].Type(), nil },
		Kernel: func(*graph.Node) graph.Kernel {
			return func(_ *graph.Work, out graph.Buffer, in []graph.Buffer) error { // reversed second operand
				x, y, dst := graph.Elements[float64](in[0]), graph.Elements[float64](in[1]), graph.Elements[float64](out)
				for i := range dst {
					dst[i] = x[i] - y[len(y)-1-i]
				}
				return nil
			}
		},
	}
	for _, c := range []struct {
		name string
		last func(x *graph.Node) *graph.Node // x is f64[20,20]
		want bool
	}{
		{"map", func(x *graph.Node) *graph.Node { return ops.Sin(x) }, true},
		{"map over the same operand twice", func(x *graph.Node) *graph.Node { return ops.Mul(x, x) }, true},
		{"map beside a scalar", func(x *graph.Node) *graph.Node { return ops.Sub(1, x) }, true},
		{"map beside another shape of it", func(x *graph.Node) *graph.Node {
			return ops.Add(x, ops.Reshape(ops.Reshape(x, 400), 20, 20))
		}, true},
		{"map beside a part of it", func(x *graph.Node) *graph.Node { return ops.Mul(x, ops.Slice(x, ops.At(1))) }, false},
		{"map beside its transpose", func(x *graph.Node) *graph.Node { return ops.Add(x, ops.Transpose(x)) }, true},
		{"map of a part", func(x *graph.Node) *graph.Node { return ops.Sin(ops.Slice(x, ops.Range{Start: 3, Stop: 9})) }, false},
		{"map to a larger result", func(x *graph.Node) *graph.Node {
			return ops.Add(ops.Reshape(x, 1, 20, 20), other(x, 2, 20, 20))
		}, false},
		{"map to smaller elements", func(x *graph.Node) *graph.Node { return ops.Cast(x, graph.Float32) }, false},
		{"map to equal elements", func(x *graph.Node) *graph.Node { return ops.Cast(x, graph.Int64) }, true},
		{"reduction", func(x *graph.Node) *graph.Node { return ops.Sum(x, 0) }, false},
		{"softmax, which is marked", func(x *graph.Node) *graph.Node { return ops.Softmax(x, 1) }, true},
		{"product", func(x *graph.Node) *graph.Node { return ops.MatMul(x, x) }, false},
		{"marked, of two", func(x *graph.Node) *graph.Node { return x.Graph().Apply(pair, nil, x, other(x, 20, 20)) }, true},
		{"marked, of the same twice", func(x *graph.Node) *graph.Node { return x.Graph().Apply(pair, nil, x, x) }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := graph.New()
			in := g.Input("in", graph.Float64, 20, 20)
			last := c.last(ops.Sin(in))
			// A copy of the result is the output, so that the result itself lies in the arena.
			u := rewrite.Unit{Inputs: []*graph.Node{in}, Outputs: []*graph.Node{ops.Concat([]*graph.Node{last, last}, 0)}}
			plan := run(t, u, unfused)
			var step *exec.Step
			for i := range plan.Steps {
				if n := plan.Steps[i].Node; n.Op() == last.Op() && n.Type().Equal(last.Type()) {
					step = &plan.Steps[i] // the last of them
				}
			}
			require.NotNil(t, step)
			require.Equal(t, c.want, inPlace(*step), "%v", *step)
		})
	}
}

// Programs whose outputs are what a caller may ask for twice, or has fed.
func TestOutputsThatNeedCopies(t *testing.T) {
	g := graph.New()
	x, y := g.Input("x", graph.Float64, 2, 3), g.Input("y", graph.Float32, 4)
	s := ops.Sin(x)
	u := rewrite.Unit{
		Inputs: []*graph.Node{x, y},
		Outputs: []*graph.Node{
			s, s, ops.Reshape(s, 6), ops.Slice(s, ops.At(1)), x, ops.Reshape(x, 3, 2), ops.Slice(x, ops.At(-1)),
			ops.Transpose(x), g.Scalar(graph.Float64, 7), graph.Const(g, []int64{1, 2}, 2), ops.Cos(s), y, y,
		},
	}
	plan := run(t, u, unfused)
	copies, commits := copiesIn(plan)
	require.Equal(t, 10, copies, "all but sin, the transpose and cos")
	require.Zero(t, commits)
}

// A hundred links of a chain need the memory of two: one is overwritten, or none if nothing may be.
func TestChainsShareMemory(t *testing.T) {
	g := graph.New()
	x := g.Input("x", graph.Float64, 100)
	maps, sums := x, ops.Reshape(x, 10, 10)
	for range 100 {
		maps, sums = ops.Sin(maps), ops.MatMul(sums, sums)
	}
	plan := run(t, rewrite.Unit{Inputs: []*graph.Node{x}, Outputs: []*graph.Node{ops.Sum(maps)}}, unfused)
	require.Equal(t, 832, plan.Arena, "100 elements of 8 bytes, rounded up to 64")
	plan = run(t, rewrite.Unit{Inputs: []*graph.Node{x}, Outputs: []*graph.Node{ops.Sum(sums)}}, unfused)
	require.Equal(t, 2*832, plan.Arena)
}

func TestUnitsThatCannotBe(t *testing.T) {
	g, h := graph.New(), graph.New()
	x, y, z := g.Input("x", graph.Float64, 2), g.Input("y", graph.Float64, 2), g.Input("z", graph.Float32, 2)
	s, foreign := ops.Sin(x), h.Input("foreign", graph.Float64, 2)
	list := func(n ...*graph.Node) []*graph.Node { return n }
	for _, c := range []struct {
		u    rewrite.Unit
		opts compile.Options
		want string
	}{
		{rewrite.Unit{Inputs: list(x)}, compile.Options{}, "compile: no outputs"},
		{rewrite.Unit{Inputs: list(x), Outputs: list(s, nil)}, compile.Options{}, "compile: output 1 is nil"},
		{rewrite.Unit{Inputs: list(nil), Outputs: list(s)}, compile.Options{}, "compile: input 0 is nil"},
		{rewrite.Unit{Inputs: list(s), Outputs: list(s)}, compile.Options{}, "compile: input 0, sin#3 f64[2], is not an input of the graph"},
		{rewrite.Unit{Inputs: list(x, x), Outputs: list(s)}, compile.Options{}, "compile: input 1, x f64[2], is listed twice"},
		{rewrite.Unit{Inputs: list(y), Outputs: list(s)}, compile.Options{}, "compile: the outputs depend on input x f64[2], which is not listed"},
		{rewrite.Unit{Inputs: list(x, foreign), Outputs: list(s)}, compile.Options{},
			"compile: input 1, foreign f64[2], lies on another graph than the outputs"},
		{rewrite.Unit{Inputs: list(x), Outputs: list(s, foreign)}, compile.Options{},
			"compile: output 1, foreign f64[2], lies on another graph than output 0"},
		{rewrite.Unit{Inputs: list(x), Outputs: list(s), Donated: []int{0, 1}}, compile.Options{}, "compile: donations for 2 outputs of 1"},
		{rewrite.Unit{Inputs: list(x), Outputs: list(s), Donated: []int{1}}, compile.Options{}, "compile: output 0 overwrites input 1 of 1"},
		{rewrite.Unit{Inputs: list(x, z), Outputs: list(s), Donated: []int{1}}, compile.Options{},
			"compile: output 0, sin#3 f64[2], cannot overwrite input 1, z f32[2]: the types differ"},
		{rewrite.Unit{Inputs: list(x), Outputs: list(s, x), Donated: []int{0, 0}}, compile.Options{},
			"compile: outputs 0 and 1 both overwrite input 0, x f64[2]"},
		{rewrite.Unit{Inputs: list(x), Outputs: list(s)}, compile.Options{Off: map[string]bool{"sing": true}},
			`compile: there is no pass called "sing"`},
	} {
		_, err := compile.Compile(c.u, c.opts)
		require.EqualError(t, err, c.want)
	}
}
