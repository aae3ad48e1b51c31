package linalg

import "math"

// A secular equation is 1 + Σ wᵢ/(pᵢ − x) = 0 for poles p in ascending order and positive weights w: its roots are the
// eigenvalues of diag(p) + z·zᵀ with zᵢ² = wᵢ (Golub and Van Loan, Matrix Computations, section 8.4.3). Poles are d, or
// the squares of d, of which differences are found without loss.
type secular struct {
	d, w    []float64
	squares bool
}

// gap is the difference of two poles.
func (s *secular) gap(i, j int) float64 {
	if s.squares {
		return (s.d[i] - s.d[j]) * (s.d[i] + s.d[j])
	}
	return s.d[i] - s.d[j]
}

// value is what the sum is at a point: the parts of poles up to some, which are negative, and of those beyond, each with
// its derivative.
type value struct{ below, above, slopeBelow, slopeAbove float64 }

func (v value) f() float64     { return 1 + v.below + v.above }
func (v value) slope() float64 { return v.slopeBelow + v.slopeAbove }

// at sets delta to poles less x, given poles less the origin, gaps, and x less the origin.
func (s *secular) at(j int, x float64, gaps, delta []float64) (v value) {
	w := s.w
	gaps, delta = gaps[:len(w)], delta[:len(w)]
	for i := 0; i <= j; i++ {
		delta[i] = gaps[i] - x
		inverse := 1 / delta[i]
		t := float64(w[i] * inverse)
		v.below += t
		v.slopeBelow += float64(t * inverse)
	}
	for i := j + 1; i < len(w); i++ {
		delta[i] = gaps[i] - x
		inverse := 1 / delta[i]
		t := float64(w[i] * inverse)
		v.above += t
		v.slopeAbove += float64(t * inverse)
	}
	return v
}

// mostSteps bounds the iterations for a root, of which three to six are usual; the bracket is halved where they do not get on.
const mostSteps = 200

// root finds root j, that between poles j and j + 1, or beyond the last: as a distance from the nearer pole, the origin. It
// sets delta to the differences of all poles from it. The sum's part of each side is replaced by a
// constant and one pole that have its value and derivative, the next guess being the root of what that makes (Li, LAPACK
// working note 89, 1993). gaps is scratch.
func (s *secular) root(j int, gaps, delta []float64) (origin int, x float64) {
	origin, lo, hi, x := s.begin(j, gaps)
	fixed, before := true, math.Inf(1)
	for step := 0; ; step++ {
		v := s.at(j, x, gaps, delta)
		f := v.f()
		size := 1 + v.above - v.below
		if math.Abs(f) <= 0x1p-52*(float64(4*size)+float64(math.Abs(x)*v.slope())) || step == mostSteps {
			return origin, x
		}
		if f < 0 {
			lo = x
		} else {
			hi = x
		}
		if step > 0 && math.Abs(f) > before/10 {
			fixed = !fixed
		}
		before = math.Abs(f)
		next := x + s.step(j, origin, fixed, v, delta)
		if !(next > lo && next < hi) || step > 20 && step%2 == 0 {
			next = lo + float64((hi-lo)/2)
		}
		if next == x || next <= lo || next >= hi {
			return origin, x
		}
		x = next
	}
}

// begin chooses the origin of root j, the bracket and the first guess: where the parts of all poles but the two next ones
// are what they are in the middle.
func (s *secular) begin(j int, gaps []float64) (origin int, lo, hi, x float64) {
	n := len(s.w)
	if j == n-1 {
		for i := range n {
			gaps[i] = s.gap(i, j)
			hi += s.w[i]
		}
		return j, 0, hi * (1 + 0x1p-50), s.w[j]
	}
	width := s.gap(j+1, j)
	half := float64(width / 2)
	rest := 1.0
	for i := range n {
		gaps[i] = s.gap(i, j)
		if i != j && i != j+1 {
			rest += s.w[i] / (gaps[i] - half)
		}
	}
	wj, wn := s.w[j], s.w[j+1]
	if rest+(wn-wj)*2/width >= 0 { // the root is nearer to pole j
		a, b := float64(rest*width)+wj+wn, float64(wj*width)
		root := math.Sqrt(math.Abs(float64(a*a) - float64(4*b*rest)))
		if a > 0 {
			x = 2 * b / (a + root)
		} else {
			x = (a - root) / (2 * rest)
		}
		if lo, hi = 0, width/2; !(x > lo && x < hi) {
			x = hi / 2
		}
		return j, lo, hi * (1 + 0x1p-50), x
	}
	for i := range n {
		gaps[i] = s.gap(i, j+1)
	}
	a, b := wj+wn-float64(rest*width), float64(wn*width)
	root := math.Sqrt(math.Abs(float64(a*a) + float64(4*b*rest)))
	if a < 0 {
		x = 2 * b / (a - root)
	} else {
		x = -(a + root) / (2 * rest)
	}
	if lo, hi = -width/2, 0; !(x > lo && x < hi) {
		x = lo / 2
	}
	return j + 1, lo * (1 + 0x1p-50), hi, x
}

// step is how far it is to the root of the approximation.
func (s *secular) step(j, origin int, fixed bool, v value, delta []float64) float64 {
	f, slope := v.f(), v.slope()
	if j == len(s.w)-1 { // of one pole
		pole := delta[j]
		return pole + slope*pole*pole/(f-float64(slope*pole))
	}
	left, right := delta[j], delta[j+1]
	c := f - float64(left*v.slopeBelow) - float64(right*v.slopeAbove)
	if fixed { // the origin's own weight is used as it is
		if width := right - left; origin == j {
			c = f - float64(right*slope) + float64(width*(s.w[j]/left/left))
		} else {
			c = f - float64(left*slope) - float64(width*(s.w[j+1]/right/right))
		}
	}
	a := float64((left+right)*f) - float64(left*right*slope)
	b := float64(left * right * f)
	root := math.Sqrt(math.Abs(float64(a*a) - float64(4*b*c)))
	step := 0.0
	switch {
	case c == 0:
		step = b / a
	case a <= 0:
		step = (a - root) / (2 * c)
	default:
		step = 2 * b / (a + root)
	}
	if f*step >= 0 {
		step = -f / slope
	}
	return step
}
