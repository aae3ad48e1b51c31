package data

import (
	"encoding/csv"
	"fmt"
	"io"
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"

	"gorgonia.org/tensor"

	"chainrule/internal/raw"
)

// TableOptions says what the columns of a table are. The zero value is: commas, no header, all columns features.
type TableOptions struct {
	Comma   rune // between fields; 0 is ','
	Comment rune // lines that begin with it are passed over; 0 is none
	Header  bool // the first line names the columns; without it they are called "0", "1" …
	// Columns are the features in their order; nil is all but the target, in the order of the file.
	Columns []string
	// Target is a column of numbers that are to be predicted, Label one of classes, by their names; "" is none.
	Target, Label string
	// Classes are the names of classes in their order; nil takes them as they come, and a label that is not among
	// them is an error otherwise.
	Classes []string
	// Missing are the fields that say that a number is not known, such as "", "?" and "NA": it is NaN. Others that are
	// no finite number are errors.
	Missing []string
}

// Table is what was read of a table. Missing numbers are NaN.
type Table struct {
	Columns []string  // names of the features
	X       []float64 // features, row-major [Rows, len(Columns)]
	Y       []float64 // [Rows], the target; nil without
	Labels  []int     // [Rows], classes by their number in Classes; nil without
	Classes []string
}

// Rows is the number of rows.
func (t *Table) Rows() int {
	if len(t.Columns) > 0 {
		return len(t.X) / len(t.Columns)
	}
	return max(len(t.Y), len(t.Labels))
}

// Features is X as a tensor [Rows, len(Columns)], over the same memory.
func (t *Table) Features() *tensor.Dense { return raw.Dense(t.X, []int{t.Rows(), len(t.Columns)}) }

// Set is a table with labels as a Set, over the same memory.
func (t *Table) Set() (*Set, error) {
	if t.Labels == nil {
		return nil, fmt.Errorf("data: a table without labels: %w", ErrLabel)
	}
	return &Set{X: t.X, Dim: len(t.Columns), Labels: t.Labels, Classes: len(t.Classes)}, nil
}

// ReadTable reads a table of numbers and classes, compressed with gzip or not. A byte order mark, spaces around fields, quoted
// or not, lines within quotes and a last line without an end are fine; rows of another length than the first, or than the header, are
// not. An error in the text is a *FormatError that names the line and the column.
func ReadTable(r io.Reader, options TableOptions) (*Table, error) {
	t := &Table{}
	p, err := newTableReader(r, options)
	if err != nil {
		return nil, err
	}
	for {
		row, err := p.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		t.X = append(t.X, row.X...)
		if options.Target != "" {
			t.Y = append(t.Y, row.Y)
		}
		if options.Label != "" {
			t.Labels = append(t.Labels, row.Label)
		}
	}
	t.Columns, t.Classes = p.columns, p.options.Classes
	if t.Rows() == 0 {
		p.line++
		return nil, p.fault(ErrEmpty, "no rows")
	}
	return t, nil
}

// Row is a row of a table.
type Row struct {
	X     []float64 // valid until the next row
	Y     float64
	Label int
}

// TableRows yields the rows of a table one by one, for tables larger than memory. An error is the last that it yields.
func TableRows(r io.Reader, options TableOptions) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		p, err := newTableReader(r, options)
		for err == nil {
			var row Row
			if row, err = p.next(); err == nil && !yield(row, nil) {
				return
			}
		}
		if err != io.EOF {
			yield(Row{}, err)
		}
	}
}

// tableReader reads rows.
type tableReader struct {
	options       TableOptions
	file          string
	in            *csv.Reader
	line          int
	given         bool     // the classes are
	names         []string // of all columns, once they are known
	columns       []string // of the features
	feature       []int    // their places
	target, label int      // their places, −1 for none
	x             []float64
}

func newTableReader(r io.Reader, options TableOptions) (*tableReader, error) {
	in, file, err := newCSV(r, options.Comma, options.Comment)
	if err != nil {
		return nil, err
	}
	return &tableReader{options: options, file: file, in: in, given: options.Classes != nil}, nil
}

func (p *tableReader) fault(err error, format string, args ...any) error {
	return &FormatError{File: p.file, Line: p.line, Reason: fmt.Sprintf(format, args...), Err: err}
}

// next reads a row, and the header before the first.
func (p *tableReader) next() (Row, error) {
	fields, err := p.in.Read()
	if err == io.EOF {
		return Row{}, err
	}
	if err != nil {
		return Row{}, csvFault(p.file, err)
	}
	p.line, _ = p.in.FieldPos(0)
	if p.names == nil {
		if err := p.begin(fields); err != nil {
			return Row{}, err
		}
		if p.options.Header {
			return p.next()
		}
	}
	if len(fields) != len(p.names) {
		return Row{}, p.fault(csv.ErrFieldCount, "fields: %d, and there are %d columns", len(fields), len(p.names))
	}
	return p.row(fields)
}

// begin names the columns and finds those that are wanted.
func (p *tableReader) begin(fields []string) error {
	for i, f := range fields {
		name := strconv.Itoa(i)
		if p.options.Header {
			name = strings.TrimSpace(f)
		}
		if slices.Contains(p.names, name) {
			return p.fault(ErrCount, "two columns are called %s", quoted(name))
		}
		p.names = append(p.names, name)
	}
	place := func(name string) (int, error) {
		i := slices.Index(p.names, name)
		if i < 0 && name != "" {
			return i, p.fault(ErrCount, "there is no column %s", quoted(name))
		}
		return i, nil
	}
	var err error
	if p.target, err = place(p.options.Target); err != nil {
		return err
	}
	if p.label, err = place(p.options.Label); err != nil {
		return err
	}
	p.columns = p.options.Columns
	if p.columns == nil {
		for i, name := range p.names {
			if (i != p.target || p.options.Target == "") && (i != p.label || p.options.Label == "") {
				p.columns = append(p.columns, name)
			}
		}
	}
	for _, name := range p.columns {
		i, err := place(name)
		if err != nil {
			return err
		}
		p.feature = append(p.feature, i)
	}
	p.x = make([]float64, len(p.feature))
	return nil
}

func (p *tableReader) row(fields []string) (row Row, err error) {
	row.X = p.x
	for k, i := range p.feature {
		if p.x[k], err = p.number(fields, i); err != nil {
			return row, err
		}
	}
	if p.options.Target != "" {
		if row.Y, err = p.number(fields, p.target); err != nil {
			return row, err
		}
	}
	if p.options.Label == "" {
		return row, nil
	}
	class := strings.TrimSpace(fields[p.label])
	row.Label = slices.Index(p.options.Classes, class)
	switch {
	case row.Label >= 0:
	case p.given || class == "":
		return row, p.fault(ErrLabel, "the label %s is none of the classes", quoted(class))
	default:
		row.Label = len(p.options.Classes)
		p.options.Classes = append(p.options.Classes, strings.Clone(class))
	}
	return row, nil
}

// number is a field as a number.
func (p *tableReader) number(fields []string, i int) (float64, error) {
	field := strings.TrimSpace(fields[i])
	if slices.Contains(p.options.Missing, field) {
		return math.NaN(), nil
	}
	x, err := strconv.ParseFloat(field, 64)
	if err != nil {
		return 0, p.fault(err.(*strconv.NumError).Err, "column %s is %s", quoted(p.names[i]), quoted(field))
	}
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return 0, p.fault(ErrNotFinite, "column %s is %s", quoted(p.names[i]), quoted(field))
	}
	return x, nil
}
