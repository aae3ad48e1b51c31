package npy

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"gorgonia.org/tensor"

	"chainrule/internal/raw"
)

// ErrFormat is what is wrong with a file that is none of NumPy's, or is damaged.
var ErrFormat = errors.New("not a sound file of NumPy's")

const (
	magic     = "\x93NUMPY"
	maxHeader = 1 << 16 // bytes; NumPy itself reads no more than 10,000 unless it is told to
)

func wrong(format string, args ...any) error {
	return fmt.Errorf("npy: %s: %w", fmt.Sprintf(format, args...), ErrFormat)
}

// Read reads one array, as numpy.save writes it, and nothing behind it. Column-major elements are brought into row-major
// order, and those of the other byte order into this machine's. An array that is cut short is an error that matches
// ErrFormat and io.ErrUnexpectedEOF.
func Read(r io.Reader) (*tensor.Dense, error) {
	if r == nil {
		return nil, errors.New("npy: the reader is nil")
	}
	d, _, err := read(r, -1)
	return d, err
}

// read is Read of a file of size bytes, not known if it is negative; it returns the bytes that it read.
func read(r io.Reader, size int64) (*tensor.Dense, int64, error) {
	h, length, err := readHeader(r)
	if err != nil {
		return nil, 0, err
	}
	bytes, ok := h.kind.Bytes(h.shape)
	if !ok {
		return nil, 0, wrong("a shape of %v is more than there can be", short(h.shape))
	}
	if size >= 0 && int64(bytes) != size-length {
		return nil, 0, wrong("%v of shape %v takes %d bytes, and there are %d", h.kind, short(h.shape), bytes, size-length)
	}
	elements, err := raw.Read(r, h.kind, bytes/h.kind.Size(), h.order, size >= 0)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, 0, fmt.Errorf("npy: the file ends before the %d bytes of %v%v: %w, %w",
			bytes, h.kind, short(h.shape), ErrFormat, err)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("npy: %w", err)
	}
	d, err := arranged(elements, h)
	return d, length + int64(bytes), err
}

// arranged is the tensor of a header, in row-major order.
func arranged(elements any, h header) (*tensor.Dense, error) {
	if !h.fortran || len(h.shape) < 2 {
		return raw.Dense(elements, h.shape), nil
	}
	d, err := raw.ColumnMajor(elements, h.shape)
	if err != nil {
		return nil, wrong("%v of shape %v in Fortran order: %v", h.kind, short(h.shape), err)
	}
	return d, nil
}

// Write writes one array as numpy.load reads it: row-major, the lowest byte first, in version 1 of the format.
func Write(w io.Writer, d *tensor.Dense) error {
	elements, err := raw.RowMajor(d)
	if err != nil {
		return fmt.Errorf("npy: %w", err)
	}
	kind, _ := raw.KindOf(elements)
	shape := strings.Trim(strings.Join(strings.Fields(fmt.Sprint([]int(d.Shape()))), ", "), "[]")
	if len(d.Shape()) == 1 {
		shape += ","
	}
	text := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", descrOf(kind), shape)
	const before = len(magic) + 4
	total := (before + len(text) + 1 + 63) / 64 * 64
	var head bytes.Buffer
	head.WriteString(magic + "\x01\x00")
	head.Write(binary.LittleEndian.AppendUint16(nil, uint16(total-before)))
	head.WriteString(text + strings.Repeat(" ", total-before-len(text)-1) + "\n")
	if total-before > 0xffff {
		return fmt.Errorf("npy: a tensor of %d axes has too long a header", len(d.Shape()))
	}
	out := bufio.NewWriterSize(w, 1<<16)
	out.Write(head.Bytes())
	if err := raw.Write(out, elements); err != nil {
		return fmt.Errorf("npy: %w", err)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("npy: %w", err)
	}
	return nil
}
