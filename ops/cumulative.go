package ops

import (
	"fmt"

	"chainrule/graph"
	"chainrule/internal/kernel/vec"
)

// cumulativeAttrs has the axis along which results build on each other, and whether from its end to its start.
type cumulativeAttrs struct {
	Axis    int
	Reverse bool
}

// CumSum returns the running sums along an axis: element k is x₀ + … + xₖ, or xₖ + … + xₙ₋₁ if reverse is set.
func CumSum(x *graph.Node, reverse bool, axis int) *graph.Node {
	mustExist(cumsumOp.Name, x)
	return apply(&cumsumOp, cumulativeAttrs{mustBeAxis(cumsumOp.Name, axis, x), reverse}, x)
}

var cumsumOp graph.Op

func init() {
	along := func(name string, axis int, reverse bool, x graph.Arg) graph.Case {
		return graph.Case{Name: name, In: []graph.Arg{x}, Attrs: cumulativeAttrs{axis, reverse}}
	}
	define(&cumsumOp, graph.Op{
		Name: "cumsum", Doc: "running sums along an axis", Class: graph.Opaque, Arity: 1, Attrs: cumulativeAttrs{},
		Infer: func(in []*graph.Node, attrs any) (graph.Type, error) {
			if !isNumber(in[0].DType()) {
				return graph.Type{}, kindError("numbers, not bool")
			}
			return in[0].Type(), cumulativeAxis(in[0], attrs)
		},
		Kernel:  byDType{f32: cumsumKernel[float32], f64: cumsumKernel[float64], i64: cumsumKernel[int64]}.ofInput,
		InPlace: true, Depends: cumulativeDepends,
		Derivative: Linear{func(n, ct *graph.Node) *graph.Node {
			a := n.Attrs().(cumulativeAttrs)
			return CumSum(ct, !a.Reverse, a.Axis)
		}},
		Batch: func(n *graph.Node, in []*graph.Node, _ []bool) *graph.Node {
			a := n.Attrs().(cumulativeAttrs)
			return CumSum(in[0], a.Reverse, a.Axis+1)
		},
		Cases: []graph.Case{
			along("vector", 0, false, arg(7)), along("reverse", 0, true, arg(7)), along("rows", 1, false, arg(3, 4)),
			along("columns, reverse", 0, true, arg(3, 4)), along("middle", 1, false, arg(2, 3, 2)),
			along("i64", 0, true, ints(9, 4)), along("nothing", 0, false, arg(0)), along("no rows", 0, true, arg(0, 3)),
		},
		BadCases: []graph.BadCase{
			bad(cumulativeAttrs{1, false}, "axis 1 is out of range", f64(3)),
			bad(cumulativeAttrs{}, "wants numbers", boolean(3)),
		},
	})
}

func cumsumKernel[T vec.Num](n *graph.Node) graph.Kernel {
	a := n.Attrs().(cumulativeAttrs)
	outer, r, inner := span(n, []int{a.Axis})
	if a.Reverse {
		return bindUntil(vec.CumSumBackUntil[T], outer, r, inner)
	}
	return bindUntil(vec.CumSumUntil[T], outer, r, inner)
}

func cumulativeAxis(x *graph.Node, attrs any) error {
	if a := attrs.(cumulativeAttrs).Axis; a < 0 || a >= x.Rank() {
		return fmt.Errorf("axis %d is out of range for rank %d", a, x.Rank())
	}
	return nil
}

// cumulativeDepends says that results depend on the elements before them in their run along the axis, or behind them,
// and on themselves. Of long runs it says that they depend on all of the run, since the lists would grow with its
// square.
func cumulativeDepends(n *graph.Node, _ int, _ graph.Known) graph.Dependence {
	a := n.Attrs().(cumulativeAttrs)
	outer, r, inner := span(n, []int{a.Axis})
	if n.Type().Size() > longLists/max(1, r) {
		d := runs(outer, r, inner)
		d.Group = runOf(outer, r, inner)
		return d
	}
	d := graph.Dependence{Start: make([]int32, 1, n.Type().Size()+1)}
	for o := range outer {
		for k := range r {
			from, to := 0, k+1
			if a.Reverse {
				from, to = k, r
			}
			for i := range inner {
				for j := from; j < to; j++ {
					d.Members = append(d.Members, int32((o*r+j)*inner+i))
				}
				d.Start = append(d.Start, int32(len(d.Members)))
			}
		}
	}
	return d
}

// longLists is the number of elements that a rule for Depends lists at most where it can say less.
const longLists = 1 << 24

