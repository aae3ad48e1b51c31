package ops_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/graph"
	"chainrule/ops"
)

var update = flag.Bool("update", false, "rewrite docs/ops.md")

const tableFile = "../docs/ops.md"

const tableHead = `# Operators

Made from the registry and the doc comments of package ops: ` + "`go generate ./ops`" + ` writes this page anew, and a test fails
when it is stale.

Shapes are those of one of the op's cases. The kind of a derivative is its family in ops/family.go: *partials* of an elementwise
function, *linear*, *bilinear* or *multilinear* with transposes, *explicit* for one written out, *none* with the reason.
`

// TestTable holds docs/ops.md against the registry.
func TestTable(t *testing.T) {
	var page strings.Builder
	page.WriteString(tableHead)
	page.WriteString("\n## Ops\n\n| name | what it computes | shapes | element types | derivative |\n| --- | --- | --- | --- | --- |\n")
	known := map[string]bool{}
	for _, op := range graph.Ops() {
		known[strings.ReplaceAll(op.Name, "_", "")] = true
		cells := []string{"`" + op.Name + "`", op.Doc, shapesOf(op), strings.Join(elementTypes(op), " "), kindOf(op.Derivative)}
		for i, c := range cells {
			cells[i] = strings.ReplaceAll(c, "|", `\|`)
		}
		fmt.Fprintf(&page, "| %s |\n", strings.Join(cells, " | "))
	}
	page.WriteString("\n## Functions made of ops\n\n| function | what it computes |\n| --- | --- |\n")
	for _, f := range constructors(t) {
		if !known[strings.ToLower(f.Name.Name)] {
			text := new(doc.Package).Synopsis(f.Doc.Text())
			fmt.Fprintf(&page, "| `%s` | %s |\n", f.Name.Name, strings.ReplaceAll(text, "|", `\|`))
		}
	}
	if *update {
		require.NoError(t, os.WriteFile(tableFile, []byte(page.String()), 0o644))
	}
	have, err := os.ReadFile(tableFile)
	require.NoError(t, err)
	if string(have) != page.String() {
		t.Error("docs/ops.md is stale: run `go generate ./ops` and commit what it writes")
	}
}

// nodeOf builds the node of a case with element type d where the case leaves it open, nil if the op refuses it.
func nodeOf(op *graph.Op, c graph.Case, d graph.DType) (n *graph.Node) {
	g := graph.New()
	in := make([]*graph.Node, len(c.In))
	for i, a := range c.In {
		to := a.DType
		if to == (graph.DType{}) {
			to = d
		}
		in[i] = g.Input("", to, a.Shape...)
	}
	if err := graph.Try(func() { n = c.Apply(op, in...) }); err != nil {
		return nil
	}
	return n
}

// shapesOf are the shapes of a case: of the first that is not empty.
func shapesOf(op *graph.Op) string {
	for _, c := range op.Cases {
		n := nodeOf(op, c, graph.Float64)
		if n == nil || n.Op() != op || n.Type().Size() == 0 {
			continue
		}
		var in []string
		for _, a := range c.In {
			in = append(in, shapeText(a.Shape))
		}
		return strings.Join(in, " ") + " → " + shapeText(n.Shape())
	}
	return ""
}

func shapeText(shape []int) string { return strings.ReplaceAll(fmt.Sprint(shape), " ", ",") }

// elementTypes are those that the op accepts in one of its cases: where a case leaves the type open, all are tried.
func elementTypes(op *graph.Op) (names []string) {
	for _, d := range []graph.DType{graph.Float32, graph.Float64, graph.Int64, graph.Bool} {
		if slices.ContainsFunc(op.Cases, func(c graph.Case) bool { return takes(op, c, d) }) {
			names = append(names, d.String())
		}
	}
	return names
}

func takes(op *graph.Op, c graph.Case, d graph.DType) bool {
	if len(c.In) == 0 {
		return false
	}
	open := slices.ContainsFunc(c.In, func(a graph.Arg) bool { return a.DType == (graph.DType{}) })
	if !open && c.In[0].DType != d {
		return false
	}
	return nodeOf(op, c, d) != nil
}

func kindOf(d graph.Derivative) string {
	switch d := d.(type) {
	case nil:
		return "leaf"
	case ops.NonDiff:
		return "none: " + string(d)
	case ops.Scalar:
		return "partials"
	case ops.Linear, ops.LinearEach:
		return "linear"
	case ops.Bilinear:
		return "bilinear"
	case ops.Multilinear:
		return "multilinear"
	case ops.Explicit:
		return "explicit"
	}
	return "rule of its own"
}

// constructors are the exported functions of this package that give nodes, by name.
func constructors(t *testing.T) (list []*ast.FuncDecl) {
	names, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		require.NoError(t, err)
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.IsExported() && makesNodes(f) {
				list = append(list, f)
			}
		}
	}
	slices.SortFunc(list, func(a, b *ast.FuncDecl) int { return strings.Compare(a.Name.Name, b.Name.Name) })
	return list
}
