package graph

import (
	"errors"
	"math"
	"strings"
	"testing"
)

type pairAttrs struct{ Scale float64 }

// pairOp is an op that no registry knows, of two inputs of one type.
var pairOp = &Op{
	Name: "pair", Arity: 2, Class: Map, Attrs: pairAttrs{},
	Infer: func(in []*Node, _ any) (Type, error) {
		if !in[0].typ.Equal(*in[1].typ) {
			return Type{}, errors.New("the types differ")
		}
		return *in[0].typ, nil
	},
}

// reshape and retype give a node a type of its own, since it shares the one it has.
func reshape(n *Node, shape ...int) { n.typ = &Type{n.typ.DType, shape} }
func retype(n *Node, d DType)       { n.typ = &Type{d, n.typ.Shape} }

func TestVerifyFindsWhatIsBroken(t *testing.T) {
	other := New()
	stranger := other.Input("stranger", Float32, 2)
	for _, c := range []struct {
		name string
		// harm breaks a graph of the inputs 0 and 1, the constants 2 (2 as f32) and 3 ({1, 2}), the pair 4 of 0 and 1,
		// the alias 5 of 4 and the pair 6 of 5 and 4.
		harm func(g *Graph)
		want string
	}{
		{"nothing", func(*Graph) {}, ""},
		{"an ID", func(g *Graph) { g.nodes[4].id = 5 }, "node 4 (pair): it has ID 5"},
		{"two nodes in each other's place", func(g *Graph) { g.nodes[4], g.nodes[5] = g.nodes[5], g.nodes[4] },
			"node 4 (alias): it has ID 5"},
		{"the owner", func(g *Graph) { g.nodes[4].graph = other }, "belongs to another graph"},
		{"an input of another graph", func(g *Graph) { g.nodes[4].In()[0] = stranger }, "an input is not a node before it"},
		{"an input that is nil", func(g *Graph) { g.nodes[4].In()[1] = nil }, "an input is not a node before it"},
		{"an input that comes later", func(g *Graph) { g.nodes[5].In()[0] = g.nodes[6] }, "an input is not a node before it"},
		{"a cycle", func(g *Graph) { g.nodes[5].In()[0] = g.nodes[5] }, "an input is not a node before it"},
		{"a double of an input", func(g *Graph) { n := *g.nodes[0]; g.nodes[4].In()[0] = &n },
			"an input is not a node before it"},
		{"an input too few", func(g *Graph) { g.nodes[4].arity = 1 }, "node 4 (pair): 1 inputs, 2 wanted"},
		{"a leaf with an input", func(g *Graph) { g.nodes[2].in, g.nodes[2].arity = &g.nodes[0], 1 }, "node 2 (const): 1 inputs, 0 wanted"},
		{"a shape", func(g *Graph) { reshape(g.nodes[4], 3) }, "it has type f32[3], not f32[2]"},
		{"an element type", func(g *Graph) { retype(g.nodes[5], Float64) }, "it has type f64[2], not f32[2]"},
		{"what the op infers", func(g *Graph) { reshape(g.nodes[1], 9) }, "node 4 (pair): the types differ"},
		{"a constant's type", func(g *Graph) { reshape(g.nodes[2], 1) }, "it has type f32[1], not f32"},
		{"a tensor's type", func(g *Graph) { reshape(g.nodes[3], 1, 2) }, "it has type f32[1,2], not f32[2]"},
		{"an input's element type", func(g *Graph) { retype(g.nodes[0], DType{9}) }, "unknown element type dtype(9)"},
		{"an input's shape", func(g *Graph) { reshape(g.nodes[0], -2) }, "negative dimension"},
		{"the kind of attributes", func(g *Graph) { g.nodes[4].attrs = aliasAttrs{1} },
			"its attributes are a graph.aliasAttrs, its op's a graph.pairAttrs"},
		{"attributes left out", func(g *Graph) { g.nodes[4].attrs = nil }, "its attributes are a <nil>"},
		{"attributes that the table does not know", func(g *Graph) { g.nodes[4].attrs = pairAttrs{3} }, "it exists twice"},
		{"a pair made twice", func(g *Graph) { g.add(0, pairOp, pairAttrs{}, g.nodes[4].In(), g.nodes[4].typ) },
			"node 7 (pair): it exists twice"},
		{"a constant made twice", func(g *Graph) { g.add(0, constOp, g.nodes[2].attrs, nil, g.nodes[2].typ) },
			"node 7 (const): it exists twice"},
		{"an input not listed", func(g *Graph) { g.inputs = g.inputs[:1] }, "2 inputs, 1 listed"},
		{"an input listed in another's place", func(g *Graph) { g.inputs[0], g.inputs[1] = g.inputs[1], g.inputs[0] },
			"input 0 is out of place"},
		{"another graph's input listed", func(g *Graph) { g.inputs[0] = stranger }, "input 0 is out of place"},
	} {
		g := New()
		x, y := g.Input("x", Float32, 2), g.Input("y", Float32, 2)
		g.Scalar(Float32, 2)
		Const(g, []float32{1, 2}, 2)
		p := g.Apply(pairOp, pairAttrs{}, x, y)
		g.Apply(pairOp, pairAttrs{}, g.Alias(p), p)
		c.harm(g)
		switch err := g.Verify(); {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: the error is %v, want … %s", c.name, err, c.want)
		}
	}
}

