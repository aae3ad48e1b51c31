package optest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"chainrule/graph"
)

// TestExcusesAreLinted gives a kinked case excuses that say nothing or are not needed.
func TestExcusesAreLinted(t *testing.T) {
	relu := graph.Lookup("relu")
	if found := lintExcuses(relu); len(found) > 0 {
		t.Fatalf("found %v without a fault", found)
	}
	for want, c := range map[string]struct{ kase, check, reason string }{
		"which is no check":              {"zero", "derivative", "a kink"},
		"which every case has to pass":   {"zero", "forward", "a kink"},
		"without a reason":               {"zero", "differences", " "},
		`"differences", which it passes`: {"vector", "differences", "a kink"},
		`"allocations", which it passes`: {"zero", "allocations", "a kink"},
	} {
		op := *relu
		op.Cases = append([]graph.Case(nil), relu.Cases...)
		for i, k := range op.Cases {
			if k.Name == c.kase {
				op.Cases[i].Excuses = map[string]string{c.check: c.reason}
				for name, reason := range k.Excuses {
					if name != c.check {
						op.Cases[i].Excuses[name] = reason
					}
				}
			}
		}
		found := lintExcuses(&op)
		if len(found) != 1 || !strings.Contains(found[0].Error(), want) {
			t.Errorf("%+v: found %v, want %q alone", c, found, want)
		}
	}
}

// TestExcuseIsOfOneCheck has a case that is excused from differences fail in another check.
func TestExcuseIsOfOneCheck(t *testing.T) {
	for _, in := range Instances(graph.Lookup("relu")) {
		if in.Case.Name != "zero" || in.DType != graph.Float64 {
			continue
		}
		wrong := in.with(func(op *graph.Op) { op.Derivative = backward{op.Derivative, new(bool)} })
		if checkForward(wrong) == nil {
			t.Error("a forward form that is negated passes at a kink")
		}
	}
}

// TestEveryCheckIsInTheSweep reads this package's source: a check that nothing runs finds nothing.
func TestEveryCheckIsInTheSweep(t *testing.T) {
	run := map[string]bool{}
	for _, c := range checks {
		name := runtime.FuncForPC(reflect.ValueOf(c.run).Pointer()).Name()
		run[name[strings.LastIndex(name, ".")+1:]] = true
	}
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	written := map[string]bool{}
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), f.Name(), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && isCheck(f) {
				written[f.Name.Name] = true
			}
		}
	}
	for name := range written {
		if !run[name] {
			t.Errorf("the sweep does not run %s", name)
		}
	}
}

// isCheck reports whether a function is called check… and takes an Instance alone.
func isCheck(f *ast.FuncDecl) bool {
	if f.Recv != nil || !strings.HasPrefix(f.Name.Name, "check") || len(f.Type.Params.List) != 1 {
		return false
	}
	of, ok := f.Type.Params.List[0].Type.(*ast.Ident)
	return ok && of.Name == "Instance"
}
