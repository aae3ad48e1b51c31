package ops

import (
	"math"

	"chainrule/graph"
)

// AttentionOptions are those of Attention. The zero value attends to everything.
type AttentionOptions struct {
	// Mask broadcasts against [..., queries, keys]: a bool is true where a query may attend to a key, and a float is added
	// to the scores. Nil for none.
	Mask *graph.Node
	// Causal lets a query attend to keys up to its own place. The last query has the place of the last key, so that with
	// fewer queries than keys these are the newest, as in decoding (the corner is bottom-right).
	Causal bool
	// Scale multiplies products of queries and keys; 0 stands for 1/√d.
	Scale float64
}

// Attention returns softmax(scale·q·kᵀ + mask)·v, scaled-dot-product attention (Vaswani et al. 2017, equation 1): q is
// [..., heads, queries, d], k [..., heads, keys, d] and v [..., heads, keys, e]; the result is [..., heads, queries, e]. The
// heads of q may be a multiple of those of k and v: then neighbours share these (Ainslie et al. 2023). Without a head axis
// they are matrices. A query that may attend to nothing gives 0, and so do its derivatives.
func Attention(q, k, v *graph.Node, o AttentionOptions) *graph.Node {
	const name = "attention"
	mustExist(name, q, k, v)
	checkAttended(name, q, k, v)
	a := attentionAttrs{o.scale(q), o.Causal}
	r, rows := q.Rank(), q.Shape()
	heads, lead := 1, 1
	if r >= 3 {
		heads, lead = k.Shape()[r-3], graph.Size(rows[:r-3])
	}
	groups := 1
	if r >= 3 && heads > 0 {
		groups = rows[r-3] / heads
	}
	flat := func(x *graph.Node) *graph.Node {
		return Reshape(x, lead*heads, x.Shape()[r-2], x.Shape()[r-1])
	}
	in := []*graph.Node{Reshape(q, lead*heads, groups, rows[r-2], rows[r-1]), flat(k), flat(v)}
	if o.Mask != nil {
		in = append(in, o.coreMask(q, k, []int{lead * heads, groups}))
	}
	y := apply(&attentionOp, a, in...)
	return Reshape(y, append(append([]int{}, rows[:r-1]...), v.Shape()[r-1])...)
}

// scale is the factor of products.
func (o AttentionOptions) scale(q *graph.Node) float64 {
	if o.Scale == 0 {
		return 1 / math.Sqrt(float64(max(q.Shape()[q.Rank()-1], 1)))
	}
	return o.Scale
}

// coreMask is the mask as the op wants it: added, of rank 4, with all axes that it has not of length 1 where it is the same
// for every head of every example.
func (o AttentionOptions) coreMask(q, k *graph.Node, core []int) *graph.Node {
	r, m := q.Rank(), o.Mask
	if m.Rank() > r {
		graph.Fail("attention", []*graph.Node{q, m}, "the mask has more axes than the queries")
	}
	for m.Rank() < r {
		m = ExpandDims(m, 0)
	}
	full := append(append([]int{}, q.Shape()[:r-1]...), k.Shape()[r-2])
	for a, n := range m.Shape() {
		if n != 1 && n != full[a] {
			graph.Fail("attention", []*graph.Node{q, k, o.Mask}, "the mask does not broadcast against %v", full)
		}
	}
	if m.DType() == graph.Bool {
		m = Where(m, like(q, 0), like(q, math.Inf(-1)))
	} else if m.DType() != q.DType() {
		graph.Fail("attention", []*graph.Node{q, o.Mask}, "the mask is neither bool nor of the queries' type")
	}
	rows, keys := m.Shape()[r-2], full[r-1]
	if graph.Size(m.Shape()[:r-2]) == 1 {
		return BroadcastTo(Reshape(m, 1, 1, rows, m.Shape()[r-1]), 1, 1, rows, keys)
	}
	m = BroadcastTo(m, append(append([]int{}, full[:r-2]...), rows, keys)...)
	return Reshape(m, core[0], core[1], rows, keys)
}

// AttentionWeights returns the weights by which Attention averages values: [..., heads, queries, keys].
func AttentionWeights(q, k *graph.Node, o AttentionOptions) *graph.Node {
	mustExist("attention", q, k)
	checkAttended("attention", q, k, k)
	return composedWeights(q, k, o)
}

// composedWeights is AttentionWeights by products.
func composedWeights(q, k *graph.Node, o AttentionOptions) *graph.Node {
	s := apart(Product(shared(Mul(q, o.scale(q)), k), k, false, true), q)
	allowed := o.Mask
	if allowed != nil && allowed.DType() != graph.Bool {
		s, allowed = Add(s, allowed), nil
	}
	if o.Causal {
		causal := causalMask(q, k)
		if allowed != nil {
			causal = And(causal, allowed)
		}
		allowed = causal
	}
	if allowed != nil {
		s = Where(allowed, s, math.Inf(-1))
	}
	if allowed == nil && o.Mask == nil || s.Type().Size() == 0 {
		return Softmax(s, -1)
	}
	dead := KeepDims(Eq(Max(s, -1), math.Inf(-1)), s, -1)
	return Where(dead, 0, Softmax(Where(dead, 0, s), -1))
}

// causalMask is true where key j is not behind query i, counted from the last of each.
func causalMask(q, k *graph.Node) *graph.Node {
	queries, keys := q.Shape()[q.Rank()-2], k.Shape()[k.Rank()-2]
	i, j := Arange(q.Graph(), queries), Arange(q.Graph(), keys)
	return Le(ExpandDims(j, 0), ExpandDims(Add(i, keys-queries), 1))
}

// checkAttended refuses shapes that do not fit.
func checkAttended(name string, q, k, v *graph.Node) {
	r := q.Rank()
	fits := r >= 2 && k.Rank() == r && v.Rank() == r && q.DType().IsFloat() && k.DType() == q.DType() && v.DType() == q.DType()
	for a := 0; fits && a < r-3; a++ {
		fits = q.Shape()[a] == k.Shape()[a] && q.Shape()[a] == v.Shape()[a]
	}
	fits = fits && q.Shape()[r-1] == k.Shape()[r-1] && k.Shape()[r-2] == v.Shape()[r-2]
	if fits && r >= 3 {
		h := k.Shape()[r-3]
		fits = h == v.Shape()[r-3] && (h == q.Shape()[r-3] || h > 0 && q.Shape()[r-3]%h == 0)
	}
	if !fits {
		graph.Fail(name, []*graph.Node{q, k, v}, "want floats [..., heads, queries, d], [..., heads, keys, d], [..., heads, keys, e], "+
			"where the heads of the first may be a multiple")
	}
}

// shared lays the queries of heads that share a head of k one behind the other: [..., heads of k, queries, d].
func shared(x, k *graph.Node) *graph.Node {
	r := x.Rank()
	if r < 3 || x.Shape()[r-3] == k.Shape()[r-3] {
		return x
	}
	shape := append(append([]int{}, k.Shape()[:r-2]...), x.Shape()[r-3]/k.Shape()[r-3]*x.Shape()[r-2], x.Shape()[r-1])
	return Reshape(x, shape...)
}

// apart undoes shared.
func apart(y, q *graph.Node) *graph.Node {
	r := y.Rank()
	return Reshape(y, append(append([]int{}, q.Shape()[:r-1]...), y.Shape()[r-1])...)
}
