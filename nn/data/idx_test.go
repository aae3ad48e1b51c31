package data_test

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"chainrule/nn/data"
)

// idx builds an IDX file of unsigned bytes.
func idx(payload []byte, dims ...uint32) []byte {
	file := []byte{0, 0, 8, byte(len(dims))}
	for _, d := range dims {
		file = binary.BigEndian.AppendUint32(file, d)
	}
	return append(file, payload...)
}

func zip(t testing.TB, plain []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// join is a copy of its parts, one after the other.
func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func TestReadIDX(t *testing.T) {
	plain := idx([]byte{1, 2, 3, 4, 5, 6}, 1, 2, 3)
	half := len(plain) / 2
	for name, file := range map[string][]byte{
		"plain":             plain,
		"gzip":              zip(t, plain),
		"gzip, two members": join(zip(t, plain[:half]), zip(t, plain[half:])),
	} {
		got, err := data.ReadIDX(bytes.NewReader(file))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !slices.Equal(got.Dims, []int{1, 2, 3}) || !slices.Equal(got.Data, []byte{1, 2, 3, 4, 5, 6}) {
			t.Errorf("%s: dims %v, data %v", name, got.Dims, got.Data)
		}
	}
	if got, err := data.ReadIDX(bytes.NewReader(idx(nil, 0, 28, 28))); err != nil || len(got.Data) != 0 {
		t.Errorf("no images: %v, error %v", got, err)
	}
}

// badIDX is every way an IDX file can be wrong.
func badIDX(t testing.TB) []badFile {
	sound := idx([]byte{1, 2, 3, 4, 5, 6}, 2, 3)
	zipped := zip(t, sound)
	damaged := slices.Clone(zipped)
	damaged[len(damaged)-5] ^= 1 // the checksum is the last but four bytes
	return []badFile{
		{"empty", nil, data.ErrEmpty, "offset 0: file is empty"},
		{"empty inside gzip", zip(t, nil), data.ErrEmpty, "offset 0: file is empty"},
		{"one byte", []byte{0}, io.ErrUnexpectedEOF, "offset 1: file ends in the magic number"},
		{"no dimensions", sound[:4], io.ErrUnexpectedEOF, "offset 4: file ends in the dimensions"},
		{"half a dimension", sound[:10], io.ErrUnexpectedEOF, "offset 10: file ends in the dimensions"},
		{"text", []byte("5.1,3.5"), data.ErrMagic, "have 35 2e 31 2c, want 00 00 08"},
		{"floats", join([]byte{0, 0, 0x0d, 2}, sound[4:]), data.ErrMagic, "have 00 00 0d 02"},
		{"rank zero", []byte{0, 0, 8, 0, 7}, data.ErrMagic, "have 00 00 08 00"},
		{"payload cut short", sound[:len(sound)-2], io.ErrUnexpectedEOF, "offset 16: 4 of the 6 elements of [2 3]"},
		{"no payload", sound[:12], io.ErrUnexpectedEOF, "offset 12: 0 of the 6 elements of [2 3]"},
		{"header claims 2 GB", idx([]byte{1}, 1<<21, 1023), io.ErrUnexpectedEOF, "1 of the 2145386496 elements"},
		{"header claims too much", idx(nil, 1<<16, 1<<16), data.ErrTooLarge, "offset 12: dimension 1 is 65536"},
		{"product overflows", idx(nil, 1<<31-1, 1<<31-1, 1<<31-1), data.ErrTooLarge, "dimension 1 is 2147483647"},
		{"overflow behind a zero", idx(nil, 0, 1<<32-1), data.ErrTooLarge, "dimension 1 is 4294967295"},
		{"trailing", join(sound, []byte{7}), data.ErrTrailing, "offset 18: the file should end here"},
		{"trailing inside gzip", zip(t, join(sound, []byte{7})), data.ErrTrailing, "offset 18"},
		{
			"trailing behind gzip", join(zipped, []byte("stray bytes, ten or more")), data.ErrTrailing,
			"offset 18: something follows the compressed data",
		},
		{"gzip header cut short", zipped[:5], io.ErrUnexpectedEOF, "gzip header"},
		{"gzip cut short", zipped[:len(zipped)-12], io.ErrUnexpectedEOF, "compressed data is cut short"},
		{"gzip checksum missing", zipped[:len(zipped)-8], io.ErrUnexpectedEOF, "compressed data is cut short"},
		{"gzip damaged", damaged, gzip.ErrChecksum, "reading"},
		{"gzip header damaged", []byte{0x1f, 0x8b, 9, 0, 0, 0, 0, 0, 0, 0, 0}, gzip.ErrHeader, "gzip header"},
	}
}

type badFile struct {
	name string
	file []byte
	kind error
	text string // part of the message
}

// checkFormatError reports an error that is not a *FormatError of the given kind and message.
func checkFormatError(t *testing.T, err error, kind error, text string) {
	t.Helper()
	var format *data.FormatError
	if !errors.As(err, &format) || !errors.Is(err, kind) || !strings.Contains(err.Error(), text) {
		t.Errorf("error %q (%T), want a *FormatError with %q, matching %q", err, err, text, kind)
	}
}

func TestReadIDXBad(t *testing.T) {
	for _, c := range badIDX(t) {
		t.Run(c.name, func(t *testing.T) {
			got, err := data.ReadIDX(bytes.NewReader(c.file))
			checkFormatError(t, err, c.kind, c.text)
			if got != nil {
				t.Errorf("an array beside the error: %v", got.Dims)
			}
		})
	}
}

// A header of 12 bytes that promises 2 GB must not be believed.
func TestLyingHeaderCostsNoMemory(t *testing.T) {
	file := idx([]byte{1, 2, 3}, 1<<21, 1023)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := data.ReadIDX(bytes.NewReader(file))
	runtime.ReadMemStats(&after)
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("error %v", err)
	}
	if got := after.TotalAlloc - before.TotalAlloc; got > 16<<20 {
		t.Errorf("allocated %d bytes for a file of %d", got, len(file))
	}
}

