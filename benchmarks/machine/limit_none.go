//go:build !amd64 || noasm

package machine

import "chainrule/internal/kernel/cpu"

func loopsFor(cpu.Level) loops { return portable }
