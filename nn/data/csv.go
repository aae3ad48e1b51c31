package data

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// CSVOptions says how to read a table; the zero value is a comma, no header, classes counted.
type CSVOptions struct {
	Comma   rune // between fields; 0 is ','
	Header  bool // the first line is not data
	Classes int  // labels must be below it; 0 is one more than the largest label found
}

// ReadCSV reads a table of numbers, compressed with gzip or not, one sample a row: the features,
// then the label as a whole number from 0. Every row has as many fields as the first; a header
// may have any number. A byte order mark at the beginning, and spaces before or behind a field, quoted or not, are
// passed over. If the classes are counted, the largest label must be below the number of rows.
func ReadCSV(r io.Reader, options CSVOptions) (*Set, error) {
	if options.Classes < 0 {
		return nil, fmt.Errorf("data: a table of %d classes: %w", options.Classes, ErrLabel)
	}
	table, file, err := newCSV(r, options.Comma, 0)
	if err != nil {
		return nil, err
	}

	rows := &rowParser{file: file, set: &Set{Classes: options.Classes}}
	for skip := options.Header; ; skip = false {
		fields, err := table.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, csvFault(file, err)
		}
		rows.line, _ = table.FieldPos(0)
		if skip {
			continue
		}
		if err := rows.add(fields); err != nil {
			return nil, err
		}
	}
	return rows.finish()
}

// csvFault gives an error of package csv its file; one of the source below it passes through.
func csvFault(file string, err error) error {
	var known *FormatError
	if errors.As(err, &known) {
		return known
	}
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		reason := fmt.Sprintf("column %d", parse.Column)
		return &FormatError{File: file, Line: parse.Line, Reason: reason, Err: parse.Err}
	}
	return fmt.Errorf("data: reading a table: %w", err)
}

// withoutMark is text without the byte order mark that some programs begin UTF-8 with.
func withoutMark(text io.Reader) (io.Reader, error) {
	buffered := bufio.NewReader(text)
	mark := []byte("\xef\xbb\xbf")
	first, err := buffered.Peek(len(mark))
	if err != nil && err != io.EOF {
		return nil, err
	}
	if bytes.Equal(first, mark) {
		_, err = buffered.Discard(len(mark))
		return buffered, err
	}
	return buffered, nil
}

// quoted is a field for a message, which no field makes a long one.
func quoted(field string) string {
	const most = 40
	if len(field) <= most {
		return strconv.Quote(field)
	}
	return fmt.Sprintf("%s… of %d bytes", strconv.Quote(field[:most]), len(field))
}

// rowParser appends rows to a set.
type rowParser struct {
	file       string
	line       int // of the row at hand
	set        *Set
	labelLine  int // of the largest label
	largest    int
	fieldCount int
}

// add appends one row: its features and its label.
func (p *rowParser) add(fields []string) error {
	last := len(fields) - 1
	if p.fieldCount == 0 {
		p.fieldCount = len(fields)
		p.set.Dim = last
	}
	switch {
	case len(fields) != p.fieldCount:
		return p.fault(csv.ErrFieldCount, "fields: %d, in the rows before: %d", len(fields), p.fieldCount)
	case last == 0:
		return p.fault(csv.ErrFieldCount, "1 field, want features and a label")
	}
	for column, field := range fields[:last] {
		x, err := strconv.ParseFloat(strings.TrimSpace(field), 64)
		if err != nil {
			return p.fault(errors.Unwrap(err), "field %d is %s", column+1, quoted(field))
		}
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return p.fault(ErrNotFinite, "field %d is %s", column+1, quoted(field))
		}
		p.set.X = append(p.set.X, x)
	}
	label, err := strconv.Atoi(strings.TrimSpace(fields[last]))
	if err != nil {
		return p.fault(errors.Unwrap(err), "label is %s, want a whole number", quoted(fields[last]))
	}
	if label < 0 || p.set.Classes > 0 && label >= p.set.Classes {
		limit := "or more"
		if p.set.Classes > 0 {
			limit = fmt.Sprintf("to %d", p.set.Classes-1)
		}
		return p.fault(ErrLabel, "label %d, want 0 %s", label, limit)
	}
	if label > p.largest {
		p.largest, p.labelLine = label, p.line
	}
	p.set.Labels = append(p.set.Labels, label)
	return nil
}

// finish counts the classes. A label as large as the number of rows is taken for a mistake: it
// would make one-hot rows longer than the table.
func (p *rowParser) finish() (*Set, error) {
	rows := p.set.Len()
	if rows == 0 {
		p.line++
		return nil, p.fault(ErrEmpty, "no rows")
	}
	if p.set.Classes == 0 {
		if p.largest >= rows {
			p.line = p.labelLine
			return nil, p.fault(ErrLabel, "label %d in %d rows; give Classes if it is meant", p.largest, rows)
		}
		p.set.Classes = p.largest + 1
	}
	return p.set, nil
}

func (p *rowParser) fault(err error, format string, args ...any) error {
	return &FormatError{File: p.file, Line: p.line, Reason: fmt.Sprintf(format, args...), Err: err}
}
