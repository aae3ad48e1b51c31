package optim

import (
	"chainrule/graph"
	"chainrule/ops"
)

// Cyclic goes up and down between two rates for ever (Smith 2017; PyTorch's CyclicLR). Momentum goes down and up at the
// same time.
type Cyclic struct {
	Base, Max   float64 // the least and the largest rate
	Up, Down    int     // steps up and down; 0 stands for 2000 up, and for as many down as up
	Halved      bool    // each cycle is half as high as the last ("triangular2")
	Gamma       float64 // the height shrinks by this factor at every step ("exp_range"); 0 stands for 1
	MaxMomentum float64 // at the least rate; 0 stands for 0.9
	MinMomentum float64 // at the largest rate; 0 stands for 0.8
}

// Rate is the schedule of the rate.
func (c Cyclic) Rate() Schedule {
	finite("cyclic", c.Base, c.Max)
	return func(t *graph.Node) *graph.Node { return ops.Add(c.Base, ops.Mul(c.Max-c.Base, c.height(t))) }
}

// Momentum is the schedule of the momentum: of SGD's, or of Adam's Beta1.
func (c Cyclic) Momentum() Schedule {
	high, low := or(c.MaxMomentum, 0.9), or(c.MinMomentum, 0.8)
	return func(t *graph.Node) *graph.Node { return ops.Sub(high, ops.Mul(high-low, c.height(t))) }
}

// height is how far up a step is, 0 … 1.
func (c Cyclic) height(t *graph.Node) *graph.Node {
	up := c.Up
	if up == 0 {
		up = 2000
	}
	down := c.Down
	if down == 0 {
		down = up
	}
	atLeast("cyclic", up, 1)
	atLeast("cyclic", down, 1)
	length := float64(up + down)
	cycle := ops.Floor(ops.Div(t, length))
	at := ops.Sub(t, ops.Mul(length, cycle))
	h := ops.Minimum(ops.Div(at, float64(up)), ops.Div(ops.Sub(length, at), float64(down)))
	if c.Halved {
		h = ops.Mul(h, ops.Pow(0.5, cycle))
	}
	if c.Gamma != 0 {
		h = ops.Mul(h, ops.Pow(c.Gamma, t))
	}
	return h
}
