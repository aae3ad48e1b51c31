package random

import "math/bits"

// Key is what numbers are drawn by.
type Key [2]uint32

// parity keeps the third word of the key schedule from being 0 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as
// easy as 1, 2, 3", 2011).
const parity = 0x1BD11BDA

// block is Threefry-2x32 with 20 rounds of the counter (x0, x1).
func block(key Key, x0, x1 uint32) (uint32, uint32) {
	k0, k1, k2 := key[0], key[1], key[0]^key[1]^parity
	x0, x1 = rounds(x0+k0, x1+k1, 13, 15, 26, 6)
	x0, x1 = rounds(x0+k1, x1+k2+1, 17, 29, 16, 24)
	x0, x1 = rounds(x0+k2, x1+k0+2, 13, 15, 26, 6)
	x0, x1 = rounds(x0+k0, x1+k1+3, 17, 29, 16, 24)
	x0, x1 = rounds(x0+k1, x1+k2+4, 13, 15, 26, 6)
	return x0 + k2, x1 + k0 + 5
}

// rounds are four of them: an addition, a rotation and an exclusive or each.
func rounds(x0, x1 uint32, a, b, c, d int) (uint32, uint32) {
	x0 += x1
	x1 = bits.RotateLeft32(x1, a) ^ x0
	x0 += x1
	x1 = bits.RotateLeft32(x1, b) ^ x0
	x0 += x1
	x1 = bits.RotateLeft32(x1, c) ^ x0
	x0 += x1
	x1 = bits.RotateLeft32(x1, d) ^ x0
	return x0, x1
}

// word is the block of the counter at as 64 bits.
func word(key Key, at uint64) uint64 {
	x0, x1 := block(key, uint32(at>>32), uint32(at))
	return uint64(x0)<<32 | uint64(x1)
}

// Fold is the key that data makes of a key: its block. Keys made of one key by different data differ.
func (key Key) Fold(data uint64) Key {
	x0, x1 := block(key, uint32(data>>32), uint32(data))
	return Key{x0, x1}
}
