package compile_test

import (
	"math"
	"math/rand/v2"
	"slices"

	"chainrule/graph"
	"chainrule/ops"
)

// draft draws graphs on which one rule may fire, of any shape and element type.
type draft struct {
	rng *rand.Rand
	g   *graph.Graph
	d   graph.DType
	// terms is the length of the longest sum that an element of the result needs.
	terms int
}

func (d *draft) one(of ...int) int { return of[d.rng.IntN(len(of))] }

// shape draws any shape, scalars and empty ones among them.
func (d *draft) shape() []int {
	all := [][]int{{}, {1}, {3}, {0}, {2, 3}, {2, 1, 3}, {0, 3}, {17}, {4, 33}, {1, 1}, {3, 2, 2, 2}}
	return all[d.rng.IntN(len(all))]
}

// below draws a shape that broadcasts to the given one, or to a larger one along axes of length 1.
func (d *draft) below(shape []int) []int {
	s := slices.Clone(shape)
	for i := range s {
		switch {
		case s[i] == 1 && d.rng.IntN(6) == 0:
			s[i] = 3
		case d.rng.IntN(4) == 0:
			s[i] = 1
		}
	}
	return s[d.rng.IntN(len(s)+1):]
}

// above draws a shape that the given one broadcasts to.
func (d *draft) above(shape []int) []int {
	s := slices.Clone(shape)
	for i := range s {
		if s[i] == 1 {
			s[i] = d.one(1, 3, 0)
		}
	}
	for len(s) < 7 && d.rng.IntN(2) == 0 {
		s = append([]int{d.one(1, 2, 5, 0)}, s...)
	}
	return s
}

func (d *draft) input(shape ...int) *graph.Node { return d.g.Input("", d.d, shape...) }
func (d *draft) any() *graph.Node               { return d.input(d.shape()...) }
func (d *draft) single() *graph.Node            { return d.input([][]int{{}, {1}, {1, 1}}[d.rng.IntN(3)]...) }

// number draws a constant of moderate size, a whole one for integers.
func (d *draft) number() *graph.Node {
	v := float64(d.rng.IntN(15) - 7)
	if d.d.IsFloat() {
		v = d.rng.Float64()*8 - 4
	}
	return d.g.Scalar(d.d, v)
}

// either applies a commutative op in either order.
func (d *draft) either(f func(a, b *graph.Node) *graph.Node, a, b *graph.Node) *graph.Node {
	if d.rng.IntN(2) == 0 {
		return f(b, a)
	}
	return f(a, b)
}

// product draws a matrix product, its operands as they are or transposed by flags.
func (d *draft) product() *graph.Node {
	m, k, n := d.one(0, 1, 2, 5, 16, 70), d.one(0, 1, 3, 8, 65, 700), d.one(1, 4, 9, 33)
	d.terms = max(1, k)
	var batch []int
	if d.rng.IntN(3) == 0 {
		batch = []int{d.one(1, 3)}
	}
	operand := func(rows, cols int, trans bool) *graph.Node {
		if trans {
			rows, cols = cols, rows
		}
		return d.input(append(slices.Clone(batch), rows, cols)...)
	}
	transA, transB := d.rng.IntN(2) == 0, d.rng.IntN(2) == 0
	return ops.Product(operand(m, k, transA), operand(k, n, transB), transA, transB)
}

// outers draws outer products of h examples, of at most four inputs, squared, scaled, divided or multiplied.
func (d *draft) outers(h, m, n int) *graph.Node {
	product := func() *graph.Node {
		a, b := d.input(h, m, 1), d.input(h, 1, n)
		transA, transB := d.rng.IntN(2) == 0, d.rng.IntN(2) == 0
		if transA {
			a = d.input(h, 1, m)
		}
		if transB {
			b = d.input(h, n, 1)
		}
		return ops.Product(a, b, transA, transB)
	}
	x := product()
	scale := d.input([][]int{{}, {h, 1, 1}, {1}, {h, 1, n}}[d.rng.IntN(4)]...)
	switch d.rng.IntN(5) {
	case 0:
		return d.either(mul, x, scale)
	case 1:
		return ops.Div(x, scale)
	case 2:
		return ops.Square(x)
	case 3:
		return d.either(mul, x, product())
	}
	return x
}

