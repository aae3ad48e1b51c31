package graph_test

import (
	"math"
	"testing"

	"chainrule/graph"
	"chainrule/ops"
)

var negativeZero = math.Copysign(0, -1)

// otherNaN is a NaN with bits of its own.
var otherNaN = math.Float64frombits(math.Float64bits(math.NaN()) ^ 5)

// mustVerify fails the test if an invariant of g is broken.
func mustVerify(t testing.TB, g *graph.Graph) {
	t.Helper()
	if err := g.Verify(); err != nil {
		t.Error(err)
	}
}

// mustParse parses text that has to be right.
func mustParse(t testing.TB, text string) (*graph.Graph, []*graph.Node) {
	t.Helper()
	g, outputs, err := graph.Parse(text)
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	mustVerify(t, g)
	return g, outputs
}

func TestInterning(t *testing.T) {
	g := graph.New()
	x, y := g.Input("x", graph.Float64, 2, 3), g.Input("y", graph.Float64, 2, 3)
	f32 := func(v float64) *graph.Node { return g.Scalar(graph.Float32, v) }
	f64 := func(v float64) *graph.Node { return g.Scalar(graph.Float64, v) }
	row := func(v ...float64) *graph.Node { return graph.Const(g, v, len(v)) }
	for _, c := range []struct {
		name string
		a, b *graph.Node
		same bool
	}{
		{"op and input", ops.Sin(x), ops.Sin(x), true},
		{"other op", ops.Sin(x), ops.Cos(x), false},
		{"other input", ops.Sin(x), ops.Sin(y), false},
		{"expression", ops.Add(ops.Sin(x), 1), ops.Add(ops.Sin(x), 1), true},
		{"order of inputs", ops.Add(x, y), ops.Add(y, x), false},
		{"number of inputs", ops.Concat([]*graph.Node{x, x}, 0), ops.Concat([]*graph.Node{x, x, x}, 0), false},
		{"many inputs", ops.Concat([]*graph.Node{x, y, x, y}, 0), ops.Concat([]*graph.Node{x, y, x, y}, 0), true},
		{"many inputs, the last differs", ops.Concat([]*graph.Node{x, y, x, y}, 0), ops.Concat([]*graph.Node{x, y, x, x}, 0), false},
		{"attributes", ops.Sum(x, 1), ops.Sum(x, -1), true},
		{"other attributes", ops.Sum(x, 1), ops.Sum(x, 0), false},
		{"float attributes", ops.LeakyReLU(x, 0.1), ops.LeakyReLU(x, 0.1), true},
		{"other float attributes", ops.LeakyReLU(x, 0.1), ops.LeakyReLU(x, 0.2), false},
		{"inputs are never shared", g.Input("z", graph.Float32), g.Input("z", graph.Float32), false},
		{"scalar", f64(1.5), f64(1.5), true},
		{"other scalar", f64(1.5), f64(2.5), false},
		{"scalar of another type", f64(1), f32(1), false},
		{"scalar rounded to f32", f32(0.1), f32(float64(float32(0.1))), true},
		{"signed zero", f64(0), f64(negativeZero), false},
		{"signed zero, f32", f32(0), f32(negativeZero), false},
		{"NaN", f64(math.NaN()), f64(math.NaN()), true},
		{"NaN of other bits", f64(math.NaN()), f64(otherNaN), true},
		{"NaN, f32", f32(math.NaN()), f32(-math.NaN()), true},
		{"scalar by Const", f64(3), graph.Const(g, []float64{3}), true},
		{"NaN by Const", f64(math.NaN()), graph.Const(g, []float64{otherNaN}), true},
		{"scalar and vector of one", f64(3), row(3), false},
		{"tensor", row(1, 2), row(1, 2), true},
		{"other tensor", row(1, 2), row(1, 3), false},
		{"tensor of another shape", row(1, 2), graph.Const(g, []float64{1, 2}, 2, 1), false},
		{"tensor of another type", row(0), graph.Const(g, []int64{0}, 1), false},
		{"signed zero in a tensor", row(0), row(negativeZero), false},
		{"NaN in a tensor", row(1, math.NaN()), row(1, otherNaN), true},
		{"NaN in a tensor, f32", graph.Const(g, []float32{float32(math.NaN())}, 1),
			graph.Const(g, []float32{math.Float32frombits(0xffc00001)}, 1), true},
		{"empty tensors", row(), row(), true},
		{"empty tensors of other shapes", row(), graph.Const(g, []float64(nil), 0, 2), false},
		{"truth", g.Scalar(graph.Bool, 1), g.Scalar(graph.Bool, 7), true},
		{"alias", g.Alias(x), g.Alias(x), false},
		{"alias and its node", x, g.Alias(x), false},
	} {
		if same := c.a == c.b; same != c.same {
			t.Errorf("%s: %v and %v: the same node is %v, want %v", c.name, c.a, c.b, same, c.same)
		}
	}
	mustVerify(t, g)
}

