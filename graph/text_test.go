package graph_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"chainrule/graph"
	"chainrule/ops"
)

func TestText(t *testing.T) {
	g := graph.New()
	x := g.Input("x", graph.Float32, 2, 3)
	ops.Exp(x) // not printed: the output does not depend on it
	y := graph.Named("loss", ops.Sum(ops.Mul(g.Alias(x), 2)))
	const want = `%0 = input "x" : f32[2,3]
%1 = alias(%0) [serial=1] : f32[2,3]
%2 = const 2 : f32
%3 = mul(%1, %2) : f32[2,3]
%4 = sum(%3) [axes=(0,1)] "loss" : f32
return %4, %0
`
	if got := graph.Text(y, x); got != want {
		t.Errorf("have\n%swant\n%s", got, want)
	}
}

// roundTrip checks that the outputs print, parse and print alike, and returns the parsed ones.
func roundTrip(t *testing.T, outputs ...*graph.Node) []*graph.Node {
	t.Helper()
	text := graph.Text(outputs...)
	_, parsed := mustParse(t, text)
	if again := graph.Text(parsed...); again != text || len(parsed) != len(outputs) {
		t.Fatalf("parsed\n%sand printed\n%s", text, again)
	}
	return parsed
}

func TestConstantsRoundTrip(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	floats := []float64{0, negativeZero, 1, -1.5, 0.1, 1e21, 1e-7, inf, -inf, nan,
		math.MaxFloat64, math.SmallestNonzeroFloat64, math.Pi}
	single := make([]float32, len(floats))
	for i, v := range floats {
		single[i] = float32(v)
	}
	single[10], single[11] = math.MaxFloat32, math.SmallestNonzeroFloat32
	whole := []int64{0, -1, math.MaxInt64, math.MinInt64, 1<<53 + 1}
	g := graph.New()
	nodes := []*graph.Node{
		graph.Const(g, floats, len(floats)), graph.Const(g, floats[:12], 3, 1, 4), graph.Const(g, floats[:0], 0, 3),
		graph.Const(g, single, len(single)), graph.Const(g, single[:0], 2, 0),
		graph.Const(g, whole, len(whole)), graph.Const(g, whole[:0], 0),
		graph.Const(g, []bool{true, false, true}, 3), graph.Const(g, []bool{}, 0),
		g.Scalar(graph.Bool, 1), g.Scalar(graph.Bool, 0),
	}
	for i, v := range floats {
		nodes = append(nodes, g.Scalar(graph.Float64, v), graph.Const(g, single[i:i+1]))
	}
	for _, v := range whole {
		nodes = append(nodes, graph.Const(g, []int64{v}))
	}
	for i, c := range roundTrip(t, nodes...) {
		// The same content on the old graph is the old node: nothing was lost on the way.
		if back := g.Copy(c); back != nodes[i] {
			t.Errorf("%s came back as %s", graph.Text(nodes[i]), graph.Text(back))
		}
	}
}

var strangeNames = []string{
	"w", "layers.0.weight", "two words", `a "quoted" one`, `"`, ` "`, `" : f32`, "tab\tand\nline", "\r", `back\slash`,
	"ελλ", "# no comment", "return", "%1 = sin(%0)", " : f32[2]", "\xff\x00", "[axes=(0)]", ")", " ", "a&lt;b", "\u2028",
}

func TestNamesRoundTrip(t *testing.T) {
	for _, name := range strangeNames {
		g := graph.New()
		x := g.Input(name, graph.Float32, 2)
		c := graph.Named(name, graph.Const(g, []float32{1, 2}, 2))
		y := graph.Named(name, ops.Sum(graph.Named(name, ops.Add(x, c))))
		for _, n := range graph.Topo(roundTrip(t, y)...) {
			if n.Name() != name {
				t.Errorf("%q came back as %q", name, n.Name())
			}
		}
	}
}

func TestNoOutputsRoundTrip(t *testing.T) { roundTrip(t) }

// Parse understands more than Text prints.
func TestParseIsLenient(t *testing.T) {
	_, outputs := mustParse(t, `
# a comment
   %x = input : f64[2,3]

%two = const {2} : f64
	%2 = mul( %x,%two ) : f64[2,3]
%again = mul(%x, %two) "product" : f64[2,3]
%9 = sum(%again) [Axes=(+0,01)] : f64
return   %9 ,%2
`)
	const want = `%0 = input : f64[2,3]
%1 = const 2 : f64
%2 = mul(%0, %1) "product" : f64[2,3]
%3 = sum(%2) [axes=(0,1)] : f64
return %3, %2
`
	if got := graph.Text(outputs...); got != want {
		t.Errorf("have\n%swant\n%s", got, want)
	}
	if g := outputs[0].Graph(); ops.Sum(outputs[1]) != outputs[0] || g.Len() != 4 {
		t.Errorf("axes (+0,01) made another node than axes (0,1), of %d", g.Len())
	}
}

