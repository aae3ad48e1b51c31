package data

import (
	"encoding/csv"
	"io"
	"unicode"
	"unicode/utf8"
)

// unpadded is a table without the spaces between a quoted field's last quote and what ends the field, which package csv
// takes for a fault. A comma of several bytes is none that spaces are looked for before.
func unpadded(text io.Reader, comma rune) io.Reader {
	if comma == 0 {
		comma = ','
	}
	if comma >= utf8.RuneSelf {
		return text
	}
	return &padding{in: text, comma: byte(comma)}
}

// padding passes a table on, byte by byte, and knows where in a field it is.
type padding struct {
	in     io.Reader
	comma  byte
	at     place
	spaces []byte // behind a last quote
	held   []byte // to be read next, from in
	buf    [4096]byte
	err    error
}

type place int

const (
	beginning place = iota // of a field, or in spaces before it
	plain                  // in a field that is not quoted
	inside                 // in a quoted one
	behind                 // behind a quote that may be the last
)

// Read implements io.Reader.
func (p *padding) Read(out []byte) (n int, err error) {
	for n < len(out) {
		if len(p.held) == 0 {
			if p.err != nil || n > 0 {
				break
			}
			var got int
			got, p.err = p.in.Read(p.buf[:])
			p.held = p.buf[:got]
			continue
		}
		b := p.held[0]
		if p.at == behind && p.isSpace(b) {
			p.spaces, p.held = append(p.spaces, b), p.held[1:]
			continue
		}
		if len(p.spaces) > 0 {
			if p.at == behind && p.ends(b) {
				p.spaces = p.spaces[:0]
				continue
			}
			p.at = plain // package csv names the fault
			out[n], p.spaces = p.spaces[0], p.spaces[1:]
			n++
			continue
		}
		out[n], p.held, p.at = b, p.held[1:], p.after(b)
		n++
	}
	if n == 0 && len(out) > 0 {
		return 0, p.err
	}
	return n, nil
}

func (p *padding) isSpace(b byte) bool { return (b == ' ' || b == '\t') && b != p.comma }

// ends reports whether b is what comes behind a field.
func (p *padding) ends(b byte) bool { return b == p.comma || b == '\n' || b == '\r' }

// after is the place behind b.
func (p *padding) after(b byte) place {
	switch {
	case p.at == inside && b == '"':
		return behind
	case p.at == inside, p.at == behind && b == '"': // two quotes stand for one
		return inside
	case p.ends(b):
		return beginning
	case p.at == beginning && p.isSpace(b):
		return beginning
	case p.at == beginning && b == '"':
		return inside
	}
	return plain
}

// newCSV reads records from a file, compressed or not, without a byte order mark and without spaces around fields. Their
// fields are counted by who reads them: a header need not match. File is its name, for messages.
func newCSV(r io.Reader, comma, comment rune) (in *csv.Reader, file string, err error) {
	s, err := newSource(r)
	if err != nil {
		return nil, "", err
	}
	text, err := withoutMark(s)
	if err != nil {
		return nil, "", err
	}
	in = csv.NewReader(unpadded(text, comma))
	in.TrimLeadingSpace = comma == 0 || !unicode.IsSpace(comma)
	in.ReuseRecord, in.FieldsPerRecord, in.Comment = true, -1, comment
	if comma != 0 {
		in.Comma = comma
	}
	return in, s.file, nil
}
