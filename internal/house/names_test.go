package house_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	_ "chainrule/autodiff" // registers the ops that hold functions
	"chainrule/graph"
	"chainrule/internal/house"
	_ "chainrule/ops"
)

func isOp(name string) bool { return graph.Lookup(name) != nil }

// TestNobodyNamesOps: nothing outside of package ops decides by the name of an op, but rewrite rules, and what checks every
// op by its cases.
func TestNobodyNamesOps(t *testing.T) {
	found, err := house.NamedOps(os.DirFS("../.."), isOp, func(file string) bool {
		for _, allowed := range []string{"ops/", "internal/rewrite/rules", "internal/optest/",
			"internal/programs/", "examples/", "benchmarks/",
			"nn/onnx/"} { // has the names that ONNX gives to what it does
			if strings.HasPrefix(file, allowed) {
				return true
			}
		}
		return false
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		t.Error(f)
	}
}

// TestNamesOfOps finds every kind of place, and none among words.
func TestNamesOfOps(t *testing.T) {
	got, err := house.NamedOps(fstest.MapFS{
		"go.mod": {Data: []byte("module m\n")},
		"a.go": {Data: []byte(`package a

var cheap = map[string]bool{"add": true, "other": true}

func f(n node) bool {
	switch n.Op().Name {
	case "mul", "none of them":
	}
	fail("where", "matmul")
	switch word {
	case "pad":
	}
	return n.Op().Name == "matmul" || "sin" != n.Name() || graph.Lookup("neg") != nil || n.word == "cos" ||
		record{Name: "tanh"}.ok
}
`)},
		"a_test.go":    {Data: []byte("package a\n\nvar _ = n.Name == \"matmul\"\n")},
		"ops/ops.go":   {Data: []byte("package ops\n\nvar _ = n.Name == \"matmul\"\n")},
		"x/go.mod":     {Data: []byte("module x\n")},
		"x/another.go": {Data: []byte("package x\n\nvar _ = n.Name == \"matmul\"\n")},
	}, isOp, func(file string) bool { return strings.HasPrefix(file, "ops/") })
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"a.go:3:29 decides by the name of the op add", "a.go:7:7 decides by the name of the op mul",
		"a.go:13:24 decides by the name of the op matmul", "a.go:13:36 decides by the name of the op sin",
		"a.go:13:70 decides by the name of the op neg",
	}
	if !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
}
