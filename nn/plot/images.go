package plot

import (
	"fmt"
	"image"
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gorgonia.org/tensor"
)

// Images draws a tensor as a sheet of images, so many in a row, with a pixel between them: weights or feature maps of shape
// [n, height, width], or [n, channels, height, width] with 1 or 3 channels, f32 or f64 in row-major order. The least value of each image is black and
// the largest white; what is not a number is red.
func Images(title string, d *tensor.Dense, columns int) (*plot.Plot, error) {
	sheet, err := Sheet(d, columns)
	if err != nil {
		return nil, err
	}
	size := sheet.Bounds()
	p := plot.New()
	p.Title.Text = title
	p.HideAxes()
	p.Add(plotter.NewImage(sheet, 0, 0, float64(size.Dx()), float64(size.Dy())))
	return p, nil
}

// Sheet is the image that Images draws, a pixel for each element.
func Sheet(d *tensor.Dense, columns int) (image.Image, error) {
	n, channels, h, w, at, err := imagesOf(d)
	if err != nil {
		return nil, err
	}
	if columns < 1 {
		return nil, fmt.Errorf("plot: %d images in a row", columns)
	}
	columns = min(columns, n)
	rows := (n-1)/columns + 1
	sheet := image.NewRGBA(image.Rect(0, 0, columns*(w+1)-1, rows*(h+1)-1))
	for i := range sheet.Pix {
		sheet.Pix[i] = 255
	}
	for i := range n {
		low, high := math.Inf(1), math.Inf(-1)
		for k := range channels * h * w {
			if v := at(i*channels*h*w + k); !math.IsNaN(v - v) {
				low, high = min(low, v), max(high, v)
			}
		}
		for k := range h * w {
			var c color.RGBA
			c.A = 255
			for ch, part := range []*uint8{&c.R, &c.G, &c.B} {
				v := at((i*channels+ch%channels)*h*w + k)
				if *part = shade(v, low, high); math.IsNaN(v) {
					c = color.RGBA{255, 0, 0, 255}
					break
				}
			}
			sheet.SetRGBA(i%columns*(w+1)+k%w, i/columns*(h+1)+k/w, c)
		}
	}
	return sheet, nil
}

// shade is v between black at low and white at high.
func shade(v, low, high float64) uint8 {
	switch {
	case !(v > low):
		return 0
	case v >= high:
		return 255
	}
	return uint8(math.Round(255 * (v - low) / (high - low)))
}

// imagesOf is the sizes of images and their elements.
func imagesOf(d *tensor.Dense) (n, channels, h, w int, at func(int) float64, err error) {
	if d == nil || d.Dims() < 3 || d.Dims() > 4 || d.RequiresIterator() || d.DataOrder().IsColMajor() {
		return 0, 0, 0, 0, nil, fmt.Errorf("plot: want images of shape [n, height, width] or [n, channels, height, width]")
	}
	shape := d.Shape()
	n, channels, h, w = shape[0], 1, shape[len(shape)-2], shape[len(shape)-1]
	if len(shape) == 4 {
		channels = shape[1]
	}
	if channels != 1 && channels != 3 || n*h*w == 0 {
		return 0, 0, 0, 0, nil, fmt.Errorf("plot: images of shape %v: want 1 or 3 channels, and some pixels", shape)
	}
	switch d.Dtype() {
	case tensor.Float32:
		s := d.Float32s()
		return n, channels, h, w, func(i int) float64 { return float64(s[i]) }, nil
	case tensor.Float64:
		s := d.Float64s()
		return n, channels, h, w, func(i int) float64 { return s[i] }, nil
	}
	return 0, 0, 0, 0, nil, fmt.Errorf("plot: images of %v: want float32 or float64", d.Dtype())
}
