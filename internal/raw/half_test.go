package raw

import (
	"math"
	"testing"
)

// value is a float of given widths by its definition: (−1)ˢ·2^(e−bias)·(1 + f/2ᵐ), subnormal where e is 0.
func value(bits uint64, exponentBits, fractionBits int, infinities bool) float64 {
	bias := 1<<(exponentBits-1) - 1
	fraction := float64(bits&(1<<fractionBits-1)) / float64(int(1)<<fractionBits)
	exponent := int(bits>>fractionBits) & (1<<exponentBits - 1)
	sign := 1 - 2*float64(bits>>(exponentBits+fractionBits)&1)
	switch {
	case infinities && exponent == 1<<exponentBits-1 && fraction == 0:
		return math.Inf(int(sign))
	case infinities && exponent == 1<<exponentBits-1, !infinities && bits&0x7f == 0x7f:
		return math.NaN()
	case exponent == 0:
		return math.Copysign(math.Ldexp(fraction, 1-bias), sign)
	}
	return sign * math.Ldexp(1+fraction, exponent-bias)
}

// Every number of 16 and 8 bits.
func TestNarrowFloats(t *testing.T) {
	same := func(name string, bits uint64, got float32, want float64) {
		if math.IsNaN(want) && got != got {
			return
		}
		if float64(got) != want || math.Signbit(float64(got)) != math.Signbit(want) {
			t.Fatalf("%s %#x: %v, want %v", name, bits, got, want)
		}
	}
	for b := range uint64(1 << 16) {
		same("float16", b, half(uint16(b)), value(b, 5, 10, true))
		same("bfloat16", b, brain(uint16(b)), value(b, 8, 7, true))
	}
	for b := range uint64(1 << 8) {
		same("e4m3", b, e4m3(uint8(b)), value(b, 4, 3, false))
		same("e5m2", b, half(uint16(b)<<8), value(b, 5, 2, true))
	}
}
