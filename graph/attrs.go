package graph

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// Ints is an immutable list of integers for attributes. Unlike a slice it compares with ==.
type Ints string

// MakeInts returns the list of the given integers.
func MakeInts(v ...int) Ints {
	b := make([]byte, 0, 16)
	for i, x := range v {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, int64(x), 10)
	}
	return Ints(b)
}

// Slice returns the list as a new slice.
func (l Ints) Slice() []int {
	if l == "" {
		return nil
	}
	v := make([]int, 0, strings.Count(string(l), ",")+1)
	for f := range strings.SplitSeq(string(l), ",") {
		n, err := strconv.Atoi(f)
		if err != nil {
			panic("graph: Ints not made by MakeInts: " + string(l))
		}
		v = append(v, n)
	}
	return v
}

// formatAttrs prints the fields of an attribute struct that are not zero, as in [axes=(0,1) keepdims=true].
func formatAttrs(attrs any) string {
	if attrs == nil {
		return ""
	}
	v := reflect.ValueOf(attrs)
	var parts []string
	for i := range v.NumField() {
		f := v.Field(i)
		if f.IsZero() {
			continue
		}
		name := strings.ToLower(v.Type().Field(i).Name)
		switch x := f.Interface().(type) {
		case Ints:
			parts = append(parts, name+"=("+string(x)+")")
		case string:
			parts = append(parts, name+"="+strconv.Quote(x))
		case float64:
			parts = append(parts, name+"="+strconv.FormatFloat(x, 'g', -1, 64))
		default:
			parts = append(parts, fmt.Sprintf("%s=%v", name, x))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "[" + strings.Join(parts, " ") + "]"
}

// parseAttrs is the inverse of formatAttrs for an op whose attributes have zero's type.
func parseAttrs(zero any, text string) (any, error) {
	if zero == nil {
		if text != "" {
			return nil, fmt.Errorf("attributes [%s] where the op has none", text)
		}
		return nil, nil
	}
	v := reflect.New(reflect.TypeOf(zero)).Elem()
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimSpace(text) {
		name, rest, ok := strings.Cut(text, "=")
		if !ok {
			return nil, fmt.Errorf("attribute %q lacks its =", text)
		}
		f := v.FieldByNameFunc(func(s string) bool { return strings.EqualFold(s, name) })
		if !f.IsValid() {
			return nil, fmt.Errorf("unknown attribute %q", name)
		}
		value, tail, err := cutValue(rest)
		if err != nil {
			return nil, err
		}
		text = tail
		if err := setAttr(f, value); err != nil {
			return nil, fmt.Errorf("attribute %s: %w", name, err)
		}
	}
	return v.Interface(), nil
}

// cutValue splits the first attribute value off s: a quoted string, a list in parentheses or a word.
func cutValue(s string) (value, tail string, err error) {
	switch {
	case strings.HasPrefix(s, `"`):
		value, err = strconv.QuotedPrefix(s)
		if err != nil {
			return "", "", fmt.Errorf("unterminated string in %s", s)
		}
		return value, s[len(value):], nil
	case strings.HasPrefix(s, "("):
		end := strings.IndexByte(s, ')')
		if end < 0 {
			return "", "", fmt.Errorf("unterminated list in %s", s)
		}
		return s[:end+1], s[end+1:], nil
	}
	value, tail, _ = strings.Cut(s, " ")
	return value, tail, nil
}

func setAttr(f reflect.Value, s string) error {
	switch f.Interface().(type) {
	case Ints:
		var list []int
		for e := range strings.SplitSeq(strings.TrimSuffix(strings.TrimPrefix(s, "("), ")"), ",") {
			n, err := strconv.Atoi(e)
			if err != nil {
				return err
			}
			list = append(list, n)
		}
		f.SetString(string(MakeInts(list...)))
	case DType:
		d, err := ParseDType(s)
		f.SetUint(uint64(d))
		return err
	case string:
		u, err := strconv.Unquote(s)
		f.SetString(u)
		return err
	case bool:
		b, err := strconv.ParseBool(s)
		f.SetBool(b)
		return err
	case int:
		n, err := strconv.Atoi(s)
		f.SetInt(int64(n))
		return err
	case float64:
		x, err := strconv.ParseFloat(s, 64)
		f.SetFloat(x)
		return err
	default:
		return fmt.Errorf("attributes cannot hold a %v", f.Type())
	}
	return nil
}
