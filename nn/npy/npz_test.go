package npy_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/nn/npy"
)

// zipped is an archive of members, given as name and content in turn.
func zipped(t *testing.T, method uint16, members ...string) []byte {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for i := 0; i < len(members); i += 2 {
		m, err := w.CreateHeader(&zip.FileHeader{Name: members[i], Method: method})
		require.NoError(t, err)
		_, err = m.Write([]byte(members[i+1]))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return out.Bytes()
}

const one = "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}"

func TestArchiveRefusals(t *testing.T) {
	a := headed(one, "\x00\x00\x80\x3f")
	for _, method := range []uint16{zip.Store, zip.Deflate} {
		good := zipped(t, method, "a.npy", a)
		got, err := npy.ReadArchive(bytes.NewReader(good), int64(len(good)))
		require.NoError(t, err)
		require.Equal(t, []float32{1}, got["a"].Float32s())
		for name, file := range map[string][]byte{
			"two of a name":    zipped(t, method, "a.npy", a, "a.npy", a),
			"no array":         zipped(t, method, "a.txt", a),
			"longer":           zipped(t, method, "a.npy", a+"\x00"),
			"shorter":          zipped(t, method, "a.npy", a[:len(a)-1]),
			"cut":              good[:len(good)-5],
			"empty":            {},
			"nothing of zip's": []byte("<html>"),
			"huge": zipped(t, method, "a.npy",
				headed("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,)}", "")),
		} {
			_, err := npy.ReadArchive(bytes.NewReader(file), int64(len(file)))
			require.ErrorIs(t, err, npy.ErrFormat, name)
		}
		at := bytes.Index(good, []byte("\x00\x00\x80\x3f"))
		if method == zip.Store {
			good[at+2]++ // which the checksum shows
			_, err = npy.ReadArchive(bytes.NewReader(good), int64(len(good)))
			require.ErrorIs(t, err, zip.ErrChecksum)
		}
	}
}

// A member that promises more than 4 GiB is refused before it is expanded.
func TestArchiveBomb(t *testing.T) {
	file := zipped(t, zip.Deflate, "a.npy", headed(one, "\x00\x00\x80\x3f"))
	directory := bytes.Index(file, []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint32(file[directory+24:], 0xfffffffe) // its size
	_, err := npy.ReadArchive(bytes.NewReader(file), int64(len(file)))
	require.ErrorIs(t, err, npy.ErrFormat)
}

// FuzzRead holds readers to errors and to what a second round gives.
func FuzzRead(f *testing.F) {
	names, _ := os.ReadDir("testdata")
	for _, n := range names {
		if text, err := os.ReadFile("testdata/" + n.Name()); err == nil {
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if arrays, err := npy.ReadArchive(bytes.NewReader(text), int64(len(text))); err == nil {
			var out bytes.Buffer
			require.NoError(t, npy.WriteArchive(&out, arrays))
			again, err := npy.ReadArchive(bytes.NewReader(out.Bytes()), int64(out.Len()))
			require.NoError(t, err)
			require.Len(t, again, len(arrays))
		}
		d, err := npy.Read(bytes.NewReader(text))
		if err != nil {
			return
		}
		var first, second bytes.Buffer
		require.NoError(t, npy.Write(&first, d))
		again, err := npy.Read(bytes.NewReader(first.Bytes()))
		require.NoError(t, err)
		require.NoError(t, npy.Write(&second, again))
		require.Equal(t, first.Bytes(), second.Bytes())
	})
}
