//go:build !noasm

#include "textflag.h"

// SI is the instruction, R9 the registers, R10 the bases, X0 the last float. A, B, C and D load the offsets of an
// instruction's registers; NEXT goes to the next one's handler.

#define A MOVL 8(SI), AX
#define B MOVL 12(SI), BX
#define C MOVL 16(SI), CX
#define D MOVL 20(SI), DX
#define NEXT ADDQ $24, SI; JMP (SI)
#define HANDLER(name) TEXT name<>(SB), NOSPLIT|NOFRAME, $0-0

// func thread(from *Instr, registers, bases unsafe.Pointer) *Instr
TEXT ·thread(SB), NOSPLIT|NOFRAME, $0-32
	MOVQ from+0(FP), SI
	MOVQ registers+8(FP), R9
	MOVQ bases+16(FP), R10
	JMP  (SI)

HANDLER(halt)
	MOVQ SI, 32(SP) // the result of thread, whose frame this is
	RET

// d = a op b
#define BINARY(name, MOV, OP) HANDLER(name); A; B; MOV (R9)(AX*1), X0; OP (R9)(BX*1), X0, X0; D; MOV X0, (R9)(DX*1); NEXT
#define BINARYA(name, MOV, OP) HANDLER(name); B; OP (R9)(BX*1), X0, X0; D; MOV X0, (R9)(DX*1); NEXT
#define BINARYB(name, MOV, OP) HANDLER(name); A; MOV (R9)(AX*1), X1; OP X0, X1, X0; D; MOV X0, (R9)(DX*1); NEXT

BINARY(add32, VMOVSS, VADDSS)
BINARY(add64, VMOVSD, VADDSD)
BINARYA(addA32, VMOVSS, VADDSS)
BINARYA(addA64, VMOVSD, VADDSD)
BINARY(sub32, VMOVSS, VSUBSS)
BINARY(sub64, VMOVSD, VSUBSD)
BINARYA(subA32, VMOVSS, VSUBSS)
BINARYA(subA64, VMOVSD, VSUBSD)
BINARYB(subB32, VMOVSS, VSUBSS)
BINARYB(subB64, VMOVSD, VSUBSD)
BINARY(mul32, VMOVSS, VMULSS)
BINARY(mul64, VMOVSD, VMULSD)
BINARYA(mulA32, VMOVSS, VMULSS)
BINARYA(mulA64, VMOVSD, VMULSD)
BINARY(div32, VMOVSS, VDIVSS)
BINARY(div64, VMOVSD, VDIVSD)
BINARYA(divA32, VMOVSS, VDIVSS)
BINARYA(divA64, VMOVSD, VDIVSD)
BINARYB(divB32, VMOVSS, VDIVSS)
BINARYB(divB64, VMOVSD, VDIVSD)

// d = a·b + c
#define MULADD(name, MOV, MUL, ADD) HANDLER(name); A; B; MOV (R9)(AX*1), X0; MUL (R9)(BX*1), X0, X0; C; ADD (R9)(CX*1), X0, X0; D; MOV X0, (R9)(DX*1); NEXT
#define MULADDA(name, MOV, MUL, ADD) HANDLER(name); B; MUL (R9)(BX*1), X0, X0; C; ADD (R9)(CX*1), X0, X0; D; MOV X0, (R9)(DX*1); NEXT
#define MULADDC(name, MOV, MUL, ADD) HANDLER(name); A; B; MOV (R9)(AX*1), X1; MUL (R9)(BX*1), X1, X1; ADD X0, X1, X0; D; MOV X0, (R9)(DX*1); NEXT

MULADD(mulAdd32, VMOVSS, VMULSS, VADDSS)
MULADD(mulAdd64, VMOVSD, VMULSD, VADDSD)
MULADDA(mulAddA32, VMOVSS, VMULSS, VADDSS)
MULADDA(mulAddA64, VMOVSD, VMULSD, VADDSD)
MULADDC(mulAddC32, VMOVSS, VMULSS, VADDSS)
MULADDC(mulAddC64, VMOVSD, VMULSD, VADDSD)

// d = op a
DATA minus32<>+0(SB)/8, $0x80000000
DATA minus32<>+8(SB)/8, $0
GLOBL minus32<>(SB), RODATA|NOPTR, $16
DATA minus64<>+0(SB)/8, $0x8000000000000000
DATA minus64<>+8(SB)/8, $0
GLOBL minus64<>(SB), RODATA|NOPTR, $16
DATA one32<>+0(SB)/4, $0x3f800000
GLOBL one32<>(SB), RODATA|NOPTR, $4
DATA one64<>+0(SB)/8, $0x3ff0000000000000
GLOBL one64<>(SB), RODATA|NOPTR, $8