// Nodes whose hashes agree are told apart, and found again after the table has grown.
func TestHashCollisions(t *testing.T) {
	g := New()
	for i := range 500 {
		g.add(7, inputOp, inputAttrs{i}, nil, &scalarTypes[Float32.number])
	}
	for i := range 500 {
		if n := g.lookup(7, inputOp, inputAttrs{i}, nil); n == nil || n.ID() != i {
			t.Fatalf("looking for input %d of 500 found %v", i, n)
		}
	}
	if n := g.lookup(7, inputOp, inputAttrs{500}, nil); n != nil {
		t.Errorf("an input that does not exist was found: %v", n)
	}
	row := func(ids ...int) (in []*Node) {
		for _, id := range ids {
			in = append(in, g.nodes[id])
		}
		return in
	}
	n := g.add(9, pairOp, pairAttrs{}, row(0, 1, 2, 3), &scalarTypes[Float32.number])
	for _, in := range [][]*Node{row(0, 1, 2, 4), row(0, 1, 2), row(0, 1, 2, 3, 3), row(1, 0, 2, 3), row(4, 1, 2, 3)} {
		if g.lookup(9, pairOp, pairAttrs{}, in) != nil {
			t.Errorf("inputs %v were taken for %v", in, n.In())
		}
	}
	if g.lookup(9, pairOp, pairAttrs{}, row(0, 1, 2, 3)) != n {
		t.Errorf("inputs %v were not found", n.In())
	}
}

// Nodes of one newest input, more than its line holds, are found again, in a table that was large from the start as well.
func TestCrowdedLine(t *testing.T) {
	for _, room := range []int{0, 1, 100, 5000} {
		g := New()
		g.Grow(room)
		var nodes []*Node
		for range 500 {
			nodes = append(nodes, g.Input("", Float32))
		}
		newest := nodes[499]
		for _, x := range nodes {
			nodes = append(nodes, g.Apply(pairOp, pairAttrs{}, x, newest), g.Apply(pairOp, pairAttrs{}, newest, x))
		}
		before := g.Len()
		for i, x := range nodes[:500] {
			a, b := g.Apply(pairOp, pairAttrs{}, x, newest), g.Apply(pairOp, pairAttrs{}, newest, x)
			if a != nodes[500+2*i] || b != nodes[501+2*i] {
				t.Fatalf("room for %d: pairs of %v and %v came back as others", room, x, newest)
			}
		}
		if err := g.Verify(); err != nil || g.Len() != before {
			t.Errorf("room for %d: %d nodes became %d, %v", room, before, g.Len(), err)
		}
	}
}

// Every attribute struct can be printed, parsed and compared: its fields are exported and of the kinds that
// Op.Attrs promises.
func TestAttrsPrintAndParse(t *testing.T) {
	type all struct {
		List Ints
		Text string
		N    int
		Yes  bool
		X    float64
		To   DType
	}
	for _, attrs := range []all{
		{},
		{List: MakeInts(0), Text: "x", N: -1, Yes: true, X: 0.1, To: Bool},
		{List: MakeInts(1, -2, 3), Text: `a "b" c) ] (= `, X: -1e300},
		{Text: " ", N: math.MaxInt / 8, To: Float32},
	} {
		text := formatAttrs(attrs)
		inner := strings.TrimSuffix(strings.TrimPrefix(text, "["), "]")
		if got, err := parseAttrs(New(), all{}, inner); err != nil || got != any(attrs) {
			t.Errorf("%s came back as %+v, %v", text, got, err)
		}
	}
	for _, s := range []string{"", "x", " ", `"`, ` "x`, `x) [a="b "]`} {
		line := "op(%1) " + formatAttrs(all{Text: s})
		rest, name, err := cutName(line + ` "name "`)
		if err != nil || strings.TrimSpace(rest) != strings.TrimSpace(line) || name != "name " {
			t.Errorf("the name after %s is %q after %q, %v", line, name, rest, err)
		}
	}
}

func TestInts(t *testing.T) {
	for _, list := range [][]int{nil, {0}, {-1, 2}, {math.MaxInt, 0, math.MinInt}} {
		got := MakeInts(list...).Slice()
		if len(got) != len(list) || (list == nil) != (got == nil) {
			t.Errorf("%v came back as %v", list, got)
		}
		for i := range got {
			if got[i] != list[i] {
				t.Errorf("%v came back as %v", list, got)
			}
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("Slice read what MakeInts does not write")
		}
	}()
	Ints("1,x").Slice()
}
