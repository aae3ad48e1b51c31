package npy

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"gorgonia.org/tensor"
)

// maxExpanded is the bytes that the compressed members of one archive may become together: a few kilobytes of deflate can
// promise gigabytes. What is stored as it is has no bound but the file.
const maxExpanded = 4 << 30

// ReadArchive reads all arrays of an npz file of size bytes, as numpy.savez and numpy.savez_compressed write it. Their names are
// those of the members without ".npy". Two arrays of one name, and members that are no arrays, are errors that match
// ErrFormat. Compressed arrays of more than 4 GiB in all are refused.
func ReadArchive(r io.ReaderAt, size int64) (map[string]*tensor.Dense, error) {
	if r == nil {
		return nil, errors.New("npy: the reader is nil")
	}
	archive, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fmt.Errorf("npy: %w: %w", ErrFormat, err)
	}
	arrays, expanded := map[string]*tensor.Dense{}, uint64(0)
	for _, member := range archive.File {
		name, ok := strings.CutSuffix(member.Name, ".npy")
		if !ok {
			return nil, wrong("the member %.80q is no array", member.Name)
		}
		if arrays[name] != nil {
			return nil, wrong("two arrays are called %.80q", name)
		}
		if member.Method != zip.Store {
			if expanded += member.UncompressedSize64; expanded > maxExpanded || member.UncompressedSize64 > maxExpanded {
				return nil, wrong("compressed arrays of more than %d bytes", uint64(maxExpanded))
			}
		}
		if arrays[name], err = readMember(member, size); err != nil {
			return nil, fmt.Errorf("npy: array %.80q: %w", name, err)
		}
	}
	return arrays, nil
}

// readMember reads an array and holds it to the size in the archive's directory, and to its checksum.
func readMember(member *zip.File, size int64) (*tensor.Dense, error) {
	in, err := member.Open()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	sure := int64(-1)
	if member.Method == zip.Store && member.UncompressedSize64 == member.CompressedSize64 &&
		member.CompressedSize64 <= uint64(size) {
		sure = int64(member.CompressedSize64)
	}
	d, got, err := read(in, sure)
	if err != nil {
		return nil, err
	}
	if uint64(got) != member.UncompressedSize64 {
		return nil, wrong("%d bytes, of which the array is %d", member.UncompressedSize64, got)
	}
	if n, err := io.ReadFull(in, make([]byte, 1)); n > 0 || err != io.EOF { // the checksum is verified at the end
		return nil, fmt.Errorf("at the end: %w", errors.Join(err, ErrFormat))
	}
	return d, nil
}

// WriteArchive writes named arrays as numpy.load reads them, not compressed, in the order of their names.
func WriteArchive(w io.Writer, arrays map[string]*tensor.Dense) error {
	archive := zip.NewWriter(w)
	for _, name := range slices.Sorted(maps.Keys(arrays)) {
		member, err := archive.CreateHeader(&zip.FileHeader{Name: name + ".npy", Method: zip.Store})
		if err != nil {
			return fmt.Errorf("npy: %w", err)
		}
		if err := Write(member, arrays[name]); err != nil {
			return fmt.Errorf("npy: array %.80q: %w", name, err)
		}
	}
	if err := archive.Close(); err != nil {
		return fmt.Errorf("npy: %w", err)
	}
	return nil
}
