package optest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"

	"chainrule/graph"
)

// exported returns the doc comments of the exported functions and methods of the packages in the given folders, by
// name.
func exported(folders ...string) (map[string]string, error) {
	docs := map[string]string{}
	for _, dir := range folders {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil || len(files) == 0 {
			return nil, fmt.Errorf("no Go files in %s: %v", dir, err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			source, err := os.ReadFile(name)
			if err != nil {
				return nil, err
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, source, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				return nil, err
			}
			for _, d := range file.Decls {
				if f, ok := d.(*ast.FuncDecl); ok && f.Name.IsExported() {
					docs[f.Name.Name] = f.Doc.Text()
				}
			}
		}
	}
	return docs, nil
}

// makers are the functions that make the ops that are not called after one.
var makers = map[string]string{
	"param": "Capture", "loop": "Scan", "loop_grad": "Grad", "custom": "CustomVJP", "go": "GoFunc",
	"converged": "Root", "arrived": "ODE", "finite": "RequireFinite",
	"attention_grad": "Attention",
}

// lintConstructor checks that the op's one string leads to a documented constructor: leaky_relu to LeakyReLU.
func lintConstructor(op *graph.Op, docs map[string]string) error {
	want := strings.ReplaceAll(op.Name, "_", "")
	if maker := makers[op.Name]; maker != "" {
		want = maker
	}
	for name, doc := range docs {
		if !strings.EqualFold(name, want) {
			continue
		}
		if !strings.HasPrefix(doc, name+" ") {
			return fmt.Errorf("the doc comment of %s does not start with its name", name)
		}
		return nil
	}
	return fmt.Errorf("no exported function is called %s", op.Name)
}
