package outside

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestStranger runs the first program of the README in a fresh module. It needs what a user needs: the
// go command, and a module proxy or a module cache that holds the dependencies already.
func TestStranger(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	noteSources(t, root)
	program, promise := firstProgram(t, filepath.Join(root, "README.md"))

	s := newStranger(t, root)
	s.write("main.go", program)
	if diff := Diff(s.goRun("run", "."), promise); diff != "" {
		t.Errorf("README.md's first program does not print what the README says.\n%s", diff)
	}
}

// TestStrangersLine makes mistakes in a fresh module: the closures that derivatives are made of are compiled into the
// package that asks for them, and yet the line in the message is that package's own.
func TestStrangersLine(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	noteSources(t, root)
	s := newStranger(t, root)
	s.write("main.go", strings.TrimLeft(mistakes, "\n"))
	const want = "main.go:15\nmain.go:16\nmain.go:17\nmain.go:18\nmain.go:19\n"
	if diff := Diff(s.goRun("run", "."), want); diff != "" {
		t.Error(diff)
	}
}

const mistakes = `
package main

import (
	"fmt"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

func main() {
	x := graph.New().Input("x", graph.Float64, 3)
	square := func(x *graph.Node) *graph.Node { return ops.Square(x) }
	for _, mistake := range []func(){
		func() { autodiff.Grad(square)(x) },
		func() { autodiff.Jacobian(func(x *graph.Node) *graph.Node { return ops.ArgMax(x) })(x) },
		func() { autodiff.HVP(square)(x, x) },
		func() { autodiff.Vmap(square, autodiff.InAxis(1))(x) },
		func() { autodiff.For(-1, func(i, c *graph.Node) *graph.Node { return c }, x) },
	} {
		fmt.Println(graph.Try(mistake).(*graph.Error).Source)
	}
}
`

// firstProgram reads the README.
func firstProgram(t *testing.T, readme string) (program, promise string) {
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	program, promise, err = FirstProgram(string(text))
	if err != nil {
		t.Fatalf("README.md: %v", err)
	}
	return program, promise
}

