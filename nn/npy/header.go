package npy

import (
	"encoding/binary"
	"io"
	"math"
	"strconv"
	"strings"

	"chainrule/internal/raw"
)

// header says how an array lies in a file.
type header struct {
	kind    raw.Kind
	order   raw.Order
	fortran bool
	shape   []int
}

// short is a shape for a message.
func short(shape []int) any {
	if len(shape) <= 8 {
		return shape
	}
	return strconv.Itoa(len(shape)) + " axes"
}

// readHeader reads the header and says how long it is in bytes, the magic number included.
func readHeader(r io.Reader) (h header, length int64, err error) {
	var start [12]byte
	fixed := start[:10]
	if _, err := io.ReadFull(r, fixed); err != nil {
		return h, 0, cut(err)
	}
	if string(start[:6]) != magic {
		return h, 0, wrong("the file begins with %q, not %q", start[:6], magic)
	}
	size := int(binary.LittleEndian.Uint16(start[8:]))
	switch version := start[6]; version {
	case 1:
	case 2, 3:
		fixed = start[:]
		if _, err := io.ReadFull(r, start[10:]); err != nil {
			return h, 0, cut(err)
		}
		if long := binary.LittleEndian.Uint32(start[8:]); long > maxHeader {
			return h, 0, wrong("a header of %d bytes", long)
		}
		size = int(binary.LittleEndian.Uint32(start[8:]))
	default:
		return h, 0, wrong("version %d.%d of the format is not known", version, start[7])
	}
	text := make([]byte, size)
	if _, err := io.ReadFull(r, text); err != nil {
		return h, 0, cut(err)
	}
	h, err = parse(string(text))
	return h, int64(len(fixed) + size), err
}

// cut is an error of reading a header.
func cut(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return wrong("the file ends in its header")
	}
	return err
}

// parser reads a Python dictionary with the keys descr, fortran_order and shape.
type parser struct{ rest string }

func parse(text string) (h header, err error) {
	p := &parser{text}
	seen := map[string]bool{}
	if !p.take("{") {
		return h, wrong("the header %.40q is no dictionary", text)
	}
	for !p.take("}") {
		key, ok := p.text()
		if !ok || seen[key] || !p.take(":") {
			return h, wrong("the header has no new key at %.40q", p.rest)
		}
		seen[key] = true
		switch key {
		case "descr":
			if h.kind, h.order, err = p.descr(); err != nil {
				return h, err
			}
		case "fortran_order":
			if h.fortran = p.take("True"); !h.fortran && !p.take("False") {
				return h, wrong("fortran_order is %.40q, neither True nor False", p.rest)
			}
		case "shape":
			if h.shape, ok = p.tuple(); !ok {
				return h, wrong("the shape is no tuple of sizes at %.40q", p.rest)
			}
		default:
			return h, wrong("the header has the key %.40q", key)
		}
		if !p.take(",") && !strings.HasPrefix(p.skip(), "}") {
			return h, wrong("the header has no comma at %.40q", p.rest)
		}
	}
	if p.skip() != "" {
		return h, wrong("something follows the header: %.40q", p.rest)
	}
	if len(seen) != 3 {
		return h, wrong("the header lacks one of descr, fortran_order and shape")
	}
	return h, nil
}

// skip passes over white space.
func (p *parser) skip() string {
	p.rest = strings.TrimLeft(p.rest, " \t\r\n")
	return p.rest
}

// take passes over a token if it is the next.
func (p *parser) take(token string) (ok bool) {
	p.rest, ok = strings.CutPrefix(p.skip(), token)
	return ok
}

// text reads a text in quotes of either kind, without escapes.
func (p *parser) text() (string, bool) {
	for _, quote := range []string{"'", `"`} {
		if p.take(quote) {
			text, rest, ok := strings.Cut(p.rest, quote)
			p.rest = rest
			return text, ok
		}
	}
	return "", false
}

// tuple reads (), (n,) or (n, m, …). Python 2 wrote an L behind large numbers.
func (p *parser) tuple() (shape []int, ok bool) {
	if !p.take("(") {
		return nil, false
	}
	shape = []int{}
	for !p.take(")") {
		p.skip()
		digits := len(p.rest) - len(strings.TrimLeft(p.rest, "0123456789"))
		n, err := strconv.ParseUint(p.rest[:digits], 10, 64)
		if err != nil || n > math.MaxInt {
			return nil, false
		}
		p.rest = strings.TrimPrefix(p.rest[digits:], "L")
		shape = append(shape, int(n))
		switch comma := p.take(","); {
		case comma:
		case len(shape) == 1 || !strings.HasPrefix(p.rest, ")"): // (n) is a number in brackets
			return nil, false
		}
	}
	return shape, true
}

// descrs are the names of kinds in headers, without their byte order.
var descrs = map[string]raw.Kind{
	"b1": raw.Bool, "i1": raw.Int8, "i2": raw.Int16, "i4": raw.Int32, "i8": raw.Int64,
	"u1": raw.Uint8, "u2": raw.Uint16, "u4": raw.Uint32, "u8": raw.Uint64,
	"f2": raw.Float16, "f4": raw.Float32, "f8": raw.Float64, "c8": raw.Complex64, "c16": raw.Complex128,
}

// descr reads a byte order and a kind.
func (p *parser) descr() (raw.Kind, raw.Order, error) {
	text, ok := p.text()
	if !ok || text == "" {
		return 0, raw.LowFirst, wrong("the elements are no numbers: %.40q", p.rest)
	}
	kind, known := descrs[text[1:]]
	order := raw.Order(text[0] == '>')
	switch {
	case !known || !strings.ContainsRune("<>|=", rune(text[0])):
		return 0, order, wrong("elements of type %.40q are not supported", text)
	case text[0] == '|' && kind.Size() > 1, text[0] == '=':
		return 0, order, wrong("elements of type %q have no byte order", text)
	}
	return kind, order, nil
}

func descrOf(kind raw.Kind) string {
	for name, k := range descrs {
		if k != kind {
			continue
		}
		if k.Size() == 1 {
			return "|" + name
		}
		return "<" + name
	}
	return ""
}
