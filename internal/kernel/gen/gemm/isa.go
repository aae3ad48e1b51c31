package main

import (
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// An op is an instruction of one, two or three operands, as a method of the context.
type op = func(ctx *build.Context, ops ...operand.Op)

// An elem is an element type of matrices, with the instructions that differ by it.
type elem struct {
	name                      string // as in the names of generated functions
	bytes                     int
	move, broadcast, fma, sum op
	stream                    op                                                  // a store past the caches
	pairSum                   op                                                  // of neighbouring lanes of two vectors
	scalarSum, scalarMove     op                                                  // of the lowest lane
	maskedMoveZ               func(ctx *build.Context, from, mask, to operand.Op) // AVX-512, zeroing
	maskedMove                func(ctx *build.Context, a, b, c operand.Op)        // AVX2
}

var f32 = &elem{
	name: "F32", bytes: 4,
	move:        (*build.Context).VMOVUPS,
	stream:      two((*build.Context).VMOVNTPS),
	broadcast:   (*build.Context).VBROADCASTSS,
	fma:         (*build.Context).VFMADD231PS,
	sum:         (*build.Context).VADDPS,
	maskedMoveZ: (*build.Context).VMOVUPS_Z,
	maskedMove:  (*build.Context).VMASKMOVPS,
	pairSum:     three((*build.Context).VHADDPS),
	scalarSum:   (*build.Context).VADDSS,
	scalarMove:  (*build.Context).VMOVSS,
}

var f64 = &elem{
	name: "F64", bytes: 8,
	move:        (*build.Context).VMOVUPD,
	stream:      two((*build.Context).VMOVNTPD),
	broadcast:   (*build.Context).VBROADCASTSD,
	fma:         (*build.Context).VFMADD231PD,
	sum:         (*build.Context).VADDPD,
	maskedMoveZ: (*build.Context).VMOVUPD_Z,
	maskedMove:  (*build.Context).VMASKMOVPD,
	pairSum:     three((*build.Context).VHADDPD),
	scalarSum:   (*build.Context).VADDSD,
	scalarMove:  (*build.Context).VMOVSD,
}

// two makes an op of an instruction that always has two operands.
func two(f func(ctx *build.Context, a, b operand.Op)) op {
	return func(ctx *build.Context, ops ...operand.Op) { f(ctx, ops[0], ops[1]) }
}

// three makes an op of an instruction that always has three operands.
func three(f func(ctx *build.Context, a, b, c operand.Op)) op {
	return func(ctx *build.Context, ops ...operand.Op) { f(ctx, ops[0], ops[1], ops[2]) }
}

// A shape is the size of a tile: rows by vectors.
type shape struct{ rows, vecs int }

// An isa is an instruction set: its vector registers and the tiles that fit them.
type isa struct {
	name     string // as in file names
	letter   string // as in the names of generated functions
	vecBytes int
	regs     []reg.VecPhysical
	mask     operand.Op // register that holds the mask of a tile's last vector
	shapes   []shape
	dotRows  int  // most rows of a block of dot products
	useMask  bool // masks are AVX-512 mask registers
}

var avx512 = &isa{
	name: "avx512", letter: "Z", vecBytes: 64, mask: reg.K1, useMask: true,
	regs:   regsZ,
	shapes: shapes(14, 14, 6, 6, 2, 2, 2, 2), dotRows: 4,
}

// Of AVX2's sixteen registers, the last holds the mask.
var avx2 = &isa{
	name: "avx2", letter: "Y", vecBytes: 32, mask: reg.Y15,
	regs:   regsY[:15],
	shapes: shapes(6, 6, 3, 2), dotRows: 2,
}

// The vector registers by number and width.
var (
	regsX = []reg.VecPhysical{
		reg.X0, reg.X1, reg.X2, reg.X3, reg.X4, reg.X5, reg.X6, reg.X7,
		reg.X8, reg.X9, reg.X10, reg.X11, reg.X12, reg.X13, reg.X14, reg.X15,
		reg.X16, reg.X17, reg.X18, reg.X19, reg.X20, reg.X21, reg.X22, reg.X23,
		reg.X24, reg.X25, reg.X26, reg.X27, reg.X28, reg.X29, reg.X30, reg.X31,
	}
	regsY = []reg.VecPhysical{
		reg.Y0, reg.Y1, reg.Y2, reg.Y3, reg.Y4, reg.Y5, reg.Y6, reg.Y7,
		reg.Y8, reg.Y9, reg.Y10, reg.Y11, reg.Y12, reg.Y13, reg.Y14, reg.Y15,
		reg.Y16, reg.Y17, reg.Y18, reg.Y19, reg.Y20, reg.Y21, reg.Y22, reg.Y23,
		reg.Y24, reg.Y25, reg.Y26, reg.Y27, reg.Y28, reg.Y29, reg.Y30, reg.Y31,
	}
	regsZ = []reg.VecPhysical{
		reg.Z0, reg.Z1, reg.Z2, reg.Z3, reg.Z4, reg.Z5, reg.Z6, reg.Z7,
		reg.Z8, reg.Z9, reg.Z10, reg.Z11, reg.Z12, reg.Z13, reg.Z14, reg.Z15,
		reg.Z16, reg.Z17, reg.Z18, reg.Z19, reg.Z20, reg.Z21, reg.Z22, reg.Z23,
		reg.Z24, reg.Z25, reg.Z26, reg.Z27, reg.Z28, reg.Z29, reg.Z30, reg.Z31,
	}
)

// shapes lists the tiles of 1, 2, … vectors and of 1 to mostRows[vecs-1] rows.
func shapes(mostRows ...int) []shape {
	var list []shape
	for i, most := range mostRows {
		for rows := 1; rows <= most; rows++ {
			list = append(list, shape{rows, i + 1})
		}
	}
	return list
}
