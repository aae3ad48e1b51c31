package nn_test

import (
	"chainrule/graph"
	"chainrule/nn"
	"chainrule/ops"
)

// modules stand for PyTorch's.
var modules = map[string]module{}

func init() {
	modules["Linear"] = func(c *call) (any, func(subject) []*graph.Node) {
		return one(c.linear("weight", "bias", 0, 0))
	}
	modules["Bilinear"] = func(c *call) (any, func(subject) []*graph.Node) {
		l := &nn.Bilinear{Weight: c.whole("weight"), Bias: c.whole("bias")}
		return l, func(s subject) []*graph.Node {
			return []*graph.Node{s.Model.(*nn.Bilinear).Apply2(s.Inputs[0], s.Inputs[1])}
		}
	}
	for _, name := range []string{"BatchNorm1d", "BatchNorm2d", "BatchNorm3d"} {
		modules[name] = batchNorm
	}
	for _, name := range []string{"InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d"} {
		modules[name] = instanceNorm
	}
	modules["LayerNorm"] = func(c *call) (any, func(subject) []*graph.Node) {
		return one(&nn.LayerNorm{Weight: c.whole("weight"), Bias: c.whole("bias"), Eps: c.args.Float("eps", 1e-5),
			Axes: len(c.args.Ints("normalized_shape", 1))})
	}
	modules["GroupNorm"] = func(c *call) (any, func(subject) []*graph.Node) {
		return one(&nn.GroupNorm{Weight: c.whole("weight"), Bias: c.whole("bias"), Eps: c.args.Float("eps", 1e-5),
			Groups: c.args.Int("num_groups", 1)})
	}
	modules["Embedding"] = func(c *call) (any, func(subject) []*graph.Node) {
		return one(&nn.Embedding{Weight: c.whole("weight"), Padding: c.args.Int("padding_idx", -1),
			ByCount: c.args.Bool("scale_grad_by_freq", false)})
	}
	modules["EmbeddingBag"] = embeddingBag
	for _, name := range []string{"RNN", "LSTM", "GRU"} {
		modules[name] = recurrent
		modules[name+"Cell"] = cell
	}
	modules["MultiheadAttention"] = multihead
	modules["TransformerEncoderLayer"] = encoder
	modules["TransformerDecoderLayer"] = decoder
}

// one is a layer with one input and one output.
func one(l nn.Layer) (any, func(subject) []*graph.Node) {
	return l, func(s subject) []*graph.Node { return []*graph.Node{s.Model.(nn.Layer).Apply(s.Inputs[0])} }
}

// plain is a layer without parameters.
func plain(f func(c *call, x *graph.Node) *graph.Node) module {
	return func(c *call) (any, func(subject) []*graph.Node) {
		return nil, func(s subject) []*graph.Node { return []*graph.Node{f(c, s.Inputs[0])} }
	}
}

func batchNorm(c *call) (any, func(subject) []*graph.Node) {
	l := &nn.BatchNorm{Weight: c.whole("weight"), Bias: c.whole("bias"), Mean: c.state("running_mean"),
		Variance: c.state("running_var"), Batches: nn.NewState(graph.Float64), Eps: c.args.Float("eps", 1e-5), Momentum: 0.1}
	if n, ok := c.run.Buffers["num_batches_tracked"]; ok {
		l.Batches.Value.Float64s()[0] = n.Values[0]
	}
	if m, given := c.args["momentum"]; given {
		if l.Momentum = 0; m != nil {
			l.Momentum = m.(float64)
		}
	}
	return one(l)
}

func instanceNorm(c *call) (any, func(subject) []*graph.Node) {
	return one(&nn.InstanceNorm{Weight: c.whole("weight"), Bias: c.whole("bias"), Mean: c.state("running_mean"),
		Variance: c.state("running_var"), Eps: c.args.Float("eps", 1e-5), Momentum: c.args.Float("momentum", 0.1)})
}

func embeddingBag(c *call) (any, func(subject) []*graph.Node) {
	l := &nn.Embedding{Weight: c.whole("weight"), Padding: -1}
	pool := map[string]nn.Pool{"sum": nn.PoolSum, "mean": nn.PoolMean, "max": nn.PoolMax}[c.args.Text("mode", "mean")]
	return l, func(s subject) []*graph.Node {
		l := s.Model.(*nn.Embedding)
		if len(s.Inputs) == 2 {
			return []*graph.Node{l.RaggedBags(s.Inputs[0], s.Inputs[1], pool)}
		}
		return []*graph.Node{l.Bags(s.Inputs[0], s.Call["per_sample_weights"], pool)}
	}
}

