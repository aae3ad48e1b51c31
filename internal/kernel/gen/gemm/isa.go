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
	maskedMoveZ               func(ctx *build.Context, from, mask, to operand.Op) // AVX-512, zeroing
	maskedMove                func(ctx *build.Context, a, b, c operand.Op)        // AVX2
}

var f32 = &elem{
	name: "F32", bytes: 4,
	move:        (*build.Context).VMOVUPS,
	broadcast:   (*build.Context).VBROADCASTSS,
	fma:         (*build.Context).VFMADD231PS,
	sum:         (*build.Context).VADDPS,
	maskedMoveZ: (*build.Context).VMOVUPS_Z,
	maskedMove:  (*build.Context).VMASKMOVPS,
}

var f64 = &elem{
	name: "F64", bytes: 8,
	move:        (*build.Context).VMOVUPD,
	broadcast:   (*build.Context).VBROADCASTSD,
	fma:         (*build.Context).VFMADD231PD,
	sum:         (*build.Context).VADDPD,
	maskedMoveZ: (*build.Context).VMOVUPD_Z,
	maskedMove:  (*build.Context).VMASKMOVPD,
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
	useMask  bool // masks are AVX-512 mask registers
}

var avx512 = &isa{
	name: "avx512", letter: "Z", vecBytes: 64, mask: reg.K1, useMask: true,
	regs: []reg.VecPhysical{
		reg.Z0, reg.Z1, reg.Z2, reg.Z3, reg.Z4, reg.Z5, reg.Z6, reg.Z7, reg.Z8, reg.Z9, reg.Z10,
		reg.Z11, reg.Z12, reg.Z13, reg.Z14, reg.Z15, reg.Z16, reg.Z17, reg.Z18, reg.Z19, reg.Z20,
		reg.Z21, reg.Z22, reg.Z23, reg.Z24, reg.Z25, reg.Z26, reg.Z27, reg.Z28, reg.Z29, reg.Z30, reg.Z31,
	},
	shapes: shapes(14, 14, 6, 6, 2, 2, 2, 2),
}

// Of AVX2's sixteen registers, the last holds the mask.
var avx2 = &isa{
	name: "avx2", letter: "Y", vecBytes: 32, mask: reg.Y15,
	regs: []reg.VecPhysical{
		reg.Y0, reg.Y1, reg.Y2, reg.Y3, reg.Y4, reg.Y5, reg.Y6, reg.Y7,
		reg.Y8, reg.Y9, reg.Y10, reg.Y11, reg.Y12, reg.Y13, reg.Y14,
	},
	shapes: shapes(6, 6, 3, 2),
}

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
