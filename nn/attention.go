package nn

import (
	"math"

	"chainrule/graph"
	"chainrule/ops"
)

// MultiHeadAttention projects queries, keys and values, attends with each head, and projects what comes out (Vaswani et al.
// 2017, section 3.2.2). X is [batch, time, width].
type MultiHeadAttention struct {
	Query, Key, Value, Out *Linear
	Heads                  int
	Groups                 int // heads of keys and values, which divide Heads; as many if 0
	Causal                 bool
	// Rotary turns pairs of queries' and keys' elements by their places, with this base, such as 10000; 0 for no rotation.
	Rotary float64
	// ExtraKey and ExtraValue, [width], are one more key and value that all may attend to, and Zero adds one of zeros.
	ExtraKey, ExtraValue *Param
	Zero                 bool
	Dropout              Dropout // of the weights
}

// AttentionConfig are the options of Source.MultiHeadAttention.
type AttentionConfig struct {
	Groups  int // heads of keys and values; as many as heads if 0
	Causal  bool
	Rotary  float64
	Dropout float64
	NoBias  bool
}

// MultiHeadAttention returns a layer of the given width, which heads divide, with Xavier's uniform weights and biases 0.
func (s *Source) MultiHeadAttention(width, heads int, o AttentionConfig) *MultiHeadAttention {
	if o.Groups == 0 {
		o.Groups = heads
	}
	if heads < 1 || width%heads != 0 || o.Groups < 1 || heads%o.Groups != 0 {
		graph.Fail("attention", nil, "%d heads in %d groups do not divide the width %d", heads, o.Groups, width)
	}
	narrow := width / heads * o.Groups
	linear := func(out int) *Linear {
		l := &Linear{Weight: s.uniform(math.Sqrt(6/float64(width+out)), width, out)}
		if !o.NoBias {
			l.Bias = NewParam(s.DType, out)
		}
		return l
	}
	return &MultiHeadAttention{
		Query: linear(width), Key: linear(narrow), Value: linear(narrow), Out: linear(width),
		Heads: heads, Groups: o.Groups, Causal: o.Causal, Rotary: o.Rotary, Dropout: Dropout{P: o.Dropout},
	}
}

// Apply attends to x itself.
func (l *MultiHeadAttention) Apply(x *graph.Node) *graph.Node { return l.Attend(x, x, x, nil) }

// Attend attends from queries, [batch, time, width], to keys with values. The mask broadcasts against [batch, heads, queries,
// keys]: a bool is true where a query may attend, a float is added; nil for none.
func (l *MultiHeadAttention) Attend(query, key, value, mask *graph.Node) *graph.Node {
	if l.Dropout.P > 0 && l.Dropout.Mode.IsTraining("attention", query) {
		y, _ := l.AttendWeights(query, key, value, mask)
		return y
	}
	q, k, v, mask := l.project(query, key, value, mask)
	y := ops.Attention(q, k, v, ops.AttentionOptions{Mask: mask, Causal: l.Causal})
	return l.Out.Apply(joinHeads(y))
}

// AttendWeights is Attend that returns the weights too, [batch, heads, queries, keys], as they are after dropout.
func (l *MultiHeadAttention) AttendWeights(query, key, value, mask *graph.Node) (y, weights *graph.Node) {
	q, k, v, mask := l.project(query, key, value, mask)
	weights = ops.AttentionWeights(q, k, ops.AttentionOptions{Mask: mask, Causal: l.Causal})
	if l.Dropout.P > 0 {
		weights = l.Dropout.Apply(weights)
	}
	if n := l.Heads / max(v.Shape()[1], 1); n > 1 {
		v = repeatHeads(v, n)
	}
	return l.Out.Apply(joinHeads(ops.MatMul(weights, v))), weights
}

// repeatHeads has each head n times.
func repeatHeads(v *graph.Node, n int) *graph.Node {
	s := v.Shape()
	return ops.Reshape(ops.BroadcastTo(ops.ExpandDims(v, 2), s[0], s[1], n, s[2], s[3]), s[0], s[1]*n, s[2], s[3])
}

// project gives the heads of queries, keys and values.
func (l *MultiHeadAttention) project(query, key, value, mask *graph.Node) (q, k, v, m *graph.Node) {
	groups := l.Groups
	if groups == 0 {
		groups = l.Heads
	}
	q, k, v = l.Query.Apply(query), l.Key.Apply(key), l.Value.Apply(value)
	extra := 0
	more := func(x, row *graph.Node) *graph.Node {
		s := x.Shape()
		return ops.Concat([]*graph.Node{x, ops.BroadcastTo(row, s[0], 1, s[2])}, 1)
	}
	if l.ExtraKey != nil {
		k, v, extra = more(k, l.ExtraKey.Node()), more(v, l.ExtraValue.Node()), extra+1
	}
	if l.Zero {
		zero := ops.Zeros(k.Graph(), k.DType(), 1)
		k, v, extra = more(k, zero), more(v, zero), extra+1
	}
	q, k, v = splitHeads(q, l.Heads), splitHeads(k, groups), splitHeads(v, groups)
	if l.Rotary > 0 {
		q, k = l.turned(q, places(q, k.Shape()[2]-q.Shape()[2])), l.turned(k, places(k, 0))
	}
	return q, k, v, widened(mask, extra)
}

// widened lets a mask pass keys that were added at the end.
func widened(mask *graph.Node, extra int) *graph.Node {
	if mask == nil || extra == 0 {
		return mask
	}
	shape := append([]int{}, mask.Shape()...)
	shape[len(shape)-1] = extra
	pass := ops.Zeros(mask.Graph(), mask.DType(), shape...)
	if mask.DType() == graph.Bool {
		pass = ops.Not(pass)
	}
	return ops.Concat([]*graph.Node{mask, pass}, -1)
}

