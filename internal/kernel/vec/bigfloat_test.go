package vec

import (
	"math"
	"math/big"
)

// The references of the precise tests: the functions as series of big.Float, all to far more bits than float64 has.
const bigPrec = 400

func num(x float64) *big.Float             { return new(big.Float).SetPrec(bigPrec).SetFloat64(x) }
func zero(x *big.Float) *big.Float         { return new(big.Float).SetPrec(x.Prec()) }
func plus(x, y *big.Float) *big.Float      { return zero(x).Add(x, y) }
func minus(x, y *big.Float) *big.Float     { return zero(x).Sub(x, y) }
func times(x, y *big.Float) *big.Float     { return zero(x).Mul(x, y) }
func quo(x, y *big.Float) *big.Float       { return zero(x).Quo(x, y) }
func over(x *big.Float, n int) *big.Float  { return quo(x, num(float64(n))) }
func shift(x *big.Float, n int) *big.Float { return zero(x).SetMantExp(x, n) }

// series adds terms, each made from the one before, until they stop counting.
func series(first *big.Float, next func(term *big.Float, n int) *big.Float) *big.Float {
	sum, term := zero(first).Set(first), first
	for n := 1; term.Sign() != 0 && term.MantExp(nil) > sum.MantExp(nil)-int(sum.Prec()); n++ {
		term = next(term, n)
		sum.Add(sum, term)
	}
	return sum
}

// atanhOf is x + x³/3 + x⁵/5 + …
func atanhOf(x *big.Float) *big.Float {
	square, power := times(x, x), zero(x).Set(x)
	return series(power, func(_ *big.Float, n int) *big.Float {
		power = times(power, square)
		return over(power, 2*n+1)
	})
}

var bigLn2 = shift(atanhOf(quo(num(1), num(3))), 1)

// atanInverse is the arctangent of 1/n, for Machin's formula.
func atanInverse(n float64) *big.Float {
	power := quo(num(1), num(n))
	return series(power, func(_ *big.Float, k int) *big.Float {
		power = zero(power).Neg(quo(power, num(n*n)))
		return over(power, 2*k+1)
	})
}

var bigPi = minus(times(num(16), atanInverse(5)), times(num(4), atanInverse(239)))

// bigExp halves the rest of the argument until the series is short.
func bigExp(x *big.Float) *big.Float {
	q, _ := quo(x, bigLn2).Float64()
	k := math.Round(q)
	r := shift(minus(x, times(num(k), bigLn2)), -10)
	e := series(num(1), func(term *big.Float, n int) *big.Float { return over(times(term, r), n) })
	for range 10 {
		e = times(e, e)
	}
	return shift(e, int(k))
}

func bigExpm1(x *big.Float) *big.Float {
	if f, _ := x.Float64(); math.Abs(f) > 0.5 {
		return minus(bigExp(x), num(1))
	}
	return series(x, func(term *big.Float, n int) *big.Float { return over(times(term, x), n+1) })
}

// bigLog takes out a power of two, then e^guess, and leaves log((1+d)/(1)) = 2·atanh(d/(2+d)) with a tiny d.
func bigLog(x *big.Float) *big.Float {
	m := zero(x)
	e := x.MantExp(m)
	if e == 1 || e == 0 {
		m, e = x, 0 // keep what is near 1 near 1
	}
	f, _ := m.Float64()
	guess := num(math.Log(f))
	d := minus(quo(m, bigExp(guess)), num(1))
	return plus(times(num(float64(e)), bigLn2), plus(guess, bigLog1p(d)))
}

func bigLog1p(x *big.Float) *big.Float {
	if f, _ := x.Float64(); math.Abs(f) > 1e-3 {
		return bigLog(plus(x, num(1)))
	}
	return shift(atanhOf(quo(x, plus(x, num(2)))), 1)
}

func bigSigmoid(x *big.Float) *big.Float {
	return quo(num(1), plus(num(1), bigExp(zero(x).Neg(x))))
}

func bigTanh(x *big.Float) *big.Float {
	e := bigExpm1(shift(x, 1))
	return quo(e, plus(e, num(2)))
}

