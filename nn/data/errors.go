package data

import (
	"errors"
	"fmt"
	"io"
)

// What can be wrong with data. In a file, each arrives inside a *FormatError; there, a file that ends
// too soon is io.ErrUnexpectedEOF, a damaged one gzip.ErrChecksum, a ragged row csv.ErrFieldCount and
// a field that is no number strconv.ErrSyntax.
var (
	ErrEmpty         = errors.New("no data")
	ErrMagic         = errors.New("wrong magic number")
	ErrTooLarge      = errors.New("larger than this reader accepts")
	ErrTrailing      = errors.New("trailing data")
	ErrLabel         = errors.New("label out of range")
	ErrCount         = errors.New("counts differ")
	ErrNotFinite     = errors.New("value is not finite")
	ErrShape         = errors.New("sizes do not match")
	ErrBatchSize     = errors.New("batch size is not positive")
	ErrBatchTooLarge = errors.New("batch is larger than the data")
)

// FormatError is a fault in a file and its place.
type FormatError struct {
	File   string // name of the file, if the reader knew it
	Line   int    // from 1, in text; 0 in binary data
	Offset int64  // in bytes of the uncompressed data, if Line is 0
	Reason string // what was found and what was expected
	Err    error  // the kind of fault, or the error underneath
}

func (e *FormatError) Error() string {
	file := e.File
	if file == "" {
		file = "input"
	}
	place := fmt.Sprintf("offset %d", e.Offset)
	if e.Line > 0 {
		place = fmt.Sprintf("line %d", e.Line)
	}
	return fmt.Sprintf("data: %s: %s: %s: %v", file, place, e.Reason, e.Err)
}

func (e *FormatError) Unwrap() error { return e.Err }

// nameOf is the name of a reader that has one, such as an *os.File.
func nameOf(r io.Reader) string {
	if named, ok := r.(interface{ Name() string }); ok {
		return named.Name()
	}
	return ""
}
