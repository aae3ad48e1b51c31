//go:build !noasm

package gemm

import (
	"unsafe"

	"chainrule/internal/kernel/cpu"
)

var engines32 = [...]*engine{
	cpu.Portable: portableEngine[float32](),
	cpu.AVX2: newEngine(engine{
		laneShift: 3, size: 4, rows: 6, tiles: avx2F32, panel: 8, mask: maskAddress32,
		dots: &avx2DotF32, dotRows: 2, transpose: transposeF32Y, copy: copyF32Y, outer: outerF32Y,
	}),
	cpu.AVX512: newEngine(engine{
		laneShift: 4, size: 4, rows: 14, tiles: avx512F32, panel: 16, mask: maskBits,
		dots: &avx512DotF32, dotRows: 4, transpose: transposeF32Z, copy: copyF32Z, outer: outerF32Z,
	}),
}

var engines64 = [...]*engine{
	cpu.Portable: portableEngine[float64](),
	cpu.AVX2: newEngine(engine{
		laneShift: 2, size: 8, rows: 6, tiles: avx2F64, panel: 8, mask: maskAddress64,
		dots: &avx2DotF64, dotRows: 2, transpose: transposeF64Y, copy: copyF64Y, outer: outerF64Y,
	}),
	cpu.AVX512: newEngine(engine{
		laneShift: 3, size: 8, rows: 14, tiles: avx512F64, panel: 16, mask: maskBits,
		dots: &avx512DotF64, dotRows: 4, transpose: transposeF64Z, copy: copyF64Z, outer: outerF64Z,
	}),
}

// maskBits has a bit for each of the first n lanes.
func maskBits(n int) uintptr { return 1<<n - 1 }

// AVX2 masks are vectors whose lanes have the highest bit set or not: windows onto these.
var (
	lanes32 = [16]int32{0: -1, 1: -1, 2: -1, 3: -1, 4: -1, 5: -1, 6: -1, 7: -1}
	lanes64 = [8]int64{0: -1, 1: -1, 2: -1, 3: -1}
)

func maskAddress32(n int) uintptr {
	if n == 8 {
		return 0
	}
	return uintptr(unsafe.Pointer(&lanes32[8-n]))
}

func maskAddress64(n int) uintptr {
	if n == 4 {
		return 0
	}
	return uintptr(unsafe.Pointer(&lanes64[4-n]))
}
