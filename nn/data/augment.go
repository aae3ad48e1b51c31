package data

import (
	"fmt"
	"math/rand/v2"

	"gorgonia.org/tensor"

	"chainrule/internal/raw"
)

// Warp draws how an image of height h and width w is changed: the place from which each pixel of the new one comes. A place
// outside is 0.
type Warp func(random *rand.Rand, h, w int) func(y, x int) (int, int)

// Flip turns left and right of an image around with probability p.
func Flip(p float64) Warp {
	return func(random *rand.Rand, _, w int) func(y, x int) (int, int) {
		if random.Float64() >= p {
			return same
		}
		return func(y, x int) (int, int) { return y, w - 1 - x }
	}
}

func same(y, x int) (int, int) { return y, x }

// Shift moves an image by at most so many pixels, each way; what comes in is 0. It is a crop of the image's own size from
// one padded with as many zeros.
func Shift(most int) Warp {
	return func(random *rand.Rand, _, _ int) func(y, x int) (int, int) {
		dy, dx := random.IntN(2*most+1)-most, random.IntN(2*most+1)-most
		return func(y, x int) (int, int) { return y + dy, x + dx }
	}
}

// Augment changes images of shape [batch, height, width] or [batch, channels, height, width], each by warps of its own, one
// after another and the same for all channels, in a new tensor. Random is that of a Loader's Change.
func Augment(images *tensor.Dense, random func(i int) *rand.Rand, warps ...Warp) (*tensor.Dense, error) {
	h, w, err := imageSize(images)
	if err != nil {
		return nil, err
	}
	return warped(images, h, w, func(i int) func(y, x int) (int, int) {
		r := random(i)
		from := same
		for _, warp := range warps {
			before, next := from, warp(r, h, w)
			from = func(y, x int) (int, int) {
				y, x = next(y, x)
				if y < 0 || y >= h || x < 0 || x >= w {
					return -1, -1
				}
				return before(y, x)
			}
		}
		return from
	})
}

// Crop cuts a random part of height h and width w out of each image, of shapes as for Augment.
func Crop(images *tensor.Dense, h, w int, random func(i int) *rand.Rand) (*tensor.Dense, error) {
	height, width, err := imageSize(images)
	if err != nil {
		return nil, err
	}
	if h < 1 || w < 1 || h > height || w > width {
		return nil, fmt.Errorf("data: crop %d × %d of images of %d × %d: %w", h, w, height, width, ErrShape)
	}
	return warped(images, h, w, func(i int) func(y, x int) (int, int) {
		r := random(i)
		top, left := r.IntN(height-h+1), r.IntN(width-w+1)
		return func(y, x int) (int, int) { return y + top, x + left }
	})
}

func imageSize(images *tensor.Dense) (h, w int, err error) {
	if images == nil || images.Dims() < 3 || images.Dims() > 4 {
		return 0, 0, fmt.Errorf("data: images have shape [batch, height, width], or with channels before the height: %w", ErrShape)
	}
	shape := images.Shape()
	return shape[len(shape)-2], shape[len(shape)-1], nil
}

// warped makes images of height h and width w whose pixels come from where draw says for image i.
func warped(images *tensor.Dense, h, w int, draw func(i int) func(y, x int) (int, int)) (*tensor.Dense, error) {
	slice, err := raw.RowMajor(images)
	if err != nil {
		return nil, fmt.Errorf("data: images: %w", err)
	}
	shape := append([]int(nil), images.Shape()...)
	channels := 1
	if len(shape) == 4 {
		channels = shape[1]
	}
	from := [3]int{channels, shape[len(shape)-2], shape[len(shape)-1]}
	shape[len(shape)-2], shape[len(shape)-1] = h, w
	switch s := slice.(type) {
	case []float32:
		return raw.Dense(warpedPixels(s, shape[0], from, h, w, draw), shape), nil
	case []float64:
		return raw.Dense(warpedPixels(s, shape[0], from, h, w, draw), shape), nil
	case []uint8:
		return raw.Dense(warpedPixels(s, shape[0], from, h, w, draw), shape), nil
	}
	return nil, fmt.Errorf("data: images are %v, want float32, float64 or uint8: %w", images.Dtype(), ErrShape)
}

func warpedPixels[P any](in []P, n int, from [3]int, h, w int, draw func(i int) func(y, x int) (int, int)) []P {
	channels, height, width := from[0], from[1], from[2]
	out := make([]P, n*channels*h*w)
	for i := range n {
		source := draw(i)
		for y := range h {
			for x := range w {
				fromY, fromX := source(y, x)
				if fromY < 0 || fromY >= height || fromX < 0 || fromX >= width {
					continue
				}
				for c := range channels {
					out[((i*channels+c)*h+y)*w+x] = in[((i*channels+c)*height+fromY)*width+fromX]
				}
			}
		}
	}
	return out
}
