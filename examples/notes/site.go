package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"text/template"
)

// build writes the site to a folder: the page, its style and scripts, the library as WebAssembly, plain and compressed,
// and the toolchain's own wasm_exec.js, named by its version, since the two must be of one release.
func build(ctx context.Context, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	html, err := render()
	if err != nil {
		return err
	}
	exec, runner, err := wasmExec(ctx)
	if err != nil {
		return err
	}
	length, err := buildWasm(ctx, dir)
	if err != nil {
		return err
	}
	worker, err := workerScript(exec, length)
	if err != nil {
		return err
	}
	site := map[string][]byte{"index.html": html, "worker.js": worker, exec: runner}
	for _, name := range []string{"page.css", "page.js"} {
		if site[name], err = files.ReadFile("page/" + name); err != nil {
			return err
		}
	}
	for name, content := range site {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// goCommand is the toolchain's go.
func goCommand(ctx context.Context, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, "go", args...)
	c.Stderr = os.Stderr
	return c
}

// wasmExec returns the name and content of the toolchain's support script.
func wasmExec(ctx context.Context) (name string, content []byte, err error) {
	out, err := goCommand(ctx, "env", "GOROOT", "GOVERSION").Output()
	if err != nil {
		return "", nil, fmt.Errorf("the go command is needed to build the page: %w", err)
	}
	lines := strings.Fields(string(out))
	if len(lines) < 2 {
		return "", nil, fmt.Errorf("go env printed %q", out)
	}
	content, err = os.ReadFile(filepath.Join(lines[0], "lib", "wasm", "wasm_exec.js"))
	return "wasm_exec." + lines[1] + ".js", content, err
}

// smallFirst are packages in which inlining buys no figure anything. Without it the page loads a tenth less.
var smallFirst = []string{
	"golang.org/...", "encoding/...", "compress/...", "hash/...", "io/...", "internal/poll", "internal/zstd", "bufio",
	"context", "fmt", "os",
	"reflect", "sort", "strconv", "time", "unicode/...",
	"chainrule/autodiff", "chainrule/graph", "chainrule/ops", "chainrule/internal/compile", "chainrule/internal/exec",
}

// unused are packages of which the tensor type makes the linker keep far more than anything calls. They go without
// checks of bounds, too, which in WebAssembly protect nothing outside the page.
var unused = []string{
	"gorgonia.org/...", "gonum.org/...", "github.com/...", "google.golang.org/...", "encoding/gob", "encoding/csv",
	"regexp/...", "text/...", "crypto/...", "hash/...", "log/...", "time", "os",
}

// buildWasm compiles package wasm to notes.wasm and notes.wasm.gz, and returns the length of the second.
func buildWasm(ctx context.Context, dir string) (int, error) {
	target, err := filepath.Abs(filepath.Join(dir, "notes.wasm"))
	if err != nil {
		return 0, err
	}
	args := []string{"build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", target}
	for _, pattern := range smallFirst {
		args = append(args, "-gcflags="+pattern+"=-l")
	}
	for _, pattern := range unused {
		args = append(args, "-gcflags="+pattern+"=-l -B")
	}
	c := goCommand(ctx, append(args, "chainrule/examples/notes/wasm")...)
	c.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "GOFLAGS=")
	if _, source, _, ok := runtime.Caller(0); ok { // so that it can be run from another folder of the module
		if _, err := os.Stat(source); err == nil {
			c.Dir = filepath.Dir(source)
		}
	}
	c.Stdout = os.Stderr
	if err := c.Run(); err != nil {
		return 0, fmt.Errorf("compiling the library to WebAssembly: %w", err)
	}
	plain, err := os.ReadFile(target)
	if err != nil {
		return 0, err
	}
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return 0, err
	}
	if _, err := z.Write(plain); err != nil {
		return 0, err
	}
	if err := z.Close(); err != nil {
		return 0, err
	}
	return b.Len(), os.WriteFile(target+".gz", b.Bytes(), 0o644)
}

// workerScript is the worker with the names of this build.
func workerScript(exec string, length int) ([]byte, error) {
	t, err := template.ParseFS(files, "page/worker.js")
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, struct {
		Exec  string
		Bytes int
	}{exec, length})
	return b.Bytes(), err
}