// bigSinh is (e - 1/e)/2 with e = 1 + m, as (m + m/(1+m))/2.
func bigSinh(x *big.Float) *big.Float {
	if x.Sign() < 0 {
		return zero(x).Neg(bigSinh(zero(x).Neg(x)))
	}
	m := bigExpm1(x)
	return shift(plus(m, quo(m, plus(m, num(1)))), -1)
}

func bigCosh(x *big.Float) *big.Float {
	e := bigExp(x)
	return shift(plus(e, quo(num(1), e)), -1)
}

// bigAtan corrects package math's by the angle between the two tangents.
func bigAtan(x *big.Float) *big.Float {
	f, _ := x.Float64()
	guess := num(math.Atan(f))
	sin, cos := bigSin(guess), bigCos(guess)
	// (x - sin/cos)/(1 + x·sin/cos), times cos above and below
	d := quo(minus(times(x, cos), sin), plus(cos, times(x, sin)))
	square, power := times(d, d), zero(d).Set(d)
	return plus(guess, series(power, func(_ *big.Float, n int) *big.Float {
		power = zero(power).Neg(times(power, square))
		return over(power, 2*n+1)
	}))
}

func bigRoot(x *big.Float) *big.Float { return zero(x).Sqrt(x) }

func bigAsin(x *big.Float) *big.Float {
	if f, _ := x.Float64(); math.Abs(f) == 1 {
		return times(x, shift(bigPi, -1))
	}
	return bigAtan(quo(x, bigRoot(minus(num(1), times(x, x)))))
}

func bigAsinh(x *big.Float) *big.Float {
	if x.Sign() < 0 {
		return zero(x).Neg(bigAsinh(zero(x).Neg(x)))
	}
	square := times(x, x)
	return bigLog1p(plus(x, quo(square, plus(num(1), bigRoot(plus(square, num(1)))))))
}

func bigAcosh(x *big.Float) *big.Float {
	t := minus(x, num(1))
	return bigLog1p(plus(t, bigRoot(times(t, plus(t, num(2))))))
}

func bigAtanh(x *big.Float) *big.Float {
	return shift(bigLog1p(quo(shift(x, 1), minus(num(1), x))), -1)
}

func bigSoftplus(x *big.Float) *big.Float { return bigLog1p(bigExp(x)) }

// bigErfPrec makes erfc, as 1 - erf, keep enough bits at its least.
const bigErfPrec = 2800

// bigErf is 2/√π e^-x² Σ 2ⁿ x²ⁿ⁺¹/(2n+1)!!
func bigErf(x *big.Float) *big.Float { return minus(num(1), bigErfc(x)) }

func bigErfc(x *big.Float) *big.Float {
	wide := new(big.Float).SetPrec(bigErfPrec).Set(x)
	square := times(wide, wide)
	// Σ x²ⁿ⁺¹ (-1)ⁿ/(n!(2n+1)): the terms reach e^x², which the precision allows for.
	power := zero(wide).Set(wide)
	sum := series(power, func(_ *big.Float, n int) *big.Float {
		power = zero(power).Neg(over(times(power, square), n))
		return over(power, 2*n+1)
	})
	root := new(big.Float).SetPrec(bigErfPrec).Sqrt(bigPiWide)
	return minus(new(big.Float).SetPrec(bigErfPrec).SetInt64(1), quo(shift(sum, 1), root))
}

var bigPiWide = func() *big.Float {
	inverse := func(n int64) *big.Float {
		d := new(big.Float).SetPrec(bigErfPrec).SetInt64(n)
		power := quo(new(big.Float).SetPrec(bigErfPrec).SetInt64(1), d)
		return series(power, func(_ *big.Float, k int) *big.Float {
			power = zero(power).Neg(quo(power, times(d, d)))
			return over(power, 2*k+1)
		})
	}
	return minus(shift(inverse(5), 4), shift(inverse(239), 2))
}()

func bigSin(x *big.Float) *big.Float {
	f, _ := quo(x, bigPi).Float64()
	k := math.Round(f)
	r := minus(x, times(num(k), bigPi))
	square := times(r, r)
	y := series(r, func(term *big.Float, n int) *big.Float {
		return zero(term).Neg(over(times(term, square), 2*n*(2*n+1)))
	})
	if math.Mod(k, 2) != 0 {
		y.Neg(y)
	}
	return y
}

func bigCos(x *big.Float) *big.Float { return bigSin(plus(x, shift(bigPi, -1))) }
