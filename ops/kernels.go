package ops

import "chainrule/graph"

// Adapters from the typed loops of the kernel packages to graph.Kernel. The element type of input 0 chooses.

type bind = func(n *graph.Node) graph.Kernel

// byDType holds a kernel for each element type of input 0.
type byDType struct{ f32, f64, i64, boolean graph.Kernel }

func (k byDType) bind(n *graph.Node) graph.Kernel {
	switch n.In()[0].DType() {
	case graph.Float32:
		return k.f32
	case graph.Float64:
		return k.f64
	case graph.Int64:
		return k.i64
	default:
		return k.boolean
	}
}

func loop1[D, S graph.Element](f func(dst []D, x []S)) graph.Kernel {
	return func(_ *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		f(graph.Elements[D](out), graph.Elements[S](in[0]))
		return nil
	}
}

func loop2[D, S graph.Element](f func(dst []D, x, y []S)) graph.Kernel {
	return func(_ *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		f(graph.Elements[D](out), graph.Elements[S](in[0]), graph.Elements[S](in[1]))
		return nil
	}
}

func loop3[D, S graph.Element](f func(dst []D, x, y, z []S)) graph.Kernel {
	return func(_ *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		f(graph.Elements[D](out), graph.Elements[S](in[0]), graph.Elements[S](in[1]), graph.Elements[S](in[2]))
		return nil
	}
}

// floats1 and numbers1 are Map kernels of one operand, floats2 and numbers2 of two.
func floats1(f32 func(dst, x []float32), f64 func(dst, x []float64)) bind {
	return byDType{f32: loop1(f32), f64: loop1(f64)}.bind
}

func numbers1(f32 func(dst, x []float32), f64 func(dst, x []float64), i64 func(dst, x []int64)) bind {
	return byDType{f32: loop1(f32), f64: loop1(f64), i64: loop1(i64)}.bind
}

func floats2(f32 func(dst, x, y []float32), f64 func(dst, x, y []float64)) bind {
	return byDType{f32: loop2(f32), f64: loop2(f64)}.bind
}

func numbers2(f32 func(dst, x, y []float32), f64 func(dst, x, y []float64), i64 func(dst, x, y []int64)) bind {
	return byDType{f32: loop2(f32), f64: loop2(f64), i64: loop2(i64)}.bind
}

func compares(
	f32 func(dst []bool, x, y []float32), f64 func(dst []bool, x, y []float64), i64 func(dst []bool, x, y []int64),
) bind {
	return byDType{f32: loop2(f32), f64: loop2(f64), i64: loop2(i64)}.bind
}

func numbers3(
	f32 func(dst, x, y, z []float32), f64 func(dst, x, y, z []float64), i64 func(dst, x, y, z []int64),
) bind {
	return byDType{f32: loop3(f32), f64: loop3(f64), i64: loop3(i64)}.bind
}
