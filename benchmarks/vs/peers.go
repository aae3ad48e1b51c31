package main

import (
	"embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"chainrule/benchmarks/wire"
)

// python holds the sources of the peers that are written in it.
//
//go:embed python/*.py
var python embed.FS

// subject is the peer that the others are compared with.
const subject = "chainrule"

// A peer is one of the programs that are measured.
type peer struct {
	name    string
	extra   bool // not measured unless it is asked for
	command func(s *setting) (*exec.Cmd, error)
}

// peers lists those that are known, in the order in which they are printed.
var peers = []peer{
	{name: subject, command: itself(subject)},
	{name: "pytorch", command: inPython("torch_peer.py")},
	{name: "numpy", command: inPython("numpy_peer.py")},
	{name: "gonum", command: itself("gonum")},
	{name: "spago", command: ownModule("spago")},
	{name: "gomlx", command: ownModule("gomlx")},
	{name: "c", extra: true, command: compiledC},
}

// A setting is what all peers of a run have in common.
type setting struct {
	threads int
	python  string // the interpreter
	folder  string // for files of this run
}

// start runs a peer. The error wraps wire.ErrAbsent if it cannot run on this machine.
func (s *setting) start(p peer) (*wire.Client, error) {
	cmd, err := p.command(s)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", wire.ErrAbsent, err)
	}
	cmd.Env = append(s.environment(), cmd.Env...)
	return wire.Start(cmd)
}

// tuning begins the names of variables by which libraries are held to other kernels, threads or memory than they
// would choose for this machine. No peer inherits one.
var tuning = []string{"OPENBLAS_", "GOTO_", "OMP_", "GOMP_", "KMP_", "MKL_", "ATEN_", "NPY_", "GOMAXPROCS=", "GOGC=",
	"GOMEMLIMIT=", "GODEBUG="}

// tunes reports whether a variable is one of those.
func tunes(variable string) bool {
	return slices.ContainsFunc(tuning, func(prefix string) bool { return strings.HasPrefix(variable, prefix) })
}

// environment is what all peers inherit. It limits every library to the threads of the run, which they read when
// they are loaded.
func (s *setting) environment() []string {
	n := strconv.Itoa(s.threads)
	return append(slices.DeleteFunc(os.Environ(), tunes),
		"GOMAXPROCS="+n, "OMP_NUM_THREADS="+n, "OPENBLAS_NUM_THREADS="+n)
}

// itself is this program as a server.
func itself(name string) func(*setting) (*exec.Cmd, error) {
	return func(*setting) (*exec.Cmd, error) {
		path, err := os.Executable()
		if err != nil {
			return nil, err
		}
		return exec.Command(path, serveFlag, name), nil
	}
}

// openMP is where Debian has the OpenBLAS whose threads are those of OpenMP, and so of PyTorch. The other build has
// threads of its own beside them, which cost PyTorch time.
const openMP = "/usr/lib/*-linux-gnu/openblas-openmp"

// inPython is a server in Python.
func inPython(file string) func(*setting) (*exec.Cmd, error) {
	return func(s *setting) (*exec.Cmd, error) {
		files, err := python.ReadDir("python")
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			text, err := python.ReadFile("python/" + f.Name())
			if err != nil {
				return nil, err
			}
			if err := os.WriteFile(filepath.Join(s.folder, f.Name()), text, 0o600); err != nil {
				return nil, err
			}
		}
		path, err := exec.LookPath(s.python)
		if err != nil {
			return nil, err
		}
		cmd := exec.Command(path, "-u", "-B", filepath.Join(s.folder, file))
		if hasAVX512() {
			cmd.Env = append(cmd.Env, "ATEN_CPU_CAPABILITY=avx512")
		}
		if found, _ := filepath.Glob(openMP); s.threads > 1 && len(found) > 0 {
			cmd.Env = append(cmd.Env, "LD_LIBRARY_PATH="+found[0])
		}
		return cmd, nil
	}
}

// hasAVX512 reports whether PyTorch may be asked for AVX-512, which it does not choose by itself.
func hasAVX512() bool {
	text, err := os.ReadFile("/proc/cpuinfo")
	return err == nil && strings.Contains(string(text), " avx512vl ") && runtime.GOARCH == "amd64"
}

// ownModule is a server that is a module of its own below peers, so that what it needs is built only for itself,
// and it is merely absent where that cannot be had.
func ownModule(name string) func(*setting) (*exec.Cmd, error) {
	return func(s *setting) (*exec.Cmd, error) {
		dir := filepath.Join("peers", name)
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
			return nil, fmt.Errorf("%s is not below the working directory: run with go run -C benchmarks/vs", dir)
		}
		target, err := filepath.Abs(filepath.Join(s.folder, name))
		if err != nil {
			return nil, err
		}
		build := exec.Command("go", "build", "-o", target, ".")
		build.Dir = dir
		build.Env = append(os.Environ(), "GOWORK=off")
		if out, err := build.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("go build: %v: %s", err, lastLine(string(out)))
		}
		return exec.Command(target), nil
	}
}

// lastLine is where commands say why they failed.
func lastLine(s string) string {
	s = strings.TrimSpace(s)
	return s[strings.LastIndexByte(s, '\n')+1:]
}