func TestReadError(t *testing.T) {
	broken := errors.New("cable cut")
	_, err := data.ReadIDX(io.MultiReader(bytes.NewReader(idx(nil, 2)), &failing{broken}))
	checkFormatError(t, err, broken, "offset 8: reading: cable cut")
	_, err = data.ReadIDX(&failing{broken})
	checkFormatError(t, err, broken, "offset 0: reading: cable cut")
}

type failing struct{ err error }

func (f *failing) Read([]byte) (int, error) { return 0, f.err }

func FuzzReadIDX(f *testing.F) {
	f.Add(idx([]byte{1, 2, 3, 4, 5, 6}, 1, 2, 3))
	f.Add(zip(f, idx([]byte{1, 2}, 2)))
	for _, c := range badIDX(f) {
		f.Add(c.file)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		got, err := data.ReadIDX(bytes.NewReader(file))
		var format *data.FormatError
		if err != nil {
			if !errors.As(err, &format) {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		elements := 1
		for _, d := range got.Dims {
			elements *= d
		}
		if elements != len(got.Data) {
			t.Fatalf("dims %v, %d elements", got.Dims, len(got.Data))
		}
	})
}

func TestReadImages(t *testing.T) {
	images, labels := idx([]byte{0, 51, 102, 255}, 2, 1, 2), idx([]byte{9, 0}, 2)
	set, err := data.ReadImages(bytes.NewReader(images), bytes.NewReader(zip(t, labels)), 10)
	if err != nil {
		t.Fatal(err)
	}
	if set.Len() != 2 || set.Dim != 2 || set.Classes != 10 ||
		!slices.Equal(set.X, []float64{0, .2, .4, 1}) || !slices.Equal(set.Labels, []int{9, 0}) {
		t.Errorf("set %+v", set)
	}

	for _, c := range []struct {
		name           string
		images, labels []byte
		classes        int
		kind           error
		text           string
	}{
		{"label too large", images, labels, 9, data.ErrLabel, "offset 8: label 9, want 0 to 8"},
		{"second label too large", images, idx([]byte{0, 10}, 2), 10, data.ErrLabel, "offset 9: label 10, want 0 to 9"},
		{"counts differ", images, idx([]byte{1, 2, 3}, 3), 10, data.ErrCount, "3 labels for 2 images"},
		{"files swapped", labels, images, 10, data.ErrMagic, "images have rank 3, this file 1"},
		{"images twice", images, images, 10, data.ErrMagic, "labels have rank 1, this file 3"},
		{"no images", idx(nil, 0, 28, 28), idx(nil, 0), 10, data.ErrEmpty, "images are [0 28 28]"},
		{"no pixels", idx(nil, 2, 0, 0), labels, 10, data.ErrEmpty, "images are [2 0 0]"},
		{"bad images", images[:3], labels, 10, io.ErrUnexpectedEOF, "magic number"},
		{"bad labels", images, nil, 10, data.ErrEmpty, "file is empty"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := data.ReadImages(bytes.NewReader(c.images), bytes.NewReader(c.labels), c.classes)
			checkFormatError(t, err, c.kind, c.text)
		})
	}
}

