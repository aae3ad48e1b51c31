package graph

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Type is what is known of a value before it is computed: its element type and its shape.
// The shape must not be modified.
type Type struct {
	DType DType
	Shape []int
}

// MaxRank is the largest number of axes.
const MaxRank = 16

// T returns the Type with the given element type and dimensions; no dimensions make a scalar.
func T(d DType, shape ...int) Type { return Type{DType: d, Shape: shape} }

// Rank returns the number of axes.
func (t Type) Rank() int { return len(t.Shape) }

// Size returns the number of elements, the product of the dimensions (1 for a scalar).
func (t Type) Size() int { return Size(t.Shape) }

// Bytes returns the memory that a value of the type takes.
func (t Type) Bytes() int { return t.Size() * t.DType.Size() }

// Equal reports whether t and u have the same element type and shape.
func (t Type) Equal(u Type) bool { return t.DType == u.DType && slices.Equal(t.Shape, u.Shape) }

// String formats the type as in f32[32,784]; a scalar is just f32.
func (t Type) String() string {
	if len(t.Shape) == 0 {
		return t.DType.String()
	}
	return t.DType.String() + FormatShape(t.Shape)
}

// FormatShape formats a shape as in [32,784].
func FormatShape(shape []int) string {
	b := []byte{'['}
	for i, d := range shape {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, int64(d), 10)
	}
	return string(append(b, ']'))
}

// ParseType is the inverse of Type.String.
func ParseType(s string) (Type, error) {
	name, rest, bracket := strings.Cut(s, "[")
	d, err := ParseDType(name)
	if err != nil {
		return Type{}, err
	}
	if !bracket {
		return Type{DType: d}, nil
	}
	dims, ok := strings.CutSuffix(rest, "]")
	if !ok {
		return Type{}, fmt.Errorf("type %q lacks its ]", s)
	}
	t := Type{DType: d}
	for f := range strings.SplitSeq(dims, ",") {
		n, err := strconv.Atoi(f)
		if err != nil || n < 0 {
			return Type{}, fmt.Errorf("type %q has a bad dimension %q", s, f)
		}
		t.Shape = append(t.Shape, n)
	}
	return t, checkSize(t)
}

// checkSize refuses shapes whose byte count does not fit an int.
func checkSize(t Type) error {
	if t.Rank() > MaxRank {
		return fmt.Errorf("rank %d is over %d", t.Rank(), MaxRank)
	}
	size := t.DType.Size()
	for _, d := range t.Shape {
		if d < 0 {
			return fmt.Errorf("negative dimension in %v", FormatShape(t.Shape))
		}
		if d != 0 && size > math.MaxInt/2/d {
			return fmt.Errorf("shape %v is too large", FormatShape(t.Shape))
		}
		size *= max(d, 1)
	}
	return nil
}

// Size returns the number of elements of a shape.
func Size(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// Strides returns the row-major strides of a shape, in elements.
func Strides(shape []int) []int {
	s := make([]int, len(shape))
	step := 1
	for i := len(shape) - 1; i >= 0; i-- {
		s[i] = step
		step *= shape[i]
	}
	return s
}

// BroadcastStrides returns the strides, in elements, of a tensor of shape own as one of the shape whole that it broadcasts
// to: 0 along the axes that stretch.
func BroadcastStrides(own, whole []int) []int {
	s := make([]int, len(whole))
	step := 1
	for i := len(own) - 1; i >= 0; i-- {
		if own[i] != 1 {
			s[len(whole)-len(own)+i] = step
		}
		step *= own[i]
	}
	return s
}

// IndexOf returns the index along each axis of the element of a shape with a number, counted row by row.
func IndexOf(element int, shape []int) []int {
	index := make([]int, len(shape))
	for i := len(shape) - 1; i >= 0; i-- {
		index[i] = element % shape[i]
		element /= shape[i]
	}
	return index
}

// BroadcastShapes returns the shape that a and b broadcast to by NumPy's rule: shapes are aligned at their last
// axis, and an axis of length 1 (or a missing one) stretches to the other's length.
func BroadcastShapes(a, b []int) ([]int, error) {
	if slices.Equal(a, b) {
		return a, nil
	}
	if len(a) < len(b) {
		a, b = b, a
	}
	if len(b) == 0 {
		return a, nil
	}
	out := slices.Clone(a)
	lead := len(a) - len(b)
	for i, d := range b {
		switch {
		case d == out[lead+i] || d == 1:
		case out[lead+i] == 1:
			out[lead+i] = d
		default:
			return nil, fmt.Errorf("shapes %s and %s do not broadcast", FormatShape(a), FormatShape(b))
		}
	}
	return out, nil
}
