package save_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"chainrule/nn/save"
)

// array is what PyTorch or NumPy says of a tensor in testdata.
type array struct {
	DType string
	Shape []int `json:"s"`
	V     []float64
}

// The files in testdata were written by others; manifest.json has what is in them, and which ones are to be refused.
func TestFilesOfOthers(t *testing.T) {
	text, err := os.ReadFile("testdata/manifest.json")
	require.NoError(t, err)
	var manifest map[string]map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(text, &manifest))
	for name, want := range manifest {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join("testdata", name)
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			streamed, _, err := save.Read(bytes.NewReader(text))
			whole, _, err2 := save.ReadFile(path)
			file, err3 := save.Open(path)
			if want["error"] != nil {
				require.ErrorIs(t, err, save.ErrFormat)
				require.ErrorIs(t, err2, save.ErrFormat)
				require.ErrorIs(t, err3, save.ErrFormat)
				t.Log(err2)
				return
			}
			require.NoError(t, errors.Join(err, err2, err3))
			defer file.Close()
			mapped, err := file.Tensors()
			require.NoError(t, err)
			for _, tensors := range []map[string]*tensor.Dense{streamed, whole, mapped} {
				require.Len(t, tensors, len(want))
				for key, about := range want {
					var a array
					require.NoError(t, json.Unmarshal(about, &a))
					require.Contains(t, tensors, key)
					same(t, a, tensors[key])
				}
			}
		})
	}
}

func same(t *testing.T, want array, got *tensor.Dense) {
	t.Helper()
	dtype := want.DType
	if dtype == "float16" || dtype == "bfloat16" {
		dtype = "float32"
	}
	require.Equal(t, dtype, got.Dtype().String())
	require.Equal(t, want.Shape, append([]int{}, got.Shape()...))
	require.Equal(t, want.V, numbers(got))
}

// numbers are the elements of a tensor in a file's test.
func numbers(d *tensor.Dense) []float64 {
	out := []float64{}
	switch d.Dtype() {
	case tensor.Float64:
		out = append(out, d.Float64s()...)
	case tensor.Float32:
		out = widened(d.Float32s())
	case tensor.Int64:
		out = widened(d.Int64s())
	case tensor.Int32:
		out = widened(d.Int32s())
	case tensor.Int8:
		out = widened(d.Int8s())
	case tensor.Uint8:
		out = widened(d.Uint8s())
	case tensor.Bool:
		for _, b := range d.Bools() {
			out = append(out, map[bool]float64{true: 1}[b])
		}
	}
	return out
}

func widened[T int8 | uint8 | int32 | int64 | float32](s []T) []float64 {
	out := make([]float64, len(s))
	for i, v := range s {
		out[i] = float64(v)
	}
	return out
}

// file is a safetensors file of a header and data.
func file(header string, data ...byte) []byte {
	return append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), append([]byte(header), data...)...)
}

