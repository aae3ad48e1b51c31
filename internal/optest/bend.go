package optest

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/internal/exec"
)

// checkBends looks at second derivatives, kinks and the corners of elementwise ops among them. The order of two derivatives
// must not matter. Where second differences are excused, and at corners, it looks on both sides too: if the gradient changes
// at the same rate on both, the second derivative is that rate.
func checkBends(in Instance) error {
	if len(in.wrt()) == 0 || !in.all(graph.Float64) || isLinear(in.Op.Derivative) {
		return nil
	}
	if err := in.bends(in.excused("second differences")); err != nil {
		return err
	}
	if at, ok := in.atCorners(); ok {
		return at.bends(true)
	}
	return nil
}

// bends checks the second derivatives of a random combination of the results' elements.
func (in Instance) bends(rates bool) error {
	wrt, x := in.wrt(), place(in.values())
	if in.Op.Class == graph.Map && slices.ContainsFunc(in.args, func(t graph.Type) bool { return !t.Equal(in.args[0]) }) {
		return nil // elements that are broadcast have sums of the others' derivatives
	}
	b, err := in.newBending()
	if err != nil {
		return err
	}
	axes := b.axes()
	var h [][][]float64 // by axes i and j, a number for each element of an elementwise op
	for _, t := range axes {
		row, err := b.along(x, t)
		if err != nil {
			return err
		}
		h = append(h, row)
	}
	allowed := in.bendSlack(h)
	for i := range h {
		for j := range i {
			for e, got := range h[i][j] {
				other := h[j][i][e]
				if got != other && !(math.Abs(got-other) <= allowed(got, other)) && !(math.IsNaN(got) && math.IsNaN(other)) {
					return fmt.Errorf("%s: at %v, the second derivative by axes %d and %d of inputs %v is %v, in the other order %v",
						in.Op.Name, x.numbers(e), i, j, wrt, got, other)
				}
			}
		}
	}
	if !rates {
		return nil
	}
	for j, t := range axes {
		left, err := b.rates(x, t, -sideStep)
		if err != nil {
			return err
		}
		right, err := b.rates(x, t, sideStep)
		if err != nil {
			return err
		}
		for i := range h {
			for e, got := range h[i][j] {
				// A rate is off by half a step times the third derivative, and by roundings over the step.
				l, r := left[i][e], right[i][e]
				slack := 1e-4 * max(1, math.Abs(l))
				if math.Abs(l) < 1e4 && math.Abs(l-r) < slack && !(math.Abs(got-l) < slack) {
					return fmt.Errorf("%s: at %v, the second derivative by axes %d and %d of inputs %v is %v; the slope changes at the rate %v",
						in.Op.Name, x.numbers(e), i, j, wrt, got, l)
				}
			}
		}
	}
	return nil
}

// bendSlack is what rounding may make of equal second derivatives. A rule rounds a few times for each element, relative to
// the largest one, or to the element itself if it has nothing to do with others.
func (in Instance) bendSlack(h [][][]float64) func(a, b float64) float64 {
	if in.Op.Class == graph.Map {
		return func(a, b float64) float64 { return 1e-12 * max(1, math.Abs(a), math.Abs(b)) }
	}
	size := 0.0
	for _, s := range slices.Concat(slices.Concat(h...)...) {
		if s = math.Abs(s); !math.IsInf(s, 0) {
			size = max(size, s)
		}
	}
	slack := float64(64*len(h)) * epsilon(graph.Float64) * max(1, in.largest()) * size
	return func(float64, float64) float64 { return slack }
}

// bending is the gradient of a combination of an op's results, and for the part by each input the derivatives by all inputs
// along t, as functions of the place. Each part alone: zero times an infinite derivative by another input would be NaN.
type bending struct {
	Instance
	w                *graph.Node
	xs, gradient, ts []*graph.Node
	pulled           [][]*graph.Node
}

func (in Instance) newBending() (b bending, err error) {
	b.Instance = in
	wrt := in.wrt()
	err = graph.Try(func() {
		g := graph.New()
		b.xs = in.inputs(g)
		y := in.node().Type()
		w := g.Input("w", y.DType, y.Shape...)
		b.w = w
		gradient := func(p []*graph.Node) []*graph.Node {
			_, pull := autodiff.VJP(func(p []*graph.Node) *graph.Node { return in.apply(substitute(b.xs, wrt, p)...) }, p,
				autodiff.AllowUnreachable())
			return pull(w)
		}
		b.gradient = gradient(choose(b.xs, wrt))
		for k, n := range b.gradient {
			t := g.Input("", n.DType(), n.Shape()...)
			_, pull := autodiff.VJP(func(p []*graph.Node) *graph.Node { return gradient(p)[k] }, choose(b.xs, wrt),
				autodiff.AllowUnreachable())
			b.ts, b.pulled = append(b.ts, t), append(b.pulled, pull(t))
		}
	})
	return b, err
}

// bendAxis is a direction of the input that is number k of wrt.
type bendAxis struct {
	k int
	t exec.Value
}

func (b bending) axes() (list []bendAxis) {
	for k, i := range b.wrt() {
		for _, t := range b.Instance.axes(i) {
			list = append(list, bendAxis{k, t})
		}
	}
	return list
}

// along has the derivatives of the gradient along an axis, by each axis.
func (b bending) along(p place, axis bendAxis) ([][]float64, error) {
	return b.run(b.pulled[axis.k], p, map[*graph.Node]exec.Value{b.ts[axis.k]: axis.t})
}

// rates are what the parts of the gradient along each axis change by over a step along one, divided by the step.
func (b bending) rates(p place, axis bendAxis, step float64) ([][]float64, error) {
	here, err := b.run(b.gradient, p, nil)
	if err != nil {
		return nil, err
	}
	there, err := b.run(b.gradient, p.moved(b.wrt()[axis.k:][:1], []exec.Value{axis.t}, step), nil)
	for i := range there {
		for e := range there[i] {
			there[i][e] = (there[i][e] - here[i][e]) / step
		}
	}
	return there, err
}

// run computes outputs, one for each input of wrt, at a place, and splits them by axes.
func (b bending) run(outputs []*graph.Node, p place, feeds map[*graph.Node]exec.Value) (lists [][]float64, err error) {
	all := map[*graph.Node]exec.Value{
		b.w: directions(rand.New(rand.NewPCG(b.Seed(), 9)), b.w.Type()),
	}
	maps.Copy(all, feeds)
	for i, n := range b.xs {
		all[n] = p[i]
	}
	results, err := exec.Reference(outputs, all)
	if err != nil {
		return nil, err
	}
	for _, v := range results {
		var list []float64
		for e := range v.Buf.Len {
			list = append(list, v.At(e))
		}
		if b.Op.Class == graph.Map {
			lists = append(lists, list)
			continue
		}
		for e := range list {
			lists = append(lists, list[e:][:1])
		}
	}
	return lists, nil
}
