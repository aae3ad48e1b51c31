package graph_test

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"gonum.org/v1/gonum/graph/formats/dot"
	"gonum.org/v1/gonum/graph/formats/dot/ast"

	"chainrule/graph"
	"chainrule/ops"
)

// drawn returns the picture of the outputs after checking that it is DOT, with one statement for each node and edge.
func drawn(t *testing.T, outputs ...*graph.Node) string {
	t.Helper()
	var b strings.Builder
	if err := graph.WriteDOT(&b, outputs...); err != nil {
		t.Fatal(err)
	}
	file, err := dot.ParseString(b.String())
	if err != nil {
		t.Fatalf("no DOT: %v\n%s", err, b.String())
	}
	nodes, edges := 0, 0
	for _, s := range file.Graphs[0].Stmts {
		switch s.(type) {
		case *ast.NodeStmt:
			nodes++
		case *ast.EdgeStmt:
			edges++
		}
	}
	wantNodes, wantEdges := 0, 0
	for _, n := range graph.Topo(outputs...) {
		wantNodes++
		wantEdges += len(n.In())
	}
	if nodes != wantNodes || edges != wantEdges {
		t.Errorf("%d nodes and %d edges drawn, want %d and %d:\n%s", nodes, edges, wantNodes, wantEdges, b.String())
	}
	return b.String()
}

func TestDOT(t *testing.T) {
	g := graph.New()
	x := g.Input("x", graph.Float32, 2, 3)
	y := graph.Named("loss", ops.Sum(ops.Mul(x, 2), 0))
	const want = `digraph chainrule {
	rankdir=BT;
	node [fontname="Helvetica", fontsize=11];
	edge [fontname="Helvetica", fontsize=9];
	n0 [label="x\nf32[2,3]", shape=box, style=filled, fillcolor="#dbe9f6"];
	n1 [label="2", shape=plaintext];
	n2 [label="mul", shape=ellipse];
	n0 -> n2 [label="f32[2,3]", headlabel="0"];
	n1 -> n2 [label="f32", headlabel="1"];
	n3 [label="loss\nsum [axes=(0)]", shape=invtrapezium, style=filled, fillcolor="#fde9d0", peripheries=2];
	n2 -> n3 [label="f32[2,3]"];
}
`
	if got := drawn(t, y); got != want {
		t.Errorf("have\n%swant\n%s", got, want)
	}
}

func TestDOTOfEveryCase(t *testing.T) {
	eachCase(t, func(t *testing.T, n *graph.Node) { drawn(t, n) })
}

func TestDOTLabels(t *testing.T) {
	for _, name := range strangeNames {
		g := graph.New()
		drawn(t, graph.Named(name, ops.Add(g.Input(name, graph.Float32), g.Scalar(graph.Float32, 1))))
	}
	g := graph.New()
	for _, c := range []struct {
		node *graph.Node
		want string
	}{
		{g.Input(`a "b" \N`, graph.Bool), `"a \"b\" \\N\nbool"`},
		{g.Input("a\nb & &lt;", graph.Bool), `"a\nb &amp; &amp;lt;\nbool"`},
		{g.Input("\xff\x00\r", graph.Bool), `"??\nbool"`},
		{g.Scalar(graph.Float64, -1.7976931348623157e308), `"-1.7976931348623157e+308"`},
		{graph.Const(g, []int64{1, 2, 3}, 3), `"{1, 2, 3}"`},
		{graph.Const(g, make([]float64, 1000), 10, 100), `"{0, 0, 0, 0, 0, 0, 0 …}"`},
	} {
		if text := drawn(t, c.node); !strings.Contains(text, "[label="+c.want+", ") {
			t.Errorf("no label %s in\n%s", c.want, text)
		}
	}
}

func TestDOTOfNothing(t *testing.T) { drawn(t) }

// Where Graphviz is installed it has to accept the pictures too.
func TestDOTForGraphviz(t *testing.T) {
	program, err := exec.LookPath("dot")
	if errors.Is(err, exec.ErrNotFound) {
		t.Log("no Graphviz here: the pictures were checked by gonum's parser alone")
		return
	}
	g := graph.New()
	var outputs []*graph.Node
	for _, name := range strangeNames {
		outputs = append(outputs, ops.Sin(g.Input(name, graph.Float32, 2)))
	}
	command := exec.Command(program, "-Tsvg", "-o", os.DevNull)
	command.Stdin = strings.NewReader(drawn(t, outputs...))
	if out, err := command.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("dot: %v\n%s", err, out)
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

var errFull = errors.New("disk full")

func TestDOTPassesWriteErrorsOn(t *testing.T) {
	x := graph.New().Input("x", graph.Float32)
	if err := graph.WriteDOT(fullDisk{}, x); !errors.Is(err, errFull) {
		t.Errorf("the error is %v, want %v", err, errFull)
	}
}
