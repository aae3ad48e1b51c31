package dump_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"chainrule/graph"
	"chainrule/internal/compile"
	"chainrule/internal/dump"
	"chainrule/internal/exec"
	"chainrule/internal/optest"
	"chainrule/internal/rewrite"
	"chainrule/ops"
)

func TestDumpsAreComplete(t *testing.T) {
	count := uint64(150)
	if testing.Short() {
		count = 30
	}
	profiled := 0
	for seed := range count {
		r := optest.LargeRandomGraph(seed)
		u := rewrite.Unit{Inputs: r.Inputs, Outputs: r.Outputs()}
		u.Donated = r.Donate(u.Outputs)
		var feeds []exec.Value
		if seed%10 == 0 { // profiles take their time
			p, err := compile.Compile(u, compile.Options{})
			require.NoError(t, err)
			if _, err := p.Profile(context.Background(), r.Feeds); err == nil { // else indices are out of range
				feeds = r.Feeds
				profiled++
			}
		}
		page, w := pageOf(t, u, compile.Options{}, feeds)
		w.check(t, page)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	require.Positive(t, profiled)
}

// The stays of values are held to a model that knows the owner of every byte.
func TestStaysAgainstModel(t *testing.T) {
	values := 0
	for seed := range uint64(150) {
		r := optest.LargeRandomGraph(seed)
		u := rewrite.Unit{Inputs: r.Inputs, Outputs: r.Outputs()}
		u.Donated = r.Donate(u.Outputs)
		plan, err := compile.Plan(u, compile.Options{})
		require.NoError(t, err)
		want := staysByByte(plan)
		got, most := dump.Stays(plan.Steps)
		require.Equal(t, want, got, "seed %d", seed)
		assert.LessOrEqual(t, most, plan.Arena)
		values += len(got)
	}
	require.Positive(t, values)
}

func staysByByte(plan exec.Plan) (stays []dump.Stay) {
	owner := make([]int, plan.Arena)
	for i := range owner {
		owner[i] = -1
	}
	for i, s := range plan.Steps {
		read := func(slot exec.Slot, bytes int) {
			for at := slot.Offset; slot.Space == exec.Arena && at < slot.Offset+bytes; at++ {
				stays[owner[at]].Last = i
			}
		}
		inside := map[*graph.Node]bool{}
		for _, m := range s.Members {
			inside[m.Node] = true
		}
		members := s.Members
		if s.Node != nil {
			members = []exec.Member{{Node: s.Node, In: s.In, Out: s.Out, Kept: true}}
		}
		for _, m := range members {
			for j, x := range m.Node.In() {
				if !inside[x] {
					read(m.In[j], x.Type().Bytes())
				}
			}
		}
		write := func(slot exec.Slot, bytes int) {
			if slot.Space != exec.Arena || bytes == 0 {
				return
			}
			for at := slot.Offset; at < slot.Offset+bytes; at++ {
				owner[at] = len(stays)
			}
			stays = append(stays, dump.Stay{Offset: slot.Offset, Bytes: bytes, Born: i, Last: i})
		}
		if s.Node == nil && s.Members == nil {
			read(s.In[0], s.Bytes)
			write(s.Out, s.Bytes)
		}
		for _, m := range members {
			if m.Kept {
				write(m.Out, m.Node.Type().Bytes())
			}
		}
	}
	return stays
}

func TestRecordFollowsNodes(t *testing.T) {
	g := graph.New()
	x := g.Input("x", graph.Float64, 8)
	plain, aliased := ops.Sin(x), ops.Sin(g.Alias(x))
	y := ops.Neg(ops.Neg(ops.Add(plain, ops.Mul(aliased, 1))))
	heard := map[string]int{}
	opts := compile.Options{Fired: func(rule string) { heard[rule]++ }}
	page, w := pageOf(t, rewrite.Unit{Inputs: []*graph.Node{x}, Outputs: []*graph.Node{y}}, opts, nil)
	stages := page.Record.Stages
	require.Equal(t, "input", stages[0].Name)
	position := func(k int, n *graph.Node) int {
		for i, m := range stages[k].Nodes {
			if m == n {
				return i
			}
		}
		return -1
	}
	to := func(k int, n *graph.Node) []int { return stages[k].Became[position(k, n)] }
	assert.Equal(t, to(0, plain), to(0, aliased), "unalias has made one node of two")
	assert.Equal(t, to(0, x), to(0, aliased.In()[0]))

	simplify := -1
	for k, s := range stages {
		if s.Name == "simplify" {
			simplify = k
		}
		if s.Name != "simplify" {
			assert.Empty(t, s.Fired)
		}
		for _, born := range s.Born {
			assert.False(t, born, "nothing new is in %s", s.Name)
		}
	}
	require.Positive(t, simplify)
	assert.Equal(t, heard, stages[simplify].Fired)
	assert.NotEmpty(t, heard)
	for rule, n := range heard {
		assert.True(t, strings.Contains(w.source, fmt.Sprintf("%s × %d", rule, n)), rule)
	}
	gone := 0
	for _, became := range stages[simplify-1].Became {
		if len(became) == 0 {
			gone++
		}
	}
	assert.Positive(t, gone, "the 1 and a neg have no successor")
	assert.Equal(t, gone, strings.Count(w.source, `class="n gone"`))

	_, w = pageOf(t, rewrite.Unit{Inputs: []*graph.Node{x}, Outputs: []*graph.Node{y}},
		compile.Options{Off: map[string]bool{"simplify": true}}, nil)
	assert.True(t, strings.Contains(w.source, "left out: simplify"))
}

// A record that was used before starts anew, and none changes nothing.
func TestRecordIsOfOneCompilation(t *testing.T) {
	g := graph.New()
	x := g.Input("x", graph.Float32, 3)
	u := rewrite.Unit{Inputs: []*graph.Node{x}, Outputs: []*graph.Node{ops.Tanh(ops.Sin(x))}}
	var r compile.Record
	for range 2 {
		_, err := compile.Compile(u, compile.Options{Record: &r})
		require.NoError(t, err)
		require.Len(t, r.Stages, 1+len(compile.Pipeline))
	}
}

// Whatever a user calls things, the page shows it as text.
func TestDumpsEscape(t *testing.T) {
	for _, name := range []string{
		`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `a&b;`, `]]>`, `'`, "\x00\x1b\xff\ufffe", "∂C/∂W",
		strings.Repeat("<i>", 500),
	} {
		g := graph.New()
		x := g.Input(name, graph.Float32, 2)
		y := graph.Named(name, ops.MatMul(ops.ExpandDims(ops.Sin(x), 0), ops.ExpandDims(x, 1)))
		u := rewrite.Unit{Inputs: []*graph.Node{x}, Outputs: []*graph.Node{y, x}}
		p, err := compile.Compile(u, compile.Options{})
		require.NoError(t, err)
		page := dump.Page{Title: name, Record: &compile.Record{Off: []string{name}}, Plan: p.Plan()}
		_, err = compile.Compile(u, compile.Options{Record: page.Record})
		require.NoError(t, err)
		page.Record.Off = []string{name}
		var b bytes.Buffer
		require.NoError(t, page.Write(&b))
		w := read(t, b.String())
		w.check(t, page)
		assert.False(t, strings.Contains(w.source, "<img"))
		assert.False(t, strings.Contains(w.source, "<i>"))
	}
	g := graph.New()
	x := g.Input("∂C/∂W", graph.Float32, 2)
	_, w := pageOf(t, rewrite.Unit{Inputs: []*graph.Node{x}, Outputs: []*graph.Node{ops.Sin(x)}}, compile.Options{}, nil)
	assert.Contains(t, w.text["p0n0"], "∂C/∂W")
}

