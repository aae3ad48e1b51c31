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
	if l.Momentum != 0 {
		moveTo(l.Mean, mean, l.Momentum)
		moveTo(l.Variance, variance, l.Momentum)
		return
	}
	if l.Batches == nil {
		graph.Fail("batch_norm", nil, "the momentum is 0 and batches are not counted")
	}
	l.Batches.Set(ops.Add(l.Batches.Node(), 1))
	part := ops.Reciprocal(l.Batches.Node())
	moveTo(l.Mean, mean, part)
	moveTo(l.Variance, variance, part)
}

// moveTo moves a running value a part of the way.
func moveTo[P float64 | *graph.Node](s *State, to *graph.Node, part P) {
	old := s.Node()
	s.Set(ops.Add(old, ops.Mul(ops.StopGradient(ops.Sub(to, old)), part)))
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
	Groups       int
	Eps          float64
}

// NewGroupNorm returns a layer with weights 1, biases 0 and eps 1e-5.
func NewGroupNorm(d graph.DType, groups, channels int) *GroupNorm {
	return &GroupNorm{Weight: ones(d, channels), Bias: NewParam(d, channels), Groups: groups, Eps: 1e-5}
}

// Apply standardises x.
func (l *GroupNorm) Apply(x *graph.Node) *graph.Node {
	return ops.GroupNorm(x, nodeOrNil(l.Weight), nodeOrNil(l.Bias), l.Groups, l.Eps)
}

// InstanceNorm standardises each channel of each example: x is [batch, channels, …]. With Mean and Variance it keeps running
// ones, averages over the examples of a batch, as BatchNorm does, and takes them in evaluation.
type InstanceNorm struct {
	Weight, Bias   *Param // [channels]; nil for none
	Mean, Variance *State // [channels]; nil to use those of the instance always
	Eps, Momentum  float64
	Mode           Mode
}

// NewInstanceNorm returns a layer with weights 1, biases 0, eps 1e-5, and no running statistics.
func NewInstanceNorm(d graph.DType, channels int) *InstanceNorm {
	return &InstanceNorm{Weight: ones(d, channels), Bias: NewParam(d, channels), Eps: 1e-5, Momentum: 0.1}
}

// Apply standardises x.
func (l *InstanceNorm) Apply(x *graph.Node) *graph.Node {
	w, b := nodeOrNil(l.Weight), nodeOrNil(l.Bias)
	if l.Mean == nil {
		return ops.InstanceNorm(x, w, b, l.Eps)
	}
	if !l.Mode.IsTraining("instance_norm", x) {
		return ops.BatchNormWith(x, l.Mean.Node(), l.Variance.Node(), w, b, l.Eps)
	}
	y := ops.InstanceNorm(x, w, b, l.Eps)
	flat := ops.Reshape(x, x.Shape()[0], x.Shape()[1], -1)
	moveTo(l.Mean, ops.Mean(ops.Mean(flat, -1), 0), l.Momentum)
	moveTo(l.Variance, ops.Mean(ops.Var(flat, 1, -1), 0), l.Momentum)
	return y
}
