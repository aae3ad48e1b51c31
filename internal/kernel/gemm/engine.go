package gemm

import "chainrule/internal/kernel/cpu"

// engineOf is the set of kernels for T at the active level.
func engineOf[T Float]() *engine {
	if _, ok := any(T(0)).(float32); ok {
		return engines32[cpu.Active()]
	}
	return engines64[cpu.Active()]
}
