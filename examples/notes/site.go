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

// goCommand is the toolchain's go, run in this folder, so that the program may be run from others.
func goCommand(ctx context.Context, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, "go", args...)
	c.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	c.Stderr = os.Stderr
	if _, source, _, ok := runtime.Caller(0); ok {
		if _, err := os.Stat(source); err == nil {
			c.Dir = filepath.Dir(source)
		}
	}
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

// tensorFiles stands in the place of the tensor type's own file that reads and writes files. That one brings in protocol
// buffers, which look methods up by their names; then the linker can drop none, and the page loads 30 MB instead of 13.
const tensorFiles = `package tensor

import (
	"errors"
	"io"
)

func (t *Dense) GobEncode() ([]byte, error) { return nil, errors.ErrUnsupported }
func (t *Dense) GobDecode([]byte) error     { return errors.ErrUnsupported }
func (t *Dense) WriteNpy(io.Writer) error   { return errors.ErrUnsupported }
func (t *Dense) ReadNpy(io.Reader) error    { return errors.ErrUnsupported }
`

// withoutFiles copies the tensor type to a folder, without reading and writing of files, and returns a go.mod that uses it.
func withoutFiles(ctx context.Context, dir string) (mod string, err error) {
	const module = "gorgonia.org/tensor"
	out, err := goCommand(ctx, "list", "-m", "-f", "{{.Dir}}", "chainrule", module).Output()
	if err != nil {
		return "", err
	}
	roots := strings.Split(strings.TrimSpace(string(out)), "\n")
	tensor := filepath.Join(dir, "tensor")
	if err := os.CopyFS(tensor, os.DirFS(roots[1])); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(tensor, "dense_io.go"), []byte(tensorFiles), 0o644); err != nil {
		return "", err
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		content, err := os.ReadFile(filepath.Join(roots[0], name))
		if err != nil {
			return "", err
		}
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			return "", err
		}
	}
	mod = filepath.Join(dir, "go.mod")
	return mod, goCommand(ctx, "mod", "edit", "-replace="+module+"="+tensor, mod).Run()
}

// buildWasm compiles package wasm to notes.wasm and notes.wasm.gz, and returns the length of the second.
func buildWasm(ctx context.Context, dir string) (int, error) {
	target, err := filepath.Abs(filepath.Join(dir, "notes.wasm"))
	if err != nil {
		return 0, err
	}
	temporary, err := os.MkdirTemp("", "notes-module")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(temporary)
	mod, err := withoutFiles(ctx, temporary)
	if err != nil {
		return 0, fmt.Errorf("preparing the tensor type: %w", err)
	}
	c := goCommand(ctx, "build", "-modfile="+mod, "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", target,
		"chainrule/examples/notes/wasm")
	c.Env = append(c.Env, "GOOS=js", "GOARCH=wasm")
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
