//go:build amd64 && !noasm

package machine

import "chainrule/internal/kernel/cpu"

func loopsFor(level cpu.Level) loops {
	switch level {
	case cpu.AVX512:
		return loops{exact: true, f32: peakF32Z, f64: peakF64Z, f32Lanes: 16, f64Lanes: 8, triad: triadZ, stream: streamZ}
	case cpu.AVX2:
		return loops{exact: true, f32: peakF32Y, f64: peakF64Y, f32Lanes: 8, f64Lanes: 4, triad: triadY, stream: streamY}
	}
	return portable
}
