package nn

import (
	"math"

	"chainrule/graph"
	"chainrule/ops"
)

var negInf = math.Inf(-1)

// Dropout sets elements to 0 with probability P in training, and multiplies the others by 1/(1 − P) (Srivastava et al. 2014).
// In evaluation, and with P = 0, it changes nothing; with P = 1 nothing is left. It draws from the key that [Train] was given:
// without one it panics with a *graph.Error.
type Dropout struct {
	P float64
	// Whole drops whole channels of [batch, channels, …], as spatial dropout does (Tompson et al. 2015).
	Whole bool
	Mode  Mode
}

// Apply drops elements.
func (l *Dropout) Apply(x *graph.Node) *graph.Node {
	switch {
	case x == nil:
		graph.Fail("dropout", nil, "the input is nil")
	case !(l.P >= 0 && l.P <= 1):
		graph.Fail("dropout", []*graph.Node{x}, "the probability is %v", l.P)
	case l.P == 0 || !l.Mode.IsTraining("dropout", x):
		return x
	case l.P == 1:
		return ops.Mul(x, 0)
	}
	shape := append([]int{}, x.Shape()...)
	for i := range shape {
		if l.Whole && i >= 2 {
			shape[i] = 1
		}
	}
	kept := l.Mode.bernoulli("dropout", x, 1-l.P, shape)
	return ops.Where(kept, ops.Mul(x, 1/(1-l.P)), 0)
}
