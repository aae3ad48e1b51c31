package onnx

import (
	"cmp"
	"math"
	"slices"

	"chainrule/graph"
	"chainrule/ops"
)

func init() {
	define(map[string]operator{
		"GridSample":        {build: gridSample},
		"RoiAlign":          {build: roiAlign, static: []int{1, 2}},
		"NonMaxSuppression": {build: suppress, static: []int{0, 1, 2, 3, 4}},
	})
}

// picture is an image [n, c, h, w] with its pixels in rows: [n, c, h·w].
type picture struct {
	pixels node
	h, w   int
}

func pictureOf(x node) picture {
	s := x.Shape()
	return picture{ops.Reshape(x, s[0], s[1], s[2]*s[3]), s[2], s[3]}
}

// at takes the pixels at whole places, [n, p] each, 0 for those outside: [n, c, p].
func (p picture) at(y, x node) node {
	in := func(v node, n int) node { return ops.And(ops.Ge(v, 0.0), ops.Le(v, float64(n-1))) }
	inside := ops.And(in(y, p.h), in(x, p.w))
	place := ops.Add(ops.Mul(ops.Clamp(y, 0.0, float64(p.h-1)), float64(p.w)), ops.Clamp(x, 0.0, float64(p.w-1)))
	s, k := p.pixels.Shape(), place.Shape()[1]
	index := ops.BroadcastTo(ops.ExpandDims(integer(place), 1), s[0], s[1], k)
	return ops.Where(ops.ExpandDims(inside, 1), ops.TakeAlong(p.pixels, index, 2), 0.0)
}

func integer(x node) node { return ops.Cast(x, graph.Int64) }

// matrix is a constant of x's type.
func (c *call) matrix(rows [][]float64, x node) node {
	return ops.Cast(graph.Const(c.run.g, slices.Concat(rows...), len(rows), len(rows[0])), x.DType())
}

// gridSample takes an image at places of [−1, 1]², the last axis of the grid.
func gridSample(c *call) []value {
	p, grid := pictureOf(c.x(0)), c.x(1)
	g := grid.Shape() // [n, h, w, 2]
	flat := ops.Reshape(grid, g[0], g[1]*g[2], 2)
	corners, padding := c.flag("align_corners"), c.string("padding_mode", "zeros")
	coordinate := func(i, n int) node {
		v := ops.Squeeze(ops.Slice(flat, ops.All, ops.All, ops.At(i)), 2)
		if corners {
			return ops.Mul(ops.Add(v, 1.0), float64(n-1)/2)
		}
		return ops.Sub(ops.Mul(ops.Add(v, 1.0), float64(n)/2), 0.5)
	}
	place := func(v node, n int) node {
		switch padding {
		case "border":
			return ops.Clamp(v, 0.0, float64(n-1))
		case "reflection":
			return reflected(v, n, corners)
		}
		return v
	}
	x, y := coordinate(0, p.w), coordinate(1, p.h)
	mode := c.string("mode", "bilinear")
	if mode != "bicubic" && mode != "cubic" { // where it pads each of the 16 pixels
		x, y = place(x, p.w), place(y, p.h)
	}
	var out node
	switch mode {
	case "nearest":
		out = p.at(ops.Round(y), ops.Round(x))
	case "bilinear", "linear":
		out = p.blend(y, x, 0, 1, func(d node) node { return ops.Sub(1.0, ops.Abs(d)) }, func(v node, _ int) node { return v })
	default:
		out = p.blend(y, x, -1, 2, cubicAt, place)
	}
	return c.one(ops.Reshape(out, g[0], c.x(0).Shape()[1], g[1], g[2]))
}

// blend adds the pixels from lo to hi around each place, each by the weight of its distance.
func (p picture) blend(y, x node, lo, hi int, weight func(node) node, place func(v node, n int) node) node {
	y0, x0 := ops.Floor(y), ops.Floor(x)
	var sum node
	for i := lo; i <= hi; i++ {
		for j := lo; j <= hi; j++ {
			yi, xj := ops.Add(y0, float64(i)), ops.Add(x0, float64(j))
			w := ops.Mul(weight(ops.Sub(yi, y)), weight(ops.Sub(xj, x)))
			term := ops.Mul(ops.ExpandDims(w, 1), p.at(place(yi, p.h), place(xj, p.w)))
			if sum == nil {
				sum = term
			} else {
				sum = ops.Add(sum, term)
			}
		}
	}
	return sum
}

// cubicAt is the cubic convolution kernel with a = −¾ (Keys 1981).
func cubicAt(d node) node {
	const a = -0.75
	d = ops.Abs(d)
	near := ops.Add(ops.Mul(ops.Sub(ops.Mul(a+2, d), a+3), ops.Square(d)), 1.0)
	far := ops.Sub(ops.Mul(ops.Add(ops.Mul(ops.Sub(ops.Mul(a, d), 5*a), d), 8*a), d), 4*a)
	return ops.Where(ops.Le(d, 1.0), near, ops.Where(ops.Lt(d, 2.0), far, 0.0))
}

// reflected folds places back into the image: about its outer pixels, or about its edges half a pixel further.
func reflected(v node, n int, corners bool) node {
	lo, span := -0.5, float64(n)
	if corners {
		lo, span = 0, float64(n-1)
	}
	if span == 0 {
		return ops.Mul(v, 0.0)
	}
	t := ops.FloorMod(ops.Sub(v, lo), 2*span)
	return ops.Clamp(ops.Add(ops.Where(ops.Gt(t, span), ops.Sub(2*span, t), t), lo), 0.0, float64(n-1))
}

