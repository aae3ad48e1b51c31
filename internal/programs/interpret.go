package programs

import (
	"errors"
	"math"
	"slices"
)

// evaluation is a run of a program in numbers.
type evaluation struct {
	values []array
	// depth is the number of infinitesimals in use: a derivative in a program takes the next one.
	depth int
	// margin is how near to a decision the run came: one that rounding may turn says nothing.
	margin  float64
	largest float64
	budget  int
}

// errUnclear is that of a program about which the interpreter cannot tell.
var errUnclear = errors.New("unclear")

// limits of what is clear.
const (
	mostNumbers = 1 << 19
	mostValue   = 300
	leastMargin = 1e-3
)

func (c *evaluation) fail() { panic(errUnclear) }

// decide compares as everything does that chooses.
func (c *evaluation) decide(a, b number) bool {
	x, y := a.value(), b.value()
	c.margin = min(c.margin, math.Abs(x-y)/(1+math.Abs(x)+math.Abs(y)))
	if !(c.margin >= leastMargin) {
		c.fail()
	}
	return x < y
}

// run computes a block.
func (c *evaluation) run(b *Block, args []array) []array {
	for i, p := range b.params {
		c.values[p.number] = args[i]
	}
	for _, s := range b.statements {
		in := c.all(s.in)
		for i, a := range s.kind.run(c, s, in) {
			c.look(a)
			c.values[s.out[i].number] = a
		}
	}
	return c.all(b.results)
}

func (c *evaluation) all(list []*Variable) []array {
	out := make([]array, len(list))
	for i, v := range list {
		out[i] = c.values[v.number]
	}
	return out
}

// look refuses what grows without bound.
func (c *evaluation) look(a array) {
	for _, x := range a.at {
		c.budget -= len(x)
		for _, r := range x {
			c.largest = max(c.largest, math.Abs(r.v))
			if !(c.largest <= mostValue) {
				c.fail()
			}
		}
	}
	if c.budget < 0 {
		c.fail()
	}
}

// along runs f with one infinitesimal more and returns the derivative by it: f gets the place of its coefficient.
func (c *evaluation) along(f func(n int) []array) []array {
	n := 2 << c.depth
	c.depth++
	out := f(n)
	c.depth--
	for i, a := range out {
		out[i] = a.each(func(x number) number { _, b := x.halves(n); return b })
	}
	return out
}

// moved is a + ε·t.
func moved(a, t array, n int) array {
	return newArray(a.shape, func(i int) number { return join(a.at[i].long(n/2), t.at[i]) })
}

// pushed is the derivative of f at args along tangents; a nil one, of shape nil and no element, is zero.
func (c *evaluation) pushed(f func([]array) []array, args, tangents []array) []array {
	return c.along(func(n int) []array {
		in := slices.Clone(args)
		for i, t := range tangents {
			if t.at != nil {
				in[i] = moved(args[i], t, n)
			}
		}
		return f(in)
	})
}

// pulled is ctᵀ·∂f/∂args, an element at a time. It runs f for its value first: arguments without an element have an
// empty gradient, and the library may still meet what is unclear on the way there.
func (c *evaluation) pulled(f func([]array) []array, args, cts []array) []array {
	f(args)
	out := make([]array, len(args))
	for i, a := range args {
		out[i] = newArray(a.shape, func(k int) number {
			unit := newArray(a.shape, func(j int) number { return exactly(b2f(j == k)) })
			tangents := make([]array, len(args))
			tangents[i] = unit
			return weighted(c.pushed(f, args, tangents), cts)
		})
	}
	return out
}

// weighted is Σ cts·out.
func weighted(out, cts []array) number {
	total := exactly(0)
	for i, a := range out {
		for k, x := range a.at {
			total = total.plus(x.times(cts[i].at[k]))
		}
	}
	return total
}

func b2f(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// clear runs f, which runs programs in numbers, and says whether all was clear.
func clear(f func()) (ok bool) {
	defer func() {
		if p := recover(); p != nil && p != errUnclear {
			panic(p)
		}
	}()
	f()
	return true
}

func (p *Program) evaluation() *evaluation {
	return &evaluation{values: make([]array, p.variables), margin: 1, budget: mostNumbers}
}
