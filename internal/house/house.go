// Package house checks the rules of this module that the compiler does not know.
//
//   - floor: a package or a group of packages with one line in law.txt.
//   - arrow: an import of one package of this module by another.
//   - law: the table of arrows that are allowed, law.txt; everything else is a violation.
//   - hand-written: a file without the standard "Code generated … DO NOT EDIT." header.
//   - map: the part of a package comment that says what each file holds.
//
// Besides the arrows, it fails on hand-written files of more than MaxLines lines, on packages of more than MaxFiles of them, on packages
// without a package comment, and on maps that miss a file. Test files count for length only. Folders named testdata or vendor,
// those that open with a dot or an underscore, and nested modules are left out, as by the go command.
package house

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/build"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// MaxLines is the greatest length of a hand-written file.
const MaxLines = 500

// MaxFiles is the greatest number of hand-written files of a package, tests aside.
const MaxFiles = 25

// catalogues are the packages, and the folders of packages, that may have any number of files: lists of like things.
var catalogues = []string{"ops", "internal/kernel/", "benchmarks/"}

func isCatalogue(dir string) bool {
	return slices.ContainsFunc(catalogues, func(c string) bool {
		return dir == c || strings.HasSuffix(c, "/") && strings.HasPrefix(dir, c)
	})
}

// moduleLine finds the module path in a go.mod file.
var moduleLine = regexp.MustCompile(`(?m)^module[ \t]+"?([^\s"]+)`)

// Check reads the module whose root is the root of tree and returns one message for each violation,
// in the order of the walk. The error is about the tree itself: no go.mod, a file that cannot be read.
func Check(tree fs.FS, law *Law) (violations []string, err error) {
	mod, err := fs.ReadFile(tree, "go.mod")
	if err != nil {
		return nil, err
	}
	found := moduleLine.FindSubmatch(mod)
	if found == nil {
		return nil, fmt.Errorf("go.mod: no module line")
	}
	h := &checker{tree: tree, law: law, module: string(found[1])}
	err = fs.WalkDir(tree, ".", func(dir string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if dir != "." && h.leftOut(dir) {
			return fs.SkipDir
		}
		return h.checkDir(dir)
	})
	return h.violations, err
}

type checker struct {
	tree       fs.FS
	law        *Law
	module     string
	violations []string
}

func (h *checker) fail(format string, args ...any) {
	h.violations = append(h.violations, fmt.Sprintf(format, args...))
}

func (h *checker) leftOut(dir string) bool {
	base := path.Base(dir)
	if base == "testdata" || base == "vendor" || base[0] == '.' || base[0] == '_' {
		return true
	}
	_, err := fs.Stat(h.tree, path.Join(dir, "go.mod"))
	return err == nil
}

// checkDir checks the files of one folder, then what must hold for them together.
func (h *checker) checkDir(dir string) error {
	entries, err := fs.ReadDir(h.tree, dir)
	if err != nil {
		return err
	}
	named := h.law.Names(dir)
	var code, codeDocs, tests, testDocs, written int
	var comment string
	var files []string
	for _, e := range entries {
		if e.IsDir() || path.Ext(e.Name()) != ".go" {
			continue
		}
		name := path.Join(dir, e.Name())
		src, err := fs.ReadFile(h.tree, name)
		if err != nil {
			return err
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, name, src, parser.ImportsOnly|parser.ParseComments)
		if err != nil {
			h.fail("%v", err)
			continue
		}
		h.checkLength(name, src, file)
		doc := 0
		if strings.TrimSpace(file.Doc.Text()) != "" {
			doc = 1
		}
		switch {
		case neverBuilt(file):
		case strings.HasSuffix(name, "_test.go"):
			tests++
			testDocs += doc
		default:
			code++
			codeDocs += doc
			comment += file.Doc.Text()
			files = append(files, e.Name())
			if !ast.IsGenerated(file) {
				written++
			}
			if named {
				h.checkImports(dir, fset, file)
			}
		}
	}
	if code+tests == 0 {
		return nil
	}
	if codeDocs == 0 && (code > 0 || testDocs == 0) {
		h.fail("%s: no file has a package comment: say what the package is, and its vocabulary", dir)
	}
	h.checkMap(dir, comment, files)
	if written > MaxFiles && !isCatalogue(dir) {
		h.fail("%s: %d files; a package has at most %d that are hand-written: give an idea a package of its own", dir, written, MaxFiles)
	}
	if !named {
		h.fail("%s: %s has no line for this package: add one", dir, h.law.name)
	}
	return nil
}

func (h *checker) checkLength(name string, src []byte, file *ast.File) {
	lines := bytes.Count(src, []byte("\n"))
	if len(src) > 0 && src[len(src)-1] != '\n' {
		lines++
	}
	if lines > MaxLines && !ast.IsGenerated(file) {
		h.fail("%s: %d lines; a hand-written file has at most %d: split it by what its parts do", name, lines, MaxLines)
	}
}

// checkImports holds the arrows of one file against the law, whatever platform or tag the file is for.
func (h *checker) checkImports(dir string, fset *token.FileSet, file *ast.File) {
	for _, spec := range file.Imports {
		at := fset.Position(spec.Pos())
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil || build.IsLocalImport(p) {
			h.fail("%s:%d: import path %s is not absolute", at.Filename, at.Line, spec.Path.Value)
			continue
		}
		imported, ours := h.ours(p)
		if !ours {
			continue
		}
		if why := h.law.Forbids(dir, imported); why != "" {
			h.fail("%s:%d: %s imports %s; %s", at.Filename, at.Line, dir, imported, why)
		}
	}
}

// ours cuts the module path off an import path.
func (h *checker) ours(importPath string) (rel string, ok bool) {
	if importPath == h.module {
		return ".", true
	}
	return strings.CutPrefix(importPath, h.module+"/")
}

// neverBuilt holds for files with the constraint "ignore": by custom, programs to be run by name,
// part of no package.
func neverBuilt(file *ast.File) bool {
	for _, group := range file.Comments {
		for _, c := range group.List {
			if c.Pos() > file.Package || !constraint.IsGoBuild(c.Text) {
				continue
			}
			expr, err := constraint.Parse(c.Text)
			if tag, ok := expr.(*constraint.TagExpr); err == nil && ok && tag.Tag == "ignore" {
				return true
			}
		}
	}
	return false
}
