package gemm

import (
	"testing"
	"unsafe"
)

// TestLayout holds the structs to the offsets that assembly uses; they are constants of internal/kernel/gen/gemm.
func TestLayout(t *testing.T) {
	var k tile
	var p packing
	for name, offsets := range map[string][2]uintptr{
		"tile.a": {unsafe.Offsetof(k.a), 0}, "tile.b": {unsafe.Offsetof(k.b), 8}, "tile.c": {unsafe.Offsetof(k.c), 16},
		"tile.add": {unsafe.Offsetof(k.add), 24}, "tile.rowA": {unsafe.Offsetof(k.rowA), 32},
		"tile.colA": {unsafe.Offsetof(k.colA), 40}, "tile.rowB": {unsafe.Offsetof(k.rowB), 48},
		"tile.rowC": {unsafe.Offsetof(k.rowC), 56}, "tile.rowAdd": {unsafe.Offsetof(k.rowAdd), 64},
		"tile.stepA": {unsafe.Offsetof(k.stepA), 72}, "tile.stepB": {unsafe.Offsetof(k.stepB), 80},
		"tile.stepC": {unsafe.Offsetof(k.stepC), 88}, "tile.stepAdd": {unsafe.Offsetof(k.stepAdd), 96},
		"tile.mask": {unsafe.Offsetof(k.mask), 104}, "tile.k": {unsafe.Offsetof(k.k), 112},
		"tile.count":  {unsafe.Offsetof(k.count), 120},
		"packing.dst": {unsafe.Offsetof(p.dst), 0}, "packing.src": {unsafe.Offsetof(p.src), 8},
		"packing.dstStride": {unsafe.Offsetof(p.dstStride), 16}, "packing.stride": {unsafe.Offsetof(p.stride), 24},
		"packing.k": {unsafe.Offsetof(p.k), 32}, "packing.width": {unsafe.Offsetof(p.width), 40},
		"packing.mask": {unsafe.Offsetof(p.mask), 48}, "packing.lastMask": {unsafe.Offsetof(p.lastMask), 56},
	} {
		if unsafe.Sizeof(uintptr(0)) == 8 && offsets[0] != offsets[1] {
			t.Errorf("%s is at offset %d, assembly expects %d", name, offsets[0], offsets[1])
		}
	}
}
