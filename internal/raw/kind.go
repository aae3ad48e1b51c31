package raw

import (
	"io"
	"math"
)

// Kind is an element type of a file.
type Kind uint8

// The kinds. Floats of 16 and 8 bits are read into float32.
const (
	Bool Kind = iota + 1
	Int8
	Int16
	Int32
	Int64
	Uint8
	Uint16
	Uint32
	Uint64
	Float8E4M3 // no infinities; Micikevicius et al., FP8 formats for deep learning (2022), table 1
	Float8E5M2
	Float16
	BFloat16
	Float32
	Float64
	Complex64
	Complex128
)

// kinds has a row for each kind.
var kinds = [...]struct {
	name string
	size int // bytes of an element in a file
	read func(src source, n int) (any, error)
}{
	Bool:       {"bool", 1, widened(1, func(b []byte) bool { return b[0] != 0 })},
	Int8:       {"int8", 1, native[int8](1)},
	Int16:      {"int16", 2, native[int16](2)},
	Int32:      {"int32", 4, native[int32](4)},
	Int64:      {"int64", 8, native[int64](8)},
	Uint8:      {"uint8", 1, native[uint8](1)},
	Uint16:     {"uint16", 2, native[uint16](2)},
	Uint32:     {"uint32", 4, native[uint32](4)},
	Uint64:     {"uint64", 8, native[uint64](8)},
	Float8E4M3: {"float8_e4m3", 1, widened(1, func(b []byte) float32 { return e4m3(b[0]) })},
	Float8E5M2: {"float8_e5m2", 1, widened(1, func(b []byte) float32 { return half(uint16(b[0]) << 8) })},
	Float16:    {"float16", 2, widened(2, func(b []byte) float32 { return half(lowFirst(b)) })},
	BFloat16:   {"bfloat16", 2, widened(2, func(b []byte) float32 { return brain(lowFirst(b)) })},
	Float32:    {"float32", 4, native[float32](4)},
	Float64:    {"float64", 8, native[float64](8)},
	Complex64:  {"complex64", 8, native[complex64](4)},
	Complex128: {"complex128", 16, native[complex128](8)},
}

// Size is the bytes of an element in a file.
func (k Kind) Size() int { return kinds[k].size }

// String is the kind's name, as NumPy and PyTorch call it.
func (k Kind) String() string { return kinds[k].name }

// Bytes is the size of a tensor in a file, and false if it is more than there can be.
func (k Kind) Bytes(shape []int) (size int, ok bool) {
	elements, empty := uint64(1), false
	for _, n := range shape {
		if n == 0 {
			empty = true
			continue
		}
		if n < 0 || elements > math.MaxInt/uint64(n) {
			return 0, false
		}
		elements *= uint64(n)
	}
	if empty {
		return 0, true
	}
	if elements > math.MaxInt/uint64(k.Size()) {
		return 0, false
	}
	return int(elements) * k.Size(), true
}

// Order says which byte of a number comes first.
type Order bool

// The orders of bytes.
const (
	LowFirst  Order = false
	HighFirst Order = true
)

// Read reads n elements into a new slice, of the Go type that holds them. Sure says that so many bytes are known to be
// there; without it, memory is set aside as they arrive. A reader that ends before is io.ErrUnexpectedEOF.
func Read(r io.Reader, k Kind, n int, order Order, sure bool) (any, error) {
	return kinds[k].read(source{r, order, sure}, n)
}
