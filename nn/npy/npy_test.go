package npy_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"chainrule/nn/npy"
)

// array is what NumPy says of an array in testdata.
type array struct {
	DType string
	Shape []int `json:"s"`
	V     json.RawMessage
}

// The files in testdata were written by NumPy; manifest.json has what it reads from them, and which ones it refuses.
func manifest(t *testing.T) map[string]map[string]json.RawMessage {
	text, err := os.ReadFile("testdata/manifest.json")
	require.NoError(t, err)
	var all map[string]map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(text, &all))
	return all
}

func TestNumPysFiles(t *testing.T) {
	for name, want := range manifest(t) {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("testdata", name))
			require.NoError(t, err)
			arrays := map[string]*tensor.Dense{}
			if strings.HasSuffix(name, ".npz") {
				arrays, err = npy.ReadArchive(bytes.NewReader(text), int64(len(text)))
			} else {
				arrays[""], err = npy.Read(bytes.NewReader(text))
			}
			if want["error"] != nil {
				require.ErrorIs(t, err, npy.ErrFormat)
				t.Log(err)
				return
			}
			require.NoError(t, err)
			require.Len(t, arrays, len(want))
			for key, about := range want {
				var a array
				require.NoError(t, json.Unmarshal(about, &a))
				require.Contains(t, arrays, key)
				same(t, a, arrays[key])
			}
		})
	}
}

// same holds a tensor against what NumPy says.
func same(t *testing.T, want array, got *tensor.Dense) {
	t.Helper()
	dtype := want.DType
	if dtype == "float16" || dtype == "bfloat16" {
		dtype = "float32"
	}
	require.Equal(t, dtype, got.Dtype().String())
	require.Equal(t, want.Shape, append([]int{}, got.Shape()...))
	var have any
	switch dtype {
	case "float32":
		have = got.Float32s()
	case "float64":
		have = got.Float64s()
	case "int64":
		have = got.Int64s()
	case "int32":
		have = got.Int32s()
	case "int8":
		have = got.Int8s()
	case "uint8":
		have = got.Uint8s()
	case "bool":
		have = got.Bools()
	case "complex64":
		have = got.Complex64s()
	}
	var v []any
	require.NoError(t, json.Unmarshal(want.V, &v))
	var wanted, found []string
	for _, x := range v {
		switch pair, complex := x.([]any); {
		case complex:
			wanted = append(wanted, fmt.Sprint(complex64(complex2(pair))))
		case dtype == "float32":
			wanted = append(wanted, fmt.Sprint(float32(x.(float64))))
		case dtype == "bool":
			wanted = append(wanted, fmt.Sprint(x.(float64) != 0))
		default:
			wanted = append(wanted, fmt.Sprint(x))
		}
	}
	if text := strings.Trim(fmt.Sprint(have), "[]"); text != "" {
		found = strings.Fields(text)
	}
	require.Equal(t, wanted, found)
}

func complex2(pair []any) complex128 { return complex(pair[0].(float64), pair[1].(float64)) }

// What is written is what numpy.save writes, byte for byte, where both use version 1 of the format.
func TestWriteIsNumPys(t *testing.T) {
	for _, name := range []string{"npy_f32", "npy_f64", "npy_i64", "npy_i32", "npy_i8", "npy_u8", "npy_bool", "npy_scalar",
		"npy_empty", "npy_c64", "npy_rank5", "npy_layer.0_weight_e"} {
		text, err := os.ReadFile("testdata/" + name + ".npy")
		require.NoError(t, err)
		d, err := npy.Read(bytes.NewReader(text))
		require.NoError(t, err)
		var out bytes.Buffer
		require.NoError(t, npy.Write(&out, d))
		require.Equal(t, text, out.Bytes(), name)
	}
}

