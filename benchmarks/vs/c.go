package main

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

//go:embed c/chain.c
var chainC []byte

// compiledC is what a C compiler makes of the chain as one loop: a bound, not a library. It is asked for by name.
func compiledC(s *setting) (*exec.Cmd, error) {
	if s.threads > 1 {
		return nil, errors.New("it has one thread")
	}
	compiler, err := exec.LookPath("cc")
	if err != nil {
		return nil, err
	}
	source, target := filepath.Join(s.folder, "chain.c"), filepath.Join(s.folder, "chain")
	if err := os.WriteFile(source, chainC, 0o600); err != nil {
		return nil, err
	}
	build := exec.Command(compiler, "-O3", "-ffast-math", "-march=native", "-o", target, source, "-lmvec", "-lm")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("cc: %v: %s", err, lastLine(string(out)))
	}
	return exec.Command(target), nil
}
