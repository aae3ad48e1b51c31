package onnx

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"

	"chainrule/graph"
	"chainrule/internal/raw"
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

// array is a tensor of a file. Its elements are a []float32, []float64, []int64 or []bool.
type array struct {
	kind     elem
	shape    []int
	elements any
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

// decode reads a tensor; external has the bytes of one that lies in a file of its own.
func decode(t *pb.Tensor, external []byte) (a array, err error) {
	a.kind = elem(t.GetDataType())
	if _, err := stands(a.kind); err != nil {
		return a, err
	}
	shape, size, err := shapeOf(t.GetDims())
	if err != nil {
		return a, err
	}
	a.shape = shape
	if external == nil {
		external = t.RawData
	}
	if external == nil {
		external = listed(t, a.kind)
	}
	if external != nil {
		a.elements, err = fromBytes(external, a.kind, size)
		return a, err
	}
	n := 0
	switch a.kind {
	case pb.Tensor_FLOAT:
		a.elements, n = t.GetFloatData(), len(t.GetFloatData())
	case pb.Tensor_DOUBLE:
		a.elements, n = t.GetDoubleData(), len(t.GetDoubleData())
	default:
		v := integersOf(t, a.kind)
		a.elements, n = v, len(v)
	}
	if n != size {
		return a, fmt.Errorf("%d elements for dimensions %v", n, t.GetDims())
	}
	return a, nil
}

// listed is the elements of a type that has no list of its own, as bytes: they lie in that of integers.
func listed(t *pb.Tensor, kind elem) []byte {
	b := []byte{}
	for _, v := range t.GetInt32Data() {
		switch kind {
		case pb.Tensor_BOOL:
			b = append(b, byte(min(v, 1)))
		case pb.Tensor_FLOAT16, pb.Tensor_BFLOAT16:
			b = binary.LittleEndian.AppendUint16(b, uint16(v))
		default:
			return nil
		}
	}
	switch kind {
	case pb.Tensor_BOOL, pb.Tensor_FLOAT16, pb.Tensor_BFLOAT16:
		return b
	}
	return nil
}

// integersOf returns integers that a tensor holds in its lists.
func integersOf(t *pb.Tensor, kind elem) (all []int64) {
	switch kind {
	case pb.Tensor_INT64:
		return t.GetInt64Data()
	case pb.Tensor_UINT32, pb.Tensor_UINT64:
		return int64s(t.GetUint64Data())
	}
	for _, v := range t.GetInt32Data() {
		all = append(all, wrapped(kind, int64(v)))
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

// kinds are the types of files as package raw has them.
var kinds = map[elem]raw.Kind{
	pb.Tensor_FLOAT: raw.Float32, pb.Tensor_DOUBLE: raw.Float64, pb.Tensor_FLOAT16: raw.Float16, pb.Tensor_BFLOAT16: raw.BFloat16,
	pb.Tensor_BOOL: raw.Bool, pb.Tensor_INT8: raw.Int8, pb.Tensor_INT16: raw.Int16, pb.Tensor_INT32: raw.Int32,
	pb.Tensor_INT64: raw.Int64, pb.Tensor_UINT8: raw.Uint8, pb.Tensor_UINT16: raw.Uint16, pb.Tensor_UINT32: raw.Uint32,
	pb.Tensor_UINT64: raw.Uint64,
}

// fromBytes reads size elements, the lowest byte of each first. Integers become int64.
func fromBytes(b []byte, kind elem, size int) (any, error) {
	k := kinds[kind]
	if len(b)%k.Size() != 0 || len(b)/k.Size() != size {
		return nil, fmt.Errorf("%d bytes for %d elements of %d", len(b), size, k.Size())
	}
	v, err := raw.Read(bytes.NewReader(b), k, size, raw.LowFirst, true)
	switch v := v.(type) {
	case []int8:
		return int64s(v), err
	case []int16:
		return int64s(v), err
	case []int32:
		return int64s(v), err
	case []uint8:
		return int64s(v), err
	case []uint16:
		return int64s(v), err
	case []uint32:
		return int64s(v), err
	case []uint64:
		return int64s(v), err
	}
	return v, err
}

func int64s[T int8 | int16 | int32 | uint8 | uint16 | uint32 | uint64](v []T) []int64 {
	out := make([]int64, len(v))
	for i, e := range v {
		out[i] = int64(e)
	}
	return out
}

// constant is the tensor as a node.
func (a *array) constant(g *graph.Graph) *graph.Node {
	switch v := a.elements.(type) {
	case []float32:
		return graph.Const(g, v, a.shape...)
	case []float64:
		return graph.Const(g, v, a.shape...)
	case []bool:
		return graph.Const(g, v, a.shape...)
	}
	return graph.Const(g, a.elements.([]int64), a.shape...)
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
