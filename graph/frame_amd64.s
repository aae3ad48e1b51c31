//go:build gc && !noasm

#include "textflag.h"

// func currentFrame() *frame
TEXT ·currentFrame(SB), NOSPLIT|NOFRAME, $0-8
	MOVQ BP, ret+0(FP)
	RET
