package programs

import "math"

// real is a float64 with a bound of its error, in units of rounding: what any order of the same operations may lose. One
// run in float64 so says what a run in any precision may differ by.
type real struct{ v, e float64 }

// coarsest is the largest unit of rounding, that of float32, which products of errors are taken in.
const coarsest = 0x1p-24

func (a real) plus(b real) real {
	return real{a.v + b.v, a.e + b.e + math.Abs(a.v) + math.Abs(b.v)}
}

func (a real) times(b real) real {
	v := a.v * b.v
	return real{v, math.Abs(a.v)*b.e + math.Abs(b.v)*a.e + math.Abs(v) + coarsest*a.e*b.e}
}

// number is a polynomial in infinitesimals ε₀, ε₁, … of which each is zero when squared: coefficient k belongs to the
// product of those εⱼ whose bit j is set in k. Coefficients beyond its length are zero. A function of
// x + ε₀·t + ε₁·u has its derivatives along t and u in coefficients 1 and 2 and the second derivative in 3.
type number []real

func literal(v float64) number { return number{{v, math.Abs(v)}} }

// exactly is a number that every precision has.
func exactly(v float64) number { return number{{v, 0}} }

func (x number) value() float64 { return x[0].v }

// long returns x with n coefficients at least.
func (x number) long(n int) number {
	if len(x) >= n {
		return x
	}
	return append(append(make(number, 0, n), x...), make(number, n-len(x))...)
}

// halves are a and b of x = a + ε·b for the last ε of n coefficients.
func (x number) halves(n int) (a, b number) {
	x = x.long(n)
	return x[: n/2 : n/2], x[n/2 : n]
}

func join(a, b number) number {
	return append(append(make(number, 0, 2*len(a)), a...), b.long(len(a))...)
}

func (x number) plus(y number) number {
	n := max(len(x), len(y))
	x, y = x.long(n), y.long(n)
	z := make(number, n)
	for i := range z {
		z[i] = x[i].plus(y[i])
	}
	return z
}

func (x number) times(y number) number {
	n := max(len(x), len(y))
	if n == 1 {
		return number{x[0].times(y[0])}
	}
	a, b := x.halves(n)
	c, d := y.halves(n)
	return join(a.times(c), a.times(d).plus(b.times(c)))
}

func (x number) scaled(c float64) number { return x.times(literal(c)) }
func (x number) negated() number         { return x.times(exactly(-1)) }
func (x number) minus(y number) number   { return x.plus(y.negated()) }
func (x number) shifted(c float64) number {
	return x.plus(literal(c))
}
func (x number) square() number       { return x.times(x) }
func (x number) over(y number) number { return x.times(y.reciprocal()) }

// function is an elementary function with the size of its derivative, for bounds, and its derivative, an expression of x
// and the value y.
type function struct {
	at    func(float64) float64
	steep func(x, y float64) float64
	slope func(x, y number) number
}

// of applies f: f(a + ε·b) = f(a) + ε·b·f′(a).
func (f *function) of(x number) number {
	if len(x) == 1 {
		y := f.at(x[0].v)
		return number{{y, f.steep(x[0].v, y)*x[0].e + 2*math.Abs(y)}}
	}
	a, b := x.halves(len(x))
	y := f.of(a)
	return join(y, b.times(f.slope(a, y)))
}

var (
	sine, cosine, exponential, logarithm, inverse, root, arctan, tangens, errorFunction, logistic, softly function
)

func init() { // the slopes name each other
	atMostOne := func(_, _ float64) float64 { return 1 }
	sine = function{math.Sin, atMostOne, func(x, _ number) number { return cosine.of(x) }}
	cosine = function{math.Cos, atMostOne, func(x, _ number) number { return sine.of(x).negated() }}
	exponential = function{math.Exp, func(_, y float64) float64 { return y }, func(_, y number) number { return y }}
	logarithm = function{math.Log, func(x, _ float64) float64 { return 1 / math.Abs(x) },
		func(x, _ number) number { return x.reciprocal() }}
	inverse = function{func(v float64) float64 { return 1 / v }, func(_, y float64) float64 { return y * y },
		func(_, y number) number { return y.square().negated() }}
	root = function{math.Sqrt, func(_, y float64) float64 { return 0.5 / y },
		func(_, y number) number { return y.reciprocal().scaled(0.5) }}
	arctan = function{math.Atan, atMostOne, func(x, _ number) number { return x.square().shifted(1).reciprocal() }}
	tangens = function{math.Tanh, atMostOne, func(_, y number) number { return y.square().negated().shifted(1) }}
	// The slope from the value loses the tail, as in the library.
	logistic = function{func(v float64) float64 { return 1 / (1 + math.Exp(-v)) }, atMostOne,
		func(_, y number) number { return y.times(y.negated().shifted(1)) }}
	softly = function{func(v float64) float64 { return math.Log1p(math.Exp(v)) }, atMostOne,
		func(x, _ number) number { return x.sigmoid() }}
	errorFunction = function{math.Erf, func(_, _ float64) float64 { return 2 / math.Sqrt(math.Pi) },
		func(x, _ number) number { return x.square().negated().exp().scaled(2 / math.Sqrt(math.Pi)) }}
}

func (x number) sin() number        { return sine.of(x) }
func (x number) cos() number        { return cosine.of(x) }
func (x number) exp() number        { return exponential.of(x) }
func (x number) log() number        { return logarithm.of(x) }
func (x number) reciprocal() number { return inverse.of(x) }
func (x number) sqrt() number       { return root.of(x) }
func (x number) atan() number       { return arctan.of(x) }
func (x number) tanh() number       { return tangens.of(x) }
func (x number) erf() number        { return errorFunction.of(x) }
func (x number) sigmoid() number    { return logistic.of(x) }
func (x number) softplus() number   { return softly.of(x) }
