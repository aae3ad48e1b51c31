package nn

import (
	"chainrule/graph"
	"chainrule/ops"
)

// Embedding is a table of vectors, which are looked up by i64 numbers. Running it with a number out of range is an error.
type Embedding struct {
	Weight *Param // [numbers, size]
	// Padding is a row that has no gradient, or -1 for none: the numbers that stand for it train nothing. What the row is
	// set to, zeros as a rule, is up to who makes the layer: see ClearPadding.
	Padding int
	// ByCount divides the gradient of a row by how often it was looked up.
	ByCount bool
}

// ClearPadding sets the padding row to zeros, which is to be done again after weights were drawn anew.
func (e *Embedding) ClearPadding() *Embedding {
	if e.Padding >= 0 {
		size := e.Weight.Value.Shape()[1]
		i := 0
		old := elements(e.Weight)
		e.Weight.Fill(func() float64 {
			i++
			if (i-1)/size == e.Padding {
				return 0
			}
			return old[i-1]
		})
	}
	return e
}

// elements are those of a parameter, as f64.
func elements(p *Param) []float64 {
	if p.DType() == graph.Float64 {
		return append([]float64{}, p.Value.Float64s()...)
	}
	list := make([]float64, 0, p.Value.Shape().TotalSize())
	for _, v := range p.Value.Float32s() {
		list = append(list, float64(v))
	}
	return list
}

// Apply looks up numbers: the result has their shape with the size of vectors behind it.
func (e *Embedding) Apply(numbers *graph.Node) *graph.Node {
	w := e.Weight.Node()
	rows := ops.Take(w, numbers, 0)
	if e.Padding >= 0 {
		rows = ops.Where(ops.ExpandDims(ops.Ne(numbers, e.Padding), -1), rows, ops.StopGradient(rows))
	}
	if e.ByCount {
		flat := ops.Reshape(numbers, -1)
		counts := ops.ScatterAdd(ops.Ones(w.Graph(), w.DType(), flat.Shape()...), flat, w.Shape()[0], 0)
		still := ops.StopGradient(rows)
		rows = ops.Add(still, ops.Div(ops.Sub(rows, still), ops.ExpandDims(ops.Take(counts, numbers, 0), -1)))
	}
	return rows
}

// Pool is how an embedding bag joins vectors.
type Pool uint8

// The ways to join vectors.
const (
	PoolSum Pool = iota
	PoolMean
	PoolMax
)

// Bags looks up bags of numbers, [bags, n], and joins the vectors of each to one: [bags, size]. Weights, of the shape of
// numbers, multiply vectors before they are summed; nil for none.
func (e *Embedding) Bags(numbers, weights *graph.Node, pool Pool) *graph.Node {
	rows := e.Apply(numbers)
	if weights != nil {
		rows = ops.Mul(rows, ops.ExpandDims(weights, -1))
	}
	switch pool {
	case PoolMean:
		return ops.Mean(rows, 1)
	case PoolMax:
		return ops.Max(rows, 1)
	}
	return ops.Sum(rows, 1)
}

// RaggedBags is Bags for numbers, [n], of which bag i has those from offsets[i] up to offsets[i+1]. Bags that are empty give
// zeros.
func (e *Embedding) RaggedBags(numbers, offsets *graph.Node, pool Pool) *graph.Node {
	rows := e.Apply(numbers) // [n, size]
	n := ops.Arange(numbers.Graph(), numbers.Shape()[0])
	before := ops.Sum(ops.Cast(ops.Le(ops.ExpandDims(offsets, 0), ops.ExpandDims(n, 1)), graph.Int64), 1)
	bag := ops.Arange(numbers.Graph(), offsets.Shape()[0])
	in := ops.Eq(ops.ExpandDims(bag, 1), ops.Sub(ops.ExpandDims(before, 0), 1)) // [bags, n]
	if pool == PoolMax {
		empty := ops.Not(ops.Any(in, 1))
		each := ops.Where(ops.ExpandDims(in, -1), ops.ExpandDims(rows, 0), ops.FullLike(rows, negInf))
		return ops.Where(ops.ExpandDims(empty, -1), 0, ops.Max(each, 1))
	}
	weights := ops.Cast(in, rows.DType())
	if pool == PoolMean {
		weights = ops.Div(weights, ops.Maximum(ops.KeepDims(ops.Sum(weights, 1), weights, 1), 1))
	}
	return ops.MatMul(weights, rows)
}