// Headers that the format forbids, and ones that are allowed (row D9).
func TestHeaders(t *testing.T) {
	zeros := func(n int) []byte { return make([]byte, n) }
	for name, f := range map[string][]byte{
		"an empty tensor":      file(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[0,3],"data_offsets":[8,8]}}`, zeros(8)...),
		"a scalar":             file(`{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}`, zeros(4)...),
		"behind":               file(`{"b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}  `, zeros(2)...),
		"metadata":             file(`{"__metadata__":{"a":"b"}}`),
		"an empty one between": file(`{"b":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 0),
	} {
		_, _, err := save.Read(bytes.NewReader(f))
		require.NoError(t, err, name)
	}
	one := `{"dtype":"F32","shape":[2],"data_offsets":[0,8]}`
	for name, f := range map[string][]byte{
		"nothing":            {},
		"half a length":      zeros(3),
		"overlap":            file(`{"a":`+one+`,"b":`+one+`}`, zeros(8)...),
		"a gap":              file(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}`, zeros(12)...),
		"another size":       file(`{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}`, zeros(8)...),
		"twice":              file(`{"a":`+one+`,"a":`+one+`}`, zeros(8)...),
		"twice, escaped":     file(`{"a":`+one+`,"\u0061":{"dtype":"F32","shape":[0],"data_offsets":[8,8]}}`, zeros(8)...),
		"a key twice":        file(`{"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, zeros(8)...),
		"metadata twice":     file(`{"__metadata__":{},"__metadata__":{}}`),
		"metadatum twice":    file(`{"__metadata__":{"a":"","a":""}}`),
		"metadata, a number": file(`{"__metadata__":{"a":1}}`),
		"no JSON":            file(`{"a":`),
		"a list":             file(`[]`),
		"spaces first":       file(` {}`),
		"more JSON":          file(`{}{}`),
		"no text":            file("{\"\xff\":" + one + "}"),
		"null":               file(`{"a":null}`),
		"a fraction":         file(`{"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}`, zeros(8)...),
		"an exponent":        file(`{"a":{"dtype":"F32","shape":[2e0],"data_offsets":[0,8]}}`, zeros(8)...),
		"negative":           file(`{"a":{"dtype":"F32","shape":[-1,-2],"data_offsets":[0,8]}}`, zeros(8)...),
		"three places":       file(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,8]}}`, zeros(8)...),
		"backwards":          file(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}`, zeros(8)...),
		"no shape":           file(`{"a":{"dtype":"F32","data_offsets":[0,8]}}`, zeros(8)...),
		"overflow":           file(`{"a":{"dtype":"F32","shape":[4294967296,4294967296,4294967296],"data_offsets":[0,0]}}`),
		"huge":               file(`{"a":{"dtype":"F32","shape":[100000000000000],"data_offsets":[0,400000000000000]}}`, zeros(8)...),
		"longer":             file(`{"a":`+one+`}`, zeros(9)...),
		"shorter":            file(`{"a":`+one+`}`, zeros(7)...),
		"no element type":    file(`{"a":{"dtype":"F31","shape":[2],"data_offsets":[0,8]}}`, zeros(8)...),
		"a huge header":      append(binary.LittleEndian.AppendUint64(nil, 99_999_999), "{}"...),
		"a header too huge":  append(binary.LittleEndian.AppendUint64(nil, math.MaxUint64), "{}"...),
	} {
		_, _, err := save.Read(bytes.NewReader(f))
		require.ErrorIs(t, err, save.ErrFormat, name)
		path := filepath.Join(t.TempDir(), "a")
		require.NoError(t, os.WriteFile(path, f, 0o600))
		_, _, err = save.ReadFile(path)
		require.ErrorIs(t, err, save.ErrFormat, name)
		_, err = save.Open(path)
		require.ErrorIs(t, err, save.ErrFormat, name)
	}
	broken := errors.New("the disk is broken")
	_, _, err := save.Read(io.MultiReader(bytes.NewReader(file("{}")), failing{broken}))
	require.ErrorIs(t, err, broken)
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// A header of 200 bytes that promises 400 TB costs no more memory than the file has.
func TestPromisesCostNothing(t *testing.T) {
	f := file(`{"a":{"dtype":"F64","shape":[50000000000000],"data_offsets":[0,400000000000000]}}`, make([]byte, 100)...)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, _, err := save.Read(bytes.NewReader(f))
	runtime.ReadMemStats(&after)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20))
}

// Views, other orders and all types come back; the same tensors give the same bytes, with every tensor aligned.
func TestRoundTrip(t *testing.T) {
	x := tensor.New(tensor.WithShape(2, 3), tensor.WithBacking([]float64{1, 2, 3, 4, 5, math.Inf(-1)}))
	column, err := x.Slice(nil, tensor.S(1))
	require.NoError(t, err)
	turned := x.Clone().(*tensor.Dense)
	require.NoError(t, turned.T())
	all := map[string]*tensor.Dense{
		"x": x, "column": column.(*tensor.Dense), "turned": turned,
		"bytes": tensor.New(tensor.WithBacking([]uint8{1, 2, 3})), "bools": tensor.New(tensor.WithBacking([]bool{true})),
		"f32": tensor.New(tensor.WithBacking([]float32{1.5})), "scalar": tensor.New(tensor.FromScalar(2.5)),
		"ints": tensor.New(tensor.WithBacking([]int{-7})), `quo"te é`: tensor.New(tensor.WithBacking([]int32{1 << 30})),
		"none": tensor.New(tensor.WithShape(0, 2), tensor.WithBacking([]float32{})),
	}
	meta := map[string]string{"format": "pt", "line": "a\nb"}
	var first, second bytes.Buffer
	require.NoError(t, save.Write(&first, all, meta))
	require.NoError(t, save.Write(&second, all, meta))
	require.Equal(t, first.Bytes(), second.Bytes())
	got, about, err := save.Read(bytes.NewReader(first.Bytes()))
	require.NoError(t, err)
	require.Equal(t, meta, about)
	require.Len(t, got, len(all))
	require.Equal(t, []float64{2, 5}, got["column"].Float64s())
	require.Equal(t, []float64{1, 4, 2, 5, 3, math.Inf(-1)}, got["turned"].Float64s())
	require.Equal(t, tensor.Shape{3, 2}, got["turned"].Shape())
	require.Equal(t, []int64{-7}, got["ints"].Int64s())
	require.Equal(t, []int32{1 << 30}, got[`quo"te é`].Int32s())
	require.Equal(t, []uint8{1, 2, 3}, got["bytes"].Uint8s())
	require.Equal(t, tensor.Shape{0, 2}, got["none"].Shape())
	require.Equal(t, 0, got["scalar"].Dims())
	require.Equal(t, []float64{2.5}, got["scalar"].Float64s())
	require.Equal(t, uint64(0), binary.LittleEndian.Uint64(first.Bytes())%8)

	for name, bad := range map[string]map[string]*tensor.Dense{
		"nil": {"a": nil}, "a reserved name": {"__metadata__": x},
		"no type of a file": {"a": tensor.New(tensor.WithBacking([]string{"a"}))},
		"complex128":        {"a": tensor.New(tensor.WithBacking([]complex128{1}))},
	} {
		require.Error(t, save.Write(io.Discard, bad, nil), name)
	}
}

