//go:build !noasm

#include "textflag.h"

// func Prefetch(p uintptr, n int)
TEXT ·Prefetch(SB), NOSPLIT, $0-16
	MOVQ p+0(FP), AX
	MOVQ n+8(FP), CX

again:
	PREFETCHT0 (AX)
	PREFETCHT0 64(AX)
	PREFETCHT0 128(AX)
	PREFETCHT0 192(AX)
	ADDQ       $256, AX
	SUBQ       $256, CX
	JGT        again
	RET

// The assembler does not know the instruction.
#define PREFETCHW(offset) BYTE $0x0f; BYTE $0x0d; BYTE $0x88; LONG $offset

// func PrefetchWrite(p uintptr, n int)
TEXT ·PrefetchWrite(SB), NOSPLIT, $0-16
	MOVQ p+0(FP), AX
	MOVQ n+8(FP), CX

again:
	PREFETCHW(0)
	PREFETCHW(64)
	PREFETCHW(128)
	PREFETCHW(192)
	ADDQ $256, AX
	SUBQ $256, CX
	JGT  again
	RET