// A constant keeps what it was made from, whatever becomes of the slices.
func TestConstIsCopied(t *testing.T) {
	g := graph.New()
	data, shape := []float32{1, 2, float32(math.NaN())}, []int{3, 1}
	c := graph.Const(g, data, shape...)
	x := g.Input("x", graph.Float32, shape...)
	data[0], shape[0] = 9, 9
	b, ok := c.Constant()
	if !ok || graph.Elements[float32](b)[0] != 1 || b.Len != 3 || c.Shape()[0] != 3 || x.Shape()[0] != 3 {
		t.Errorf("const %v and input %v follow the slices that they were made from", graph.Text(c), x)
	}
	if data[1] != 2 || data[2] == data[2] {
		t.Errorf("Const changed the caller's data to %v", data)
	}
}

func TestIDs(t *testing.T) {
	g := graph.New()
	x := g.Input("x", graph.Float64, 4)
	for i := range 1000 { // several sizes of the table and the slabs
		ops.Add(ops.Sin(ops.Add(x, float64(i))), ops.Mul(x, x))
	}
	id := 0
	for n := range g.Nodes() {
		if n.ID() != id || g.Node(id) != n || n.Graph() != g {
			t.Fatalf("node %d of the graph has ID %d", id, n.ID())
		}
		for _, in := range n.In() {
			if in.ID() >= id {
				t.Fatalf("node %d uses the later node %d", id, in.ID())
			}
		}
		id++
	}
	if want := 2 + 4*1000; id != want || g.Len() != want {
		t.Errorf("%d nodes, Len is %d, want %d", id, g.Len(), want)
	}
	before := g.Len()
	for i := range 1000 {
		ops.Add(ops.Sin(ops.Add(x, float64(i))), ops.Mul(x, x))
	}
	if g.Len() != before {
		t.Errorf("%d new nodes from expressions that exist", g.Len()-before)
	}
	mustVerify(t, g)
}

func TestCopy(t *testing.T) {
	from := graph.New()
	x := from.Input("x", graph.Float64, 2)
	c := graph.Const(from, []float64{1, math.NaN()}, 2)
	y := graph.Named("y", ops.Add(ops.Mul(from.Alias(x), c), ops.Sum(x, 0)))

	to := graph.New()
	to.Input("w", graph.Float32) // IDs are other than those of the original
	copies := map[*graph.Node]*graph.Node{}
	copyOf := func(n *graph.Node) *graph.Node {
		in := make([]*graph.Node, len(n.In()))
		for i, x := range n.In() {
			in[i] = copies[x]
		}
		return to.Copy(n, in...)
	}
	for _, n := range graph.Topo(y) {
		copies[n] = copyOf(n)
	}
	if got, want := graph.Text(copies[y]), graph.Text(y); got != want {
		t.Errorf("the copy is\n%swant\n%s", got, want)
	}
	for n, c := range copies {
		if c.Graph() != to || c.Source() != n.Source() || c.Name() != n.Name() {
			t.Errorf("%v at %s was copied to %v at %s", n, n.Source(), c, c.Source())
		}
		if !n.IsInput() && copyOf(n) != c {
			t.Errorf("a second copy of %v is another node", n)
		}
	}
	mustVerify(t, to)
	if err := graph.Try(func() { to.Copy(ops.Sin(x), x) }); err == nil {
		t.Error("Copy took an input of another graph")
	}
}

// An alias is distinct also from those that Copy or Parse brought along.
func TestAliasAfterCopy(t *testing.T) {
	from := graph.New()
	a := from.Alias(from.Alias(from.Input("x", graph.Float64)))
	to := graph.New()
	x := to.Input("x", graph.Float64)
	seen := map[*graph.Node]bool{to.Copy(a, x): true, to.Copy(a.In()[0], x): true}
	parsed, outputs := mustParse(t, graph.Text(a))
	for range 3 {
		if n := to.Alias(x); seen[n] || !n.IsAlias() {
			t.Errorf("%v is not a new alias", n)
		} else {
			seen[n] = true
		}
	}
	if n := parsed.Alias(parsed.Inputs()[0]); n == outputs[0].In()[0] {
		t.Error("a new alias is the parsed one")
	}
}

func TestNamed(t *testing.T) {
	g := graph.New()
	x := g.Input("", graph.Float32, 2)
	y := ops.Sin(x)
	for _, c := range []struct {
		got, want string
	}{
		{x.String(), "input#0 f32[2]"},
		{y.String(), "sin#1 f32[2]"},
		{g.Scalar(graph.Float32, 0.5).String(), "0.5 f32"},
		{graph.Named("y", y).String(), "y f32[2]"},
		{graph.Named("z", y).Name(), "z"},
		{ops.Sin(x).Name(), "z"},
		{graph.Named("", y).Name(), ""},
		{g.Input("x", graph.Bool).String(), "x bool"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

func TestWith(t *testing.T) {
	g := graph.New()
	x := g.Input("x", graph.Float64)
	y := ops.Sin(x)
	var dy, c *graph.Node
	err := graph.Try(func() {
		g.With(y, func() {
			dy = ops.Cos(x)
			ops.MatMul(dy, x)
		})
	})
	c = ops.Exp(x)
	if dy.Source() != y.Source() || c.Source() == y.Source() {
		t.Errorf("sources are %s, %s and %s; the second must be the first's, the third not",
			y.Source(), dy.Source(), c.Source())
	}
	if e := err.(*graph.Error); e.Source != y.Source() {
		t.Errorf("error %q, want the line %s", e, y.Source())
	}
}
