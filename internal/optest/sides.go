package optest

import (
	"fmt"
	"math"
	"math/rand/v2"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/internal/exec"
)

// checkSides checks derivatives where differences do not: in the cases that they are excused from, and at the corners of
// elementwise ops. In any direction the derivative lies between the least and the greatest slope of the op's value on both
// sides of the point and about it: it is a generalised gradient (Clarke 1983, section 2.5).
func checkSides(in Instance) error {
	if len(in.wrt()) == 0 || !in.all(graph.Float64) {
		return nil
	}
	if in.excused("differences") || in.excused("second differences") {
		if err := in.betweenSlopes(); err != nil {
			return err
		}
	}
	if at, ok := in.atCorners(); ok {
		return at.betweenSlopes()
	}
	return nil
}

// corners are where rules put one number in the place of another, if they do.
var corners = []float64{0, 1, -1, 0.5, 2, -3}

// atCorners returns the first case of an elementwise op with all combinations of corners for its arguments.
func (in Instance) atCorners() (Instance, bool) {
	n := len(in.args)
	if in.Op.Class != graph.Map || in.Case.Build != nil || len(in.wrt()) != n || in.Case.Name != in.Op.Cases[0].Name {
		return in, false
	}
	c := graph.Case{Name: "corners", Attrs: in.Case.Attrs}
	size := int(math.Pow(float64(len(corners)), float64(n)))
	for every := 1; every < size; every *= len(corners) {
		a := graph.Arg{Shape: []int{size}}
		for e := range size {
			a.Data = append(a.Data, corners[e/every%len(corners)])
		}
		c.In = append(c.In, a)
	}
	return newInstance(in.Op, c, in.DType), true
}

// place is a point at which derivatives are taken.
type place []exec.Value

// moved is the place x + step·t, where t has numbers for the inputs in wrt.
func (p place) moved(wrt []int, t []exec.Value, step float64) place {
	q := append(place(nil), p...)
	for k, i := range wrt {
		q[i] = fill(p[i].Type, func(e int) float64 { return p[i].At(e) + step*t[k].At(e) })
	}
	return q
}

// numbers are element e of each input that has so many.
func (p place) numbers(e int) []float64 {
	var list []float64
	for _, v := range p {
		if v.Buf.Len > e {
			list = append(list, v.At(e))
		}
	}
	return list
}

const (
	sideStep = 1e-6 // to either side
	vicinity = 1e-3 // how far points about a kink are from it
)

// betweenSlopes is checkSides at the instance's values: in the directions of the axes, and in some of all inputs.
func (in Instance) betweenSlopes() error {
	rng := rand.New(rand.NewPCG(in.Seed(), 8))
	wrt, x := in.wrt(), place(in.values())
	around := []place{x}
	for range 48 { // with three numbers that tie, each order of them comes up
		around = append(around, x.moved(wrt, in.random(rng, wrt), vicinity))
	}
	jumps := make([]bool, in.node().Type().Size())
	for _, i := range wrt {
		for _, t := range in.axes(i) {
			if err := in.between([]int{i}, around, []exec.Value{t}, jumps); err != nil {
				return err
			}
		}
	}
	for range 3 {
		if err := in.between(wrt, around, in.random(rng, wrt), jumps); err != nil {
			return err
		}
	}
	return nil
}

// between compares the derivative along t, which has numbers for the inputs numbered in of, at the first place around. It
// adds the elements at which the op's value jumps there, which have no derivative in any direction.
func (in Instance) between(of []int, around []place, t []exec.Value, jumps []bool) error {
	line, err := in.newLine(of)
	if err != nil {
		return err
	}
	x := around[0]
	dy, err := line.derivative(x, t)
	if err != nil {
		return err
	}
	bounds := make([]interval, dy.Buf.Len)
	for k, p := range around {
		for _, side := range []float64{1, -1} {
			slopes, jump, err := line.slopes(p, t, side*sideStep)
			if err != nil && k == 0 {
				return err
			}
			for e := range slopes {
				bounds[e].include(slopes[e], k == 0)
				jumps[e] = jumps[e] || k == 0 && jump[e]
			}
		}
	}
	for e, b := range bounds {
		// Infinite derivatives of several inputs may have NaN for their sum.
		if g := dy.At(e); !jumps[e] && !b.holds(g) && !(len(of) > 1 && math.IsNaN(g)) {
			return fmt.Errorf("%s: at %v the derivative of element %d by inputs %v is %v, outside of the slopes %v to %v on its sides",
				in.Op.Name, x.numbers(e), e, of, g, b.least, b.greatest)
		}
	}
	return nil
}

