package optim

import (
	"math"

	"gonum.org/v1/gonum/floats"
)

// LBFGS is the limited-memory quasi-Newton method (Nocedal and Wright 2006, algorithm 7.4) in PyTorch's form, for whole
// batches. It is no Rule: a step evaluates the function as often as it needs to, so it runs outside the program, on vectors
// such as those of autodiff/gonum's objectives. For a minimum to full digits, gonum's optimize.LBFGS is the better choice.
// The zero value is ready; one value is for one vector.
type LBFGS struct {
	Rate        float64 // 0 stands for 1
	Iterations  int     // in a step; 0 stands for 20
	Evaluations int     // in a step, after which it ends; 0 stands for 5/4 of the iterations
	GradTol     float64 // the largest element of the gradient that is small enough; 0 stands for 1e-7
	ChangeTol   float64 // the largest change that is small enough; 0 stands for 1e-9
	History     int     // of pairs; 0 stands for 100
	StrongWolfe bool    // a line search for Wolfe's strong conditions; without it every move has the length Rate

	began         bool
	direction     []float64
	length, scale float64
	lastGrad      []float64
	moves, turns  [][]float64 // differences of places and of gradients
	inverse       []float64   // of their products
	value         float64
	grad          []float64
	calls         int // of f in this step
	f             func(x, grad []float64) (float64, error)
}

// Step makes one step: x moves in place, and the value before is returned. f gives the value at x and writes the
// gradient; an error of f ends the step, and x is where f was called.
func (o *LBFGS) Step(x []float64, f func(x, grad []float64) (float64, error)) (float64, error) {
	o.f, o.calls = f, 0
	if o.grad == nil {
		o.grad = make([]float64, len(x))
	}
	var err error
	if o.value, err = o.call(x, o.grad); err != nil {
		return 0, err
	}
	before := o.value
	iterations := o.Iterations
	if iterations == 0 {
		iterations = 20
	}
	most := o.Evaluations
	if most == 0 {
		most = iterations * 5 / 4
	}
	flat := o.flat()
	for n := 1; n <= iterations && !flat; n++ {
		o.aim()
		slope := floats.Dot(o.grad, o.direction)
		if slope > -or(o.ChangeTol, 1e-9) {
			break
		}
		last := o.value
		if err := o.move(x, slope, n == iterations); err != nil {
			return before, err
		}
		if n == iterations || o.calls >= most || o.flat() || o.still(last) {
			break
		}
	}
	return before, nil
}

func (o *LBFGS) call(x, grad []float64) (float64, error) {
	o.calls++
	return o.f(x, grad)
}

// flat says whether the gradient is small enough.
func (o *LBFGS) flat() bool { return floats.Norm(o.grad, math.Inf(1)) <= or(o.GradTol, 1e-7) }

// still says whether the last move changed little.
func (o *LBFGS) still(last float64) bool {
	tol := or(o.ChangeTol, 1e-9)
	return o.length*floats.Norm(o.direction, math.Inf(1)) <= tol || math.Abs(o.value-last) < tol
}

// aim finds the direction of the next move, and its first length.
func (o *LBFGS) aim() {
	rate := or(o.Rate, 1)
	if !o.began {
		o.began, o.scale = true, 1
		o.direction = make([]float64, len(o.grad))
		floats.ScaleTo(o.direction, -1, o.grad)
		o.length = min(1, 1/floats.Norm(o.grad, 1)) * rate
		o.lastGrad = append([]float64{}, o.grad...)
		return
	}
	o.remember()
	q := o.direction
	floats.ScaleTo(q, -1, o.grad)
	factors := make([]float64, len(o.moves))
	for i := len(o.moves) - 1; i >= 0; i-- {
		factors[i] = floats.Dot(o.moves[i], q) * o.inverse[i]
		floats.AddScaled(q, -factors[i], o.turns[i])
	}
	floats.Scale(o.scale, q)
	for i := range o.moves {
		floats.AddScaled(q, factors[i]-floats.Dot(o.turns[i], q)*o.inverse[i], o.moves[i])
	}
	o.length = rate
	copy(o.lastGrad, o.grad)
}

// remember keeps the last move with what it did to the gradient, if the curvature along it is positive.
func (o *LBFGS) remember() {
	turn, move := make([]float64, len(o.grad)), make([]float64, len(o.grad))
	floats.SubTo(turn, o.grad, o.lastGrad)
	floats.ScaleTo(move, o.length, o.direction)
	product := floats.Dot(turn, move)
	if product <= 1e-10 {
		return
	}
	if len(o.moves) == int(or(float64(o.History), 100)) {
		o.moves, o.turns, o.inverse = o.moves[1:], o.turns[1:], o.inverse[1:]
	}
	o.moves, o.turns, o.inverse = append(o.moves, move), append(o.turns, turn), append(o.inverse, 1/product)
	o.scale = product / floats.Dot(turn, turn)
}

// move goes along the direction. Without a line search the last move of a step is not looked at.
func (o *LBFGS) move(x []float64, slope float64, last bool) error {
	if o.StrongWolfe {
		return o.search(x, slope)
	}
	floats.AddScaled(x, o.length, o.direction)
	if last {
		return nil
	}
	var err error
	o.value, err = o.call(x, o.grad)
	return err
}
