package workload

import "math"

// Factorizations are what a case of Linalg computes of Count matrices A of N rows: named by NumPy's functions.
var Factorizations = []string{"eigh", "svd", "qr", "cholesky", "solve", "inv"}

// A System is one matrix of a case of Linalg: A = H(u)·diag(λ)·H(v), with reflections H(x) = I − 2·x·xᵀ/(xᵀx) and λ from 1 to 3, so
// that what is computed of it is known; v is u where it has to be symmetric. The scalar that is differentiated by A has two
// vectors:
//
//   - eigh: rᵀ·V·W²·Vᵀ·r, which is rᵀA²r
//   - svd: rᵀ·U·S³·Vᵀ·c, which is rᵀA·Aᵀ·A·c
//   - qr: rᵀ·Q·R·c, and cholesky: rᵀ·L·Lᵀ·r
//   - solve: rᵀ·X·c, X being the solution for right sides B, and inv: rᵀ·A⁻¹·c
type System struct {
	N          int
	A, R, C, B []float64
	u, v       []float64
}

// The streams of a System beside A and B.
const (
	rStream     = CStream
	cStream     = WeightStream
	rightStream = WeightStream + 1
)

// Systems returns the matrices of a case.
func (c Case) Systems() []System {
	n := c.N
	part := func(stream, item, size int) []float64 {
		x := make([]float64, size)
		for i := range x {
			x[i] = At(stream, item*size+i)
		}
		return x
	}
	systems := make([]System, c.Batch)
	for item := range systems {
		s := System{N: n, R: part(rStream, item, n), C: part(cStream, item, n), u: part(AStream, item, n), v: part(BStream, item, n)}
		if c.Form == "solve" {
			s.B = part(rightStream, item, n*n)
		}
		if c.isSymmetric() {
			s.v, s.C = s.u, s.R
		}
		s.A = s.between(s.u, s.v, func(l float64) float64 { return l })
		systems[item] = s
	}
	return systems
}

func (c Case) isSymmetric() bool { return c.Form == "eigh" || c.Form == "cholesky" }

// Lambda is eigenvalue, or singular value, i of a system, in ascending order.
func (s System) lambda(i int) float64 { return 1 + 2*float64(i+1)/float64(s.N) }

// between is H(u)·diag(g(λ))·H(v).
func (s System) between(u, v []float64, g func(float64) float64) []float64 {
	n := s.N
	left, right := reflection(u), reflection(v)
	for i := range n {
		for j := range n {
			left[i*n+j] *= g(s.lambda(j))
		}
	}
	out := make([]float64, n*n)
	product(out, left, right, n, n, n, false, false)
	return out
}

func reflection(x []float64) []float64 {
	n, size := len(x), 0.0
	for _, v := range x {
		size += v * v
	}
	h := make([]float64, n*n)
	for i, v := range x {
		for j, w := range x {
			h[i*n+j] = -2 * v * w / size
		}
		h[i*n+i]++
	}
	return h
}

// linalg is the answer of Linalg: Check of the eigenvalues, the singular values, R and L with positive diagonals, X or the inverse;
// for a gradient, Check of that.
func (c Case) linalg() []Expected {
	var all []float64
	for _, s := range c.Systems() {
		if c.Gradient {
			all = append(all, s.gradient(c.Form)...)
		} else {
			all = append(all, s.value(c.Form)...)
		}
	}
	return []Expected{c.expect(c.Form, Check(all))}
}

func (s System) value(form string) []float64 {
	n := s.N
	out := make([]float64, n)
	switch form {
	case "eigh":
		for i := range out {
			out[i] = s.lambda(i)
		}
		return out
	case "svd":
		for i := range out {
			out[i] = s.lambda(n - 1 - i)
		}
		return out
	case "qr": // RᵀR = AᵀA
		square := make([]float64, n*n)
		product(square, s.A, s.A, n, n, n, true, false)
		l := factor(square, n)
		r := make([]float64, n*n)
		for i := range n {
			for j := range n {
				r[i*n+j] = l[j*n+i]
			}
		}
		return r
	case "cholesky":
		return factor(s.A, n)
	}
	inverse := s.between(s.v, s.u, func(l float64) float64 { return 1 / l })
	if form == "inv" {
		return inverse
	}
	x := make([]float64, n*n)
	product(x, inverse, s.B, n, n, n, false, false)
	return x
}

// factor is Cholesky's L.
func factor(a []float64, n int) []float64 {
	l := make([]float64, n*n)
	for i := range n {
		for j := range i + 1 {
			v := a[i*n+j]
			for k := range j {
				v -= l[i*n+k] * l[j*n+k]
			}
			if i == j {
				l[i*n+i] = math.Sqrt(v)
			} else {
				l[i*n+j] = v / l[j*n+j]
			}
		}
	}
	return l
}

func (s System) gradient(form string) []float64 {
	n := s.N
	grad := make([]float64, n*n)
	add := func(x, y []float64, factor float64) {
		for i, v := range x {
			for j, w := range y {
				grad[i*n+j] += factor * v * w
			}
		}
	}
	times := func(m, x []float64, trans bool) []float64 {
		y := make([]float64, n)
		product(y, m, x, n, n, 1, trans, false)
		return y
	}
	switch form {
	case "eigh":
		y := times(s.A, s.R, false)
		add(s.R, y, 1)
		add(y, s.R, 1)
	case "svd":
		ac, ar := times(s.A, s.C, false), times(s.A, s.R, true)
		add(s.R, times(s.A, ac, true), 1)
		add(ac, ar, 1)
		add(times(s.A, ar, false), s.C, 1)
	case "qr", "cholesky":
		add(s.R, s.C, 1)
	default:
		inverse := s.between(s.v, s.u, func(l float64) float64 { return 1 / l })
		right := s.C
		if form == "solve" {
			right = times(s.B, s.C, false)
		}
		add(times(inverse, s.R, true), times(inverse, right, false), -1)
	}
	return grad
}
