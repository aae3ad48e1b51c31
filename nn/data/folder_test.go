package data_test

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"chainrule/nn/data"
)

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, text []byte) {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), text, 0o600))
	}
	grey := image.NewGray(image.Rect(0, 0, 2, 2))
	copy(grey.Pix, []uint8{0, 255, 51, 102})
	red := image.NewRGBA(image.Rect(3, 3, 5, 5)) // bounds need not begin at 0
	for i := range 4 {
		red.Set(3+i%2, 3+i/2, color.RGBA{255, 0, 51, 255})
	}
	var a, b, c bytes.Buffer
	require.NoError(t, png.Encode(&a, grey))
	require.NoError(t, png.Encode(&b, red))
	require.NoError(t, jpeg.Encode(&c, red, &jpeg.Options{Quality: 100}))
	write("cat/1.png", a.Bytes())
	write("cat/.hidden.png", nil)
	write("cat/notes.txt", nil)
	write("dog/1.PNG", b.Bytes())
	write("dog/2.jpeg", c.Bytes())
	write("loose.png", a.Bytes())

	f, err := data.OpenFolder(dir, 2, 2, false)
	require.NoError(t, err)
	require.Equal(t, []string{"cat", "dog"}, f.Classes)
	require.Equal(t, []int{0, 1, 1}, f.Labels())
	var source data.Source[data.Labelled] = f
	got, err := source.Rows([]int{1, 0})
	require.NoError(t, err)
	require.Equal(t, tensor.Shape{2, 1, 2, 2}, got.X.Shape())
	require.Equal(t, []int64{1, 0}, got.Y.Int64s())
	require.InDeltaSlice(t, []float32{0, 1, 0.2, 0.4}, got.X.Float32s()[4:], 1e-6)
	require.InDelta(t, 0.299+0.114*0.2, got.X.Float32s()[0], 1e-6)

	f.Colour = true
	got, err = f.Rows([]int{1, 2})
	require.NoError(t, err)
	require.Equal(t, tensor.Shape{2, 3, 2, 2}, got.X.Shape())
	require.InDeltaSlice(t, []float32{1, 1, 1, 1, 0, 0, 0, 0, 0.2, 0.2, 0.2, 0.2}, got.X.Float32s()[:12], 1e-6)
	require.InDeltaSlice(t, got.X.Float32s()[:12], got.X.Float32s()[12:], 0.02) // what JPEG loses

	wide, err := data.OpenFolder(dir, 4, 1, false)
	require.NoError(t, err)
	got, err = wide.Rows([]int{0})
	require.NoError(t, err)
	// Columns 0 and 1 in equal parts; rows at −0.25, 0.25, 0.75 and 1.25 of 0 and 1, held at the edges.
	require.InDeltaSlice(t, []float32{0.5, 0.75*0.5 + 0.25*0.3, 0.25*0.5 + 0.75*0.3, 0.3}, got.X.Float32s(), 1e-6)

	write("dog/3.png", []byte("<html>"))
	bad, err := data.OpenFolder(dir, 2, 2, false)
	require.NoError(t, err)
	_, err = bad.Rows([]int{3})
	require.ErrorIs(t, err, image.ErrFormat)
	require.ErrorContains(t, err, filepath.Join("dog", "3.png"))
	huge := bytes.Clone(a.Bytes())
	binary.BigEndian.PutUint32(huge[16:], 1<<20)
	binary.BigEndian.PutUint32(huge[20:], 1<<20)
	binary.BigEndian.PutUint32(huge[29:], crc32.ChecksumIEEE(huge[12:29]))
	write("dog/3.png", huge)
	_, err = bad.Rows([]int{3})
	require.ErrorIs(t, err, data.ErrTooLarge)
	_, err = data.OpenFolder(filepath.Join(dir, "cat"), 2, 2, false)
	require.ErrorIs(t, err, data.ErrEmpty)
}

// All element types of IDX (row D10).
func TestIDXTensor(t *testing.T) {
	ints := "\x00\x00\x0c\x01\x00\x00\x00\x02\x00\x00\x00\x05\xff\xff\xff\xfe"
	d, err := data.ReadIDXTensor(bytes.NewReader([]byte(ints)))
	require.NoError(t, err)
	require.Equal(t, []int32{5, -2}, d.Int32s())
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	io.WriteString(w, "\x00\x00\x0e\x02\x00\x00\x00\x01\x00\x00\x00\x01\x3f\xf8\x00\x00\x00\x00\x00\x00")
	require.NoError(t, w.Close())
	d, err = data.ReadIDXTensor(&zipped)
	require.NoError(t, err)
	require.Equal(t, []float64{1.5}, d.Float64s())
	require.Equal(t, tensor.Shape{1, 1}, d.Shape())
	for text, is := range map[string]error{
		ints[:len(ints)-1]:     io.ErrUnexpectedEOF,
		ints + "\x00":          data.ErrTrailing,
		"<html></html>":        data.ErrMagic,
		"\x00\x00\x0a\x01\x00": data.ErrMagic,
		"\x00\x00\x0e\x02\xff\xff\xff\xff\xff\xff\xff\xff": data.ErrTooLarge,
		"\x00\x00\x0e\x01\x7f\xff\xff\xff":                 io.ErrUnexpectedEOF,
	} {
		_, err := data.ReadIDXTensor(bytes.NewReader([]byte(text)))
		require.ErrorIs(t, err, is)
		var fault *data.FormatError
		require.ErrorAs(t, err, &fault)
	}
}
