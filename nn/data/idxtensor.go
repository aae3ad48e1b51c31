package data

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"gorgonia.org/tensor"

	"chainrule/internal/raw"
)

// idxKinds are the element types of IDX files by their number.
var idxKinds = map[byte]raw.Kind{
	0x08: raw.Uint8, 0x09: raw.Int8, 0x0b: raw.Int16, 0x0c: raw.Int32, 0x0d: raw.Float32, 0x0e: raw.Float64,
}

// ReadIDXTensor reads an IDX file of any element type, compressed with gzip or not, as a tensor of that type: uint8, int8, int16,
// int32, float32 or float64. It refuses what ReadIDX refuses.
func ReadIDXTensor(r io.Reader) (*tensor.Dense, error) {
	s, err := newSource(r)
	if err != nil {
		return nil, err
	}
	var magic [4]byte
	if err := s.fill(magic[:], "magic number"); err != nil {
		return nil, err
	}
	kind, known := idxKinds[magic[2]]
	if magic[0] != 0 || magic[1] != 0 || !known || magic[3] == 0 {
		return nil, &FormatError{File: s.file, Err: ErrMagic,
			Reason: fmt.Sprintf("have % x, want 00 00, an element type from 08 to 0e and a rank of 1 or more", magic)}
	}
	shape := make([]int, magic[3])
	for i := range shape {
		var dim [4]byte
		if err := s.fill(dim[:], "dimensions"); err != nil {
			return nil, err
		}
		size := binary.BigEndian.Uint32(dim[:])
		if size > idxMaxElements {
			return nil, s.fault(ErrTooLarge, "dimension %d is %d", i, size)
		}
		shape[i] = int(size)
	}
	bytes, ok := kind.Bytes(shape)
	if !ok || bytes/kind.Size() > idxMaxElements {
		return nil, s.fault(ErrTooLarge, "dimensions are %v", shape)
	}
	elements, err := raw.Read(s, kind, bytes/kind.Size(), raw.HighFirst, false)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		var fault *FormatError
		if errors.As(err, &fault) {
			return nil, err
		}
		return nil, s.fault(io.ErrUnexpectedEOF, "the file ends before the %d bytes of %v%v", bytes, kind, shape)
	}
	if err != nil {
		return nil, err
	}
	return raw.Dense(elements, shape), s.end()
}
