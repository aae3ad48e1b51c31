package data

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
)

// source reads the uncompressed bytes of a file, counts them, and turns the faults of the
// compressed stream into a *FormatError.
type source struct {
	file   string
	offset int64
	in     io.Reader
}

// newSource looks at the first two bytes for gzip's magic number. It reads from r beyond what it returns.
func newSource(r io.Reader) (*source, error) {
	if r == nil {
		return nil, errors.New("data: the reader is nil")
	}
	s := &source{file: nameOf(r)}
	buffered := bufio.NewReader(r)
	s.in = buffered
	first, err := buffered.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, s.fault(err, "reading")
	}
	if len(first) == 0 {
		return nil, s.fault(ErrEmpty, "file is empty")
	}
	if len(first) == 2 && first[0] == 0x1f && first[1] == 0x8b {
		unzip, err := gzip.NewReader(buffered)
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, s.fault(err, "gzip header")
		}
		s.in = unzip
	}
	return s, nil
}

// Read passes io.EOF through; any other error is final and a *FormatError.
func (s *source) Read(p []byte) (int, error) {
	n, err := s.in.Read(p)
	s.offset += int64(n)
	switch {
	case err == nil, err == io.EOF:
		return n, err
	case errors.Is(err, io.ErrUnexpectedEOF):
		return n, s.fault(err, "compressed data is cut short")
	case errors.Is(err, gzip.ErrHeader): // a sound stream has ended, and no other begins behind it
		return n, s.fault(ErrTrailing, "something follows the compressed data")
	}
	return n, s.fault(err, "reading")
}

// end is an error unless all has been read; a gzip checksum is verified on the way.
func (s *source) end() error {
	offset := s.offset
	n, err := io.ReadFull(s, make([]byte, 1))
	switch {
	case n > 0:
		return &FormatError{File: s.file, Offset: offset, Reason: "the file should end here", Err: ErrTrailing}
	case err != io.EOF:
		return err
	}
	return nil
}

func (s *source) fault(err error, format string, args ...any) *FormatError {
	return &FormatError{File: s.file, Offset: s.offset, Reason: fmt.Sprintf(format, args...), Err: err}
}
