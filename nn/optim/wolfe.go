package optim

import (
	"math"

	"gonum.org/v1/gonum/floats"
)

// point is a place on the line of a search.
type point struct {
	t, value, slope float64
	grad            []float64
}

const (
	sufficient = 1e-4 // decrease, of what the slope promises
	curvature  = 0.9  // that may be left of the slope
	mostTries  = 25
)

// line is a search from a place along a direction.
type line struct {
	*LBFGS
	from  []float64
	start point
	tries int
}

// search moves x to a place along the direction that fulfils Wolfe's strong conditions (Nocedal and Wright 2006,
// algorithms 3.5 and 3.6): it brackets one, and then divides the bracket by cubics.
func (o *LBFGS) search(x []float64, slope float64) error {
	l := &line{LBFGS: o, from: append([]float64{}, x...)}
	l.start = point{0, o.value, slope, append([]float64{}, o.grad...)}
	bracket, done, err := l.bracket(x)
	if err == nil && !done {
		bracket, err = l.divide(x, bracket)
	}
	if err != nil {
		return err
	}
	best := bracket[low(bracket)]
	o.length, o.value = best.t, best.value
	copy(o.grad, best.grad)
	floats.AddScaledTo(x, l.from, best.t, o.direction)
	return nil
}

// at evaluates a place.
func (l *line) at(x []float64, t float64) (point, error) {
	floats.AddScaledTo(x, l.from, t, l.direction)
	p := point{t: t, grad: make([]float64, len(x))}
	var err error
	p.value, err = l.call(x, p.grad)
	p.slope = floats.Dot(p.grad, l.direction)
	return p, err
}

// falls says whether a place is as low as the slope at the start promises.
func (l *line) falls(p point) bool { return !(p.value > l.start.value+sufficient*p.t*l.start.slope) }

// levels says whether the slope at a place is small enough.
func (l *line) levels(p point) bool { return math.Abs(p.slope) <= -curvature*l.start.slope }

// bracket goes on until two places have one between them that is good, or one is good itself.
func (l *line) bracket(x []float64) ([]point, bool, error) {
	last := l.start
	p, err := l.at(x, l.length)
	for err == nil && l.tries < mostTries {
		switch {
		case !l.falls(p) || l.tries > 1 && p.value >= last.value:
			return []point{last, p}, false, nil
		case l.levels(p):
			return []point{p}, true, nil
		case p.slope >= 0:
			return []point{last, p}, false, nil
		}
		t := cubic(last, p, p.t+0.01*(p.t-last.t), p.t*10)
		last = p
		p, err = l.at(x, t)
		l.tries++
	}
	return []point{l.start, p}, false, err
}

// divide makes a bracket smaller until its lower end is good.
func (l *line) divide(x []float64, b []point) ([]point, error) {
	size := floats.Norm(l.direction, math.Inf(1))
	slow := false
	for l.tries < mostTries && math.Abs(b[1].t-b[0].t)*size >= or(l.ChangeTol, 1e-9) {
		left, right := min(b[0].t, b[1].t), max(b[0].t, b[1].t)
		t := cubic(b[0], b[1], left, right)
		// Not too near to an end twice.
		if edge := 0.1 * (right - left); min(right-t, t-left) < edge {
			if slow || t >= right || t <= left {
				if math.Abs(t-right) < math.Abs(t-left) {
					t = right - edge
				} else {
					t = left + edge
				}
				slow = false
			} else {
				slow = true
			}
		} else {
			slow = false
		}
		p, err := l.at(x, t)
		if err != nil {
			return nil, err
		}
		l.tries++
		i := low(b)
		switch {
		case !l.falls(p) || p.value >= b[i].value:
			b[1-i] = p
			continue
		case l.levels(p):
			return []point{p}, nil
		case p.slope*(b[1-i].t-b[i].t) >= 0:
			b[1-i] = b[i]
		}
		b[i] = p
	}
	return b, nil
}

// low is the end of a bracket that is lower.
func low(b []point) int {
	if b[0].value <= b[len(b)-1].value {
		return 0
	}
	return 1
}

// cubic is where the cubic through two places with their slopes is least, between two bounds (Nocedal and Wright 2006,
// equation 3.59).
func cubic(a, b point, least, most float64) float64 {
	d1 := a.slope + b.slope - 3*(a.value-b.value)/(a.t-b.t)
	square := d1*d1 - a.slope*b.slope
	if !(square >= 0) {
		return (least + most) / 2
	}
	d2 := math.Sqrt(square)
	if a.t > b.t {
		a, b = b, a
	}
	t := b.t - (b.t-a.t)*((b.slope+d2-d1)/(b.slope-a.slope+2*d2))
	return min(max(t, least), most)
}
