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
	mustExist("attention", v)
	w := AttentionWeights(q, k, o)
	checkAttended("attention", q, k, v)
	return apart(MatMul(shared(w, k), v), q)
}

// AttentionWeights returns the weights by which Attention averages values: [..., heads, queries, keys].
func AttentionWeights(q, k *graph.Node, o AttentionOptions) *graph.Node {
	const name = "attention"
	mustExist(name, q, k)
	checkAttended(name, q, k, k)
	if o.Scale == 0 {
		o.Scale = 1 / math.Sqrt(float64(max(q.Shape()[q.Rank()-1], 1)))
	}
	s := apart(MatMul(shared(Mul(q, o.Scale), k), Transpose(k)), q)
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
	if allowed == nil && o.Mask == nil {
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