// anyMap applies any Map to operands of which some are stretched.
func (d *draft) anyMap() *graph.Node {
	for {
		all := graph.Ops()
		op := all[d.rng.IntN(len(all))]
		if op.Class != graph.Map || op.Attrs != nil {
			continue
		}
		shape := d.shape()
		in := make([]*graph.Node, op.Arity)
		for i := range in {
			in[i] = d.g.Input("", []graph.DType{d.d, d.d, graph.Bool}[d.rng.IntN(3)], d.below(shape)...)
			if d.rng.IntN(5) > 0 {
				in[i] = ops.BroadcastTo(in[i], d.above(in[i].Shape())...)
			}
		}
		var y *graph.Node
		if graph.Try(func() { y = d.g.Apply(op, nil, in...) }) == nil {
			return y
		}
	}
}

// padded draws sums of values with zeros around them, along one axis, around single elements or around any box, which meet,
// leave gaps or overlap, with other terms among them and sums of their own.
func (d *draft) padded() *graph.Node {
	shape := [][]int{{9}, {6, 3}, {3, 7}, {2, 5, 3}, {40}, {0, 4}}[d.rng.IntN(6)]
	axis, kind := d.rng.IntN(len(shape)), d.rng.IntN(4)
	term := func() *graph.Node {
		size := slices.Clone(shape)
		lo, hi, gap := make([]int, len(shape)), make([]int, len(shape)), make([]int, len(shape))
		for k := range shape {
			switch {
			case kind < 2 && k == axis:
				size[k] = d.rng.IntN(shape[k]/(1+kind*2) + 1)
			case kind == 2:
				size[k] = min(1, shape[k])
			case kind == 3:
				size[k] = d.rng.IntN(shape[k] + 1)
				if size[k] > 1 && 2*size[k]-1 <= shape[k] && d.rng.IntN(2) == 0 {
					gap[k] = 1
				}
			}
			extent := size[k] + gap[k]*max(0, size[k]-1)
			lo[k] = d.rng.IntN(shape[k] - extent + 1)
			hi[k] = shape[k] - extent - lo[k]
		}
		return ops.Pad(d.input(size...), lo, hi, gap)
	}
	var sum *graph.Node
	for range d.one(2, 3, 4, 12) {
		x := term()
		switch d.rng.IntN(12) {
		case 0:
			x = d.input(shape...)
		case 1:
			x = add(x, term())
		}
		if sum == nil {
			sum = x
		} else {
			sum = d.either(add, sum, x)
		}
	}
	d.terms = 24
	return sum
}

var (
	floats  = []graph.DType{graph.Float32, graph.Float64}
	numbers = []graph.DType{graph.Float32, graph.Float64, graph.Int64}
	add     = ops.Add[*graph.Node, *graph.Node]
	mul     = ops.Mul[*graph.Node, *graph.Node]
)

