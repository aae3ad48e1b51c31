package data

import (
	"fmt"
	"image"
	_ "image/jpeg" // formats of image.Decode
	_ "image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gorgonia.org/tensor"

	"chainrule/internal/raw"
)

// maxPixels bounds what an image file of a few bytes can expand to.
const maxPixels = 1 << 26

// Labelled is a batch of samples and their classes.
type Labelled struct {
	X *tensor.Dense // [batch, …]
	Y *tensor.Dense // i64 [batch]
}

// Folder is a Source of images: files in PNG or JPEG, decoded when they are asked for.
type Folder struct {
	Classes       []string // names of the subfolders, sorted
	Height, Width int      // images of another size are resized to it, each pixel by bilinear interpolation
	Colour        bool     // three channels, red, green and blue; otherwise one, their luminance
	files         []string
	labels        []int
}

// OpenFolder lists the images in the subfolders of a folder, each of which is a class, in the order of their names. Files of
// other names than *.png, *.jpg and *.jpeg, and those that begin with a dot, are passed over. No image is an error that matches ErrEmpty.
func OpenFolder(dir string, height, width int, colour bool) (*Folder, error) {
	if height < 1 || width < 1 || height > maxPixels/width {
		return nil, fmt.Errorf("data: images of %d × %d: %w", height, width, ErrShape)
	}
	f := &Folder{Height: height, Width: width, Colour: colour}
	classes, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	for _, class := range classes {
		if !class.IsDir() || strings.HasPrefix(class.Name(), ".") {
			continue
		}
		images, err := os.ReadDir(filepath.Join(dir, class.Name()))
		if err != nil {
			return nil, fmt.Errorf("data: %w", err)
		}
		for _, im := range images {
			ending := strings.ToLower(filepath.Ext(im.Name()))
			if strings.HasPrefix(im.Name(), ".") || !slices.Contains([]string{".png", ".jpg", ".jpeg"}, ending) {
				continue
			}
			f.files = append(f.files, filepath.Join(dir, class.Name(), im.Name()))
			f.labels = append(f.labels, len(f.Classes))
		}
		f.Classes = append(f.Classes, class.Name())
	}
	if len(f.files) == 0 {
		return nil, fmt.Errorf("data: %s: no images in subfolders: %w", dir, ErrEmpty)
	}
	return f, nil
}

// Len is the number of images.
func (f *Folder) Len() int { return len(f.files) }

// Labels are the classes of all images, in the order of Classes.
func (f *Folder) Labels() []int { return slices.Clone(f.labels) }

// File is the name of the file of image i.
func (f *Folder) File(i int) string { return f.files[i] }

// Rows decodes images: X is f32 of shape [len(rows), 1 or 3, Height, Width], in [0, 1]. An image that cannot be decoded is a
// *FormatError that names its file.
func (f *Folder) Rows(rows []int) (Labelled, error) {
	channels := 1
	if f.Colour {
		channels = 3
	}
	size := channels * f.Height * f.Width
	x, y := make([]float32, len(rows)*size), make([]int64, len(rows))
	for at, i := range rows {
		if i < 0 || i >= len(f.files) {
			return Labelled{}, fmt.Errorf("data: row %d of %d images: %w", i, len(f.files), ErrShape)
		}
		picture, err := decode(f.files[i])
		if err != nil {
			return Labelled{}, err
		}
		f.pixels(x[at*size:(at+1)*size], picture)
		y[at] = int64(f.labels[i])
	}
	return Labelled{raw.Dense(x, []int{len(rows), channels, f.Height, f.Width}), raw.Dense(y, []int{len(rows)})}, nil
}

// decode reads an image, after a look at its size.
func decode(name string) (image.Image, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	defer file.Close()
	about, _, err := image.DecodeConfig(file)
	if err == nil && (about.Width < 1 || about.Height < 1 || about.Width > maxPixels/about.Height) {
		reason := fmt.Sprintf("%d × %d pixels", about.Width, about.Height)
		return nil, &FormatError{File: name, Reason: reason, Err: ErrTooLarge}
	}
	var picture image.Image
	if err == nil {
		if _, err = file.Seek(0, 0); err == nil {
			picture, _, err = image.Decode(file)
		}
	}
	if err != nil {
		return nil, &FormatError{File: name, Reason: "decoding the image", Err: err}
	}
	return picture, nil
}

// pixels puts an image into x, [channels, Height, Width]. Pixel centres are half a pixel from the edge.
func (f *Folder) pixels(x []float32, picture image.Image) {
	b := picture.Bounds()
	rows, columns := between(f.Height, b.Dy()), between(f.Width, b.Dx())
	plane := f.Height * f.Width
	for i, v := range rows {
		for j, u := range columns {
			var sum [3]float64
			for _, c := range [4]struct {
				y, x   int
				weight float64
			}{
				{v.first, u.first, (1 - v.share) * (1 - u.share)}, {v.first, u.second, (1 - v.share) * u.share},
				{v.second, u.first, v.share * (1 - u.share)}, {v.second, u.second, v.share * u.share},
			} {
				if c.weight > 0 {
					red, green, blue, _ := picture.At(b.Min.X+c.x, b.Min.Y+c.y).RGBA()
					sum[0] += float64(c.weight * float64(red))
					sum[1] += float64(c.weight * float64(green))
					sum[2] += float64(c.weight * float64(blue))
				}
			}
			at := i*f.Width + j
			if !f.Colour { // luminance of ITU-R BT.601
				grey := float64(0.299*sum[0]) + float64(0.587*sum[1]) + float64(0.114*sum[2])
				x[at] = float32(grey / 0xffff)
				continue
			}
			for c, s := range sum {
				x[c*plane+at] = float32(s / 0xffff)
			}
		}
	}
}

// neighbours are the two pixels that one of another size lies between, and the share of the second.
type neighbours struct {
	first, second int
	share         float64
}

// between finds the neighbours of n pixels among m.
func between(n, m int) []neighbours {
	out := make([]neighbours, n)
	for i := range out {
		at := max(0, (float64(i)+0.5)*float64(m)/float64(n)-0.5)
		first := min(int(at), m-1)
		out[i] = neighbours{first, min(first+1, m-1), at - float64(first)}
	}
	return out
}
