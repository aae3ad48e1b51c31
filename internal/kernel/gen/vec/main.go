// Command vec generates the assembly twins of the kernels in internal/kernel/vec and internal/kernel/random.
//
//	go run -C internal/kernel/gen ./vec          writes the files
//	go run -C internal/kernel/gen ./vec -check   exits 1 if a committed file differs
//
// Vocabulary. A machine emits instructions for one level (AVX2 or AVX-512) and one type; a value is a vector register
// or a constant; a body is the mathematics of a kernel on values, written once for all machines; a loop is the frame
// that walks slices and hands the body full vectors.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	check := flag.Bool("check", false, "compare with the committed files instead of writing them")
	root := flag.String("root", "..", "the folder of the packages to write to")
	flag.Parse()
	drift := false
	for name, generate := range map[string]func() (map[string][]byte, error){"vec": generate, "random": randomPackage} {
		files, err := generate()
		if err == nil {
			err = write(filepath.Join(*root, name), files, *check, &drift)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	if drift {
		os.Exit(1)
	}
}

// write writes the files of a package, or, to check, sets drift if they are not what is there.
func write(dir string, files map[string][]byte, check bool, drift *bool) error {
	for name, content := range files {
		path := filepath.Join(dir, name)
		if !check {
			if err := os.WriteFile(path, content, 0o644); err != nil {
				return err
			}
			continue
		}
		old, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(old, content) {
			fmt.Fprintf(os.Stderr, "%s differs from what the generator writes\n", path)
			*drift = true
		}
	}
	if check {
		*drift = stale(dir, files) || *drift
	}
	return nil
}

// stale reports generated files that the generator does not write any more.
func stale(dir string, files map[string][]byte) bool {
	found := false
	for _, pattern := range []string{"*_amd64.s", "z*.go"} {
		paths, _ := filepath.Glob(filepath.Join(dir, pattern))
		for _, path := range paths {
			if _, ok := files[filepath.Base(path)]; !ok {
				fmt.Fprintf(os.Stderr, "%s is not generated any more\n", path)
				found = true
			}
		}
	}
	return found
}
