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
	packed *counted // the compressed bytes, nil of plain data
	most   int64    // bytes that a few compressed ones may become
}

// A stream of deflate can become 1032 times as long, and tables of numbers do not become a tenth of that: a longer one
// than mostExpanded that is more than maxRatio times as long as what it came from is taken for a trap.
const mostExpanded, maxRatio = 1 << 30, 200

// counted counts what is read.
type counted struct {
	in io.Reader
	n  int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	c.n += int64(n)
	return n, err
}

// newSource looks at the first two bytes for gzip's magic number. It reads from r beyond what it returns.
func newSource(r io.Reader) (*source, error) {
	if r == nil {
		return nil, errors.New("data: the reader is nil")
	}
	s := &source{file: nameOf(r), most: mostExpanded}
	packed := &counted{in: r}
	buffered := bufio.NewReader(packed)
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
		s.in, s.packed = unzip, packed
	}
	return s, nil
}

// Read passes io.EOF through; any other error is final and a *FormatError.
func (s *source) Read(p []byte) (int, error) {
	n, err := s.in.Read(p)
	s.offset += int64(n)
	switch {
	case s.packed != nil && s.offset > s.most && s.offset/maxRatio > s.packed.n:
		return 0, s.fault(ErrTooLarge, "%d compressed bytes become more than %d times as many", s.packed.n, maxRatio)
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
