package vec

// unaryOp, binaryOp, rowOp and compareOp name the kernels that may have an assembly twin.
type (
	unaryOp   uint8
	binaryOp  uint8
	rowOp     uint8
	compareOp uint8
)

const (
	opNeg unaryOp = iota
	opAbs
	opSign
	opStep
	opSquare
	opSqrt
	opReciprocal
	opRelu
	opFloor
	opCeil
	opRound
	opTrunc
	opExp
	opExpm1
	opLog
	opLog1p
	opSigmoid
	opTanh
	opSoftplus
	opErf
	opErfc
	opSin
	opCos
	opTan
	opAsin
	opAcos
	opAtan
	opSinh
	opCosh
	opAsinh
	opAcosh
	opAtanh
)

const (
	opAdd binaryOp = iota
	opSub
	opMul
	opDiv
	opMinimum
	opMaximum
	opLeakyRelu
	opPow
)

const (
	opSumRows rowOp = iota
	opMaxRows
	opMinRows
	opSoftmaxRows
	opLogSoftmaxRows
	opLogSumExpRows
)

const (
	opEq compareOp = iota
	opNe
	opLt
	opLe
	opGt
	opGe
)
