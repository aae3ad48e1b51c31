package house

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// NamedOps returns one message for each place where a file decides by the name of an op: where a string literal that is one
// is compared with something called Name, is a case of a switch on that, is looked up, or is a key of a map. Tests and the
// files that mayName allows are left out. Words in messages, which may be names of ops too, are none of these.
func NamedOps(tree fs.FS, isOp func(name string) bool, mayName func(file string) bool) (found []string, err error) {
	h := &checker{tree: tree}
	err = fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && h.leftOut(name):
			return fs.SkipDir
		case d.IsDir() || path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") || mayName(name):
			return nil
		}
		src, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, name, src, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			for _, e := range decides(n) {
				lit, ok := e.(*ast.BasicLit)
				if !ok || lit.Kind != token.STRING {
					continue
				}
				if op, _ := strconv.Unquote(lit.Value); isOp(op) {
					found = append(found, fmt.Sprintf("%s decides by the name of the op %s", fset.Position(lit.Pos()), op))
				}
			}
			return true
		})
		return nil
	})
	return found, err
}

// decides lists the expressions that something is decided by, if n is such a place.
func decides(n ast.Node) (by []ast.Expr) {
	switch n := n.(type) {
	case *ast.BinaryExpr:
		if n.Op == token.EQL || n.Op == token.NEQ {
			if isName(n.X) {
				by = append(by, n.Y)
			} else if isName(n.Y) {
				by = append(by, n.X)
			}
		}
	case *ast.SwitchStmt:
		if n.Tag != nil && isName(n.Tag) {
			for _, c := range n.Body.List {
				by = append(by, c.(*ast.CaseClause).List...)
			}
		}
	case *ast.CallExpr:
		f := n.Fun
		if s, ok := f.(*ast.SelectorExpr); ok {
			f = s.Sel
		}
		if f, ok := f.(*ast.Ident); ok && (f.Name == "Lookup" || f.Name == "is") {
			by = n.Args
		}
	case *ast.CompositeLit:
		if _, isMap := n.Type.(*ast.MapType); isMap {
			for _, e := range n.Elts {
				if pair, ok := e.(*ast.KeyValueExpr); ok {
					by = append(by, pair.Key)
				}
			}
		}
	}
	return by
}

// isName reports whether e is something's field or method Name.
func isName(e ast.Expr) bool {
	if call, ok := e.(*ast.CallExpr); ok {
		e = call.Fun
	}
	s, ok := e.(*ast.SelectorExpr)
	return ok && s.Sel.Name == "Name"
}
