package ops

import (
	"chainrule/graph"
	"chainrule/internal/kernel/vec"
)

// CumMax returns the greatest element so far along an axis, or from its end if reverse is set: NaN from the first NaN on. The
// derivative goes to the last of equal elements.
func CumMax(x *graph.Node, reverse bool, axis int) *graph.Node {
	return TakeAlong(x, ArgCumMax(x, reverse, axis), axis)
}

// CumMin returns the least element so far along an axis. Else it is as CumMax.
func CumMin(x *graph.Node, reverse bool, axis int) *graph.Node {
	return TakeAlong(x, ArgCumMin(x, reverse, axis), axis)
}

// ArgCumMax returns, as i64, the index along an axis of the greatest element so far, or from the axis's end if reverse is
// set: of equal ones that which came last, and the last NaN from the first NaN on.
func ArgCumMax(x *graph.Node, reverse bool, axis int) *graph.Node {
	return cumulate(&argCumMaxOp, x, reverse, axis)
}

// ArgCumMin returns, as i64, the index along an axis of the least element so far. Else it is as ArgCumMax.
func ArgCumMin(x *graph.Node, reverse bool, axis int) *graph.Node {
	return cumulate(&argCumMinOp, x, reverse, axis)
}

func cumulate(op *graph.Op, x *graph.Node, reverse bool, axis int) *graph.Node {
	mustExist(op.Name, x)
	return apply(op, cumulativeAttrs{mustBeAxis(op.Name, axis, x), reverse}, x)
}

var argCumMaxOp, argCumMinOp graph.Op

func init() {
	define(&argCumMaxOp, argCumExtreme("arg_cum_max", "index of the greatest so far along an axis", 1))
	define(&argCumMinOp, argCumExtreme("arg_cum_min", "index of the least so far along an axis", -1))
}

func argCumExtreme(name, doc string, sign int) graph.Op {
	along := func(name string, axis int, reverse bool, x graph.Arg) graph.Case {
		return graph.Case{Name: name, In: []graph.Arg{x}, Attrs: cumulativeAttrs{axis, reverse}}
	}
	return graph.Op{
		Name: name, Doc: doc, Class: graph.Opaque, Arity: 1, Attrs: cumulativeAttrs{},
		Infer: func(in []*graph.Node, attrs any) (graph.Type, error) {
			if !isNumber(in[0].DType()) {
				return graph.Type{}, kindError("numbers, not bool")
			}
			return i64(in[0].Shape()...), cumulativeAxis(in[0], attrs)
		},
		Kernel: byDType{
			f32: extremeSoFar[float32](sign), f64: extremeSoFar[float64](sign), i64: extremeSoFar[int64](sign),
		}.ofInput,
		Derivative: NonDiff("its result is an index"),
		Batch: func(n *graph.Node, in []*graph.Node, _ []bool) *graph.Node {
			a := n.Attrs().(cumulativeAttrs)
			return apply(n.Op(), cumulativeAttrs{a.Axis + 1, a.Reverse}, in[0])
		},
		Cases: []graph.Case{
			along("vector", 0, false, arg(9)), along("rows", 1, true, arg(3, 5)), along("columns", 0, false, arg(5, 3)),
			along("ties", 0, false, values([]float64{1, 2, 2, 1, 3, 3, 0}, 7)), along("i64", 0, false, ints(9, 6)),
			along("nothing", 0, false, arg(0, 2)),
		},
		BadCases: []graph.BadCase{
			bad(cumulativeAttrs{1, false}, "axis 1 is out of range", f64(3)), bad(cumulativeAttrs{}, "wants numbers", boolean(3)),
		},
	}
}

// extremeSoFar binds the loop: an element takes the place of the best so far if it is as good, or a NaN.
func extremeSoFar[T vec.Num](sign int) bind {
	return func(n *graph.Node) graph.Kernel {
		a := n.Attrs().(cumulativeAttrs)
		outer, r, inner := span(n, []int{a.Axis})
		first, step := 0, 1
		if a.Reverse {
			first, step = r-1, -1
		}
		return func(w *graph.Work, out graph.Buffer, in []graph.Buffer) error {
			dst, x := graph.Elements[int64](out), graph.Elements[T](in[0])
			for i := range outer * r {
				if i*inner%elementsUnstopped < inner && w.Stopped() {
					return graph.ErrStopped
				}
				o, k := i/r*r*inner, first+i%r*step
				row := dst[o+k*inner:][:inner]
				if i%r == 0 {
					vec.Fill(row, int64(k))
					continue
				}
				best := dst[o+(k-step)*inner:][:inner]
				for j := range row {
					a, b := x[o+k*inner+j], x[o+int(best[j])*inner+j]
					if row[j] = best[j]; a != a || sign > 0 && a >= b || sign < 0 && a <= b {
						row[j] = int64(k)
					}
				}
			}
			return nil
		}
	}
}
