package graph

import "fmt"

// DType is the type of a tensor's elements.
type DType uint8

// The element types. Int64 serves for indices and counts, Bool for conditions; only the floats have derivatives.
const (
	Float32 DType = iota + 1
	Float64
	Int64
	Bool
)

var dtypes = map[DType]struct {
	name string
	size int
}{
	Float32: {"f32", 4},
	Float64: {"f64", 8},
	Int64:   {"i64", 8},
	Bool:    {"bool", 1},
	Packed:  {"packed", 1},
}

// String returns the short name that the text form uses: f32, f64, i64 or bool.
func (d DType) String() string {
	if info, ok := dtypes[d]; ok {
		return info.name
	}
	return fmt.Sprintf("dtype(%d)", uint8(d))
}

// Size returns the bytes that one element takes.
func (d DType) Size() int {
	switch d {
	case Float32:
		return 4
	case Bool, Packed:
		return 1
	default:
		return 8
	}
}

// IsFloat reports whether d is Float32 or Float64.
func (d DType) IsFloat() bool { return d == Float32 || d == Float64 }

// Valid reports whether d is one of the element types above.
func (d DType) Valid() bool { return d >= Float32 && d <= Bool }

// ParseDType is the inverse of String.
func ParseDType(s string) (DType, error) {
	for d, info := range dtypes {
		if info.name == s {
			return d, nil
		}
	}
	return 0, fmt.Errorf("unknown element type %q", s)
}

// Element is the set of Go types that tensors hold.
type Element interface {
	float32 | float64 | int64 | bool
}

// DTypeOf returns the DType of the Go type T.
func DTypeOf[T Element]() DType {
	var zero T
	switch any(zero).(type) {
	case float32:
		return Float32
	case float64:
		return Float64
	case int64:
		return Int64
	default:
		return Bool
	}
}
