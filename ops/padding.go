package ops

import "chainrule/graph"

// Padding says how many zeros a convolution puts around its image. The zero value is none.
type Padding struct {
	mode   paddingMode
	lo, hi []int
}

type paddingMode uint8

const (
	paddedBy paddingMode = iota
	paddedSame
	paddedSameLower
)

var (
	// Valid is no padding: the kernel stays on the image.
	Valid = Padding{}
	// Same pads so that a result has ⌈n/stride⌉ places on an axis of length n: by max((⌈n/s⌉−1)·s + d·(k−1) + 1 − n, 0)
	// zeros in all, one more behind the image than before it if that is odd. A transposed convolution gets n·s places.
	Same = Padding{mode: paddedSame}
	// SameLower is Same with the odd zero before the image, as ONNX's SAME_LOWER.
	SameLower = Padding{mode: paddedSameLower}
)

// Pads pads each axis of the image alike before and behind it: one number for every axis, or one for all.
func Pads(n ...int) Padding { return Padding{lo: n, hi: n} }

// PadsLoHi pads by lo before and by hi behind the image: lists of one number for every axis, or one for all.
func PadsLoHi(lo, hi []int) Padding { return Padding{lo: lo, hi: hi} }

// amounts gives the zeros before and behind the axes of an image of the given sizes, and reach is the length that a kernel
// covers.
func (p Padding) amounts(op string, in []*graph.Node, sizes, stride, reach []int) (lo, hi []int) {
	if p.mode == paddedBy {
		return perAxis(op, in, "padding", p.lo, len(sizes), 0, 0), perAxis(op, in, "padding", p.hi, len(sizes), 0, 0)
	}
	lo, hi = make([]int, len(sizes)), make([]int, len(sizes))
	for i, n := range sizes {
		places := (n + stride[i] - 1) / stride[i]
		total := max((places-1)*stride[i]+reach[i]-n, 0)
		lo[i] = total / 2
		if p.mode == paddedSameLower {
			lo[i] = total - total/2
		}
		hi[i] = total - lo[i]
	}
	return lo, hi
}

// perAxis is a list of one number for each of n axes, from one for each, one for all, or none for the usual one.
func perAxis(op string, in []*graph.Node, what string, list []int, n, usual, least int) []int {
	if len(list) != 0 && len(list) != 1 && len(list) != n {
		graph.Fail(op, in, "%s %v for %d axes: give one number for each, or one for all", what, list, n)
	}
	all := make([]int, n)
	for i := range all {
		switch len(list) {
		case 0:
			all[i] = usual
		case 1:
			all[i] = list[0]
		default:
			all[i] = list[i]
		}
		if all[i] < least {
			graph.Fail(op, in, "%s %v is less than %d", what, list, least)
		}
	}
	return all
}