// roiAlign averages, or takes the greatest of, bilinear samples in the cells of a grid over each region.
func roiAlign(c *call) []value {
	x, regions, batch := c.x(0), c.floats(1), c.ints(2)
	h, w := c.int("output_height", 1), c.int("output_width", 1)
	scale, ratio := c.float("spatial_scale", 1), c.int("sampling_ratio", 0)
	half := c.version() >= 16 && c.string("coordinate_transformation_mode", "half_pixel") == "half_pixel"
	var out []node
	for r, b := range batch {
		if b < 0 || b >= x.Shape()[0] {
			c.fail("image %d of %d", b, x.Shape()[0])
		}
		offset := 0.0
		if half {
			offset = 0.5
		}
		x1, y1 := regions[4*r]*scale-offset, regions[4*r+1]*scale-offset
		rw, rh := regions[4*r+2]*scale-offset-x1, regions[4*r+3]*scale-offset-y1
		if !half { // regions have at least one pixel
			rw, rh = max(rw, 1), max(rh, 1)
		}
		ys, ny := samples(y1, rh, h, ratio)
		xs, nx := samples(x1, rw, w, ratio)
		wy, wx := bilinear(ys, x.Shape()[2]), bilinear(xs, x.Shape()[3])
		image := ops.Index(x, b)
		k := x.Shape()[1]
		if c.string("mode", "avg") == "max" {
			out = append(out, c.greatest(image, wy, wx, k, [4]int{h, ny, w, nx}))
			continue
		}
		y := ops.MatMul(c.matrix(wy, image), ops.MatMul(image, ops.Transpose(c.matrix(wx, image))))
		y = ops.Mean(ops.Reshape(y, k, h, ny, w, nx), 2, 4)
		out = append(out, y)
	}
	return c.one(ops.Stack(out, 0))
}

// greatest is the greatest of the weighted pixels of all samples in a cell.
func (c *call) greatest(image node, wy, wx [][]float64, k int, cells [4]int) node {
	var best node
	for corner := range 4 {
		pick := func(w [][]float64, second bool) [][]float64 {
			out := make([][]float64, len(w))
			for i, row := range w {
				out[i] = make([]float64, len(row))
				seen := 0
				for j, v := range row {
					if v != 0 {
						if (seen == 1) == second {
							out[i][j] = v
						}
						seen++
					}
				}
			}
			return out
		}
		a, b := c.matrix(pick(wy, corner&1 == 1), image), c.matrix(pick(wx, corner&2 == 2), image)
		y := ops.MatMul(a, ops.MatMul(image, ops.Transpose(b)))
		y = ops.Max(ops.Reshape(y, k, cells[0], cells[1], cells[2], cells[3]), 2, 4)
		if best == nil {
			best = y
		} else {
			best = ops.Maximum(best, y)
		}
	}
	return best
}

// samples are the places of n samples in each of the cells that a length is divided into; 0 chooses n by the length.
func samples(start, length float64, cells, n int) (at []float64, each int) {
	cell := length / float64(cells)
	if n == 0 {
		n = int(math.Ceil(length / float64(cells)))
	}
	for i := range cells {
		for k := range n {
			at = append(at, start+float64(i)*cell+(float64(k)+0.5)*cell/float64(n))
		}
	}
	return at, n
}

// bilinear is the matrix that takes places of an axis of n pixels. Outside by more than a pixel there is nothing.
func bilinear(at []float64, n int) [][]float64 {
	rows := make([][]float64, len(at))
	for i, v := range at {
		rows[i] = make([]float64, n)
		if v < -1 || v > float64(n) {
			continue
		}
		v = max(v, 0)
		lo := min(int(v), n-1)
		if lo == n-1 {
			rows[i][lo] = 1
			continue
		}
		f := v - float64(lo)
		rows[i][lo], rows[i][lo+1] = 1-f, f
	}
	return rows
}

// suppress keeps the boxes of the best scores that do not overlap better ones, for each image and class. How many there
// are depends on the values: these must be known.
func suppress(c *call) []value {
	boxes, scores := c.floats(0), c.floats(1)
	s := c.x(1).Shape() // [images, classes, boxes]
	limit, overlap, least := 0, 0.0, math.Inf(-1)
	if c.has(2) {
		limit = c.ints(2)[0]
	}
	if c.has(3) {
		overlap = c.floats(3)[0]
	}
	if c.has(4) {
		least = c.floats(4)[0]
	}
	centre := c.flag("center_point_box")
	var found []int
	for image := range s[0] {
		box := func(i int) [4]float64 {
			b := [4]float64(boxes[(image*s[2]+i)*4:])
			if centre { // x, y, width, height
				return [4]float64{b[1] - b[3]/2, b[0] - b[2]/2, b[1] + b[3]/2, b[0] + b[2]/2}
			}
			return [4]float64{min(b[0], b[2]), min(b[1], b[3]), max(b[0], b[2]), max(b[1], b[3])}
		}
		for class := range s[1] {
			score := scores[(image*s[1]+class)*s[2]:][:s[2]]
			var order, kept []int
			for i, v := range score {
				if v > least {
					order = append(order, i)
				}
			}
			slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(score[j], score[i]) })
			for _, i := range order {
				if len(kept) < limit && !slices.ContainsFunc(kept, func(j int) bool { return iou(box(i), box(j)) > overlap }) {
					kept = append(kept, i)
					found = append(found, image, class, i)
				}
			}
		}
	}
	return c.integers(found, len(found)/3, 3)
}

// iou is the area that two boxes share over the area that they cover.
func iou(a, b [4]float64) float64 {
	side := func(i int) float64 { return max(0, min(a[i+2], b[i+2])-max(a[i], b[i])) }
	area := func(b [4]float64) float64 { return (b[2] - b[0]) * (b[3] - b[1]) }
	shared := side(0) * side(1)
	if whole := area(a) + area(b) - shared; whole > 0 {
		return shared / whole
	}
	return 0
}