// LinearRecurrence returns h with h₀ = b₀ and hₖ = aₖ·hₖ₋₁ + bₖ along an axis, a and b broadcasting against each
// other: running products, moving averages, discounted returns, autoregressions. If reverse is set it begins at the
// other end, hₖ = aₖ·hₖ₊₁ + bₖ. The first factor is not used.
func LinearRecurrence[A, B Operand](a A, b B, reverse bool, axis int) *graph.Node {
	return recurrenceOf(&linearRecurrenceOp, nodes(&linearRecurrenceOp, a, b), axis, reverse)
}

// SlopeRecurrence is LinearRecurrence, but that aₖ·hₖ₋₁ is 0 where hₖ₋₁ is, though aₖ be infinite: the form of its derivatives,
// in which what does not move stays so.
func SlopeRecurrence[A, B Operand](a A, b B, reverse bool, axis int) *graph.Node {
	return recurrenceOf(&slopeRecurrenceOp, nodes(&slopeRecurrenceOp, a, b), axis, reverse)
}

func recurrenceOf(op *graph.Op, in []*graph.Node, axis int, reverse bool) *graph.Node {
	shape, err := graph.BroadcastShapes(in[0].Shape(), in[1].Shape())
	if err != nil {
		graph.Fail(op.Name, in, "%v", err)
	}
	x, y := BroadcastTo(in[0], shape...), BroadcastTo(in[1], shape...)
	return apply(op, cumulativeAttrs{mustBeAxis(op.Name, axis, x), reverse}, x, y)
}

// CumProd returns the running products along an axis: element k is x₀·…·xₖ, or xₖ·…·xₙ₋₁ if reverse is set. Its
// derivatives hold where elements are 0, too.
func CumProd(x *graph.Node, reverse bool, axis int) *graph.Node {
	mustExist("cumprod", x)
	a := mustBeAxis("cumprod", axis, x)
	if x.Shape()[a] == 0 {
		return x
	}
	return LinearRecurrence(x, without(x, a, first(x, a, reverse)), reverse, a)
}

// first is the range of axis of x at which a recurrence begins.
func first(x *graph.Node, axis int, reverse bool) Range {
	if reverse {
		return Range{x.Shape()[axis] - 1, x.Shape()[axis], 1}
	}
	return Range{0, 1, 1}
}

// without puts zeros in x's place but in a range of an axis.
func without(x *graph.Node, axis int, keep Range) *graph.Node {
	return moved(x, axis, keep, keep.Start)
}

// moved puts a range of an axis of x where it begins at another place, among zeros. x's shape stays.
func moved(x *graph.Node, axis int, from Range, to int) *graph.Node {
	lo, hi := make([]int, x.Rank()), make([]int, x.Rank())
	lo[axis], hi[axis] = to, x.Shape()[axis]-to-(from.Stop-from.Start)
	return Pad(Slice(x, along(axis, from)...), lo, hi, make([]int, x.Rank()))
}

// later moves x by one element along the axis of a recurrence n: element k is what k−1 was, and the first is 0.
// earlier moves it back: element k is what k+1 was.
func later(n, x *graph.Node) *graph.Node { return displaced(n, x, false) }

func earlier(n, x *graph.Node) *graph.Node { return displaced(n, x, true) }

func displaced(n, x *graph.Node, back bool) *graph.Node {
	a := n.Attrs().(cumulativeAttrs)
	r := x.Shape()[a.Axis]
	switch {
	case r == 0:
		return x
	case back == a.Reverse:
		return moved(x, a.Axis, Range{0, r - 1, 1}, 1)
	}
	return moved(x, a.Axis, Range{1, r, 1}, 0)
}

var linearRecurrenceOp, slopeRecurrenceOp graph.Op

