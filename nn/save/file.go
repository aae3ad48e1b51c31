package save

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"gorgonia.org/tensor"

	"chainrule/nn/npy"
)

// WriteFile writes tensors to a file that takes its place when it is whole: an npz file if its name ends in .npz, which has no
// metadata, and a safetensors file otherwise.
func WriteFile(path string, tensors map[string]*tensor.Dense, metadata map[string]string) error {
	return Replace(path, func(w io.Writer) error {
		if !strings.HasSuffix(path, ".npz") {
			return Write(w, tensors, metadata)
		}
		if len(metadata) > 0 {
			return errors.New("save: an npz file has no metadata")
		}
		return npy.WriteArchive(w, tensors)
	})
}

// ReadFile reads all tensors of a file and its metadata: a safetensors file, an npz file, told apart by their first bytes, or
// all files that an index names, whose name ends in .json.
func ReadFile(path string) (map[string]*tensor.Dense, map[string]string, error) {
	if strings.HasSuffix(path, ".json") {
		return readShards(path)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("save: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, nil, fmt.Errorf("save: %w", err)
	}
	size := info.Size()
	if !info.Mode().IsRegular() {
		size = -1
	}
	in := bufio.NewReaderSize(file, 1<<16)
	var tensors map[string]*tensor.Dense
	var metadata map[string]string
	if first, _ := in.Peek(4); string(first) == "PK\x03\x04" || string(first) == "PK\x05\x06" {
		tensors, err = npy.ReadArchive(file, size)
	} else {
		tensors, metadata, err = read(in, size)
	}
	if err != nil {
		return nil, nil, named(path, err)
	}
	return tensors, metadata, nil
}

// named is an error with the name of its file.
func named(path string, err error) error {
	return fmt.Errorf("save: %s: %w", path, err)
}

// Replace writes a file that takes its place when it is whole and on the disk: into a new one of a name of its own in
// the same folder, which is then renamed. After a crash there is the old file or the new one, whole; what is left of an unfinished
// one begins with a dot and ends in .tmp. If write gives an error, the old file stays.
func Replace(path string, write func(w io.Writer) error) error {
	if target, err := filepath.EvalSymlinks(path); err == nil { // a link stays one
		path = target
	}
	dir, base := filepath.Split(path)
	if dir == "" {
		dir = "."
	}
	file, err := os.CreateTemp(dir, "."+base+".*.tmp")
	if err != nil {
		return fmt.Errorf("save: %w", err)
	}
	done := false
	defer func() {
		if !done {
			file.Close()
			os.Remove(file.Name())
		}
	}()
	mode := os.FileMode(0o644)
	if old, err := os.Stat(path); err == nil {
		mode = old.Mode().Perm()
	}
	if err := write(file); err != nil {
		return err
	}
	if err := errors.Join(file.Chmod(mode), file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("save: %w", err)
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return fmt.Errorf("save: %w", err)
	}
	done = true
	return syncFolder(dir)
}

// syncFolder brings the new name to the disk. Windows cannot do that, and need not be asked to.
func syncFolder(dir string) error {
	if runtime.GOOS == "windows" || runtime.GOOS == "js" {
		return nil
	}
	folder, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("save: %w", err)
	}
	defer folder.Close()
	if err := folder.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !os.IsPermission(err) {
		return fmt.Errorf("save: %w", err)
	}
	return nil
}
