package save

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"gorgonia.org/tensor"

	"chainrule/internal/raw"
)

// Write writes tensors as a safetensors file, with what else there is to say as metadata, which may be nil. The same tensors
// give the same bytes: they lie in the order of the size of their elements, largest first, and of their names, so that
// each is aligned. A view or a tensor in column-major order is written in row-major order.
func Write(w io.Writer, tensors map[string]*tensor.Dense, metadata map[string]string) error {
	entries, slices, err := plan(tensors)
	if err != nil {
		return err
	}
	header, err := headerOf(entries, metadata)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(w, 1<<16)
	out.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(header)))) // a bufio.Writer keeps its error
	out.Write(header)
	for i := range entries {
		if err := raw.Write(out, slices[i]); err != nil {
			return fmt.Errorf("save: %w", err)
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("save: %w", err)
	}
	return nil
}

// plan gives each tensor its place, and its elements in row-major order.
func plan(tensors map[string]*tensor.Dense) ([]entry, []any, error) {
	var entries []entry
	elements := map[string]any{}
	for name, d := range tensors {
		slice, err := raw.RowMajor(d)
		if err != nil {
			return nil, nil, fmt.Errorf("save: %s: %w", name, err)
		}
		kind, _ := raw.KindOf(slice)
		if _, ok := nameOf(kind); !ok || name == metaName {
			return nil, nil, fmt.Errorf("save: a tensor of %v called %q has no place in a safetensors file", kind, name)
		}
		entries = append(entries, entry{name: name, kind: kind, shape: slices.Clone([]int(d.Shape()))})
		elements[name] = slice
	}
	slices.SortFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(b.kind.Size(), a.kind.Size()), cmp.Compare(a.name, b.name))
	})
	ordered, at := make([]any, len(entries)), int64(0)
	for i := range entries {
		e := &entries[i]
		size, ok := e.kind.Bytes(e.shape)
		if !ok {
			return nil, nil, fmt.Errorf("save: %s is too large", e.name)
		}
		e.begin, e.end = at, at+int64(size)
		at = e.end
		ordered[i] = elements[e.name]
	}
	return entries, ordered, nil
}

// headerOf is a header, filled up with spaces to a multiple of 8 bytes.
func headerOf(entries []entry, metadata map[string]string) ([]byte, error) {
	var text bytes.Buffer
	text.WriteByte('{')
	member := func(name string, value any) error {
		if text.Len() > 1 {
			text.WriteByte(',')
		}
		key, err := json.Marshal(name)
		if err != nil {
			return err
		}
		of, err := json.Marshal(value)
		text.Write(append(append(key, ':'), of...))
		return err
	}
	if len(metadata) > 0 {
		if err := member(metaName, metadata); err != nil {
			return nil, fmt.Errorf("save: metadata: %w", err)
		}
	}
	for _, e := range entries {
		name, _ := nameOf(e.kind)
		about := struct {
			DType   string   `json:"dtype"`
			Shape   []int    `json:"shape"`
			Offsets [2]int64 `json:"data_offsets"`
		}{name, append([]int{}, e.shape...), [2]int64{e.begin, e.end}}
		if err := member(e.name, about); err != nil {
			return nil, fmt.Errorf("save: %s: %w", e.name, err)
		}
	}
	text.WriteByte('}')
	for text.Len()%8 != 0 {
		text.WriteByte(' ')
	}
	if text.Len() > maxHeader {
		return nil, fmt.Errorf("save: a header of %d bytes, and %d are allowed", text.Len(), maxHeader)
	}
	return text.Bytes(), nil
}

// Read reads all tensors of a safetensors file and its metadata. Float16, bfloat16 and float8 are read into float32; other
// types stay as they are. Something behind the last tensor is an error, as is everything else that the format forbids:
// names that occur twice, and data that overlap, leave a gap, or are not as long as their shape says.
func Read(r io.Reader) (map[string]*tensor.Dense, map[string]string, error) {
	if r == nil {
		return nil, nil, errors.New("save: the reader is nil")
	}
	return read(r, -1)
}

// read is Read of a file of size bytes, not known if it is negative.
func read(r io.Reader, size int64) (map[string]*tensor.Dense, map[string]string, error) {
	entries, metadata, length, err := readHeader(r)
	if err != nil {
		return nil, nil, err
	}
	if err := fits(entries, length, size); err != nil {
		return nil, nil, err
	}
	tensors := make(map[string]*tensor.Dense, len(entries))
	for _, e := range entries {
		n := int(e.end-e.begin) / e.kind.Size()
		elements, err := raw.Read(r, e.kind, n, raw.LowFirst, size >= 0)
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, nil, fmt.Errorf("save: the file ends in the data of %q: %w, %w", e.name, ErrFormat, err)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("save: %s: %w", e.name, err)
		}
		tensors[e.name] = raw.Dense(elements, e.shape)
	}
	switch n, err := io.ReadFull(r, make([]byte, 1)); {
	case n > 0:
		return nil, nil, wrong("something follows the data")
	case err != io.EOF:
		return nil, nil, fmt.Errorf("save: at the end: %w", err)
	}
	return tensors, metadata, nil
}

// fits holds the data against the size of the file, if it is known.
func fits(entries []entry, length, size int64) error {
	if size < 0 {
		return nil
	}
	data := int64(0)
	if len(entries) > 0 {
		data = entries[len(entries)-1].end
	}
	if data != size-length {
		return wrong("the header says that the data have %d bytes, and there are %d", data, size-length)
	}
	return nil
}

// readHeader reads a header, and says how long it is with the eight bytes before it.
func readHeader(r io.Reader) ([]entry, map[string]string, int64, error) {
	var start [8]byte
	if _, err := io.ReadFull(r, start[:]); err != nil {
		return nil, nil, 0, cut(err)
	}
	length := binary.LittleEndian.Uint64(start[:])
	if length > maxHeader {
		return nil, nil, 0, wrong("a header of %d bytes: at most %d are allowed", length, maxHeader)
	}
	text, err := raw.Read(r, raw.Uint8, int(length), raw.LowFirst, false)
	if err != nil {
		return nil, nil, 0, cut(err)
	}
	entries, metadata, err := parseHeader(text.([]byte))
	return entries, metadata, int64(length) + 8, err
}

// cut is an error of reading a header.
func cut(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return wrong("the file ends in its header")
	}
	return fmt.Errorf("save: %w", err)
}
