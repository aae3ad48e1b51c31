package onnx

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"

	"chainrule/graph"
	"chainrule/nn/onnx/internal/pb"
)

type elem = pb.Tensor_DataType

// stands is the element type that values of a file's type have here.
func stands(t elem) (graph.DType, error) {
	switch t {
	case pb.Tensor_FLOAT, pb.Tensor_FLOAT16, pb.Tensor_BFLOAT16:
		return graph.Float32, nil
	case pb.Tensor_DOUBLE:
		return graph.Float64, nil
	case pb.Tensor_BOOL:
		return graph.Bool, nil
	case pb.Tensor_INT64, pb.Tensor_INT32, pb.Tensor_INT16, pb.Tensor_INT8,
		pb.Tensor_UINT8, pb.Tensor_UINT16, pb.Tensor_UINT32, pb.Tensor_UINT64:
		return graph.Int64, nil
	}
	return graph.DType{}, fmt.Errorf("element type %v", t)
}

// bits is the width of the integers of a type, negative if they have no sign, 0 if they are no integers.
func bits(t elem) int {
	switch t {
	case pb.Tensor_INT8:
		return 8
	case pb.Tensor_INT16:
		return 16
	case pb.Tensor_INT32:
		return 32
	case pb.Tensor_INT64:
		return 64
	case pb.Tensor_UINT8:
		return -8
	case pb.Tensor_UINT16:
		return -16
	case pb.Tensor_UINT32:
		return -32
	case pb.Tensor_UINT64:
		return -64
	}
	return 0
}

// array is a tensor of a file: one of its lists holds the elements.
type array struct {
	kind  elem
	shape []int
	f32   []float32
	f64   []float64
	i64   []int64
	bools []bool
}

// maxElements bounds what a tensor without data of that length may claim to be.
const maxElements = math.MaxInt / 16

// shapeOf checks dimensions and returns how many elements they make.
func shapeOf(dims []int64) (shape []int, size int, err error) {
	size = 1
	for _, d := range dims {
		if d < 0 || d > maxElements || (d > 0 && size > maxElements/int(d)) {
			return nil, 0, fmt.Errorf("dimensions %v", dims)
		}
		size *= int(d)
		shape = append(shape, int(d))
	}
	if len(shape) > graph.MaxRank {
		return nil, 0, fmt.Errorf("rank %d, at most %d", len(shape), graph.MaxRank)
	}
	return shape, size, nil
}

// decode reads a tensor; raw has the bytes of one that lies in a file of its own.
func decode(t *pb.Tensor, raw []byte) (a array, err error) {
	a.kind = elem(t.GetDataType())
	d, err := stands(a.kind)
	if err != nil {
		return a, err
	}
	shape, size, err := shapeOf(t.GetDims())
	if err != nil {
		return a, err
	}
	a.shape = shape
	if raw == nil {
		raw = t.GetRawData()
	}
	if raw != nil || t.RawData != nil {
		return a, a.fromBytes(raw, size)
	}
	switch d {
	case graph.Float32:
		if a.kind == pb.Tensor_FLOAT {
			a.f32 = t.GetFloatData()
		} else {
			for _, b := range t.GetInt32Data() {
				a.f32 = append(a.f32, widened(a.kind, uint16(b)))
			}
		}
	case graph.Float64:
		a.f64 = t.GetDoubleData()
	case graph.Bool:
		for _, b := range t.GetInt32Data() {
			a.bools = append(a.bools, b != 0)
		}
	case graph.Int64:
		a.i64 = integersOf(t, a.kind)
	}
	if n := a.len(); n != size {
		return a, fmt.Errorf("%d elements for dimensions %v", n, t.GetDims())
	}
	return a, nil
}

// integersOf returns integers that a tensor holds in its lists.
func integersOf(t *pb.Tensor, kind elem) (all []int64) {
	switch kind {
	case pb.Tensor_INT64:
		return t.GetInt64Data()
	case pb.Tensor_UINT32, pb.Tensor_UINT64:
		for _, v := range t.GetUint64Data() {
			all = append(all, int64(v))
		}
	default:
		for _, v := range t.GetInt32Data() {
			all = append(all, wrapped(kind, int64(v)))
		}
	}
	return all
}

// wrapped is v modulo the width of its type.
func wrapped(kind elem, v int64) int64 {
	switch b := bits(kind); b {
	case 8:
		return int64(int8(v))
	case 16:
		return int64(int16(v))
	case 32:
		return int64(int32(v))
	case -8:
		return int64(uint8(v))
	case -16:
		return int64(uint16(v))
	case -32:
		return int64(uint32(v))
	}
	return v
}

func (a *array) len() int { return len(a.f32) + len(a.f64) + len(a.i64) + len(a.bools) }

