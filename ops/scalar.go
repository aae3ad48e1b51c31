package ops

type float interface{ float32 | float64 }
