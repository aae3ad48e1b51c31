package onnx

import (
	"math"

	"chainrule/graph"
	"chainrule/ops"
)

func init() {
	define(map[string]operator{
		"HannWindow":      {build: func(c *call) []value { return c.window(0.5, 0.5, 0) }, static: []int{0}},
		"HammingWindow":   {build: func(c *call) []value { return c.window(25./46, 21./46, 0) }, static: []int{0}},
		"BlackmanWindow":  {build: func(c *call) []value { return c.window(0.42, 0.5, 0.08) }, static: []int{0}},
		"MelWeightMatrix": {build: melWeights, static: []int{0, 1, 2, 3, 4}},
		"DFT":             {build: dft, static: []int{1, 2}},
		"STFT":            {build: stft, static: []int{1, 3}},
	})
}

// window is a − b·cos(2πi/n) + c·cos(4πi/n), with n − 1 for n if it is symmetric.
func (c *call) window(a, b, d float64) []value {
	n := c.ints(0)[0]
	period := float64(n)
	if c.int("periodic", 1) == 0 {
		period--
	}
	w := make([]float64, n)
	for i := range w {
		t := 2 * math.Pi * float64(i) / period
		w[i] = a - b*math.Cos(t) + d*math.Cos(2*t)
	}
	return c.made(w, n)
}

// made is a constant of the type that the attribute output_datatype asks for.
func (c *call) made(v []float64, shape ...int) []value {
	t := elem(c.int("output_datatype", 1))
	d, err := stands(t)
	if err != nil {
		c.fail("%v", err)
	}
	return []value{tensorOf(ops.Cast(graph.Const(c.run.g, v, shape...), d), t)}
}

// melWeights has triangles over the bins of a spectrum, at equal distances on the mel scale.
func melWeights(c *call) []value {
	bins, length, rate := c.ints(0)[0], c.ints(1)[0], float64(c.ints(2)[0])
	mel := func(f float64) float64 { return 2595 * math.Log10(1+f/700) }
	lo, hi := mel(c.floats(3)[0]), mel(c.floats(4)[0])
	at := make([]int, bins+2)
	for i := range at {
		f := 700 * (math.Pow(10, (lo+float64(i)*(hi-lo)/float64(bins+2))/2595) - 1)
		at[i] = int(math.Floor(float64(length+1) * f / rate))
	}
	rows := length/2 + 1
	w := make([]float64, rows*bins)
	for b := range bins {
		low, mid, high := at[b], at[b+1], at[b+2]
		if mid == low {
			w[mid*bins+b] = 1
		}
		for i := low; i <= mid && mid > low; i++ {
			w[i*bins+b] = float64(i-low) / float64(mid-low)
		}
		for i := mid; i < high; i++ {
			w[i*bins+b] = float64(high-i) / float64(high-mid)
		}
	}
	return c.made(w, rows, bins)
}

// dft transforms an axis of [batch, …, 1 or 2], real or complex numbers in the last axis.
func dft(c *call) []value {
	x := c.x(0)
	a := c.int("axis", 1)
	if c.version() >= 20 {
		a = -2
		if c.has(2) {
			a = c.ints(2)[0]
		}
	}
	a = c.axis(a, x.Rank())
	n := x.Shape()[a]
	length := n
	if c.has(1) {
		length = c.ints(1)[0]
	}
	return c.one(c.transformed(x, a, length, c.flag("inverse"), c.flag("onesided")))
}

// transformed is a product with the matrix exp(∓2πi·jk/n), as cosines and sines.
func (c *call) transformed(x node, axis, n int, inverse, oneSided bool) node {
	last := x.Rank() - 1
	have := min(x.Shape()[axis], n) // a longer transform has zeros at the end
	out := n
	if oneSided {
		out = n/2 + 1
	}
	cos, sin := make([]float64, have*out), make([]float64, have*out)
	for j := range have {
		for k := range out {
			s, co := math.Sincos(2 * math.Pi * float64(j*k%n) / float64(n))
			if !inverse {
				s = -s
			} else {
				s, co = s/float64(n), co/float64(n)
			}
			cos[j*out+k], sin[j*out+k] = co, s
		}
	}
	matrix := func(v []float64) node { return ops.Cast(graph.Const(c.run.g, v, have, out), x.DType()) }
	part := func(i int) node {
		p := ops.Squeeze(ops.Slice(x, ranges(last, ops.At(i))...), last)
		return ops.Slice(p, ranges(axis, ops.Range{Stop: have})...)
	}
	times := func(p node, m node) node {
		return ops.MoveAxis(ops.MatMul(ops.MoveAxis(p, axis, -1), m), -1, axis)
	}
	co, si := matrix(cos), matrix(sin)
	re := part(0)
	y, z := times(re, co), times(re, si)
	if x.Shape()[last] == 2 {
		im := part(1)
		y, z = ops.Sub(y, times(im, si)), ops.Add(z, times(im, co))
	}
	return ops.Stack([]node{y, z}, -1)
}

// stft transforms frames of a signal [batch, length, 1 or 2], each multiplied by a window.
func stft(c *call) []value {
	x, step := c.x(0), c.ints(1)[0]
	length := 0
	switch {
	case c.has(3):
		length = c.ints(3)[0]
	case c.has(2):
		length = c.x(2).Type().Size()
	default:
		c.fail("neither a window nor a length")
	}
	if step < 1 || length < 1 || length > x.Shape()[1] {
		c.fail("frames of %d, each %d further, in %d", length, step, x.Shape()[1])
	}
	var frames []node
	for at := 0; at+length <= x.Shape()[1]; at += step {
		frames = append(frames, ops.Slice(x, ops.All, ops.Range{Start: at, Stop: at + length}))
	}
	f := ops.Stack(frames, 1) // [batch, frames, length, 1 or 2]
	if f.Rank() == 3 {
		f = ops.ExpandDims(f, -1)
	}
	if c.has(2) {
		f = ops.Mul(f, ops.Reshape(c.x(2), -1, 1))
	}
	return c.one(c.transformed(f, 2, length, false, c.int("onesided", 1) != 0))
}
