package reference

import "math/cmplx"

// Observation is the two errors of an observation, from its unknowns: the camera's eleven parameters, the point's three
// coordinates and the weight.
func Observation(x []complex128, feature []float64) [2]complex128 {
	cam, point, weight := x[:11], x[11:14], x[14]
	var p [3]complex128
	for i := range p {
		p[i] = point[i] - cam[3+i]
	}
	p = rotated(cam[:3], p)
	u := [2]complex128{p[0] / p[2], p[1] / p[2]}
	r := u[0]*u[0] + u[1]*u[1]
	stretch := 1 + cam[9]*r + cam[10]*r*r
	var e [2]complex128
	for i := range e {
		e[i] = weight * (u[i]*stretch*cam[6] + cam[7+i] - complex(feature[i], 0))
	}
	return e
}

// rotated is the product of p with the matrix exponential of [r]ₓ: I + sin θ·N + (1 − cos θ)·N², N = [r/θ]ₓ.
func rotated(r []complex128, p [3]complex128) [3]complex128 {
	square := r[0]*r[0] + r[1]*r[1] + r[2]*r[2]
	if real(square) == 0 { // to first order
		c := crossed(r, p)
		return [3]complex128{p[0] + c[0], p[1] + c[1], p[2] + c[2]}
	}
	angle := cmplx.Sqrt(square)
	n := []complex128{r[0] / angle, r[1] / angle, r[2] / angle}
	once := crossed(n, p)
	twice := crossed(n, once)
	s, c := cmplx.Sin(angle), 1-cmplx.Cos(angle)
	for i := range p {
		p[i] += s*once[i] + c*twice[i]
	}
	return p
}

func crossed(a []complex128, b [3]complex128) [3]complex128 {
	return [3]complex128{a[1]*b[2] - a[2]*b[1], a[2]*b[0] - a[0]*b[2], a[0]*b[1] - a[1]*b[0]}
}