// A model in several files: as they are named, and only from its folder.
func TestShards(t *testing.T) {
	dir := t.TempDir()
	scalar := func(v float32) *tensor.Dense { return tensor.New(tensor.WithBacking([]float32{v})) }
	write := func(name string, tensors map[string]*tensor.Dense) {
		require.NoError(t, save.WriteFile(filepath.Join(dir, name), tensors, map[string]string{"from": name}))
	}
	write("1.safetensors", map[string]*tensor.Dense{"a": scalar(1), "b": scalar(2), "unnamed": scalar(9)})
	write("2.safetensors", map[string]*tensor.Dense{"c": scalar(3)})
	index := filepath.Join(dir, "model.safetensors.index.json")
	list := func(of string) { require.NoError(t, os.WriteFile(index, []byte(of), 0o600)) }
	list(`{"metadata":{"total_size":12},"weight_map":{"a":"1.safetensors","b":"1.safetensors","c":"2.safetensors"}}`)
	read, _, err := save.ReadFile(index)
	require.NoError(t, err)
	opened, err := save.Open(index)
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b", "c"}, opened.Names())
	mapped, err := opened.Tensors()
	require.NoError(t, err)
	for _, all := range []map[string]*tensor.Dense{read, mapped} {
		require.Len(t, all, 3)
		require.Equal(t, []float32{1}, all["a"].Float32s())
		require.Equal(t, []float32{3}, all["c"].Float32s())
	}
	require.NoError(t, opened.Close())
	for _, bad := range []string{
		``, `{}`, `[]`, `{"weight_map":{"a":"../1.safetensors"}}`, `{"weight_map":{"a":"/etc/passwd"}}`, `{"weight_map":{"a":""}}`,
		`{"weight_map":{"a":".."}}`, `{"weight_map":{"missing":"1.safetensors"}}`, `{"weight_map":{"a":"model.safetensors.index.json"}}`,
	} {
		list(bad)
		_, _, err := save.ReadFile(index)
		require.ErrorIs(t, err, save.ErrFormat, bad)
		_, err = save.Open(index)
		require.ErrorIs(t, err, save.ErrFormat, bad)
	}
	list(`{"weight_map":{"a":"3.safetensors"}}`)
	_, _, err = save.ReadFile(index)
	require.ErrorIs(t, err, os.ErrNotExist)
}

// What is written to a tensor of an open file stays in memory.
func TestMappedIsCopyOnWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.safetensors")
	require.NoError(t, save.WriteFile(path, map[string]*tensor.Dense{"a": tensor.New(tensor.WithBacking([]float64{1, 2}))}, nil))
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	file, err := save.Open(path)
	require.NoError(t, err)
	d, err := file.Tensor("a")
	require.NoError(t, err)
	d.Float64s()[0] = 7
	again, err := file.Tensor("a")
	require.NoError(t, err)
	require.Equal(t, []float64{7, 2}, again.Float64s(), "the tensor is a copy where the machine can map it")
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, before, after)
	_, err = file.Tensor("b")
	require.ErrorContains(t, err, `"b"`)
	require.NoError(t, file.Close())
}

// An npz file is told by its beginning.
func TestArchive(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.npz")
	all := map[string]*tensor.Dense{"layers.0.weight": tensor.New(tensor.WithBacking([]float64{1, 2}))}
	require.Error(t, save.WriteFile(path, all, map[string]string{"a": "b"}))
	require.NoError(t, save.WriteFile(path, all, nil))
	other := strings.TrimSuffix(path, ".npz")
	require.NoError(t, os.Rename(path, other))
	got, _, err := save.ReadFile(other)
	require.NoError(t, err)
	require.Equal(t, []float64{1, 2}, got["layers.0.weight"].Float64s())
	var model struct {
		Layers []struct{ Weight *tensor.Dense }
	}
	model.Layers = make([]struct{ Weight *tensor.Dense }, 1)
	model.Layers[0].Weight = tensor.New(tensor.WithShape(2), tensor.WithBacking(make([]float64, 2)))
	require.NoError(t, save.Load(other, &model))
	require.Equal(t, []float64{1, 2}, model.Layers[0].Weight.Float64s())
}

func FuzzRead(f *testing.F) {
	names, _ := filepath.Glob("testdata/*.safetensors")
	for _, n := range names {
		text, err := os.ReadFile(n)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		tensors, meta, err := save.Read(bytes.NewReader(text))
		if err != nil {
			if !errors.Is(err, save.ErrFormat) {
				t.Fatal(err)
			}
			return
		}
		var first, second bytes.Buffer
		require.NoError(t, save.Write(&first, tensors, meta))
		again, about, err := save.Read(bytes.NewReader(first.Bytes()))
		require.NoError(t, err)
		require.Equal(t, fmt.Sprint(meta), fmt.Sprint(about))
		require.NoError(t, save.Write(&second, again, about))
		require.Equal(t, first.Bytes(), second.Bytes())
	})
}