// width is how many bytes an element takes in a file.
func width(kind elem) int {
	switch kind {
	case pb.Tensor_FLOAT:
		return 4
	case pb.Tensor_DOUBLE:
		return 8
	case pb.Tensor_FLOAT16, pb.Tensor_BFLOAT16:
		return 2
	case pb.Tensor_BOOL:
		return 1
	}
	return max(bits(kind), -bits(kind)) / 8
}

// fromBytes reads size elements in little-endian order.
func (a *array) fromBytes(raw []byte, size int) error {
	w := width(a.kind)
	if len(raw)%w != 0 || len(raw)/w != size {
		return fmt.Errorf("%d bytes for %d elements of %d", len(raw), size, w)
	}
	le := binary.LittleEndian
	switch a.kind {
	case pb.Tensor_FLOAT:
		a.f32 = make([]float32, size)
		for i := range a.f32 {
			a.f32[i] = math.Float32frombits(le.Uint32(raw[4*i:]))
		}
	case pb.Tensor_FLOAT16, pb.Tensor_BFLOAT16:
		a.f32 = make([]float32, size)
		for i := range a.f32 {
			a.f32[i] = widened(a.kind, le.Uint16(raw[2*i:]))
		}
	case pb.Tensor_DOUBLE:
		a.f64 = make([]float64, size)
		for i := range a.f64 {
			a.f64[i] = math.Float64frombits(le.Uint64(raw[8*i:]))
		}
	case pb.Tensor_BOOL:
		a.bools = make([]bool, size)
		for i := range a.bools {
			a.bools[i] = raw[i] != 0
		}
	default:
		a.i64 = make([]int64, size)
		for i := range a.i64 {
			var v uint64
			for k := range w {
				v |= uint64(raw[w*i+k]) << (8 * k)
			}
			a.i64[i] = wrapped(a.kind, int64(v))
		}
	}
	return nil
}

// widened is the f32 that 16 bits of a float stand for: the upper half of its own for bfloat16, IEEE 754's binary16
// else.
func widened(kind elem, b uint16) float32 {
	if kind == pb.Tensor_BFLOAT16 {
		return math.Float32frombits(uint32(b) << 16)
	}
	sign, exponent, fraction := uint32(b>>15)<<31, uint32(b>>10)&31, uint32(b)&1023
	switch exponent {
	case 0: // zeros and numbers below the normal ones, multiples of 2⁻²⁴
		f := float32(fraction) / (1 << 24)
		return math.Float32frombits(math.Float32bits(f) | sign)
	case 31:
		return math.Float32frombits(sign | 255<<23 | fraction<<13)
	}
	return math.Float32frombits(sign | (exponent-15+127)<<23 | fraction<<13)
}

// constant is the tensor as a node.
func (a *array) constant(g *graph.Graph) *graph.Node {
	switch d, _ := stands(a.kind); d {
	case graph.Float32:
		return graph.Const(g, a.f32, a.shape...)
	case graph.Float64:
		return graph.Const(g, a.f64, a.shape...)
	case graph.Bool:
		return graph.Const(g, a.bools, a.shape...)
	}
	return graph.Const(g, a.i64, a.shape...)
}

// external reads the bytes of a tensor that lies in another file, in the folder of the model or below it.
type external struct {
	root *os.Root // nil if the model was not read from a file
}

// read returns the bytes of t, nil if they lie in t itself. A root does not let names or links lead out of the folder.
func (e external) read(t *pb.Tensor) (raw []byte, err error) {
	if t.GetDataLocation() != pb.Tensor_EXTERNAL {
		return nil, nil
	}
	var name string
	var offset, length int64 = 0, -1
	for _, p := range t.GetExternalData() {
		switch p.GetKey() {
		case "location":
			name = filepath.FromSlash(p.GetValue())
		case "offset":
			offset, err = strconv.ParseInt(p.GetValue(), 10, 64)
		case "length":
			length, err = strconv.ParseInt(p.GetValue(), 10, 64)
		}
		if err != nil {
			return nil, fmt.Errorf("external data: %w", err)
		}
	}
	if e.root == nil {
		return nil, fmt.Errorf("its data lies in %q: Load reads it, Read does not", name)
	}
	f, err := e.root.Open(name)
	if err != nil {
		return nil, fmt.Errorf("external data: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("external data: %q is no file", name)
	}
	if length < 0 {
		length = info.Size() - offset
	}
	if offset < 0 || length < 0 || offset > info.Size() || length > info.Size()-offset {
		return nil, fmt.Errorf("external data: %d bytes at %d of %q, which has %d", length, offset, name, info.Size())
	}
	raw = make([]byte, length)
	if _, err := io.ReadFull(io.NewSectionReader(f, offset, length), raw); err != nil {
		return nil, fmt.Errorf("external data: %w", err)
	}
	return raw, nil
}