// drafts has for every rule a family of graphs on which it fires, if not on all.
var drafts = map[string]struct {
	dtypes []graph.DType
	build  func(d *draft) *graph.Node
}{
	"fold": {numbers, func(d *draft) *graph.Node {
		c := ops.Sub(mul(d.number(), d.number()), d.number())
		return add(ops.Add(d.any(), ops.Sum(ops.Mul(c, c))), ops.Neg(c))
	}},
	"mul-one":       {numbers, func(d *draft) *graph.Node { return d.either(mul, d.any(), d.g.Scalar(d.d, 1)) }},
	"mul-minus-one": {numbers, func(d *draft) *graph.Node { return d.either(mul, d.any(), d.g.Scalar(d.d, -1)) }},
	"square": {numbers, func(d *draft) *graph.Node {
		x := d.any()
		return ops.Mul(x, x)
	}},
	"add-zero": {numbers, func(d *draft) *graph.Node {
		return d.either(add, d.any(), d.g.Scalar(d.d, math.Copysign(0, float64(d.one(1, -1)))))
	}},
	"sub-zero": {numbers, func(d *draft) *graph.Node {
		return ops.Sub(d.any(), d.g.Scalar(d.d, math.Copysign(0, float64(d.one(1, 1, -1)))))
	}},
	"div-one": {numbers, func(d *draft) *graph.Node { return ops.Div(d.any(), 1) }},
	"div-power-of-two": {floats, func(d *draft) *graph.Node {
		return ops.Div(d.any(), math.Ldexp(float64(d.one(1, -1)), d.rng.IntN(250)-125))
	}},
	"neg-neg": {numbers, func(d *draft) *graph.Node { return ops.Neg(ops.Neg(d.any())) }},
	"neg-sub": {numbers, func(d *draft) *graph.Node {
		x := d.any()
		return ops.Neg(ops.Sub(x, d.input(d.below(x.Shape())...)))
	}},
	"neg-scale": {numbers, func(d *draft) *graph.Node { return ops.Neg(d.either(mul, d.any(), d.number())) }},
	"mul-neg": {numbers, func(d *draft) *graph.Node {
		x := d.any()
		y := d.input(d.below(x.Shape())...)
		if d.rng.IntN(3) == 0 {
			y = ops.Neg(y)
		}
		return d.either(mul, ops.Neg(x), y)
	}},
	"add-neg": {numbers, func(d *draft) *graph.Node {
		x := d.any()
		return d.either(add, ops.Neg(x), d.input(d.below(x.Shape())...))
	}},
	"sub-neg": {numbers, func(d *draft) *graph.Node {
		x := d.any()
		return ops.Sub(x, ops.Neg(d.input(d.below(x.Shape())...)))
	}},
	"scale-scale": {numbers, func(d *draft) *graph.Node {
		return d.either(mul, d.number(), d.either(mul, d.number(), d.any()))
	}},
	"scale-shapes": {numbers, func(d *draft) *graph.Node {
		return d.either(mul, d.single(), d.either(mul, d.single(), d.any()))
	}},
	"log-softmax": {floats, func(d *draft) *graph.Node {
		x := d.any()
		d.terms = max(1, x.Type().Size())
		if x.Rank() == 0 {
			return ops.Log(ops.Softmax(x))
		}
		return ops.Log(ops.Softmax(x, d.rng.IntN(x.Rank())))
	}},
	"map-broadcast": {numbers, (*draft).anyMap},
	"broadcast-broadcast": {numbers, func(d *draft) *graph.Node {
		x := d.any()
		y := ops.BroadcastTo(x, d.above(x.Shape())...)
		return ops.BroadcastTo(y, d.above(y.Shape())...)
	}},
	"broadcast-reshape": {numbers, func(d *draft) *graph.Node {
		x := d.any()
		shape := append([]int{1}, x.Shape()...)
		if d.rng.IntN(2) == 0 {
			shape = append([]int{1}, shape...)
		}
		return ops.BroadcastTo(ops.Reshape(x, shape...), d.above(shape)...)
	}},
	"sum-broadcast": {numbers, func(d *draft) *graph.Node {
		x := d.single()
		y := ops.BroadcastTo(x, append([]int{d.one(0, 1, 7, 5000)}, d.above(x.Shape())...)...)
		d.terms = max(1, y.Type().Size())
		if y.Rank() == 0 || d.rng.IntN(2) == 0 {
			return ops.Sum(y)
		}
		return ops.Sum(y, d.rng.IntN(y.Rank()))
	}},
	"reshape-reshape": {numbers, func(d *draft) *graph.Node {
		x := d.any()
		return ops.Reshape(ops.Reshape(x, 1, x.Type().Size(), 1), x.Type().Size())
	}},
	"permute-permute": {numbers, func(d *draft) *graph.Node {
		x := d.any()
		return ops.Permute(ops.Permute(x, d.rng.Perm(x.Rank())...), d.rng.Perm(x.Rank())...)
	}},
	"permute-map": {numbers, func(d *draft) *graph.Node {
		x := d.any()
		y := ops.Permute(x, d.rng.Perm(x.Rank())...)
		if d.rng.IntN(2) == 0 {
			y = ops.Neg(y)
		} else {
			y = d.either(mul, y, d.number())
		}
		return ops.Permute(y, d.rng.Perm(x.Rank())...)
	}},
	"matmul-transpose": {floats, func(d *draft) *graph.Node {
		p := d.product()
		transA, transB := ops.Transposed(p)
		a, b := p.In()[0], p.In()[1]
		if d.rng.IntN(2) == 0 {
			a, transA = ops.Transpose(a), !transA
		}
		if d.rng.IntN(2) == 0 {
			b, transB = ops.Transpose(b), !transB
		}
		return ops.Product(a, b, transA, transB)
	}},
	"matmul-scale": {floats, func(d *draft) *graph.Node { return d.either(mul, d.single(), d.product()) }},
	"matmul-add": {floats, func(d *draft) *graph.Node {
		p := d.product()
		return d.either(add, d.input(p.Shape()...), p)
	}},
	"matmul-bias": {floats, func(d *draft) *graph.Node {
		p := d.product()
		return d.either(add, d.input(p.Shape()[p.Rank()-1]), p)
	}},
	"matmul-sub": {floats, func(d *draft) *graph.Node {
		p := d.product()
		return ops.Sub(d.input(p.Shape()...), p)
	}},
	"sum-outer": {floats, func(d *draft) *graph.Node {
		x := d.outers(d.one(1, 3, 8), d.one(1, 2, 5, 16), d.one(2, 3, 40))
		d.terms = x.Type().Size()
		switch d.rng.IntN(5) {
		case 0:
			return ops.Sum(x)
		case 1:
			return ops.Sum(ops.Reshape(x, x.Shape()[0], -1), d.rng.IntN(2))
		case 2:
			return ops.Sum(x, -2, -1)
		}
		return ops.Sum(x, d.rng.IntN(x.Rank()))
	}},
	"norm-outer": {floats, func(d *draft) *graph.Node {
		x := d.outers(d.one(1, 3, 8), d.one(1, 2, 5, 16), d.one(2, 3, 40))
		d.terms = x.Type().Size()
		if d.rng.IntN(3) == 0 {
			return ops.Norm(x)
		}
		return ops.Norm(x, -2, -1)
	}},
	"matmul-outer": {floats, func(d *draft) *graph.Node {
		m, n := d.one(1, 2, 16), d.one(2, 3, 40)
		x := d.outers(d.one(1, 3), m, n)
		y := x
		if d.rng.IntN(2) == 0 {
			y = d.outers(d.one(2, 5), m, n)
		}
		d.terms = x.Type().Size()
		rows := func(x *graph.Node) *graph.Node { return ops.Reshape(x, x.Shape()[0], m*n) }
		return ops.Product(rows(x), rows(y), false, true)
	}},
	"weighted-outer": {floats, func(d *draft) *graph.Node {
		h, m, n := d.one(1, 3, 8), d.one(1, 2, 16), d.one(2, 3, 40)
		x, rows := ops.Reshape(d.outers(h, m, n), h, m*n), d.one(1, 1, 2)
		d.terms = h
		if d.rng.IntN(2) == 0 {
			return ops.Product(x, d.input(h, rows), true, false)
		}
		if d.rng.IntN(2) == 0 {
			return ops.Product(d.input(h, rows), x, true, false)
		}
		return ops.Product(d.input(rows, h), x, false, false)
	}},
	"mul-add": {floats, func(d *draft) *graph.Node {
		x := d.any()
		p := d.either(mul, x, d.input(d.below(x.Shape())...))
		return d.either(add, p, d.input(d.below(p.Shape())...))
	}},
	"mul-slope": {floats, func(d *draft) *graph.Node {
		x := d.any()
		slope := ops.SlopeTanh(x)
		if d.rng.IntN(2) == 0 {
			slope = ops.SlopeSigmoid(x)
		}
		return d.either(mul, d.input(x.Shape()...), slope)
	}},
	"add-pads": {numbers, (*draft).padded},
	"sum-neg": {floats, func(d *draft) *graph.Node {
		x := d.any()
		d.terms = max(1, x.Type().Size())
		if x.Rank() == 0 || d.rng.IntN(2) == 0 {
			return ops.Sum(ops.Neg(x))
		}
		return ops.Sum(ops.Neg(x), d.rng.IntN(x.Rank()))
	}},
}