func TestParseErrors(t *testing.T) {
	const x = "%0 = input \"x\" : f32[2,3]\n"
	for _, c := range []struct {
		text string
		line int
		want string
	}{
		{"", 1, "no return line"},
		{x + "\n", 3, "no return line"},
		{x + "return %0\n%1 = sin(%0) : f32[2,3]", 3, "after the return line"},
		{"return %0", 1, `"%0" is not defined`},
		{x + "return %0,", 2, `"" is not defined`},
		{x + "return%0", 2, "want %id = op(…)"},
		{"x = input : f32", 1, "want %id = op(…)"},
		{"%0 input : f32", 1, "want %id = op(…)"},
		{x + x + "return %0", 2, "%0 is defined twice"},
		{"%0 = input", 1, "no type in"},
		{"%0 = input : f16", 1, `unknown element type "f16"`},
		{"%0 = input : f32[2", 1, "lacks its ]"},
		{"%0 = input : f32[2,-1]", 1, `bad dimension "-1"`},
		{"%0 = input : f32[]", 1, `bad dimension ""`},
		{"%0 = input : f32[2.5]", 1, `bad dimension "2.5"`},
		{"%0 = input : f32[1073741824,1073741824,16]", 1, "too large"},
		{"%0 = input : f32[0,1073741824,1073741824,16]", 1, "too large"},
		{"%0 = input(%1) : f32", 1, `"(%1)" after input`},
		{"%0 = input [index=2] : f32", 1, "after input"},
		{"%0 = input x\" : f32", 1, "stray quote"},
		{"%0 = input \"x\" \"y\" : f32", 1, `"\"x\"" after input`},
		{"%0 = input \"\\q\" : f32", 1, "stray quote"},
		{"%0 = frobnicate(%1) : f32", 1, `unknown op "frobnicate"`},
		{"%0 = const : f32", 1, "invalid syntax"},
		{"%0 = const 1e40 : f32", 1, "out of range"},
		{"%0 = const 1.5 : i64", 1, "invalid syntax"},
		{"%0 = const 9223372036854775808 : i64", 1, "out of range"},
		{"%0 = const maybe : bool", 1, "invalid syntax"},
		{"%0 = const {1, 2} : f32[3]", 1, "2 elements do not fill f32[3]"},
		{"%0 = const {1, 2 : f32[2]", 1, "unterminated constant"},
		{"%0 = const {} : f32", 1, "0 elements do not fill f32"},
		{"%0 = const 1 : f32[0]", 1, "1 elements do not fill f32[0]"},
		{x + "%1 = sin(%0 : f32[2,3]", 2, "unterminated input list"},
		{x + "%1 = sin(%2) : f32[2,3]", 2, `"%2" is not defined`},
		{x + "%1 = sin() : f32[2,3]", 2, "0 inputs given, 1 wanted"},
		{x + "%1 = sin(%0) : f32[3,2]", 2, "sin is f32[2,3], not f32[3,2]"},
		{x + "%1 = sin(%0) : f64[2,3]", 2, "sin is f32[2,3], not f64[2,3]"},
		{x + "%1 = sin(%0) [axes=(0)] : f32[2,3]", 2, "where the op has none"},
		{x + "%1 = sin(%0) axes : f32[2,3]", 2, "where the op has none"},
		{x + "%1 = sum(%0) [axes=(0) : f32[3]", 2, "unbalanced attributes"},
		{x + "%1 = sum(%0) [axes=(0] : f32[3]", 2, "unterminated list"},
		{x + "%1 = sum(%0) [axes] : f32[3]", 2, "lacks its ="},
		{x + "%1 = sum(%0) [axles=(0)] : f32[3]", 2, `unknown attribute "axles"`},
		{x + "%1 = sum(%0) [axes=(a)] : f32[3]", 2, "attribute axes: "},
		{x + "%1 = sum(%0) [axes=()] : f32[3]", 2, "attribute axes: "},
		{x + "%1 = sum(%0) [axes=(0,2)] : f32[3]", 2, "are no neighbours"},
		{x + "%1 = sum(%0) : f32[3]", 2, "no axis to fold"},
		{x + "%1 = cast(%0) [to=f16] : f32[2,3]", 2, `unknown element type "f16"`},
		{x + "%1 = leaky_relu(%0) [alpha=NaN] : f32[2,3]", 2, "hold a NaN"},
		{x + "%1 = matmul(%0, %0) [transb=perhaps] : f32[2,2]", 2, "attribute transb: "},
		{x + "%1 = matmul(%0, %0) : f32[2,2]", 2, "inner dimensions 3 and 2 differ: x f32[2,3] · x f32[2,3]"},
	} {
		g, outputs, err := graph.Parse(c.text)
		var e *graph.ParseError
		if !errors.As(err, &e) || g != nil || outputs != nil {
			t.Errorf("%s\nparsed, with error %v, want a ParseError that says %s", c.text, err, c.want)
			continue
		}
		if e.Line != c.line || !strings.Contains(e.Error(), c.want) {
			t.Errorf("%s\n%v, want line %d: … %s", c.text, e, c.line, c.want)
		}
	}
	_, _, err := graph.Parse(x + "%1 = matmul(%0, %0) : f32[2,2]")
	var e *graph.Error
	if !errors.As(err, &e) || e.Op != "matmul" {
		t.Errorf("the reason of %q cannot be had as a *graph.Error", err)
	}
}