func init() {
	along := func(name string, axis int, reverse bool, shape ...int) graph.Case {
		return graph.Case{Name: name, In: []graph.Arg{arg(shape...), arg(shape...)}, Attrs: cumulativeAttrs{axis, reverse}}
	}
	record := graph.Op{
		Name: "linear_recurrence", Doc: "h with hₖ = aₖ·hₖ₋₁ + bₖ along an axis", Class: graph.Opaque, Arity: 2,
		Attrs: cumulativeAttrs{},
		Infer: func(in []*graph.Node, attrs any) (graph.Type, error) {
			if t, err := floatMap(in, nil); err != nil {
				return t, err
			}
			if a, b := in[0].Type(), in[1].Type(); !a.Equal(b) {
				return a, fmt.Errorf("%v and %v are not of one shape", a, b)
			}
			return in[0].Type(), cumulativeAxis(in[0], attrs)
		},
		Kernel: byFloat(recurrenceKernel[float32], recurrenceKernel[float64]),
		Flops:  func(n *graph.Node) float64 { return 2 * float64(n.Type().Size()) },
		// The cotangent of b is λ with λₖ = h̄ₖ + aₖ₊₁·λₖ₊₁, that of a is λₖ·hₖ₋₁: backpropagation through time.
		Derivative: recurrenceRule{}, InPlace: true, Depends: cumulativeDepends,
		Batch: func(n *graph.Node, in []*graph.Node, batched []bool) *graph.Node {
			a, in := n.Attrs().(cumulativeAttrs), allBatched(in, batched)
			return apply(n.Op(), cumulativeAttrs{a.Axis + 1, a.Reverse}, in...)
		},
		Cases: []graph.Case{
			along("vector", 0, false, 6), along("reverse", 0, true, 6), along("rows", 1, false, 3, 4),
			along("columns, reverse", 0, true, 3, 4), along("middle", 1, true, 2, 3, 2), along("one step", 0, false, 1, 3),
			along("nothing", 0, false, 0), along("no columns", 0, true, 3, 0),
		},
		BadCases: []graph.BadCase{
			bad(cumulativeAttrs{1, false}, "axis 1 is out of range", f64(3), f64(3)),
			bad(cumulativeAttrs{}, "are not of one shape", f64(3), f64()),
			bad(cumulativeAttrs{}, "wants f32 or f64", i64(3), i64(3)),
		},
	}
	define(&linearRecurrenceOp, record)
	record.Name, record.Doc = "slope_recurrence", "linear_recurrence, where aₖ·hₖ₋₁ is 0 where hₖ₋₁ is"
	record.Kernel = byFloat(slopeRecurrenceKernel[float32], slopeRecurrenceKernel[float64])
	define(&slopeRecurrenceOp, record)
}

type recurrenceRule struct{}

// Wrt implements graph.Derivative.
func (recurrenceRule) Wrt(int) bool { return true }

// VJP implements graph.Derivative.
func (recurrenceRule) VJP(n *graph.Node, i int, ct *graph.Node) *graph.Node {
	a := n.Attrs().(cumulativeAttrs)
	b := SlopeRecurrence(earlier(n, n.In()[0]), ct, !a.Reverse, a.Axis)
	if i == 1 {
		return b
	}
	r := n.Shape()[a.Axis]
	if r == 0 {
		return b
	}
	from, to := Range{0, r - 1, 1}, Range{1, r, 1} // of hₖ₋₁ and λₖ
	if a.Reverse {
		from, to = to, from
	}
	products := TimesSlope(Slice(b, along(a.Axis, to)...), Slice(n, along(a.Axis, from)...))
	lo, hi := make([]int, n.Rank()), make([]int, n.Rank())
	lo[a.Axis], hi[a.Axis] = to.Start, r-to.Stop
	return Pad(products, lo, hi, make([]int, n.Rank()))
}

// JVP implements graph.Derivative: ḣₖ = aₖ·ḣₖ₋₁ + (ȧₖ·hₖ₋₁ + ḃₖ).
func (recurrenceRule) JVP(n *graph.Node, t []*graph.Node) *graph.Node {
	term := t[1]
	if t[0] != nil {
		term = TimesSlope(t[0], later(n, n))
		if t[1] != nil {
			term = Add(term, t[1])
		}
	}
	return apply(&slopeRecurrenceOp, n.Attrs(), n.In()[0], term)
}

func recurrenceKernel[T float](n *graph.Node) graph.Kernel {
	return bindRecurrence(n, vec.RecurrenceUntil[T], vec.RecurrenceBackUntil[T])
}

func slopeRecurrenceKernel[T float](n *graph.Node) graph.Kernel {
	return bindRecurrence(n, vec.SlopeRecurrenceUntil[T], vec.SlopeRecurrenceBackUntil[T])
}

type recurrence[T float] func(stop <-chan struct{}, h, a, b []T, outer, r, inner int)

func bindRecurrence[T float](n *graph.Node, f, back recurrence[T]) graph.Kernel {
	a := n.Attrs().(cumulativeAttrs)
	outer, r, inner := span(n, []int{a.Axis})
	if a.Reverse {
		f = back
	}
	run := r * inner
	rows := max(1, elementsUnstopped/max(1, run))
	return func(w *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		h, a, b := graph.Elements[T](out), graph.Elements[T](in[0]), graph.Elements[T](in[1])
		for o := 0; o < outer; o += rows {
			if w.Stopped() {
				return graph.ErrStopped
			}
			n := min(rows, outer-o)
			f(w.Stop, h[o*run:][:n*run], a[o*run:][:n*run], b[o*run:][:n*run], n, r, inner)
		}
		return w.Err()
	}
}
