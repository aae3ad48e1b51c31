package optest

import (
	"fmt"
	"math"
	"math/rand/v2"

	"chainrule/graph"
	"chainrule/internal/exec"
)

// draw returns a value for an argument: its Data, or numbers between its bounds. Floats are exact in f32, so that
// every float type gets the same, and lie apart from each other, so that no two of them tie: the range is cut
// into as many strata as there are elements, and each gets one, in random order, off its ends.
func draw(rng *rand.Rand, a graph.Arg, t graph.Type) exec.Value {
	lo, hi := a.Lo, a.Hi
	if lo == 0 && hi == 0 {
		lo, hi = -2, 2
	}
	n := t.Size()
	strata := rng.Perm(n)
	return fill(t, func(i int) float64 {
		at := rng.Float64()
		switch {
		case a.Data != nil:
			return a.Data[i]
		case t.DType == graph.Bool:
			return math.Floor(2 * at)
		case t.DType == graph.Int64:
			return math.Floor(lo + (hi-lo)*at)
		}
		width := (hi - lo) / float64(n)
		return float64(float32(lo + width*(float64(strata[i])+0.1+0.8*at)))
	})
}

// fill returns the value with the given elements, converted.
func fill(t graph.Type, element func(i int) float64) exec.Value {
	v := exec.NewValue(t)
	for i := range v.Buf.Len {
		v.Set(i, element(i))
	}
	return v
}

// directions draws numbers of size ½ to 1½ of both signs: cotangents and tangents.
func directions(rng *rand.Rand, t graph.Type) exec.Value {
	return fill(t, func(int) float64 {
		x := float64(float32(rng.Float64() + 0.5))
		if rng.IntN(2) == 0 {
			return -x
		}
		return x
	})
}

// same reports whether element i of a and b have the same bits, or are both NaN: which of two NaNs an addition
// passes on depends on the order of its operands, which is no part of any promise.
func same(a, b exec.Value, i int) bool {
	switch a.Type.DType {
	case graph.Float32:
		x, y := graph.Elements[float32](a.Buf)[i], graph.Elements[float32](b.Buf)[i]
		return math.Float32bits(x) == math.Float32bits(y) || x != x && y != y
	case graph.Float64:
		x, y := graph.Elements[float64](a.Buf)[i], graph.Elements[float64](b.Buf)[i]
		return math.Float64bits(x) == math.Float64bits(y) || x != x && y != y
	case graph.Int64:
		return graph.Elements[int64](a.Buf)[i] == graph.Elements[int64](b.Buf)[i]
	default:
		return a.Bytes()[i] == b.Bytes()[i]
	}
}

// unsigned is v with 0 for every −0.
func unsigned(v exec.Value) exec.Value {
	if !v.Type.DType.IsFloat() {
		return v
	}
	return fill(v.Type, func(i int) float64 { return v.At(i) + 0 })
}

// Differ says where got is not want, bit for bit, but for the bits of NaNs.
func Differ(got, want exec.Value) error {
	if !got.Type.Equal(want.Type) {
		return fmt.Errorf("type %v, want %v", got.Type, want.Type)
	}
	for i := range got.Buf.Len {
		if !same(got, want, i) {
			return fmt.Errorf("element %d of %v is %v, want %v", i, got.Type, got.At(i), want.At(i))
		}
	}
	return nil
}

// stretch broadcasts v to a shape, element by element.
func stretch(v exec.Value, shape []int) exec.Value {
	lead := len(shape) - v.Type.Rank()
	steps := graph.Strides(v.Type.Shape)
	return fill(graph.T(v.Type.DType, shape...), func(i int) float64 {
		from := 0
		for axis := len(shape) - 1; axis >= 0; axis-- {
			if axis >= lead && v.Type.Shape[axis-lead] != 1 {
				from += i % shape[axis] * steps[axis-lead]
			}
			i /= shape[axis]
		}
		return v.At(from)
	})
}