#define NEG(name, MOV, MINUS) HANDLER(name); A; MOV (R9)(AX*1), X0; VXORPS MINUS<>(SB), X0, X0; D; MOV X0, (R9)(DX*1); NEXT
#define NEGA(name, MOV, MINUS) HANDLER(name); VXORPS MINUS<>(SB), X0, X0; D; MOV X0, (R9)(DX*1); NEXT
#define SQUARE(name, MOV, MUL) HANDLER(name); A; MOV (R9)(AX*1), X0; MUL X0, X0, X0; D; MOV X0, (R9)(DX*1); NEXT
#define SQUAREA(name, MOV, MUL) HANDLER(name); MUL X0, X0, X0; D; MOV X0, (R9)(DX*1); NEXT
#define RECIPROCAL(name, MOV, DIV, ONE) HANDLER(name); A; MOV ONE<>(SB), X0; DIV (R9)(AX*1), X0, X0; D; MOV X0, (R9)(DX*1); NEXT
#define RECIPROCALA(name, MOV, DIV, ONE) HANDLER(name); MOV ONE<>(SB), X1; DIV X0, X1, X0; D; MOV X0, (R9)(DX*1); NEXT
#define SQRT(name, MOV, ROOT) HANDLER(name); A; MOV (R9)(AX*1), X0; ROOT X0, X0, X0; D; MOV X0, (R9)(DX*1); NEXT
#define SQRTA(name, MOV, ROOT) HANDLER(name); ROOT X0, X0, X0; D; MOV X0, (R9)(DX*1); NEXT

#define SLOPETANH(name, MOV, MUL, SUB, ONE) HANDLER(name); A; MOV (R9)(AX*1), X0; MUL X0, X0, X1; MOV ONE<>(SB), X0; SUB X1, X0, X0; D; MOV X0, (R9)(DX*1); NEXT
#define SLOPETANHA(name, MOV, MUL, SUB, ONE) HANDLER(name); MUL X0, X0, X1; MOV ONE<>(SB), X0; SUB X1, X0, X0; D; MOV X0, (R9)(DX*1); NEXT
#define SLOPESIGMOID(name, MOV, MUL, SUB, ONE) HANDLER(name); A; MOV (R9)(AX*1), X0; MOV ONE<>(SB), X1; SUB X0, X1, X1; MUL X1, X0, X0; D; MOV X0, (R9)(DX*1); NEXT
#define SLOPESIGMOIDA(name, MOV, MUL, SUB, ONE) HANDLER(name); MOV ONE<>(SB), X1; SUB X0, X1, X1; MUL X1, X0, X0; D; MOV X0, (R9)(DX*1); NEXT

NEG(neg32, VMOVSS, minus32)
NEG(neg64, VMOVSD, minus64)
NEGA(negA32, VMOVSS, minus32)
NEGA(negA64, VMOVSD, minus64)
SQUARE(square32, VMOVSS, VMULSS)
SQUARE(square64, VMOVSD, VMULSD)
SQUAREA(squareA32, VMOVSS, VMULSS)
SQUAREA(squareA64, VMOVSD, VMULSD)
RECIPROCAL(reciprocal32, VMOVSS, VDIVSS, one32)
RECIPROCAL(reciprocal64, VMOVSD, VDIVSD, one64)
RECIPROCALA(reciprocalA32, VMOVSS, VDIVSS, one32)
RECIPROCALA(reciprocalA64, VMOVSD, VDIVSD, one64)
SQRT(sqrt32, VMOVSS, VSQRTSS)
SQRT(sqrt64, VMOVSD, VSQRTSD)
SQRTA(sqrtA32, VMOVSS, VSQRTSS)
SQRTA(sqrtA64, VMOVSD, VSQRTSD)
SLOPETANH(slopeTanh32, VMOVSS, VMULSS, VSUBSS, one32)
SLOPETANH(slopeTanh64, VMOVSD, VMULSD, VSUBSD, one64)
SLOPETANHA(slopeTanhA32, VMOVSS, VMULSS, VSUBSS, one32)
SLOPETANHA(slopeTanhA64, VMOVSD, VMULSD, VSUBSD, one64)
SLOPESIGMOID(slopeSigmoid32, VMOVSS, VMULSS, VSUBSS, one32)
SLOPESIGMOID(slopeSigmoid64, VMOVSD, VMULSD, VSUBSD, one64)
SLOPESIGMOIDA(slopeSigmoidA32, VMOVSS, VMULSS, VSUBSS, one32)
SLOPESIGMOIDA(slopeSigmoidA64, VMOVSD, VMULSD, VSUBSD, one64)

