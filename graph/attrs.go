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
		case *Func:
			parts = append(parts, name+"="+x.String())
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
func parseAttrs(g *Graph, zero any, text string) (any, error) {
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
		if err := setAttr(g, f, value); err != nil {
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
	case strings.HasPrefix(s, "{"):
		end := closing(s)
		if end < 0 {
			return "", "", fmt.Errorf("unterminated function in %s", s)
		}
		return s[:end+1], s[end+1:], nil
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

// closing returns where the brace closes that s opens with, −1 if it does not. Braces in quoted strings do not count.
func closing(s string) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i
			}
		case '"':
			quoted, err := strconv.QuotedPrefix(s[i:])
			if err != nil {
				return -1
			}
			i += len(quoted) - 1
		}
	}
	return -1
}

// parseFunc reads what Func.String prints.
func parseFunc(g *Graph, s string) (*Func, error) {
	if closing(s) != len(s)-1 {
		return nil, fmt.Errorf("want a function in braces, have %q", s)
	}
	var text strings.Builder
	depth := 0
	for i := 1; i < len(s)-1; i++ {
		switch s[i] {
		case '{':
			depth++
		case '}':
			depth--
		case ';':
			if depth == 0 {
				text.WriteByte('\n')
				continue
			}
		case '"':
			if quoted, err := strconv.QuotedPrefix(s[i:]); err == nil {
				text.WriteString(quoted)
				i += len(quoted) - 1
				continue
			}
		}
		text.WriteByte(s[i])
	}
	body, outputs, err := Parse(text.String())
	if err != nil {
		return nil, err
	}
	return g.Func(body.Inputs(), outputs), nil
}

// setAttr parses s into f, a field of an attribute struct.
func setAttr(g *Graph, f reflect.Value, s string) error {
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
		f.Set(reflect.ValueOf(d))
		return err
	case *Func:
		body, err := parseFunc(g, s)
		f.Set(reflect.ValueOf(body))
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
