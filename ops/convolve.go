package ops

import "chainrule/graph"

// ConvolveMode says which sums of products Convolve and Correlate return, of vectors of n and m elements.
type ConvolveMode int

// The modes, as NumPy names them.
const (
	ConvolveFull  ConvolveMode = iota // all n + m − 1
	ConvolveSame                      // max(n, m) in the middle
	ConvolveValid                     // max(n, m) − min(n, m) + 1, where the vectors overlap entirely
)

// Convolve returns the discrete convolution of two vectors, Σᵢ aᵢ·b₍ₖ₋ᵢ₎.
func Convolve(a, b *graph.Node, mode ConvolveMode) *graph.Node {
	vectors("convolve", a, b)
	if a.Shape()[0] < b.Shape()[0] {
		a, b = b, a
	}
	n, m := a.Shape()[0], b.Shape()[0]
	if m == 0 || mode < ConvolveFull || mode > ConvolveValid {
		graph.Fail("convolve", []*graph.Node{a, b}, "wants a mode and vectors of one element or more")
	}
	lo, hi := m-1, m-1
	switch mode {
	case ConvolveSame:
		lo, hi = m-1-(m-1)/2, (m-1)/2
	case ConvolveValid:
		lo, hi = 0, 0
	}
	if !a.DType().IsFloat() { // a product of windows with the shorter vector
		starts := ExpandDims(Arange(a.Graph(), n+lo+hi-m+1), 1)
		windows := Take(Pad(a, []int{lo}, []int{hi}, []int{0}), Add(starts, Arange(a.Graph(), m)), 0)
		return MatMul(windows, Flip(b))
	}
	// One image of one channel, and the shorter vector, from its end to its start, as the kernel.
	y := Conv(Reshape(a, 1, 1, n), Reshape(Flip(b), 1, 1, m), ConvOptions{Padding: PadsLoHi([]int{lo}, []int{hi})})
	return Reshape(y, -1)
}

// Correlate returns the cross-correlation of two vectors, Σᵢ a₍ᵢ₊ₖ₎·bᵢ: Convolve with b from its end to its start.
func Correlate(a, b *graph.Node, mode ConvolveMode) *graph.Node {
	vectors("correlate", a, b)
	return Convolve(a, Flip(b), mode)
}

// Cross returns the vector product of a and b along an axis of length 3 of both; other axes broadcast.
func Cross(a, b *graph.Node, axis int) *graph.Node {
	mustExist("cross", a, b)
	p, q := mustBeAxis("cross", axis, a), mustBeAxis("cross", axis, b)
	if a.Shape()[p] != 3 || b.Shape()[q] != 3 {
		graph.Fail("cross", []*graph.Node{a, b}, "axis %d is not of length 3 in both", axis)
	}
	return Sub(Mul(Roll(a, -1, p), Roll(b, -2, q)), Mul(Roll(a, -2, p), Roll(b, -1, q)))
}
