package onnx

import (
	"slices"

	"chainrule/graph"
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
		return c.one(asInts(x, func(x node) node { return c.filled(x, lo, hi) }))
	case "reflect", "edge", "wrap":
		for a := range lo {
			x = c.extended(x, a, lo[a], hi[a], mode)
		}
		return c.one(x)
	default:
		c.fail("mode %q", mode)
		return nil
	}
}

// filled crops where the padding is negative, and puts the value around what is left.
func (c *call) filled(x node, lo, hi []int) node {
	var crop []ops.Range
	for a, n := range x.Shape() {
		from := max(0, -lo[a])
		crop = append(crop, ops.Range{Start: from, Stop: max(from, n-max(0, -hi[a])), Step: 1})
		lo[a], hi[a] = max(lo[a], 0), max(hi[a], 0)
	}
	x = ops.Slice(x, crop...)
	gap := make([]int, x.Rank())
	y := ops.Pad(x, lo, hi, gap)
	value := ops.Full(c.run.g, x.DType(), 0)
	switch {
	case c.version() >= 11 && c.has(2):
		value = ops.Cast(ops.Reshape(c.x(2)), x.DType())
	case c.version() < 11:
		value = ops.Full(c.run.g, x.DType(), c.float("value", 0))
	}
	inside := ops.Pad(ops.Ones(c.run.g, graph.Float32, x.Shape()...), lo, hi, gap)
	return ops.Where(ops.Gt(inside, 0.5), y, value)
}

// extended lengthens an axis by its own entries: mirrored about its ends, the last ones again, or from the other end.
func (c *call) extended(x node, axis, lo, hi int, mode string) node {
	n := x.Shape()[axis]
	if lo == 0 && hi == 0 {
		return x
	}
	if mode == "reflect" && (max(lo, hi) >= n) || n == 0 {
		c.fail("padding of %d and %d, by %s, for %d entries", lo, hi, mode, n)
	}
	var index []int64
	for i := -lo; i < n+hi; i++ {
		k := i
		switch {
		case mode == "wrap":
			k = ((i % n) + n) % n
		case mode == "edge":
			k = min(max(i, 0), n-1)
		case i < 0:
			k = -i
		case i >= n:
			k = 2*(n-1) - i
		}
		index = append(index, int64(k))
	}
	return asInts(x, func(x node) node { return ops.Take(x, graph.Const(x.Graph(), index, len(index)), axis) })
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
	return []value{tensorOf(y, elemOf(graph.Float32))}
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
