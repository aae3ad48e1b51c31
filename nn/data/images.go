package data

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

const mnistClasses = 10

// OpenMNIST reads the four files of MNIST, or of a set in the same format such as Fashion-MNIST,
// from the folder dir: pixels scaled to [0, 1], 10 classes. Files may be compressed with gzip, and
// are named train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and
// t10k-labels-idx1-ubyte, with a dot in place of the hyphen before idx or not, with .gz or not. A
// missing file is an error that matches fs.ErrNotExist, images to test of another size than those to train
// with one that matches ErrShape.
func OpenMNIST(dir string) (trainSet, testSet *Set, err error) {
	train, err := openImages(dir, "train")
	if err != nil {
		return nil, nil, err
	}
	test, err := openImages(dir, "t10k")
	if err != nil {
		return nil, nil, err
	}
	if train.size != test.size {
		return nil, nil, fmt.Errorf("data: images of %d × %d to train with, of %d × %d to test: %w",
			train.size[0], train.size[1], test.size[0], test.size[1], ErrShape)
	}
	return train.set, test.set, nil
}

// images are a set of pictures with their height and width.
type images struct {
	set  *Set
	size [2]int
}

// openImages reads the images and labels of one part of MNIST, "train" or "t10k".
func openImages(dir, part string) (images, error) {
	pixels, err := openEither(dir, part+"-images", "idx3-ubyte")
	if err != nil {
		return images{}, err
	}
	defer pixels.Close()
	labels, err := openEither(dir, part+"-labels", "idx1-ubyte")
	if err != nil {
		return images{}, err
	}
	defer labels.Close()
	return readImages(pixels, labels, mnistClasses)
}

// openEither opens the first of the spellings of a name that exists.
func openEither(dir, stem, kind string) (*os.File, error) {
	for _, separator := range []string{"-", "."} {
		for _, suffix := range []string{"", ".gz"} {
			file, err := os.Open(filepath.Join(dir, stem+separator+kind+suffix))
			if !errors.Is(err, fs.ErrNotExist) {
				return file, err
			}
		}
	}
	return nil, fmt.Errorf("data: no %s-%s, with or without .gz, in %q: %w", stem, kind, dir, fs.ErrNotExist)
}

// ReadImages reads a pair of IDX files, images [n, height, width] and labels [n], into a Set with
// pixels scaled from 0…255 to [0, 1]. Labels must be below classes.
func ReadImages(images, labels io.Reader, classes int) (*Set, error) {
	read, err := readImages(images, labels, classes)
	return read.set, err
}

func readImages(pixels, labels io.Reader, classes int) (read images, err error) {
	if classes < 1 {
		return read, fmt.Errorf("data: images of %d classes: %w", classes, ErrLabel)
	}
	pictures, err := ReadIDX(pixels)
	if err != nil {
		return read, err
	}
	answers, err := ReadIDX(labels)
	if err != nil {
		return read, err
	}
	// The magic number and the dimensions come first: 4 bytes each.
	wrong := func(r io.Reader, offset int, err error, format string, args ...any) error {
		return &FormatError{File: nameOf(r), Offset: int64(offset), Reason: fmt.Sprintf(format, args...), Err: err}
	}
	if len(pictures.Dims) != 3 {
		return read, wrong(pixels, 3, ErrMagic, "images have rank 3, this file %d", len(pictures.Dims))
	}
	if len(answers.Dims) != 1 {
		return read, wrong(labels, 3, ErrMagic, "labels have rank 1, this file %d", len(answers.Dims))
	}
	if pictures.Dims[0] != answers.Dims[0] {
		return read, wrong(labels, 4, ErrCount, "%d labels for %d images", answers.Dims[0], pictures.Dims[0])
	}
	if len(pictures.Data) == 0 {
		return read, wrong(pixels, 4, ErrEmpty, "images are %v", pictures.Dims)
	}

	set := &Set{
		X:       make([]float64, len(pictures.Data)),
		Dim:     pictures.Dims[1] * pictures.Dims[2],
		Labels:  make([]int, len(answers.Data)),
		Classes: classes,
	}
	for i, pixel := range pictures.Data {
		set.X[i] = float64(pixel) / 255
	}
	for i, label := range answers.Data {
		if int(label) >= classes {
			return read, wrong(labels, 8+i, ErrLabel, "label %d, want 0 to %d", label, classes-1)
		}
		set.Labels[i] = int(label)
	}
	return images{set, [2]int{pictures.Dims[1], pictures.Dims[2]}}, nil
}