// d = a < b, and so on: of x and y in this order y is compared with x. Nothing compares with NaN but ≠.
#define COMPARE(name, MOV, CMP, LX, XX, LY, YY, SET) HANDLER(name); LX; LY; MOV (R9)(XX*1), X1; CMP (R9)(YY*1), X1; SET CX; D; MOVB CX, (R9)(DX*1); NEXT

COMPARE(lt32, VMOVSS, VUCOMISS, B, BX, A, AX, SETHI)
COMPARE(lt64, VMOVSD, VUCOMISD, B, BX, A, AX, SETHI)
COMPARE(le32, VMOVSS, VUCOMISS, B, BX, A, AX, SETCC)
COMPARE(le64, VMOVSD, VUCOMISD, B, BX, A, AX, SETCC)
COMPARE(gt32, VMOVSS, VUCOMISS, A, AX, B, BX, SETHI)
COMPARE(gt64, VMOVSD, VUCOMISD, A, AX, B, BX, SETHI)
COMPARE(ge32, VMOVSS, VUCOMISS, A, AX, B, BX, SETCC)
COMPARE(ge64, VMOVSD, VUCOMISD, A, AX, B, BX, SETCC)

#define EQUAL(name, MOV, CMP, SET, SETP, JOIN) HANDLER(name); A; B; MOV (R9)(AX*1), X1; CMP (R9)(BX*1), X1; SET CX; SETP BX; JOIN BX, CX; D; MOVB CX, (R9)(DX*1); NEXT

EQUAL(eq32, VMOVSS, VUCOMISS, SETEQ, SETPC, ANDL)
EQUAL(eq64, VMOVSD, VUCOMISD, SETEQ, SETPC, ANDL)
EQUAL(ne32, VMOVSS, VUCOMISS, SETNE, SETPS, ORL)
EQUAL(ne64, VMOVSD, VUCOMISD, SETNE, SETPS, ORL)

// Bools.
#define LOGICAL(name, OP) HANDLER(name); A; B; MOVBLZX (R9)(AX*1), AX; OP (R9)(BX*1), AX; D; MOVB AX, (R9)(DX*1); NEXT

LOGICAL(and, ANDB)
LOGICAL(or, ORB)

HANDLER(not); A; MOVBLZX (R9)(AX*1), AX; XORL $1, AX; D; MOVB AX, (R9)(DX*1); NEXT

#define WHERE(name, LOAD, STORE) HANDLER(name); A; B; C; CMPB (R9)(AX*1), $0; CMOVLEQ CX, BX; LOAD (R9)(BX*1), AX; D; STORE AX, (R9)(DX*1); NEXT

WHERE(where8, MOVQ, MOVQ)
WHERE(where4, MOVL, MOVL)
WHERE(where1, MOVBLZX, MOVB)

// Integers.
#define INT(name, OP) HANDLER(name); A; B; MOVQ (R9)(AX*1), AX; OP (R9)(BX*1), AX; D; MOVQ AX, (R9)(DX*1); NEXT

INT(intAdd, ADDQ)
INT(intSub, SUBQ)
INT(intMul, IMULQ)

#define INTCOMPARE(name, SET) HANDLER(name); A; B; MOVQ (R9)(AX*1), AX; CMPQ AX, (R9)(BX*1); SET CX; D; MOVB CX, (R9)(DX*1); NEXT

INTCOMPARE(intEq, SETEQ)
INTCOMPARE(intNe, SETNE)
INTCOMPARE(intLt, SETLT)
INTCOMPARE(intLe, SETLE)
INTCOMPARE(intGt, SETGT)
INTCOMPARE(intGe, SETGE)

// Memory.
HANDLER(move); A; MOVQ (R9)(AX*1), AX; D; MOVQ AX, (R9)(DX*1); NEXT

#define LOAD(name, GET, PUT) HANDLER(name); A; B; MOVQ (R10)(AX*8), AX; MOVQ (R9)(BX*1), CX; GET (AX)(CX*1), AX; D; PUT AX, (R9)(DX*1); MOVLQSX 16(SI), DX; ADDQ DX, CX; MOVQ CX, (R9)(BX*1); NEXT
#define STORE(name, GET, PUT) HANDLER(name); A; B; D; MOVQ (R10)(AX*8), AX; MOVQ (R9)(BX*1), CX; GET (R9)(DX*1), DX; PUT DX, (AX)(CX*1); MOVLQSX 16(SI), DX; ADDQ DX, CX; MOVQ CX, (R9)(BX*1); NEXT

