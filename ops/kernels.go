package ops

import "chainrule/graph"

// Adapters from the typed loops of the kernel packages to graph.Kernel.

// bind gives a node's kernel.
type bind = func(n *graph.Node) graph.Kernel

// byDType holds a bind for each element type that an op takes.
type byDType struct{ f32, f64, i64, boolean bind }

func (k byDType) of(d graph.DType) bind {
	switch d {
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

// ofInput chooses by the element type of input 0, ofResult by that of the result.
func (k byDType) ofInput(n *graph.Node) graph.Kernel  { return k.of(n.In()[0].DType())(n) }
func (k byDType) ofResult(n *graph.Node) graph.Kernel { return k.of(n.DType())(n) }

// byFloat chooses by the element type of input 0, a float.
func byFloat(f32, f64 bind) bind { return byDType{f32: f32, f64: f64}.ofInput }

// loop1, loop2 and loop3 bind loops over one, two and three operands, the same for every node.
func loop1[D, S graph.Element](f func(dst []D, x []S)) bind {
	return always(func(_ *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		f(graph.Elements[D](out), graph.Elements[S](in[0]))
		return nil
	})
}

func loop2[D, S graph.Element](f func(dst []D, x, y []S)) bind {
	return always(func(_ *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		f(graph.Elements[D](out), graph.Elements[S](in[0]), graph.Elements[S](in[1]))
		return nil
	})
}

func loop3[D, S graph.Element](f func(dst []D, x, y, z []S)) bind {
	return always(func(_ *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		f(graph.Elements[D](out), graph.Elements[S](in[0]), graph.Elements[S](in[1]), graph.Elements[S](in[2]))
		return nil
	})
}

func always(k graph.Kernel) bind { return func(*graph.Node) graph.Kernel { return k } }

// floats1 and numbers1 bind Maps of one operand, floats2 and numbers2 those of two.
func floats1(f32 func(dst, x []float32), f64 func(dst, x []float64)) bind {
	return byFloat(loop1(f32), loop1(f64))
}

func floats2(f32 func(dst, x, y []float32), f64 func(dst, x, y []float64)) bind {
	return byFloat(loop2(f32), loop2(f64))
}

func numbers1(f32 func(dst, x []float32), f64 func(dst, x []float64), i64 func(dst, x []int64)) bind {
	return byDType{f32: loop1(f32), f64: loop1(f64), i64: loop1(i64)}.ofInput
}

// numbers2 also binds comparisons, whose results are bools.
func numbers2[A, B, C graph.Element](
	f32 func(dst []A, x, y []float32), f64 func(dst []B, x, y []float64), i64 func(dst []C, x, y []int64),
) bind {
	return byDType{f32: loop2(f32), f64: loop2(f64), i64: loop2(i64)}.ofInput
}