func TestOpenMNIST(t *testing.T) {
	train, trainLabels := idx([]byte{0, 255, 255, 0}, 4, 1, 1), idx([]byte{1, 2, 3, 4}, 4)
	test, testLabels := idx([]byte{51, 102}, 2, 1, 1), idx([]byte{8, 9}, 2)
	write := func(dir, name string, file []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), file, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	write(dir, "train-images-idx3-ubyte.gz", zip(t, train))
	write(dir, "train-labels.idx1-ubyte", trainLabels)
	write(dir, "t10k-images.idx3-ubyte.gz", zip(t, test))
	if _, _, err := data.OpenMNIST(dir); !errors.Is(err, fs.ErrNotExist) ||
		!strings.Contains(err.Error(), "no t10k-labels-idx1-ubyte") {
		t.Errorf("a file is missing: error %v", err)
	}
	write(dir, "t10k-labels-idx1-ubyte", zip(t, testLabels)) // compressed, whatever its name says
	first, second, err := data.OpenMNIST(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(first.Labels, []int{1, 2, 3, 4}) || !slices.Equal(first.X, []float64{0, 1, 1, 0}) {
		t.Errorf("train %+v", first)
	}
	if !slices.Equal(second.Labels, []int{8, 9}) || !slices.Equal(second.X, []float64{.2, .4}) {
		t.Errorf("test %+v", second)
	}

	for _, dims := range [][]uint32{{2, 2, 1}, {1, 1, 2}, {2, 1, 2}} { // others, of as many pixels too
		n := dims[0]
		write(dir, "t10k-images.idx3-ubyte.gz", idx(make([]byte, n*dims[1]*dims[2]), dims...))
		write(dir, "t10k-labels-idx1-ubyte", idx(make([]byte, n), n))
		if _, _, err := data.OpenMNIST(dir); !errors.Is(err, data.ErrShape) {
			t.Errorf("images of %v to test: error %v", dims, err)
		}
	}
	write(dir, "t10k-images.idx3-ubyte.gz", zip(t, test))

	write(dir, "t10k-labels-idx1-ubyte", idx([]byte{8, 77}, 2))
	_, _, err = data.OpenMNIST(dir)
	checkFormatError(t, err, data.ErrLabel, filepath.Join(dir, "t10k-labels-idx1-ubyte")+": offset 9: label 77")
	write(dir, "train-labels.idx1-ubyte", trainLabels[:9])
	_, _, err = data.OpenMNIST(dir)
	checkFormatError(t, err, io.ErrUnexpectedEOF, filepath.Join(dir, "train-labels.idx1-ubyte")+": offset 9: 1 of the 4")
}
