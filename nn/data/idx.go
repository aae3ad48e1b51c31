package data

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// IDX is an array of unsigned bytes, as MNIST and its relatives store images and labels.
type IDX struct {
	Dims []int  // [images, height, width] or [labels]
	Data []byte // row-major
}

const (
	idxUnsignedByte = 0x08
	idxMaxElements  = math.MaxInt32 // 2 GiB; also what an int holds everywhere
	idxFirstRead    = 1 << 20       // bytes set aside on the word of a header alone
)

// ReadIDX reads an IDX file of unsigned bytes, compressed with gzip or not:
// 0 0 0x08 rank, one big-endian uint32 per dimension, the elements, and nothing more.
// A header that promises more than the file holds costs no memory.
func ReadIDX(r io.Reader) (*IDX, error) {
	s, err := newSource(r)
	if err != nil {
		return nil, err
	}
	var magic [4]byte
	if err := s.fill(magic[:], "magic number"); err != nil {
		return nil, err
	}
	rank := int(magic[3])
	if magic[0] != 0 || magic[1] != 0 || magic[2] != idxUnsignedByte || rank == 0 {
		return nil, &FormatError{File: s.file, Err: ErrMagic,
			Reason: fmt.Sprintf("have % x, want 00 00 08 (unsigned bytes) and a rank of 1 or more", magic)}
	}

	array := &IDX{Dims: make([]int, rank)}
	elements := uint64(1)
	for i := range array.Dims {
		var dim [4]byte
		if err := s.fill(dim[:], "dimensions"); err != nil {
			return nil, err
		}
		size := uint64(binary.BigEndian.Uint32(dim[:]))
		if elements *= size; elements > idxMaxElements || size > idxMaxElements {
			return nil, s.fault(ErrTooLarge, "dimension %d is %d", i, size)
		}
		array.Dims[i] = int(size)
	}

	var payload bytes.Buffer
	payload.Grow(int(min(elements, idxFirstRead)))
	got, err := io.CopyN(&payload, s, int64(elements))
	if errors.Is(err, io.EOF) {
		return nil, s.fault(io.ErrUnexpectedEOF, "%d of the %d elements of %v", got, elements, array.Dims)
	}
	if err != nil {
		return nil, err
	}
	array.Data = payload.Bytes()
	if err := s.end(); err != nil {
		return nil, err
	}
	return array, nil
}

// fill reads all of p, or says that the file ends inside what.
func (s *source) fill(p []byte, what string) error {
	_, err := io.ReadFull(s, p)
	if err == io.EOF && s.offset == 0 {
		return s.fault(ErrEmpty, "file is empty")
	}
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return s.fault(io.ErrUnexpectedEOF, "file ends in the %s", what)
	}
	return err
}