// batched is x with axis a of length 1 put in, where PyTorch was given no batch.
func batched(x *graph.Node, missing bool, a int) *graph.Node {
	if missing {
		return ops.ExpandDims(x, a)
	}
	return x
}

func unbatched(x *graph.Node, missing bool, a int) *graph.Node {
	if missing {
		return ops.Squeeze(x, a)
	}
	return x
}

func kindOf(c *call, module string) nn.CellKind {
	kind := map[string]nn.CellKind{"RNN": nn.TanhCell, "LSTM": nn.LSTMCell, "GRU": nn.GRUCell}[module]
	if c.args.Text("nonlinearity", "tanh") == "relu" {
		kind = nn.ReLUCell
	}
	return kind
}

func linkedCell(c *call, kind nn.CellKind, suffix string) *nn.Cell {
	return &nn.Cell{Kind: kind, Input: c.whole("weight_ih" + suffix), Hidden: c.whole("weight_hh" + suffix),
		InputBias: c.whole("bias_ih" + suffix), HiddenBias: c.whole("bias_hh" + suffix), Projection: c.whole("weight_hr" + suffix)}
}

func cell(c *call) (any, func(subject) []*graph.Node) {
	return linkedCell(c, kindOf(c, c.module[:len(c.module)-4]), ""), func(s subject) []*graph.Node {
		return s.Model.(*nn.Cell).Step(s.Inputs[0], s.Inputs[1:]...)
	}
}

func recurrent(c *call) (any, func(subject) []*graph.Node) {
	r := new(nn.Recurrent)
	for i := range c.args.Int("num_layers", 1) {
		suffix := "_l" + string(rune('0'+i))
		cells := []*nn.Cell{linkedCell(c, kindOf(c, c.module), suffix)}
		if c.args.Bool("bidirectional", false) {
			cells = append(cells, linkedCell(c, kindOf(c, c.module), suffix+"_reverse"))
		}
		r.Layers = append(r.Layers, cells)
	}
	first, alone := c.args.Bool("batch_first", false), len(c.run.Inputs[0].Shape) == 2
	return r, func(s subject) []*graph.Node {
		x := batched(s.Inputs[0], alone, 0)
		if !first && !alone {
			x = ops.Permute(x, 1, 0, 2)
		}
		var lengths *graph.Node
		if c.lengths != nil {
			lengths = graph.Const(x.Graph(), c.lengths, len(c.lengths))
		}
		var start []*graph.Node
		for _, h := range s.Inputs[1:] {
			start = append(start, batched(h, alone, 1))
		}
		y, last := s.Model.(*nn.Recurrent).Run(x, start, lengths)
		if want := c.run.Outputs[0].Shape; first && want[1] < y.Shape()[1] { // as far as the longest goes
			y = ops.Slice(y, ops.All, ops.Range{Stop: want[1]})
		}
		if !first && !alone {
			y = ops.Permute(y, 1, 0, 2)
		}
		out := []*graph.Node{unbatched(y, alone, 0)}
		for _, h := range last {
			out = append(out, unbatched(h, alone, 1))
		}
		return out
	}
}

// linkedAttention links an attention to the parameters of PyTorch's behind the prefix.
func linkedAttention(c *call, prefix string, heads int) *nn.MultiHeadAttention {
	l := &nn.MultiHeadAttention{Heads: heads, Zero: c.args.Bool("add_zero_attn", false),
		ExtraKey: c.param(prefix+"bias_k", link{}), ExtraValue: c.param(prefix+"bias_v", link{}),
		Out: c.linear(prefix+"out_proj.weight", prefix+"out_proj.bias", 0, 0)}
	width := c.run.Params[prefix+"out_proj.weight"].Shape[0]
	for i, to := range []**nn.Linear{&l.Query, &l.Key, &l.Value} {
		*to = c.linear(prefix+"in_proj_weight", prefix+"in_proj_bias", i*width, width)
		if (*to).Weight == nil {
			name := prefix + string("qkv"[i]) + "_proj_weight"
			(*to).Weight = c.param(name, link{transposed: true})
		}
	}
	return l
}