func TestArchiveRoundTrip(t *testing.T) {
	x := tensor.New(tensor.WithShape(2, 3), tensor.WithBacking([]float64{1, 2, 3, 4, 5, 6}))
	view, err := x.Slice(nil, tensor.S(1)) // the middle column
	require.NoError(t, err)
	turned := x.Clone().(*tensor.Dense)
	require.NoError(t, turned.T())
	var out bytes.Buffer
	require.NoError(t, npy.WriteArchive(&out, map[string]*tensor.Dense{
		"x": x, "a/b": view.(*tensor.Dense), "turned": turned, "ints": tensor.New(tensor.WithBacking([]int{-1, 2})),
	}))
	got, err := npy.ReadArchive(bytes.NewReader(out.Bytes()), int64(out.Len()))
	require.NoError(t, err)
	require.Len(t, got, 4)
	require.Equal(t, []float64{2, 5}, got["a/b"].Float64s())
	require.Equal(t, []float64{1, 4, 2, 5, 3, 6}, got["turned"].Float64s())
	require.Equal(t, []int64{-1, 2}, got["ints"].Int64s())
	require.Error(t, npy.WriteArchive(io.Discard, map[string]*tensor.Dense{"x": nil}))
}

// headed is an npy file of version 1 with the given header and elements.
func headed(header, elements string) string {
	return "\x93NUMPY\x01\x00" + string([]byte{byte(len(header)), 0}) + header + elements
}

func TestRefusals(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":           "",
		"half a header":     headed("{'descr': '<f4', ", "")[:20],
		"brackets":          headed("{'descr': '<f4', 'fortran_order': False, 'shape': (184)}", strings.Repeat("\x00", 4*184)),
		"twice":             headed("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", "\x00\x00\x00\x00"),
		"other key":         headed("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'a': 1}", "\x00\x00\x00\x00"),
		"no shape":          headed("{'descr': '<f4', 'fortran_order': False}", ""),
		"negative":          headed("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", ""),
		"text":              headed("{'descr': '<U4', 'fortran_order': False, 'shape': (1,)}", strings.Repeat("\x00", 16)),
		"record":            headed("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", "\x00\x00\x00\x00"),
		"no order":          headed("{'descr': '|f4', 'fortran_order': False, 'shape': (1,)}", "\x00\x00\x00\x00"),
		"huge":              headed("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904,)}", ""),
		"huge, cut":         headed("{'descr': '<f4', 'fortran_order': False, 'shape': (100000000000,)}", "\x00\x00\x00\x00"),
		"overflow":          headed("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296,4294967296)}", ""),
		"a long header":     "\x93NUMPY\x02\x00\xff\xff\xff\xff",
		"an unknown format": "\x93NUMPY\x04\x00\x00\x00",
	} {
		_, err := npy.Read(strings.NewReader(text))
		require.ErrorIs(t, err, npy.ErrFormat, name)
		t.Log(name, err)
	}
	_, err := npy.Read(strings.NewReader(headed("{'descr': '<f8', 'fortran_order': False, 'shape': (2,)}", "12345678")))
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	short := errors.New("the disk is broken")
	_, err = npy.Read(io.MultiReader(strings.NewReader("\x93NU"), broken{short}))
	require.ErrorIs(t, err, short)
}

type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }

// An array of other byte orders and column-major (row D7): the elements as NumPy prints them.
func TestOrders(t *testing.T) {
	big := headed("{'descr': '>f4', 'fortran_order': True, 'shape': (2, 3)}",
		"\x3f\x80\x00\x00\x40\x80\x00\x00\x40\x00\x00\x00\x40\xa0\x00\x00\x40\x40\x00\x00\x40\xc0\x00\x00")
	d, err := npy.Read(strings.NewReader(big))
	require.NoError(t, err)
	require.Equal(t, tensor.Shape{2, 3}, d.Shape())
	require.Equal(t, []float32{1, 2, 3, 4, 5, 6}, d.Float32s())
	d, err = npy.Read(strings.NewReader(headed("{\"descr\": '>c8', 'fortran_order': False, 'shape': (1L,)}",
		"\x3f\x80\x00\x00\x40\x80\x00\x00")))
	require.NoError(t, err)
	require.Equal(t, []complex64{1 + 4i}, d.Complex64s())
	d, err = npy.Read(strings.NewReader(headed("{'descr': '|b1', 'fortran_order': False, 'shape': (3,)}", "\x00\x01\x02")))
	require.NoError(t, err)
	require.Equal(t, []bool{false, true, true}, d.Bools())
}