// places are those of the rows of x, [batch, heads, time, d], from the first on.
func places(x *graph.Node, first int) *graph.Node {
	return ops.Add(ops.Arange(x.Graph(), x.Shape()[2]), first)
}

func (l *MultiHeadAttention) turned(x, places *graph.Node) *graph.Node {
	return Rotary(x, places, l.Rotary)
}

// splitHeads makes [batch, heads, time, width/heads] of [batch, time, width].
func splitHeads(x *graph.Node, heads int) *graph.Node {
	if x.Rank() != 3 || heads < 1 || x.Shape()[2]%heads != 0 {
		graph.Fail("attention", []*graph.Node{x}, "wants [batch, time, width] with %d heads", heads)
	}
	s := x.Shape()
	return ops.Permute(ops.Reshape(x, s[0], s[1], heads, s[2]/heads), 0, 2, 1, 3)
}

// joinHeads undoes splitHeads.
func joinHeads(y *graph.Node) *graph.Node {
	s := y.Shape()
	return ops.Reshape(ops.Permute(y, 0, 2, 1, 3), s[0], s[2], s[1]*s[3])
}

// Rotary turns element i and element i + d/2 of each row of x, [..., time, d], by the angle place·base^(−2i/d) (Su et al.
// 2021, RoFormer, with the halves laid as GPT-NeoX does). Places, i64 [time], are those of the rows. Products of a query and
// a key depend then on the difference of their places alone. D is even.
func Rotary(x, places *graph.Node, base float64) *graph.Node {
	d := x.Shape()[x.Rank()-1]
	if d%2 != 0 {
		graph.Fail("rotary", []*graph.Node{x}, "wants an even last axis")
	}
	angle := angles(x.DType(), places, d, base)
	cos, sin := ops.Cos(angle), ops.Sin(angle)
	halves := ops.Split(x, []int{d / 2, d / 2}, -1)
	a, b := halves[0], halves[1]
	return ops.Concat([]*graph.Node{
		ops.Sub(ops.Mul(a, cos), ops.Mul(b, sin)), ops.Add(ops.Mul(b, cos), ops.Mul(a, sin)),
	}, -1)
}

// angles are place·base^(−2i/d), [time, d/2].
func angles(dtype graph.DType, places *graph.Node, d int, base float64) *graph.Node {
	rates := make([]float64, d/2)
	for i := range rates {
		rates[i] = math.Pow(base, -2*float64(i)/float64(d))
	}
	at := ops.ExpandDims(ops.Cast(places, graph.Float64), 1)
	return ops.Cast(ops.Mul(at, graph.Const(places.Graph(), rates, len(rates))), dtype)
}

// Positions returns the sinusoidal encoding of places, i64 [time]: [time, width], sines of place·10000^(−2i/width) at even
// columns and their cosines behind each (Vaswani et al. 2017, section 3.5). Width is even.
func Positions(places *graph.Node, width int, d graph.DType) *graph.Node {
	if places == nil || width%2 != 0 {
		graph.Fail("positions", present(places), "wants places and an even width, not %d", width)
	}
	angle := angles(d, places, width, 10000)
	both := ops.Stack([]*graph.Node{ops.Sin(angle), ops.Cos(angle)}, -1)
	return ops.Reshape(both, places.Shape()[0], width)
}

// Cache has the keys and values of what was decoded, [batch, groups, room, d], and how many there are, an i64 scalar. It is a
// tree: carry it through the steps of a loop, or feed it back.
type Cache struct{ Keys, Values, Length *graph.Node }

// NewCache returns an empty cache for x's batch with room for as many steps.
func (l *MultiHeadAttention) NewCache(x *graph.Node, room int) Cache {
	groups := l.Groups
	if groups == 0 {
		groups = l.Heads
	}
	width := func(p *Linear) int { return p.Weight.Node().Shape()[1] / groups }
	zeros := func(n int) *graph.Node { return ops.Zeros(x.Graph(), x.DType(), x.Shape()[0], groups, room, n) }
	return Cache{zeros(width(l.Key)), zeros(width(l.Value)), x.Graph().Scalar(graph.Int64, 0)}
}

// Decode attends from one step more, x of shape [batch, 1, width], to itself and to what the cache has, and returns the
// cache with it. What goes beyond its room is lost.
func (l *MultiHeadAttention) Decode(x *graph.Node, c Cache) (*graph.Node, Cache) {
	if l.ExtraKey != nil || l.Zero {
		graph.Fail("attention", []*graph.Node{x}, "extra keys have no place in a cache")
	}
	q := splitHeads(l.Query.Apply(x), l.Heads)
	k := splitHeads(l.Key.Apply(x), c.Keys.Shape()[1])
	v := splitHeads(l.Value.Apply(x), c.Keys.Shape()[1])
	if l.Rotary > 0 {
		at := ops.Reshape(c.Length, 1)
		q, k = l.turned(q, at), l.turned(k, at)
	}
	place := ops.Arange(x.Graph(), c.Keys.Shape()[2])
	here := ops.ExpandDims(ops.Eq(place, c.Length), 1)
	next := Cache{ops.Where(here, k, c.Keys), ops.Where(here, v, c.Values), ops.Add(c.Length, 1)}
	y := ops.Attention(q, next.Keys, next.Values, ops.AttentionOptions{Mask: ops.Le(place, c.Length)})
	return l.Out.Apply(joinHeads(y)), next
}
