package graph

import (
	"fmt"
	"math"
)

// DType is the type of a tensor's elements. No number converts to it: ops.Ones(g, 3, 2), where one is forgotten, does not
// compile. Values compare with == and serve as keys; the zero value is no element type.
type DType struct{ number uint8 }

// The element types. Int64 serves for indices and counts, Bool for conditions; only the floats have derivatives. They are
// never assigned to: Go has no constants of such a type.
var (
	Float32 = DType{1}
	Float64 = DType{2}
	Int64   = DType{3}
	Bool    = DType{4}
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
	return fmt.Sprintf("dtype(%d)", d.number)
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
func (d DType) Valid() bool { return d.number >= Float32.number && d.number <= Bool.number }

// Holds returns an error if the number v can be no constant of type d: only integers can be in an Int64, and a Float32
// must not make an infinity of what is none.
func (d DType) Holds(v float64) error {
	switch {
	case d == Int64 && (v != math.Trunc(v) || math.IsInf(v, 0)):
		return fmt.Errorf("%v is no integer, as an i64 must be", v)
	case d == Int64 && (v < -1<<63 || v >= 1<<63):
		return fmt.Errorf("%v is beyond the integers of an i64", v)
	case d == Float32 && math.IsInf(float64(float32(v)), 0) && !math.IsInf(v, 0):
		return fmt.Errorf("%v overflows an f32 (an infinity is math.Inf)", v)
	}
	return nil
}

// ParseDType is the inverse of String.
func ParseDType(s string) (DType, error) {
	for d, info := range dtypes {
		if info.name == s {
			return d, nil
		}
	}
	return DType{}, fmt.Errorf("unknown element type %q", s)
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
