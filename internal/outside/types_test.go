package outside

import (
	"bufio"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// checker type-checks snippets that use this module.
type checker struct {
	files    *token.FileSet
	importer types.Importer
}

func newChecker(t *testing.T) checker {
	t.Helper()
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	noteSources(t, root)
	list := stranger{t: t, dir: root}.goOutput(
		[]string{"list", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}", "./autodiff", "./nn"}, "")
	exports := map[string]string{}
	for lines := bufio.NewScanner(strings.NewReader(list)); lines.Scan(); {
		path, file, _ := strings.Cut(lines.Text(), " ")
		exports[path] = file
	}
	c := checker{files: token.NewFileSet()}
	c.importer = importer.ForCompiler(c.files, "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(exports[path])
	})
	return c
}

// check is the first error of the type checker about the body of a function.
func (c checker) check(t *testing.T, body string) error {
	t.Helper()
	source := fmt.Sprintf(`package snippet

import (
	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

var _ = autodiff.Compile

func snippet(g *graph.Graph, x *graph.Node) {
	%s
}

var _ = ops.Add[*graph.Node, *graph.Node]
`, body)
	file, err := parser.ParseFile(c.files, "snippet.go", source, 0)
	require.NoError(t, err)
	_, err = (&types.Config{Importer: c.importer}).Check("snippet", c.files, []*ast.File{file}, nil)
	return err
}

// TestNoNumberIsADType: a number in the place of an element type does not compile. It was one once, and
// ops.Ones(g, 3, 2) a vector of two integers.
func TestNoNumberIsADType(t *testing.T) {
	c := newChecker(t)
	for _, call := range []string{"ops.Ones(g, %s, 2)", "ops.Zeros(g, %s, 3)", "ops.Cast(x, %s)", `g.Input("x", %s, 2)`,
		"g.Scalar(%s, 1)", "graph.T(%s, 2)", "graph.Type{DType: %s}"} {
		require.NoError(t, c.check(t, "_ = "+fmt.Sprintf(call, "graph.Float32")), call)
		for _, number := range []string{"3", "3.0", "'3'", "0"} {
			err := c.check(t, "_ = "+fmt.Sprintf(call, number))
			require.ErrorContains(t, err, `as "chainrule/graph".DType value in`, "%s of %s", call, number)
		}
	}
}
