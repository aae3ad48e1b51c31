//go:build !amd64 || noasm

package gemm

import "chainrule/internal/kernel/cpu"

var (
	engines32 = [...]*engine{cpu.Portable: portableEngine[float32]()}
	engines64 = [...]*engine{cpu.Portable: portableEngine[float64]()}
)