// axes are directions of an input: each of its elements, or all together if the op is elementwise.
func (in Instance) axes(input int) []exec.Value {
	t := in.args[input]
	if in.Op.Class == graph.Map {
		return []exec.Value{fill(t, func(int) float64 { return 1 })}
	}
	var list []exec.Value
	for element := range t.Size() {
		list = append(list, fill(t, func(e int) float64 { return b2f(e == element) }))
	}
	return list
}

// random is a direction of the inputs numbered in of.
func (in Instance) random(rng *rand.Rand, of []int) []exec.Value {
	var t []exec.Value
	for _, i := range of {
		t = append(t, directions(rng, in.args[i]))
	}
	return t
}

// interval has the slopes from least to greatest. Those about the point count if it has one itself.
type interval struct {
	any             bool
	least, greatest float64
}

func (b *interval) include(slope float64, own bool) {
	switch {
	case math.IsNaN(slope): // the op has no value there
	case !b.any && own:
		b.any, b.least, b.greatest = true, slope, slope
	case b.any:
		b.least, b.greatest = min(b.least, slope), max(b.greatest, slope)
	}
}

// holds reports whether g is one of the slopes. Each is off by half a step times the curvature: 1e-4 is room for one of up
// to 200.
func (b interval) holds(g float64) bool {
	slack := func(x float64) float64 { return 1e-4 * max(1, math.Abs(x)) }
	return !b.any || g == b.least || g == b.greatest || g >= b.least-slack(b.least) && g <= b.greatest+slack(b.greatest)
}

// line is the op's value and tangent as functions of a place and a direction of some inputs.
type line struct {
	of     []int
	xs, ts []*graph.Node
	y, dy  *graph.Node
}

func (in Instance) newLine(of []int) (l line, err error) {
	l.of = of
	err = graph.Try(func() {
		g := graph.New()
		l.xs = in.inputs(g)
		for _, i := range of {
			l.ts = append(l.ts, g.Input("", in.args[i].DType, in.args[i].Shape...))
		}
		l.y, l.dy = autodiff.JVP(func(p []*graph.Node) *graph.Node { return in.apply(substitute(l.xs, of, p)...) },
			choose(l.xs, of), l.ts)
	})
	return l, err
}

func (l line) feeds(p place) map[*graph.Node]exec.Value {
	feeds := map[*graph.Node]exec.Value{}
	for i, x := range l.xs {
		feeds[x] = p[i]
	}
	return feeds
}

func (l line) value(p place) (exec.Value, error) {
	results, err := exec.Reference([]*graph.Node{l.y}, l.feeds(p))
	if err != nil {
		return exec.Value{}, err
	}
	return results[0], nil
}

func (l line) derivative(p place, t []exec.Value) (exec.Value, error) {
	feeds := l.feeds(p)
	for k, n := range l.ts {
		feeds[n] = t[k]
	}
	results, err := exec.Reference([]*graph.Node{l.dy}, feeds)
	if err != nil {
		return exec.Value{}, err
	}
	return results[0], nil
}

// slopes are (y(x + h·t) − y(x)) / h, and infinite where they grow as h is made smaller: as 1/h at a jump, as a root of it
// or slower elsewhere. Where y is not finite there are none.
func (l line) slopes(p place, t []exec.Value, h float64) (slopes []float64, jumps []bool, err error) {
	const closer = 1e4
	here, err := l.value(p)
	if err != nil {
		return nil, nil, err
	}
	there, err := l.value(p.moved(l.of, t, h))
	if err != nil {
		return nil, nil, err
	}
	near, err := l.value(p.moved(l.of, t, h/closer))
	if err != nil {
		return nil, nil, err
	}
	for e := range here.Buf.Len {
		slope, limit := (there.At(e)-here.At(e))/h, (near.At(e)-here.At(e))/h*closer
		growth := math.Abs(limit / slope)
		switch {
		case math.IsInf(here.At(e), 0):
			slope = math.NaN()
		case math.Abs(limit) > 10 && growth > 1.2:
			slope = math.Copysign(math.Inf(1), limit)
		}
		slopes, jumps = append(slopes, slope), append(jumps, growth > closer/2 || math.IsInf(there.At(e), 0))
	}
	return slopes, jumps, nil
}