LOAD(load8, MOVQ, MOVQ)
LOAD(load4, MOVL, MOVL)
LOAD(load1, MOVBLZX, MOVB)
STORE(store8, MOVQ, MOVQ)
STORE(store4, MOVL, MOVL)
STORE(store1, MOVBLZX, MOVB)

// The order of instructions.
HANDLER(unless)
	A
	CMPB (R9)(AX*1), $0
	JEQ  ended
	NEXT

ended:
	MOVQ SI, 32(SP)
	RET

HANDLER(again)
	A
	MOVLQSX 12(SI), BX
	DECQ    (R9)(AX*1)
	JEQ     over
	ADDQ    BX, SI
	JMP     (SI)

over:
	NEXT

HANDLER(jump); MOVLQSX 12(SI), BX; ADDQ BX, SI; JMP (SI)

HANDLER(recall32); A; VMOVSS (R9)(AX*1), X0; NEXT
HANDLER(recall64); A; VMOVSD (R9)(AX*1), X0; NEXT

// func handlers() *[2][opCount]uintptr
TEXT ·handlers(SB), NOSPLIT, $0-8
	LEAQ table<>(SB), AX
	MOVQ AX, ret+0(FP)
	RET

DATA table<>+0(SB)/8, $add32<>(SB)
DATA table<>+8(SB)/8, $sub32<>(SB)
DATA table<>+16(SB)/8, $mul32<>(SB)
DATA table<>+24(SB)/8, $div32<>(SB)
DATA table<>+32(SB)/8, $neg32<>(SB)
DATA table<>+40(SB)/8, $square32<>(SB)
DATA table<>+48(SB)/8, $reciprocal32<>(SB)
DATA table<>+56(SB)/8, $sqrt32<>(SB)
DATA table<>+64(SB)/8, $slopeTanh32<>(SB)
DATA table<>+72(SB)/8, $slopeSigmoid32<>(SB)
DATA table<>+80(SB)/8, $mulAdd32<>(SB)
DATA table<>+88(SB)/8, $eq32<>(SB)
DATA table<>+96(SB)/8, $ne32<>(SB)
DATA table<>+104(SB)/8, $lt32<>(SB)
DATA table<>+112(SB)/8, $le32<>(SB)
DATA table<>+120(SB)/8, $gt32<>(SB)
DATA table<>+128(SB)/8, $ge32<>(SB)
DATA table<>+136(SB)/8, $and<>(SB)
DATA table<>+144(SB)/8, $or<>(SB)
DATA table<>+152(SB)/8, $not<>(SB)
DATA table<>+160(SB)/8, $where8<>(SB)
DATA table<>+168(SB)/8, $where4<>(SB)
DATA table<>+176(SB)/8, $where1<>(SB)
DATA table<>+184(SB)/8, $intAdd<>(SB)
DATA table<>+192(SB)/8, $intSub<>(SB)
DATA table<>+200(SB)/8, $intMul<>(SB)
DATA table<>+208(SB)/8, $intEq<>(SB)
DATA table<>+216(SB)/8, $intNe<>(SB)
DATA table<>+224(SB)/8, $intLt<>(SB)
DATA table<>+232(SB)/8, $intLe<>(SB)
DATA table<>+240(SB)/8, $intGt<>(SB)
DATA table<>+248(SB)/8, $intGe<>(SB)
DATA table<>+256(SB)/8, $move<>(SB)
DATA table<>+264(SB)/8, $load8<>(SB)
DATA table<>+272(SB)/8, $load4<>(SB)
DATA table<>+280(SB)/8, $load1<>(SB)
DATA table<>+288(SB)/8, $store8<>(SB)
DATA table<>+296(SB)/8, $store4<>(SB)
DATA table<>+304(SB)/8, $store1<>(SB)
DATA table<>+312(SB)/8, $halt<>(SB)
DATA table<>+320(SB)/8, $unless<>(SB)
DATA table<>+328(SB)/8, $again<>(SB)
DATA table<>+336(SB)/8, $jump<>(SB)
DATA table<>+344(SB)/8, $recall32<>(SB)
DATA table<>+352(SB)/8, $addA32<>(SB)
DATA table<>+360(SB)/8, $subA32<>(SB)
DATA table<>+368(SB)/8, $subB32<>(SB)
DATA table<>+376(SB)/8, $mulA32<>(SB)
DATA table<>+384(SB)/8, $divA32<>(SB)
DATA table<>+392(SB)/8, $divB32<>(SB)
DATA table<>+400(SB)/8, $negA32<>(SB)
DATA table<>+408(SB)/8, $squareA32<>(SB)
DATA table<>+416(SB)/8, $reciprocalA32<>(SB)
DATA table<>+424(SB)/8, $sqrtA32<>(SB)
DATA table<>+432(SB)/8, $slopeTanhA32<>(SB)
DATA table<>+440(SB)/8, $slopeSigmoidA32<>(SB)
DATA table<>+448(SB)/8, $mulAddA32<>(SB)
DATA table<>+456(SB)/8, $mulAddC32<>(SB)
DATA table<>+464(SB)/8, $add64<>(SB)
DATA table<>+472(SB)/8, $sub64<>(SB)
DATA table<>+480(SB)/8, $mul64<>(SB)
DATA table<>+488(SB)/8, $div64<>(SB)
DATA table<>+496(SB)/8, $neg64<>(SB)
DATA table<>+504(SB)/8, $square64<>(SB)
DATA table<>+512(SB)/8, $reciprocal64<>(SB)
DATA table<>+520(SB)/8, $sqrt64<>(SB)
DATA table<>+528(SB)/8, $slopeTanh64<>(SB)
DATA table<>+536(SB)/8, $slopeSigmoid64<>(SB)
DATA table<>+544(SB)/8, $mulAdd64<>(SB)
DATA table<>+552(SB)/8, $eq64<>(SB)
DATA table<>+560(SB)/8, $ne64<>(SB)
DATA table<>+568(SB)/8, $lt64<>(SB)
DATA table<>+576(SB)/8, $le64<>(SB)
DATA table<>+584(SB)/8, $gt64<>(SB)
DATA table<>+592(SB)/8, $ge64<>(SB)
DATA table<>+600(SB)/8, $and<>(SB)
DATA table<>+608(SB)/8, $or<>(SB)
DATA table<>+616(SB)/8, $not<>(SB)
DATA table<>+624(SB)/8, $where8<>(SB)
DATA table<>+632(SB)/8, $where4<>(SB)
DATA table<>+640(SB)/8, $where1<>(SB)
DATA table<>+648(SB)/8, $intAdd<>(SB)
DATA table<>+656(SB)/8, $intSub<>(SB)
DATA table<>+664(SB)/8, $intMul<>(SB)
DATA table<>+672(SB)/8, $intEq<>(SB)
DATA table<>+680(SB)/8, $intNe<>(SB)
DATA table<>+688(SB)/8, $intLt<>(SB)
DATA table<>+696(SB)/8, $intLe<>(SB)
DATA table<>+704(SB)/8, $intGt<>(SB)
DATA table<>+712(SB)/8, $intGe<>(SB)
DATA table<>+720(SB)/8, $move<>(SB)
DATA table<>+728(SB)/8, $load8<>(SB)
DATA table<>+736(SB)/8, $load4<>(SB)
DATA table<>+744(SB)/8, $load1<>(SB)
DATA table<>+752(SB)/8, $store8<>(SB)
DATA table<>+760(SB)/8, $store4<>(SB)
DATA table<>+768(SB)/8, $store1<>(SB)
DATA table<>+776(SB)/8, $halt<>(SB)
DATA table<>+784(SB)/8, $unless<>(SB)
DATA table<>+792(SB)/8, $again<>(SB)
DATA table<>+800(SB)/8, $jump<>(SB)
DATA table<>+808(SB)/8, $recall64<>(SB)
DATA table<>+816(SB)/8, $addA64<>(SB)
DATA table<>+824(SB)/8, $subA64<>(SB)
DATA table<>+832(SB)/8, $subB64<>(SB)
DATA table<>+840(SB)/8, $mulA64<>(SB)
DATA table<>+848(SB)/8, $divA64<>(SB)
DATA table<>+856(SB)/8, $divB64<>(SB)
DATA table<>+864(SB)/8, $negA64<>(SB)
DATA table<>+872(SB)/8, $squareA64<>(SB)
DATA table<>+880(SB)/8, $reciprocalA64<>(SB)
DATA table<>+888(SB)/8, $sqrtA64<>(SB)
DATA table<>+896(SB)/8, $slopeTanhA64<>(SB)
DATA table<>+904(SB)/8, $slopeSigmoidA64<>(SB)
DATA table<>+912(SB)/8, $mulAddA64<>(SB)
DATA table<>+920(SB)/8, $mulAddC64<>(SB)
GLOBL table<>(SB), RODATA, $928
