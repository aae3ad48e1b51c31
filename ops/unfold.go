package ops

import (
	"slices"

	"chainrule/graph"
)

// Unfold copies the windows of the images of x, [batch, channels, image…], into columns: the result is
// [batch, channels·elements of a window, places], as PyTorch's unfold. Of the options Size, Stride (1 without any), Padding
// and Dilation count; the padding is zero.
func Unfold(x *graph.Node, o PoolOptions) *graph.Node {
	const name = "unfold"
	mustExist(name, x)
	u := o.unfolding(name, x, x.Shape()[min(2, x.Rank()):])
	n := len(u.image)
	x = Pad(x, slices.Concat([]int{0, 0}, u.lo), slices.Concat([]int{0, 0}, u.hi), make([]int, n+2))
	perm, places := []int{0, 1}, []int{}
	for i := range n {
		x = Take(x, u.index(x.Graph(), i), 2+2*i)
		perm, places = append(perm, 2+2*i), append(places, 3+2*i)
	}
	x = Permute(x, append(perm, places...)...)
	s := x.Shape()
	return Reshape(x, s[0], s[1]*graph.Size(u.size), graph.Size(u.places))
}

// Fold is the transpose of Unfold: it adds columns, [batch, channels·elements of a window, places], up to images of the given
// sizes.
func Fold(y *graph.Node, sizes []int, o PoolOptions) *graph.Node {
	const name = "fold"
	mustExist(name, y)
	u := o.unfolding(name, y, sizes)
	n, window := len(u.image), graph.Size(u.size)
	if y.Rank() != 3 || y.Shape()[1]%window != 0 || y.Shape()[2] != graph.Size(u.places) {
		graph.Fail(name, []*graph.Node{y}, "wants [batch, channels·%d, %d]", window, graph.Size(u.places))
	}
	y = Reshape(y, slices.Concat([]int{y.Shape()[0], y.Shape()[1] / window}, u.size, u.places)...)
	perm, crop := []int{0, 1}, []Range{All, All}
	for i := range n {
		perm = append(perm, 2+i, 2+n+i)
		crop = append(crop, Range{Start: u.lo[i], Stop: u.lo[i] + u.image[i]})
	}
	y = Permute(y, perm...)
	for i := n - 1; i >= 0; i-- {
		y = ScatterAdd(y, u.index(y.Graph(), i), u.image[i]+u.lo[i]+u.hi[i], 2+2*i)
	}
	return Slice(y, crop...)
}

// unfolding is the geometry of Unfold on images of the given sizes.
func (o PoolOptions) unfolding(name string, x *graph.Node, sizes []int) pool {
	in, n := []*graph.Node{x}, len(sizes)
	if n < 1 || n > 3 || len(o.Size) == 0 {
		graph.Fail(name, in, "wants images of 1 to 3 axes beside batch and channels, and the size of a window")
	}
	p := pool{size: perAxis(name, in, "size", o.Size, n, 1, 1), image: sizes}
	p.stride, p.dilation = perAxis(name, in, "stride", o.Stride, n, 1, 1), perAxis(name, in, "dilation", o.Dilation, n, 1, 1)
	reach := reaches(p.size, p.dilation)
	p.lo, p.hi = o.Padding.amounts(name, in, sizes, p.stride, reach)
	for i, d := range sizes {
		room := d + p.lo[i] + p.hi[i] - reach[i]
		if room < 0 || d < 0 {
			graph.Fail(name, in, "the window reaches over %d places where the padded image has %d, on axis %d", reach[i], d+p.lo[i]+p.hi[i], i)
		}
		p.places = append(p.places, room/p.stride[i]+1)
	}
	return p
}

// index has the places [size, places] of the elements of windows on axis i of a padded image.
func (p pool) index(g *graph.Graph, i int) *graph.Node {
	var list []int64
	for k := range p.size[i] {
		for o := range p.places[i] {
			list = append(list, int64(o*p.stride[i]+k*p.dilation[i]))
		}
	}
	return graph.Const(g, list, p.size[i], p.places[i])
}