// A long constant is shown in part, and the page stays small.
func TestDumpsCutConstants(t *testing.T) {
	g := graph.New()
	x := g.Input("x", graph.Float64, 10000)
	numbers := make([]float64, 10000)
	for i := range numbers {
		numbers[i] = 1 / float64(i+3)
	}
	u := rewrite.Unit{Inputs: []*graph.Node{x}, Outputs: []*graph.Node{ops.Mul(x, graph.Const(g, numbers, 10000))}}
	_, w := pageOf(t, u, compile.Options{}, nil)
	assert.Less(t, len(w.source), 100_000)
	assert.Contains(t, w.text["p0n1"], " …")
}

func TestDumpsCount(t *testing.T) {
	g := graph.New()
	a, b, c := g.Input("a", graph.Float32, 7, 3), g.Input("b", graph.Float32, 5, 3), g.Input("c", graph.Float32, 7, 5)
	batch := g.Input("batch", graph.Float64, 4, 2, 3)
	of := func(n *graph.Node) exec.Step { return exec.Step{Node: n, In: make([]exec.Slot, len(n.In()))} }
	assert.Equal(t, 2.*7*5*3, dump.Flops(of(ops.Product(a, b, false, true))))
	assert.Equal(t, 2.*7*5*3, dump.Flops(of(ops.MatMulAdd(c, a, b, false, true))))
	assert.Equal(t, 2.*4*2*2*3, dump.Flops(of(ops.Product(batch, batch, false, true))))
	assert.Zero(t, dump.Flops(of(ops.Sin(a))))

	assert.Equal(t, 4*(7*3+5*3+7*5), dump.Traffic(of(ops.Product(a, b, false, true))))
	assert.Equal(t, 4*2*7*3, dump.Traffic(of(ops.Add(a, a))), "an operand counts once")
	assert.Equal(t, 4*2*6, dump.Traffic(of(ops.Slice(a, ops.Range{Stop: 2}))), "a view reads what it writes")
	assert.Equal(t, 24, dump.Traffic(exec.Step{In: make([]exec.Slot, 1), Bytes: 12}))

	group := exec.Step{Members: []exec.Member{
		{Node: ops.Sin(a), In: make([]exec.Slot, 1)},
		{Node: ops.Neg(ops.Sin(a)), In: make([]exec.Slot, 1), Kept: true},
	}}
	assert.Equal(t, 4*2*7*3, dump.Traffic(group), "what stays in tiles is not counted")
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestDumpReportsWriteErrors(t *testing.T) {
	g := graph.New()
	x := g.Input("x", graph.Float32)
	page, _ := pageOf(t, rewrite.Unit{Inputs: []*graph.Node{x}, Outputs: []*graph.Node{ops.Sin(x)}}, compile.Options{}, nil)
	require.ErrorContains(t, page.Write(broken{}), "disk full")
}
