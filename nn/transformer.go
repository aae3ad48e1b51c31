package nn

import (
	"chainrule/graph"
	"chainrule/ops"
)

// TransformerConfig are the options of blocks of a transformer.
type TransformerConfig struct {
	Width, Heads int
	Hidden       int   // width between the two linear layers; 4·Width if 0
	Activation   Layer // ReLU if nil
	// NormFirst standardises what goes into a part of the block, and not the sum that comes out.
	NormFirst bool
	Attention AttentionConfig // of the attention to itself
	Dropout   float64
}

// Encoder is a block of a transformer that attends to itself: attention and two linear layers, each with a residual and
// a normalisation (Vaswani et al. 2017, section 3.1). With a causal attention it is a block of a language model.
type Encoder struct {
	Attention     *MultiHeadAttention
	First, Second *Linear
	Norm1, Norm2  *LayerNorm
	Activation    Layer
	NormFirst     bool
	Dropout       Dropout
}

// Encoder returns a block. It panics with a *graph.Error if the heads do not divide the width.
func (s *Source) Encoder(o TransformerConfig) *Encoder {
	if o.Hidden == 0 {
		o.Hidden = 4 * o.Width
	}
	if o.Activation == nil {
		o.Activation = ReLU
	}
	if o.Attention.Dropout == 0 {
		o.Attention.Dropout = o.Dropout
	}
	return &Encoder{
		Attention: s.MultiHeadAttention(o.Width, o.Heads, o.Attention),
		First:     s.Linear(o.Width, o.Hidden), Second: s.Linear(o.Hidden, o.Width),
		Norm1: NewLayerNorm(s.DType, o.Width), Norm2: NewLayerNorm(s.DType, o.Width),
		Activation: o.Activation, NormFirst: o.NormFirst, Dropout: Dropout{P: o.Dropout},
	}
}

// Apply applies the block to x, [batch, time, width].
func (b *Encoder) Apply(x *graph.Node) *graph.Node { return b.ApplyMasked(x, nil) }

// ApplyMasked applies the block with a mask as MultiHeadAttention.Attend has it.
func (b *Encoder) ApplyMasked(x, mask *graph.Node) *graph.Node {
	x = b.around(x, b.Norm1, func(x *graph.Node) *graph.Node { return b.Attention.Attend(x, x, x, mask) })
	return b.around(x, b.Norm2, b.forward)
}

// Decode applies the block to one step more, as MultiHeadAttention.Decode does.
func (b *Encoder) Decode(x *graph.Node, c Cache) (*graph.Node, Cache) {
	x = b.around(x, b.Norm1, func(x *graph.Node) (y *graph.Node) {
		y, c = b.Attention.Decode(x, c)
		return y
	})
	return b.around(x, b.Norm2, b.forward), c
}

// forward is the two linear layers.
func (b *Encoder) forward(x *graph.Node) *graph.Node {
	return b.Second.Apply(b.Dropout.Apply(b.Activation.Apply(b.First.Apply(x))))
}

// around puts a residual and a normalisation around a part of the block.
func (b *Encoder) around(x *graph.Node, norm *LayerNorm, part func(*graph.Node) *graph.Node) *graph.Node {
	if b.NormFirst {
		return ops.Add(x, b.Dropout.Apply(part(norm.Apply(x))))
	}
	return norm.Apply(ops.Add(x, b.Dropout.Apply(part(x))))
}

// Decoder is a block of a transformer that attends to itself and then to what an encoder gave.
type Decoder struct {
	Encoder
	Cross *MultiHeadAttention
	Norm3 *LayerNorm
}

// Decoder returns a block. It panics with a *graph.Error if the heads do not divide the width.
func (s *Source) Decoder(o TransformerConfig) *Decoder {
	b := &Decoder{Encoder: *s.Encoder(o), Norm3: NewLayerNorm(s.DType, o.Width)}
	b.Cross = s.MultiHeadAttention(o.Width, o.Heads, AttentionConfig{Dropout: o.Dropout})
	return b
}

// ApplyTo applies the block to x, [batch, time, width], and the memory, [batch, other time, width], each with a mask as
// MultiHeadAttention.Attend has it.
func (b *Decoder) ApplyTo(x, memory, mask, memoryMask *graph.Node) *graph.Node {
	x = b.around(x, b.Norm1, func(x *graph.Node) *graph.Node { return b.Attention.Attend(x, x, x, mask) })
	x = b.around(x, b.Norm2, func(x *graph.Node) *graph.Node { return b.Cross.Attend(x, memory, memory, memoryMask) })
	return b.around(x, b.Norm3, b.forward)
}
