package house

import (
	"strings"
	"testing"
)

// TestLaw pins what the table of this module means, arrow by arrow, so that an edit of law.txt
// that opens a floor by accident (a wildcard too wide) is seen.
func TestLaw(t *testing.T) {
	law := readLaw(t, "law.txt", "law.txt")
	cases := []struct {
		importer, imported string
		allowed            bool
	}{
		{"graph", "ops", false},
		{"graph", "internal/kernel/vec", false},
		{"internal/kernel/cpu", "internal/kernel/par", false},
		{"internal/kernel/par", "internal/kernel/cpu", true},
		{"internal/kernel/par", "internal/kernel/gemm", false},
		{"internal/kernel/gemm", "internal/kernel/par", true},
		{"internal/kernel/gemm", "internal/kernel/vec", false},
		{"internal/kernel/vec", "internal/kernel/cpu", true},
		{"internal/kernel/vec", "internal/kernel/par", false},
		{"internal/kernel/vec", "graph", false},
		{"ops", "graph", true},
		{"ops", "internal/kernel/gemm", true},
		{"ops", "internal/exec", false},
		{"ops", "internal/optest", false},
		{"internal/exec", "graph", true},
		{"internal/exec", "internal/kernel/par", true},
		{"internal/exec", "ops", false},
		{"internal/compile", "ops", true},
		{"internal/compile", "internal/exec", true},
		{"internal/compile", "internal/kernel/vec", false},
		{"internal/compile", "autodiff", false},
		{"autodiff", "internal/compile", true},
		{"autodiff", "internal/kernel/vec", false},
		{"autodiff", "nn", false},
		{"internal/optest", "autodiff", true},
		{"internal/optest", "internal/exec", true},
		{"internal/optest", "nn", false},
		{"nn", "nn/optim", true},
		{"nn", "internal/compile", false},
		{"nn/optim", "autodiff", true},
		{"nn/optim", "nn", true},
		{"nn/train", "internal/exec", false},
		{"nn/backprop", "graph", false},
		{"nn/backprop", "nn/data", false},
		{"nn/data", "nn", false},
		{"examples/mlp", "nn/data", true},
		{"examples/mlp", "internal/exec", false},
		{"examples/mlp", "examples/tour", false},
		{"benchmarks", "internal/kernel/gemm", true},
		{"benchmarks/mlp", "nn", true},
		{"ops", "benchmarks", false},
		{"nn", "examples/mlp", false},
		{"cmd/unheard", "graph", false},
	}
	for _, c := range cases {
		why := law.Forbids(c.importer, c.imported)
		if allowed := why == ""; allowed != c.allowed {
			t.Errorf("%s imports %s: allowed = %v, want %v (%s)", c.importer, c.imported, allowed, c.allowed, why)
		}
	}
}

// TestParseLaw is about tables that are wrong.
func TestParseLaw(t *testing.T) {
	cases := []struct{ text, want string }{
		{"graph ops", `law.txt:1: want "a, b < c" or "a !< c", have "graph ops"`},
		{"\n# note\ngraph <", `law.txt:3: want "a, b < c" or "a !< c", have "graph <"`},
		{"< ops # note", `law.txt:1: want "a, b < c" or "a !< c", have "< ops"`},
		{"graph,, nn < ops", `law.txt:1: want "a, b < c" or "a !< c", have "graph,, nn < ops"`},
		{"!< ops", `law.txt:1: want "a, b < c" or "a !< c", have "!< ops"`},
		{"graph < ops\nnn < nn, ops", `law.txt:2: ops has a line already: line 1`},
	}
	for _, c := range cases {
		_, err := ParseLaw("law.txt", c.text)
		if err == nil || err.Error() != c.want {
			t.Errorf("%q: error %v, want %s", c.text, err, c.want)
		}
	}
}

// TestMostExactLine: the order of the table does not matter, and only one line speaks for an importer.
func TestMostExactLine(t *testing.T) {
	lines := []string{"a < *", "b < x/*", "c < x/y/*", "d < x/y/z"}
	for range 2 {
		law, err := ParseLaw("law.txt", strings.Join(lines, "\n"))
		if err != nil {
			t.Fatal(err)
		}
		for importer, only := range map[string]string{
			"x": "a", "xy": "a", "x/y": "b", "x/y/q": "c", "x/y/z": "d", "x/y/z/q": "c",
		} {
			for _, imported := range []string{"a", "b", "c", "d"} {
				if allowed := law.Forbids(importer, imported) == ""; allowed != (imported == only) {
					t.Errorf("%s imports %s: allowed = %v", importer, imported, allowed)
				}
			}
		}
		lines[0], lines[1], lines[2], lines[3] = lines[3], lines[2], lines[1], lines[0]
	}
}
