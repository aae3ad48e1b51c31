package nn

import (
	"chainrule/graph"
	"chainrule/ops"
)

// BatchNorm standardises channels over a batch: x is [batch, channels] or [batch, channels, …]. In training it takes the
// batch's mean and variance, and the running ones move towards them, m ← (1 − μ)·m + μ·mean with the momentum μ; the variance
// that is kept is the unbiased one, n/(n−1) times that which is used (PyTorch's convention). In evaluation it takes the
// running ones.
type BatchNorm struct {
	Weight, Bias   *Param // [channels]; nil for none
	Mean, Variance *State // [channels]; nil to use the batch's always
	// Batches counts the batches where Momentum is 0, for running statistics that are plain averages; a scalar.
	Batches  *State
	Eps      float64 // 1e-5 as NewBatchNorm makes it
	Momentum float64 // 0.1 as NewBatchNorm makes it
	Mode     Mode
}

// NewBatchNorm returns a layer with weights 1, biases 0, means 0 and variances 1.
func NewBatchNorm(d graph.DType, channels int) *BatchNorm {
	return &BatchNorm{
		Weight: ones(d, channels), Bias: NewParam(d, channels),
		Mean: NewState(d, channels), Variance: &State{Value: ones(d, channels).Value}, Batches: NewState(d),
		Eps: 1e-5, Momentum: 0.1,
	}
}

func ones(d graph.DType, shape ...int) *Param {
	return NewParam(d, shape...).Fill(func() float64 { return 1 })
}

// nodeOrNil is a parameter's node, nil without one.
func nodeOrNil(p *Param) *graph.Node {
	if p == nil {
		return nil
	}
	return p.Node()
}

// Apply standardises x. A batch of one value for each channel has no variance to train with: that is an error.
func (l *BatchNorm) Apply(x *graph.Node) *graph.Node {
	w, b := nodeOrNil(l.Weight), nodeOrNil(l.Bias)
	if l.Mean == nil {
		y, _, _ := ops.BatchNorm(x, w, b, l.Eps)
		return y
	}
	if !l.Mode.IsTraining("batch_norm", x) {
		return ops.BatchNormWith(x, l.Mean.Node(), l.Variance.Node(), w, b, l.Eps)
	}
	y, mean, variance := ops.BatchNorm(x, w, b, l.Eps)
	n := x.Type().Size() / max(x.Shape()[1], 1)
	if n < 2 {
		graph.Fail("batch_norm", []*graph.Node{x}, "one value for each channel has no variance: train with larger batches")
	}
	l.track(mean, ops.Mul(variance, float64(n)/float64(n-1)))
	return y
}

// track moves the running statistics.
func (l *BatchNorm) track(mean, variance *graph.Node) {
	var momentum *graph.Node
	if l.Momentum == 0 {
		if l.Batches == nil {
			graph.Fail("batch_norm", nil, "the momentum is 0 and batches are not counted")
		}
		l.Batches.Set(ops.Add(l.Batches.Node(), 1))
		momentum = ops.Reciprocal(l.Batches.Node())
	} else {
		momentum = mean.Graph().Scalar(mean.DType(), l.Momentum)
	}
	move := func(s *State, to *graph.Node) {
		to = ops.StopGradient(to)
		s.Set(ops.Add(s.Node(), ops.Mul(momentum, ops.Sub(to, s.Node()))))
	}
	move(l.Mean, mean)
	move(l.Variance, variance)
}

// LayerNorm standardises over the last axes, as many as its weights have.
type LayerNorm struct {
	Weight, Bias *Param // of the shape that is standardised over; nil for none
	Eps          float64
	Axes         int // how many, where there is no weight; 1 if 0
}

// NewLayerNorm returns a layer over the last axes, of the given lengths, with weights 1, biases 0 and eps 1e-5.
func NewLayerNorm(d graph.DType, shape ...int) *LayerNorm {
	return &LayerNorm{Weight: ones(d, shape...), Bias: NewParam(d, shape...), Eps: 1e-5, Axes: len(shape)}
}

// Apply standardises x over its last axes.
func (l *LayerNorm) Apply(x *graph.Node) *graph.Node {
	return ops.LayerNorm(x, nodeOrNil(l.Weight), nodeOrNil(l.Bias), l.Eps, lastAxes(l.Axes)...)
}

func lastAxes(n int) (axes []int) {
	for a := max(n, 1); a > 0; a-- {
		axes = append(axes, -a)
	}
	return axes
}

// RMSNorm divides by the root mean square over the last axis.
type RMSNorm struct {
	Weight *Param // [last]; nil for none
	Eps    float64
}

// NewRMSNorm returns a layer with weights 1 and eps 1e-6.
func NewRMSNorm(d graph.DType, size int) *RMSNorm { return &RMSNorm{Weight: ones(d, size), Eps: 1e-6} }

// Apply scales x.
func (l *RMSNorm) Apply(x *graph.Node) *graph.Node {
	return ops.RMSNorm(x, nodeOrNil(l.Weight), l.Eps)
}

// GroupNorm standardises groups of channels of each example: x is [batch, channels, …].
type GroupNorm struct {
	Weight, Bias *Param // [channels]; nil for none
	Groups       int    // 0 for one of each channel, which is instance normalisation
	Eps          float64
}

// NewGroupNorm returns a layer with weights 1, biases 0 and eps 1e-5.
func NewGroupNorm(d graph.DType, groups, channels int) *GroupNorm {
	return &GroupNorm{Weight: ones(d, channels), Bias: NewParam(d, channels), Groups: groups, Eps: 1e-5}
}

// NewInstanceNorm returns a GroupNorm with a group for each channel.
func NewInstanceNorm(d graph.DType, channels int) *GroupNorm { return NewGroupNorm(d, 0, channels) }

// Apply standardises x.
func (l *GroupNorm) Apply(x *graph.Node) *graph.Node {
	w, b := nodeOrNil(l.Weight), nodeOrNil(l.Bias)
	if l.Groups == 0 {
		return ops.InstanceNorm(x, w, b, l.Eps)
	}
	return ops.GroupNorm(x, w, b, l.Groups, l.Eps)
}