// maskOf joins PyTorch's masks, in which true hides, to one for [batch, heads, queries, keys].
func maskOf(s subject, heads int, mask, padding string) *graph.Node {
	m, p := s.Call[mask], s.Call[padding]
	if m != nil && m.Rank() == 3 {
		m = ops.Reshape(m, m.Shape()[0]/heads, heads, m.Shape()[1], m.Shape()[2])
	}
	if m != nil && m.DType() == graph.Bool {
		m = ops.Not(m)
	}
	if m != nil && m.Rank() == 2 {
		m = ops.ExpandDims(ops.ExpandDims(m, 0), 0)
	}
	if p == nil {
		return m
	}
	p = ops.Not(ops.ExpandDims(ops.ExpandDims(p, 1), 1))
	if m == nil {
		return p
	}
	return ops.And(m, p)
}

// swapped changes [time, batch, width] to [batch, time, width] and back, where that is the order.
func swapped(x *graph.Node, first bool) *graph.Node {
	if first {
		return x
	}
	return ops.Permute(x, 1, 0, 2)
}

func multihead(c *call) (any, func(subject) []*graph.Node) {
	heads := c.args.Int("num_heads", 1)
	first, alone := c.args.Bool("batch_first", false), len(c.run.Inputs[0].Shape) == 2
	return linkedAttention(c, "", heads), func(s subject) []*graph.Node {
		in := make([]*graph.Node, 3)
		for i := range in {
			in[i] = swapped(batched(s.Inputs[i], alone, 1), first)
		}
		mask := maskOf(s, heads, "attn_mask", "key_padding_mask")
		l := s.Model.(*nn.MultiHeadAttention)
		y, w := l.AttendWeights(in[0], in[1], in[2], mask)
		if alone := l.Attend(in[0], in[1], in[2], mask); !alone.Type().Equal(y.Type()) {
			panic("Attend and AttendWeights differ")
		}
		if c.run.Call.Bool("average_attn_weights", true) {
			w = ops.Mean(w, 1)
		}
		return []*graph.Node{unbatched(swapped(y, first), alone, 1), unbatched(w, alone, 0)}
	}
}

func layerNorm(c *call, name string) *nn.LayerNorm {
	return &nn.LayerNorm{Weight: c.whole(name + ".weight"), Bias: c.whole(name + ".bias"), Eps: c.args.Float("layer_norm_eps", 1e-5)}
}

func linkedEncoder(c *call) *nn.Encoder {
	b := &nn.Encoder{Attention: linkedAttention(c, "self_attn.", c.args.Int("nhead", 1)),
		First: c.linear("linear1.weight", "linear1.bias", 0, 0), Second: c.linear("linear2.weight", "linear2.bias", 0, 0),
		Norm1: layerNorm(c, "norm1"), Norm2: layerNorm(c, "norm2"), NormFirst: c.args.Bool("norm_first", false), Activation: nn.ReLU}
	if c.args.Text("activation", "relu") == "gelu" {
		b.Activation = nn.GELU
	}
	return b
}

func encoder(c *call) (any, func(subject) []*graph.Node) {
	first := c.args.Bool("batch_first", false)
	return linkedEncoder(c), func(s subject) []*graph.Node {
		mask := maskOf(s, 1, "src_mask", "src_key_padding_mask")
		return []*graph.Node{swapped(s.Model.(*nn.Encoder).ApplyMasked(swapped(s.Inputs[0], first), mask), first)}
	}
}

func decoder(c *call) (any, func(subject) []*graph.Node) {
	first := c.args.Bool("batch_first", false)
	b := &nn.Decoder{Encoder: *linkedEncoder(c), Cross: linkedAttention(c, "multihead_attn.", c.args.Int("nhead", 1)),
		Norm3: layerNorm(c, "norm3")}
	return b, func(s subject) []*graph.Node {
		own, other := maskOf(s, 1, "tgt_mask", "tgt_key_padding_mask"), maskOf(s, 1, "memory_mask", "memory_key_padding_mask")
		y := s.Model.(*nn.Decoder).ApplyTo(swapped(s.Inputs[0], first), swapped(s.Inputs[1], first), own, other)
		return []*graph.Node{swapped(y, first)}
	}
}
