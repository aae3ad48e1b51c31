package save

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gorgonia.org/tensor"

	"chainrule/internal/raw"
)

// File is a safetensors file, or all files of an index, in the memory of the process without being read: a part is
// read when it is first touched. It is safe for concurrent use until it is closed.
type File struct {
	places   map[string]place
	metadata map[string]string
	mappings [][]byte
}

// place is a tensor and its bytes.
type place struct {
	entry
	bytes []byte
}

// Open maps a safetensors file, or all files of an index, whose name ends in .json. Everything but the elements is checked
// as Read checks it. The file must not be changed or cut short while it is open; to rename another one over it is fine.
func Open(path string) (*File, error) {
	f := &File{places: map[string]place{}, metadata: map[string]string{}}
	var err error
	if strings.HasSuffix(path, ".json") {
		err = f.addShards(path)
	} else {
		err = f.add(path, nil)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func (f *File) addShards(path string) error {
	files, err := readIndex(path)
	if err != nil {
		return err
	}
	for _, file := range slices.Sorted(maps.Keys(files)) {
		if err := f.add(filepath.Join(filepath.Dir(path), file), files[file]); err != nil {
			return err
		}
	}
	return nil
}

// add maps one file, of which the given tensors are wanted, or all.
func (f *File) add(path string, names []string) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("save: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("save: %w", err)
	}
	entries, metadata, length, err := readHeader(file)
	if err == nil {
		err = fits(entries, length, info.Size())
	}
	if err != nil {
		return named(path, err)
	}
	whole, err := mapFile(file, info.Size())
	if err != nil {
		return named(path, err)
	}
	f.mappings = append(f.mappings, whole)
	maps.Copy(f.metadata, metadata)
	for _, e := range entries {
		if names == nil || slices.Contains(names, e.name) {
			f.places[e.name] = place{e, whole[length+e.begin : length+e.end]}
		}
	}
	for _, name := range names {
		if _, ok := f.places[name]; !ok {
			return named(path, wrong("there is no %.80q, which the index has in it", name))
		}
	}
	return nil
}

// Names lists the tensors, sorted.
func (f *File) Names() []string { return slices.Sorted(maps.Keys(f.places)) }

// Metadata is what the file says of itself.
func (f *File) Metadata() map[string]string { return maps.Clone(f.metadata) }

// Tensor is the tensor of a name. It is over the file's memory where that holds it as tensors do: float32, float64, int32 and
// int64 at an aligned place. Such a tensor may be written to, which changes no file, and is not to be touched after Close.
// Others are copies.
func (f *File) Tensor(name string) (*tensor.Dense, error) {
	p, ok := f.places[name]
	if !ok {
		return nil, fmt.Errorf("save: there is no tensor %.80q", name)
	}
	if d, ok := raw.View(p.bytes, p.kind, p.shape); ok {
		return d, nil
	}
	elements, err := raw.Read(bytes.NewReader(p.bytes), p.kind, len(p.bytes)/p.kind.Size(), raw.LowFirst, true)
	if err != nil {
		return nil, fmt.Errorf("save: %s: %w", name, err)
	}
	return raw.Dense(elements, p.shape), nil
}

// Tensors is all tensors, as Tensor gives them.
func (f *File) Tensors() (map[string]*tensor.Dense, error) {
	all := make(map[string]*tensor.Dense, len(f.places))
	for name := range f.places {
		d, err := f.Tensor(name)
		if err != nil {
			return nil, err
		}
		all[name] = d
	}
	return all, nil
}

// Close gives the memory back. Tensors over it are gone.
func (f *File) Close() error {
	var all error
	for _, m := range f.mappings {
		all = errors.Join(all, unmap(m))
	}
	f.mappings, f.places = nil, nil
	return all
}

// wholeFile reads what cannot be mapped.
func wholeFile(file *os.File, size int64) ([]byte, error) {
	whole, err := raw.Read(io.NewSectionReader(file, 0, size), raw.Uint8, int(size), raw.LowFirst, true)
	if err != nil {
		return nil, err
	}
	return whole.([]byte), nil
}
