package save

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	"chainrule/internal/raw"
)

// ErrFormat is what is wrong with a file that is not of a format that is read, or is damaged.
var ErrFormat = errors.New("not a sound file of tensors")

const (
	maxHeader = 100_000_000 // bytes, the format's own bound
	metaName  = "__metadata__"
)

func wrong(format string, args ...any) error {
	return fmt.Errorf("save: %s: %w", fmt.Sprintf(format, args...), ErrFormat)
}

// entry is a tensor in a file: its bytes are from begin to end of the data.
type entry struct {
	name       string
	kind       raw.Kind
	shape      []int
	begin, end int64
}

// kinds are the names of element types in safetensors files.
var kinds = map[string]raw.Kind{
	"BOOL": raw.Bool, "I8": raw.Int8, "I16": raw.Int16, "I32": raw.Int32, "I64": raw.Int64,
	"U8": raw.Uint8, "U16": raw.Uint16, "U32": raw.Uint32, "U64": raw.Uint64,
	"F8_E4M3": raw.Float8E4M3, "F8_E5M2": raw.Float8E5M2, "F16": raw.Float16, "BF16": raw.BFloat16,
	"F32": raw.Float32, "F64": raw.Float64, "C64": raw.Complex64,
}

func nameOf(kind raw.Kind) (string, bool) {
	for name, k := range kinds {
		if k == kind {
			return name, true
		}
	}
	return "", false
}

// parseHeader reads the JSON of a header. Entries come in the order of their data, which they cover without a gap.
func parseHeader(text []byte) (entries []entry, metadata map[string]string, err error) {
	if len(text) == 0 || text[0] != '{' || !utf8.Valid(text) {
		return nil, nil, wrong("the header %.40q is no JSON object", text)
	}
	in := json.NewDecoder(bytes.NewReader(text))
	in.UseNumber()
	seen := map[string]bool{}
	err = object(in, func(name string) error {
		if seen[name] {
			return wrong("two tensors are called %.80q", name)
		}
		seen[name] = true
		if name == metaName {
			metadata, err = parseMetadata(in)
			return err
		}
		e, err := parseEntry(in, name)
		entries = append(entries, e)
		return err
	})
	if err == nil && len(bytes.Trim(text[in.InputOffset():], " \t\r\n")) > 0 {
		err = wrong("something follows the header: %.40q", text[in.InputOffset():])
	}
	if err != nil {
		return nil, nil, err
	}
	slices.SortStableFunc(entries, func(a, b entry) int {
		if a.begin != b.begin {
			return compare(a.begin, b.begin)
		}
		return compare(a.end, b.end)
	})
	at := int64(0)
	for _, e := range entries {
		if e.begin != at {
			return nil, nil, wrong("the data of %.80q begin at %d, and those before end at %d", e.name, e.begin, at)
		}
		at = e.end
	}
	return entries, metadata, nil
}

func compare(a, b int64) int {
	if a < b {
		return -1
	}
	if a > b {
		return 1
	}
	return 0
}

// object reads an object; member reads the value of the key that it is given.
func object(in *json.Decoder, member func(key string) error) error {
	token, err := in.Token()
	if err != nil || token != json.Delim('{') {
		return wrong("the header has no object at byte %d", in.InputOffset())
	}
	for {
		token, err := in.Token()
		if err != nil {
			return wrong("the header ends or is no JSON at byte %d", in.InputOffset())
		}
		key, ok := token.(string)
		if !ok { // the end, as after an object's key there is only a key
			return nil
		}
		if err := member(key); err != nil {
			return err
		}
	}
}

func parseMetadata(in *json.Decoder) (map[string]string, error) {
	metadata := map[string]string{}
	err := object(in, func(key string) error {
		token, err := in.Token()
		value, ok := token.(string)
		if err != nil || !ok {
			return wrong("the metadata %.80q is no text", key)
		}
		if _, twice := metadata[key]; twice {
			return wrong("two metadata are called %.80q", key)
		}
		metadata[key] = value
		return nil
	})
	return metadata, err
}

// parseEntry reads what the header says of a tensor and checks it.
func parseEntry(in *json.Decoder, name string) (e entry, err error) {
	e.name = name
	var shape, offsets []json.Number
	seen := map[string]bool{}
	err = object(in, func(key string) error {
		if seen[key] {
			return wrong("tensor %.80q has two %.40q", name, key)
		}
		seen[key] = true
		var err error
		switch key {
		case "dtype":
			var kind string
			if err = in.Decode(&kind); err == nil {
				var known bool
				if e.kind, known = kinds[kind]; !known {
					return wrong("tensor %.80q has elements of type %.40q, which is not known", name, kind)
				}
			}
		case "shape":
			err = in.Decode(&shape)
		case "data_offsets":
			err = in.Decode(&offsets)
		default:
			return wrong("tensor %.80q has the key %.40q", name, key)
		}
		if err != nil {
			return wrong("tensor %.80q: %s is not readable", name, key)
		}
		return nil
	})
	if err != nil {
		return e, err
	}
	if e.kind == 0 || shape == nil || len(offsets) != 2 {
		return e, wrong("tensor %.80q lacks a dtype, a shape or two data_offsets", name)
	}
	return e, e.check(shape, offsets)
}

// check sets the shape and the place, and holds them against each other.
func (e *entry) check(shape, offsets []json.Number) error {
	e.shape = make([]int, len(shape))
	for i, n := range shape {
		size, err := strconv.ParseUint(n.String(), 10, 64)
		if err != nil || size > math.MaxInt {
			return wrong("tensor %.80q has the size %.40q", e.name, n)
		}
		e.shape[i] = int(size)
	}
	bytes, ok := e.kind.Bytes(e.shape)
	if !ok {
		return wrong("tensor %.80q is larger than there can be", e.name)
	}
	begin, err := strconv.ParseUint(offsets[0].String(), 10, 63)
	end, err2 := strconv.ParseUint(offsets[1].String(), 10, 63)
	if err != nil || err2 != nil || begin > end {
		return wrong("tensor %.80q lies from %.40s to %.40s", e.name, offsets[0], offsets[1])
	}
	e.begin, e.end = int64(begin), int64(end)
	if end-begin != uint64(bytes) {
		return wrong("tensor %.80q takes %d bytes and has %d", e.name, bytes, end-begin)
	}
	return nil
}