// TestReadmeShowsExample: the README's first program is examples/gradient, whose Example test runs it.
func TestReadmeShowsExample(t *testing.T) {
	program, _ := firstProgram(t, filepath.Join("..", "..", "README.md"))
	source, err := os.ReadFile(filepath.Join("..", "..", "examples", "gradient", "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := strings.Cut(string(source), "package main\n")
	if diff := Diff(program, "package main\n"+body); diff != "" {
		t.Errorf("README.md shows another program than examples/gradient/main.go.\n%s", diff)
	}
}

// TestReadmeExcerpts: every other Go block of the README is a part of examples/calculus, and its promise is a part of
// what that program prints, in this order.
func TestReadmeExcerpts(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	noteSources(t, root)
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile(filepath.Join(root, "examples", "calculus", "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	list := Excerpts(string(readme))
	if len(list) == 0 {
		t.Fatal("README.md shows no part of examples/calculus")
	}
	printed := stranger{t: t, dir: root}.goOutput([]string{"run", "./examples/calculus"}, "")
	for _, e := range list {
		if !strings.Contains(string(source), "\n"+e.Code) {
			t.Errorf("README.md, line %d: this is no part of examples/calculus/main.go:\n%s", e.Line, e.Code)
		}
		before, rest, found := strings.Cut("\n"+printed, "\n"+e.Promise)
		if e.Promise == "" || !found {
			t.Errorf("README.md, line %d: no promise, or examples/calculus does not print it:\n%s", e.Line, e.Promise)
			continue
		}
		if strings.TrimSpace(before) != "" {
			t.Errorf("README.md, line %d: examples/calculus prints more before it than the README shows:\n%s", e.Line, before)
		}
		printed = rest
	}
	if strings.TrimSpace(printed) != "" {
		t.Errorf("examples/calculus prints more at the end than README.md shows:\n%s", printed)
	}
}

// noteSources looks at every source file of the module, so that the go command, which sees which files
// a test looks at, does not answer with the cached result of a program built from older ones.
func noteSources(t *testing.T, root string) {
	t.Helper()
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // gone since its folder was listed
		}
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || d.Name() == ".git") {
			return fs.SkipDir
		}
		switch ext := filepath.Ext(file); {
		case strings.HasSuffix(file, "_test.go"):
			return nil
		case ext == ".go" || ext == ".s" || ext == ".mod" || ext == ".sum":
			os.Stat(file)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A stranger is a module elsewhere.
type stranger struct {
	t   *testing.T
	dir string
}

func newStranger(t *testing.T, root string) stranger {
	t.Helper()
	s := stranger{t: t, dir: t.TempDir()}
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	s.write("go.sum", string(sums))
	s.goRun("mod", "init", "example.com/stranger")
	s.goRun("mod", "edit", "-require=chainrule@v0.0.0", "-replace=chainrule="+root)
	return s
}

func (s stranger) write(name, text string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o666); err != nil {
		s.t.Fatal(err)
	}
}

// goRun runs the go command in the module, free to complete go.mod, and returns its standard output.
func (s stranger) goRun(args ...string) string {
	s.t.Helper()
	return s.goOutput(args, "-mod=mod")
}

// goOutput runs the go command in the module with more flags, and returns its standard output.
func (s stranger) goOutput(args []string, flags string) string {
	s.t.Helper()
	cmd := exec.CommandContext(s.t.Context(), "go", args...)
	cmd.Dir = s.dir
	cmd.Env = append(cmd.Environ(), "GOWORK=off", "GOFLAGS="+strings.TrimSpace(os.Getenv("GOFLAGS")+" "+flags))
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		mod, _ := os.ReadFile(filepath.Join(s.dir, "go.mod"))
		s.t.Fatalf("in %s, go %s: %v\n%s%s\ngo.mod there:\n%s",
			s.dir, strings.Join(args, " "), err, &stdout, &stderr, mod)
	}
	return stdout.String()
}

// TestFirstProgram is about READMEs, good and bad.
func TestFirstProgram(t *testing.T) {
	const program = "```go\npackage main\n\nfunc main() {}\n```\n"
	cases := []struct{ name, text, promise, err string }{
		{"both", "# A\n\n```go\nx := 1\n```\n\n" + program + "prints\n\n```text\n3\n4\n```\n", "3\n4\n", ""},
		{"shell between", program + "```sh\ngo run .\n```\n```text\n3\n```\n", "3\n", ""},
		{"text before", "```text\n2\n```\n" + program + "```text\n3\n```\n", "3\n", ""},
		{"carriage returns", strings.ReplaceAll(program+"```text\n3\n```\n", "\n", "\r\n"), "3\n", ""},
		{"no program", "```go\nx := 1\n```\n", "", "no ```go block opens with \"package main\""},
		{"no promise", program, "", "no ```text block follows the program of line 1"},
		{"promise of another", program + "```go\nx := 1\n```\n```text\n3\n```\n", "",
			"line 6: no ```text block follows the program of line 1"},
		{"not closed", program + "```text\n3\n", "", "no ```text block follows the program of line 1"},
	}
	for _, c := range cases {
		got, promise, err := FirstProgram(c.text)
		switch {
		case c.err != "":
			if err == nil || err.Error() != c.err {
				t.Errorf("%s: error %v, want %s", c.name, err, c.err)
			}
		case err != nil || promise != c.promise || got != "package main\n\nfunc main() {}\n":
			t.Errorf("%s: program %q, promise %q, error %v", c.name, got, promise, err)
		}
	}
}

// TestDiff: blanks at the ends do not count, every other difference does.
func TestDiff(t *testing.T) {
	cases := []struct{ printed, promise, want string }{
		{"", "", ""},
		{"1 \r\n2\n", "\n1\n2", ""},
		{"1\n2", "1\n3", `line 2 of the output: printed "2", promised "3"`},
		{"1", "1\n3", `line 2 of the output: printed (nothing), promised "3"`},
		{"1\n2", "1", `line 2 of the output: printed "2", promised (nothing)`},
		{"a  b", "a b", `line 1 of the output: printed "a  b", promised "a b"`},
	}
	for _, c := range cases {
		if got := Diff(c.printed, c.promise); got != c.want {
			t.Errorf("Diff(%q, %q) = %q, want %q", c.printed, c.promise, got, c.want)
		}
	}
}

// TestExcerpts: Go blocks that are no programs, with the text block right behind them.
func TestExcerpts(t *testing.T) {
	const text = "```go\npackage main\n```\n```text\n1\n```\n" +
		"```go\nx := 1\n```\nprints\n```text\n2\n```\n```go\ny := 1\n```\n```sh\ngo run .\n```\n```text\n3\n```\n"
	want := []Excerpt{{7, "x := 1\n", "2\n"}, {14, "y := 1\n", ""}}
	got := Excerpts(text)
	if !slices.Equal(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
