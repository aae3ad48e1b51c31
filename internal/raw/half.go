package raw

import "math"

// half widens a number of IEEE 754's binary16: 5 bits of exponent with bias 15, 10 of fraction. NaNs keep their bits.
func half(h uint16) float32 {
	sign, exponent, fraction := uint32(h>>15)<<31, uint32(h>>10)&31, uint32(h)&1023
	switch exponent {
	case 0: // subnormal: fraction·2⁻²⁴, which a float32 holds as a normal number
		v := float32(fraction) * 0x1p-24
		return math.Float32frombits(math.Float32bits(v) | sign)
	case 31:
		return math.Float32frombits(sign | 255<<23 | fraction<<13)
	}
	return math.Float32frombits(sign | (exponent+127-15)<<23 | fraction<<13)
}

// brain widens a bfloat16, which is the upper half of a float32.
func brain(b uint16) float32 { return math.Float32frombits(uint32(b) << 16) }

// e4m3 widens a float8 of 4 bits of exponent with bias 7 and 3 of fraction: without infinities, so that 0x7e is 448, and with
// one NaN of each sign, all ones.
func e4m3(b uint8) float32 {
	sign, exponent, fraction := uint32(b>>7)<<31, uint32(b>>3)&15, uint32(b)&7
	switch {
	case b&0x7f == 0x7f:
		return math.Float32frombits(sign | 0x7fc00000)
	case exponent == 0:
		v := float32(fraction) * 0x1p-9
		return math.Float32frombits(math.Float32bits(v) | sign)
	}
	return math.Float32frombits(sign | (exponent+127-7)<<23 | fraction<<20)
}
