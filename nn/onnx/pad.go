package onnx

import (
	"slices"

	"chainrule/graph"
	"chainrule/nn/onnx/internal/emit"
	"chainrule/ops"
)

func init() {
	define(map[string]operator{
		"Pad":             {build: pad, static: []int{1, 3}},
		"TfIdfVectorizer": {build: tfIdf},
	})
}

// pad has all beginnings and then all ends, which may be negative. Before version 11 they are an attribute.
func pad(c *call) []value {
	x := c.x(0)
	pads, axes := c.list("pads"), from(0, x.Rank())
	if c.version() >= 11 {
		pads = c.ints(1)
		if c.has(3) {
			axes = c.ints(3)
		}
	}
	if len(pads) != 2*len(axes) {
		c.fail("%d numbers for %d axes", len(pads), len(axes))
	}
	lo, hi := make([]int, x.Rank()), make([]int, x.Rank())
	for k, a := range axes {
		a = c.axis(a, x.Rank())
		lo[a], hi[a] = pads[k], pads[len(axes)+k]
	}
	switch mode := c.string("mode", "constant"); mode {
	case "constant":
		return c.one(asInts(x, func(x node) node { return ops.PadConstant(x, c.padValue(x), lo, hi) }))
	case "reflect", "edge", "wrap":
		kind := map[string]ops.PadKind{"reflect": ops.Reflect, "edge": ops.Edge, "wrap": ops.Wrap}[mode]
		return c.one(asInts(x, func(x node) node { return ops.PadMode(x, kind, lo, hi) }))
	default:
		c.fail("mode %q", mode)
		return nil
	}
}

// padValue is what is put around x: an attribute before version 11.
func (c *call) padValue(x node) node {
	switch {
	case c.version() < 11:
		return ops.Full(c.run.g, x.DType(), c.float("value", 0))
	case c.has(2):
		return ops.Cast(ops.Reshape(c.x(2)), x.DType())
	}
	return ops.Full(c.run.g, x.DType(), 0)
}

// tfIdf counts n-grams of integers from a pool, with up to max_skip_count integers left out between two, in each row.
func tfIdf(c *call) []value {
	x := c.x(0)
	rows := x
	if x.Rank() == 1 {
		rows = ops.Reshape(x, 1, -1)
	}
	shortest, longest, skips := c.int("min_gram_length", 1), c.int("max_gram_length", 1), c.int("max_skip_count", 0)
	pool, starts, places := c.list("pool_int64s"), c.list("ngram_counts"), c.list("ngram_indexes")
	if pool == nil {
		c.fail("a pool of strings is not supported")
	}
	columns := slices.Max(places) + 1
	out := make([]node, columns)
	gram := 0
	for n := 1; n <= len(starts); n++ {
		end := len(pool)
		if n < len(starts) {
			end = starts[n]
		}
		for at := starts[n-1]; at+n <= end; at += n {
			if n >= shortest && n <= longest {
				out[places[gram]] = c.weighed(occurrences(rows, pool[at:at+n], skips), gram)
			}
			gram++
		}
	}
	for i, o := range out {
		if o == nil {
			out[i] = ops.Zeros(c.run.g, graph.Float32, rows.Shape()[0])
		}
	}
	y := ops.Stack(out, 1)
	if x.Rank() == 1 {
		y = ops.Reshape(y, -1)
	}
	return []value{tensorOf(y, emit.ElemOf(graph.Float32))}
}

// occurrences counts a gram in each row, at every distance between its integers.
func occurrences(rows node, gram []int, skips int) node {
	n := rows.Shape()[1]
	total := ops.Zeros(rows.Graph(), graph.Float32, rows.Shape()[0])
	for step := 1; step <= skips+1; step++ {
		width := (len(gram)-1)*step + 1
		if width > n || (len(gram) == 1 && step > 1) {
			break
		}
		var hit node
		for i, v := range gram {
			part := ops.Slice(rows, ops.All, ops.Range{Start: i * step, Stop: n - width + i*step + 1, Step: 1})
			same := ops.Eq(part, int64(v))
			if hit == nil {
				hit = same
			} else {
				hit = ops.And(hit, same)
			}
		}
		total = ops.Add(total, ops.Sum(ops.Cast(hit, graph.Float32), 1))
	}
	return total
}

// weighed is a count (TF), 1 for a count (IDF), or a count (TFIDF), the last two times the gram's weight.
func (c *call) weighed(count node, gram int) node {
	weight := 1.0
	if w := c.attr("weights").GetFloats(); gram < len(w) {
		weight = float64(w[gram])
	}
	switch c.string("mode", "TF") {
	case "IDF":
		return ops.Mul(ops.Minimum(count, 1.0), weight)
	case "TFIDF":
		return ops.Mul(count, weight)
	}
	return count
}
